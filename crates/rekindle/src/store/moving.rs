//! Sessions move to another store, and nobody is logged out.
//!
//! A copy may be made while the old store is in use, and made again: what is there already is passed over, what went on in
//! the old store since then is brought up to date, and an end stands wherever it was noted. A last round after the servers
//! were stopped misses nothing. Whatever that round should miss all the same was a rotation, and heals.

use std::sync::Arc;

use rekindle_core::{Session, SessionId, Status, Timestamp};

use super::{Commit, Insert, Store, StoreError};

/// How many rows are written at once.
const AT_ONCE: usize = 32;

/// What became of a page of sessions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moved {
    /// Were not there yet.
    pub added: u64,
    /// Were there, as they had been before.
    pub updated: u64,
    /// Were there as they are, or have gone on since.
    pub there: u64,
    /// Where to go on; `None` at the end.
    pub next: Option<SessionId>,
}

/// What became of one session.
enum Fate {
    Added,
    Updated,
    There,
}

/// Copies a page of sessions, those with ids above `after`, whatever their status. Changes of sessions that were issued
/// tokens at or after `told_since` enter the feed of `to`: verifiers that follow it may not know them.
///
/// # Errors
/// Where either store fails. The same call may be made again.
pub async fn copy_sessions(
    from: &Arc<dyn Store>,
    to: &Arc<dyn Store>,
    after: Option<SessionId>,
    limit: usize,
    told_since: Timestamp,
) -> Result<Moved, StoreError> {
    let page = from.scan(after, limit).await?;
    let mut moved = Moved { next: page.next, ..Moved::default() };
    let mut rest = page.sessions.into_iter();
    let mut running = tokio::task::JoinSet::new();
    loop {
        while running.len() < AT_ONCE
            && let Some(session) = rest.next()
        {
            let to = Arc::clone(to);
            running.spawn(async move { copy(&*to, &session, told_since).await });
        }
        match running.join_next().await {
            None => return Ok(moved),
            Some(Ok(fate)) => match fate? {
                Fate::Added => moved.added += 1,
                Fate::Updated => moved.updated += 1,
                Fate::There => moved.there += 1,
            },
            Some(Err(ended)) => return Err(StoreError::unavailable(ended)),
        }
    }
}

/// Copies the epochs of a page of subjects, those after `after`. Answers the last of them; `None` at the end.
///
/// # Errors
/// Where either store fails. The same call may be made again.
pub async fn copy_subject_epochs(
    from: &dyn Store,
    to: &dyn Store,
    after: Option<&str>,
    limit: usize,
) -> Result<Option<String>, StoreError> {
    let page = from.subject_epochs(after, limit).await?;
    for (subject, epoch) in &page {
        to.set_subject_epoch(subject, *epoch).await?;
    }
    Ok(page.into_iter().next_back().map(|(subject, _)| subject))
}

async fn copy(to: &dyn Store, session: &Session, told_since: Timestamp) -> Result<Fate, StoreError> {
    let has_news = session.issued_at.max(session.bumped_at) >= told_since;
    // Born without news, and then given them: a store tells of what changes.
    let born = match has_news {
        true => Session {
            status: Status::Active,
            bumped_at: Timestamp::ZERO,
            retired_before: Timestamp::ZERO,
            ..session.clone()
        },
        false => session.clone(),
    };
    let added = to.insert(&born).await? == Insert::Inserted;
    if added && born == *session {
        return Ok(Fate::Added);
    }
    loop {
        // Purged this very moment.
        let Some((there, version)) = to.load(session.id).await? else { return Ok(Fate::There) };
        if there.status != Status::Active || !is_ahead(session, &there) {
            return Ok(Fate::There);
        }
        if to.commit(version, session).await? == Commit::Applied {
            return Ok(if added { Fate::Added } else { Fate::Updated });
        }
    }
}

/// Whether `session` has gone on since it was `there`. An end is the last thing that happens.
fn is_ahead(session: &Session, there: &Session) -> bool {
    let place = |session: &Session| {
        (
            session.status != Status::Active,
            session.lineage.latest,
            session.issued_at,
            session.bumped_at,
            session.retired_before,
            session.idle_until,
            session.device.last_seen,
        )
    };
    place(session) > place(there)
}
