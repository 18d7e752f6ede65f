//! A token: what it is, and what would happen to it now, and why. Never prints it.

use std::io::Read as _;

use anyhow::bail;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rekindle::core::{Generation, Refresh, Renew, Rotation, SUPERSEDED_SPAN, Session, Timestamp, Verdict};
use rekindle::engine::Peek;
use rekindle::error::{Ended, Failure};
use serde::Serialize;

use crate::cli::output::Output;
use crate::cli::target::{Opened, Target};
use crate::dialect::{self, Recognised};
use crate::when::{moment, relative, span};

#[derive(Debug, Serialize)]
struct Explained {
    kind: &'static str,
    /// Name and value, in the order of the lines.
    facts: Vec<(&'static str, String)>,
    /// What would happen to it.
    outcome: String,
}

pub(super) fn run(target: &Target, token: String, output: Output) -> anyhow::Result<()> {
    let token = if token == "-" { piped()? } else { token };
    let token = token.trim().to_owned();
    let explained = target.with(async |opened: Opened| explain(&opened, &token).await)?;
    output.show(&explained, |explained| {
        let facts = explained.facts.iter().map(|(name, value)| format!("{name:<14}{value}"));
        let mut lines = vec![explained.kind.to_owned()];
        lines.extend(facts);
        lines.extend([String::new(), explained.outcome.clone()]);
        lines.join("\n")
    })
}

fn piped() -> anyhow::Result<String> {
    let mut text = String::new();
    std::io::stdin().take(64 * 1024).read_to_string(&mut text)?;
    Ok(text)
}

async fn explain(opened: &Opened, token: &str) -> anyhow::Result<Explained> {
    if token.is_empty() {
        bail!("there is no token; give one, or pipe one in with --token -");
    }
    if token.starts_with("rkrt1_") {
        return refresh_token(opened, token).await;
    }
    if token.starts_with("rkak1_") {
        let name = opened.parts.engine.keys().api_key(token).await;
        let outcome = match name {
            Some(name) => format!("It is the API key {name:?} and opens the operator's side."),
            None => "It is none of this server's: another server's, mistyped, or removed.".to_owned(),
        };
        return Ok(Explained { kind: "an API key", facts: Vec::new(), outcome });
    }
    if let Some(found) = dialect::recognise(&opened.config, token)? {
        return of_dialect(opened, token, &found).await;
    }
    access_token(opened, token).await
}

async fn of_dialect(opened: &Opened, token: &str, found: &Recognised) -> anyhow::Result<Explained> {
    let now = opened.now();
    let (_, payload) = decoded(token).unwrap_or_default();
    let mut facts = vec![("dialect", found.name.to_owned())];
    // What the packages call it, each in its own words.
    for name in ["token_type", "type"] {
        if let Some(kind) = payload[name].as_str() {
            facts.push(("type", kind.to_owned()));
        }
    }
    facts.extend(times(&payload, now));
    let expired = payload["exp"].as_u64().is_some_and(|exp| now.as_unix() >= exp);
    let holds = if expired { "Its signature holds, and it is past its end." } else { "Its signature holds." };
    let Some((id, generation)) = found.place else {
        let outcome = format!(
            "{holds} It names no session: the package made it, or somebody else who has the secret. Presented for a \
             refresh, a refresh token becomes a session (adopt), unless the package's blacklist has it."
        );
        return Ok(Explained { kind: "a token of the package's own (JWT)", facts, outcome });
    };
    let outcome = match opened.parts.engine.session(id).await? {
        None => format!("{holds} Its session is not known here: purged, or of another store."),
        Some(session) => {
            facts.extend(facts_of(&session, now));
            facts.push(place(generation, &session));
            // A deadline may have passed that nobody has noticed yet.
            match rekindle::core::verdict(&session, generation, now, now) {
                Verdict::Ended(status) => {
                    format!("{holds} Its session has ended ({}).", Ended::from(status))
                }
                Verdict::Live | Verdict::Outdated => format!("{holds} Its session lives."),
            }
        }
    };
    Ok(Explained { kind: "a token of a dialect (JWT)", facts, outcome })
}

/// When it was issued and when it ends, and the like, as it says itself.
fn times(payload: &serde_json::Value, now: Timestamp) -> Vec<(&'static str, String)> {
    let named = [("logged in", "auth_time"), ("issued", "iat"), ("expires", "exp")];
    let at = |claim: &str| payload[claim].as_u64().map(Timestamp::from_unix);
    let told = |at: Timestamp| format!("{}, {}", moment(at), relative(at, now));
    named.into_iter().filter_map(|(name, claim)| Some((name, told(at(claim)?)))).collect()
}

async fn refresh_token(opened: &Opened, token: &str) -> anyhow::Result<Explained> {
    let kind = "a refresh token";
    match opened.parts.engine.peek(token, None).await {
        Ok(peek) => {
            let now = opened.now();
            let mut facts = facts_of(&peek.session, now);
            facts.push(place(peek.generation, &peek.session));
            Ok(Explained { kind, facts, outcome: outcome(&peek, opened, now) })
        }
        Err(Failure::SessionEnded(_)) => Ok(Explained {
            kind,
            facts: Vec::new(),
            outcome: "A refresh would be refused (session_ended, unknown): its tags do not fit, or its session was \
                      purged. Another server's, mistyped, or cut off; no row was read for junk."
                .to_owned(),
        }),
        Err(failure) => Err(failure.into()),
    }
}

fn outcome(peek: &Peek, opened: &Opened, now: Timestamp) -> String {
    let session = &peek.session;
    let (generation, newest) = (peek.generation.0, session.lineage.latest.0);
    let age = span(now.since(session.issued_at));
    let window = opened.config.policy().replay_window.map_or_else(|| "off".to_owned(), span);
    match &peek.outcome {
        Refresh::Replay => format!(
            "A refresh would be answered with the same tokens of generation {newest} again (Replay), and write nothing: \
             the last refresh was {age} ago, inside the replay window of {window}."
        ),
        Refresh::Rotate { how: Rotation::Confirm, .. } => format!(
            "A refresh would be answered with generation {} (Confirm): {generation} was handed out and has not come back \
             yet. Its ancestors are dead from then on.",
            newest + 1
        ),
        Refresh::Rotate { how: Rotation::Fork { .. }, .. } => format!(
            "A refresh would be answered with generation {} (Fork, event late_retry): {generation} was exchanged {age} ago, \
             and nobody has used its successor: that answer was lost, most likely.",
            newest + 1
        ),
        Refresh::Rotate { how: Rotation::Heal { .. }, .. } => format!(
            "A refresh would be answered with generation {} (Heal, event store_rollback_detected): it is newer than the \
             row, so the store has lost a commit.",
            generation + 1
        ),
        Refresh::Renew(Renew::Ended(_) | Renew::Expire { .. }) => {
            "A refresh would be refused: the session is over.".to_owned()
        }
        Refresh::Renew(_) => {
            "A refresh would be answered with this refresh token and a renewed access token: rotation is off."
                .to_owned()
        }
        Refresh::Superseded => format!(
            "A refresh would be answered 409 superseded: generation {} took its place {} ago, less than {} ago. The \
             session goes on.",
            session.lineage.confirmed.0,
            span(now.since(session.confirmed_at)),
            span(SUPERSEDED_SPAN)
        ),
        Refresh::Theft { .. } => format!(
            "A refresh would END THE SESSION as stolen (theft_detected): generation {generation} was left behind, \
             confirmed is {}. Two holders have used copies of one token.",
            session.lineage.confirmed.0
        ),
        Refresh::Expire { next, .. } => {
            let reason = Failure::from(next.status).reason().unwrap_or("unknown");
            format!("A refresh would be refused (session_ended, {reason}).")
        }
        Refresh::Ended(status) => {
            let reason = Failure::from(*status).reason().unwrap_or("unknown");
            format!("A refresh would be refused (session_ended, {reason}): the session is over.")
        }
        Refresh::OtherClient => "A refresh would be refused: it is another client's.".to_owned(),
    }
}

async fn access_token(opened: &Opened, token: &str) -> anyhow::Result<Explained> {
    let now = opened.now();
    let read = decoded(token);
    let Some((header, payload)) = read else {
        return Ok(Explained {
            kind: "no token",
            facts: Vec::new(),
            outcome: "It has the form of no token: rkrt1_… is a refresh token, three parts with dots between are a JWT."
                .to_owned(),
        });
    };
    let mut facts = vec![("header", header.to_string())];
    for (name, claim) in [
        ("issuer", "iss"),
        ("audience", "aud"),
        ("subject", "sub"),
        ("client", "client_id"),
        ("session", "sid"),
        ("generation", "gen"),
    ] {
        match &payload[claim] {
            serde_json::Value::Null => {}
            serde_json::Value::String(text) => facts.push((name, text.clone())),
            other => facts.push((name, other.to_string())),
        }
    }
    facts.extend(times(&payload, now));
    let outcome = match opened.parts.engine.authenticate(token).await {
        Ok(_) => "It is accepted here: signature, issuer, audience and expiry hold, and its session lives.".to_owned(),
        Err(failure @ Failure::Unavailable(_)) => return Err(failure.into()),
        Err(Failure::TokenExpired) => {
            "It is refused here (token_expired): past its end, or its claims were changed since; a refresh brings the next."
                .to_owned()
        }
        Err(failure) => match failure.reason() {
            Some(reason) => format!("It is refused here (session_ended, {reason})."),
            None => format!(
                "It is refused here (token_invalid): {failure}. This server signs for {}.{}",
                opened.parts.engine.issuer(),
                match opened.config.dialects.mounted().as_slice() {
                    [] => "",
                    _ => " No dialect's key has signed it either: is the secret the application's?",
                }
            ),
        },
    };
    Ok(Explained { kind: "an access token (JWT)", facts, outcome })
}

/// Header and payload, unverified.
fn decoded(token: &str) -> Option<(serde_json::Value, serde_json::Value)> {
    let mut parts = token.split('.');
    let mut json = || serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts.next()?).ok()?).ok();
    let read = (json()?, json()?);
    (parts.count() == 1).then_some(read)
}

/// Where a refresh token stands among those of its session.
fn place(generation: Generation, session: &Session) -> (&'static str, String) {
    let lineage = &session.lineage;
    let text = format!("{}; confirmed {}, newest {}", generation.0, lineage.confirmed.0, lineage.latest.0);
    ("generation", text)
}

fn facts_of(session: &Session, now: Timestamp) -> Vec<(&'static str, String)> {
    let at = |at: Timestamp| format!("{}, {}", moment(at), relative(at, now));
    vec![
        ("session", session.id.to_string()),
        ("subject", session.subject.clone()),
        ("client", session.client_id.clone()),
        ("logged in", at(session.auth_time)),
        ("last refresh", at(session.issued_at)),
        ("idle end", at(session.idle_until)),
        ("absolute end", at(session.absolute_until)),
    ]
}
