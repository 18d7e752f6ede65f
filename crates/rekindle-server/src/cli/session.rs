//! `rekindle session …`: who is signed in.

use anyhow::bail;
use clap::Subcommand;
use rekindle::core::{Reason, Session as Row, SessionId, Status, Timestamp};
use rekindle::error::Failure;
use serde::Serialize;
use serde_json::json;

use super::output::{Output, table};
use super::target::{Opened, Target};
use crate::when::{moment, relative};

/// Rows read at once.
const PAGE: usize = 500;

#[derive(Debug, Subcommand)]
pub(super) enum Session {
    /// Show sessions: a user's live ones, or all that are stored, ended ones included.
    List {
        /// Whose.
        #[arg(long)]
        subject: Option<String>,
        /// How many at most.
        #[arg(long, default_value_t = 100)]
        limit: usize,
        #[command(flatten)]
        target: Target,
    },
    /// Show one session.
    Show {
        /// Its id, as in the list and in a token's `sid`.
        id: SessionId,
        #[command(flatten)]
        target: Target,
    },
    /// End sessions: some by their ids, a user's, or all.
    Revoke {
        /// Their ids.
        #[arg(required_unless_present_any = ["subject", "all"], conflicts_with_all = ["subject", "all"])]
        ids: Vec<SessionId>,
        /// All of this user's.
        #[arg(long, conflicts_with = "all")]
        subject: Option<String>,
        /// All there are: everybody logs in anew. For after a restore, or a stolen master key.
        #[arg(long, requires = "yes")]
        all: bool,
        /// Says that --all is meant.
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        target: Target,
    },
}

#[derive(Serialize)]
struct Shown {
    id: String,
    subject: String,
    client_id: String,
    status: String,
    device: String,
    created_at: u64,
    last_seen_at: u64,
    idle_until: u64,
    absolute_until: u64,
    generation: u64,
    claims: serde_json::Value,
}

impl Shown {
    fn new(row: Row, now: Timestamp) -> Self {
        let status = match row.status {
            Status::Active if now >= row.absolute_until => "expired_absolute",
            Status::Active if now >= row.idle_until => "expired_idle",
            Status::Active => "active",
            ended => Failure::from(ended).reason().unwrap_or("unknown"),
        };
        Self {
            id: row.id.to_string(),
            subject: row.subject,
            client_id: row.client_id,
            status: status.to_owned(),
            device: row.device.label,
            created_at: row.auth_time.as_unix(),
            last_seen_at: row.device.last_seen.as_unix(),
            idle_until: row.idle_until.as_unix(),
            absolute_until: row.absolute_until.as_unix(),
            generation: row.lineage.latest.0,
            claims: serde_json::from_str(&row.claims).unwrap_or_default(),
        }
    }
}

pub(super) fn run(command: Session, output: Output) -> anyhow::Result<()> {
    match command {
        Session::List { subject, limit, target } => list(&target, subject, limit, output),
        Session::Show { id, target } => show(&target, id, output),
        Session::Revoke { ids, subject, all, target, .. } => {
            let whose = subject.clone();
            let ended = target.with(async |opened: Opened| match (subject, all) {
                (Some(subject), _) => {
                    Ok(opened.parts.engine.revoke_subject(&subject, Reason::Revoked).await?)
                }
                (None, true) => revoke_all(&opened).await,
                (None, false) => revoke(&opened, &ids).await,
            })?;
            output.show(&json!({ "sessions_ended": ended }), |_| match whose {
                // In a hurry one types a name, and nothing says that it ended nothing.
                Some(subject) if ended == 0 => {
                    format!("sessions ended: 0; {subject} is no subject, or has none: `rekindle user list` says which subject a name has")
                }
                _ => format!("sessions ended: {ended}"),
            })
        }
    }
}

fn list(target: &Target, subject: Option<String>, limit: usize, output: Output) -> anyhow::Result<()> {
    let (rows, more, now) = target.with(async |opened: Opened| {
        let now = opened.now();
        if let Some(subject) = subject {
            let mut rows = opened.parts.engine.list(&subject).await?;
            let more = rows.len() > limit;
            rows.truncate(limit);
            return Ok((rows, more, now));
        }
        let (mut rows, mut after) = (Vec::new(), None);
        loop {
            let page = opened.parts.store.scan(after, PAGE).await?;
            rows.extend(page.sessions);
            let more = page.next.is_some() || rows.len() > limit;
            if rows.len() >= limit || page.next.is_none() {
                rows.truncate(limit);
                return Ok((rows, more, now));
            }
            after = page.next;
        }
    })?;
    let shown: Vec<Shown> = rows.into_iter().map(|row| Shown::new(row, now)).collect();
    output.show(&shown, |shown| {
        let rows = shown.iter().map(|session| {
            let ago = |at| relative(Timestamp::from_unix(at), now);
            let ends = session.idle_until.min(session.absolute_until);
            [
                session.id.clone(),
                session.subject.clone(),
                session.status.clone(),
                session.device.clone(),
                ago(session.created_at),
                ago(session.last_seen_at),
                if session.status == "active" { ago(ends) } else { String::new() },
            ]
        });
        let mut text = table(["ID", "SUBJECT", "STATUS", "DEVICE", "OPENED", "SEEN", "ENDS"], rows);
        if more {
            text.push_str("\nthere are more: raise --limit");
        }
        text
    })
}

fn show(target: &Target, id: SessionId, output: Output) -> anyhow::Result<()> {
    let (row, now) = target.with(async |opened: Opened| {
        let Some(row) = opened.parts.engine.session(id).await? else {
            bail!("there is no session {id}: it never was, or was purged after its end")
        };
        Ok((row, opened.now()))
    })?;
    output.show(&Shown::new(row, now), |session| {
        let at = |at| {
            let at = Timestamp::from_unix(at);
            format!("{}, {}", moment(at), relative(at, now))
        };
        [
            ("session", session.id.clone()),
            ("subject", session.subject.clone()),
            ("client", session.client_id.clone()),
            ("status", session.status.clone()),
            ("device", session.device.clone()),
            ("opened", at(session.created_at)),
            ("seen", at(session.last_seen_at)),
            ("idle end", at(session.idle_until)),
            ("absolute end", at(session.absolute_until)),
            ("generation", session.generation.to_string()),
            ("claims", session.claims.to_string()),
        ]
        .map(|(name, value)| format!("{name:<14}{value}").trim_end().to_owned())
        .join("\n")
    })
}

async fn revoke(opened: &Opened, ids: &[SessionId]) -> anyhow::Result<usize> {
    let mut ended = 0;
    for id in ids {
        match opened.parts.engine.session(*id).await? {
            None => bail!("there is no session {id}; sessions ended: {ended}"),
            Some(row) => {
                ended += usize::from(row.status == Status::Active);
                opened.parts.engine.revoke(*id, Reason::Revoked).await?;
            }
        }
    }
    Ok(ended)
}

/// One after the other beside a running server; asked again, it goes on where it stopped.
async fn revoke_all(opened: &Opened) -> anyhow::Result<usize> {
    let (mut ended, mut after) = (0, None);
    loop {
        let page = opened.parts.store.scan(after, PAGE).await?;
        for row in page.sessions.iter().filter(|row| row.status == Status::Active) {
            opened.parts.engine.revoke(row.id, Reason::Revoked).await?;
            ended += 1;
        }
        if page.next.is_none() {
            return Ok(ended);
        }
        after = page.next;
    }
}
