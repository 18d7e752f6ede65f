//! The feed of changes: a stream, and a head that counts.

use ::redis::cmd;
use aws_lc_rs::digest::{SHA256, digest};
use rekindle_core::{SessionId, Timestamp};

use super::{RedisStore, script};
use crate::entropy::random;
use crate::store::{Change, ChangeKind, Changes, FeedCursor, StoreError};

/// An entry of the stream: its id, and its fields.
type Entry = (String, Vec<Vec<u8>>);
/// What the script answers.
type Page = (Vec<u8>, Vec<u8>, String, Vec<Entry>, Vec<Entry>);

impl RedisStore {
    pub(super) async fn enter(&self, changes: impl Iterator<Item = Change>) -> Result<(), StoreError> {
        let at = self.clock.now();
        let [head, entries] = self.keys.feed();
        let call = script::enter().key(head).key(entries);
        let call = changes.fold(call, |call, change| call.argument(encode(at, change)));
        self.run_durably(&call).await
    }

    pub(super) async fn since(
        &self,
        cursor: Option<FeedCursor>,
        limit: usize,
    ) -> Result<Changes, StoreError> {
        let mut from = cursor;
        loop {
            let page = self.page(from.map_or(0, |cursor| cursor.position), limit).await?;
            let known = from.filter(|cursor| {
                cursor.epoch == page.epoch && (page.forgotten..=page.last).contains(&cursor.position)
            });
            if from.is_some() && known.is_none() {
                // From the oldest there is. Looked up anew: it may have gone by now.
                from = None;
                continue;
            }
            let position = page.entries.last().map_or_else(
                || known.map_or(page.forgotten, |cursor| cursor.position),
                |(position, _)| *position,
            );
            let entries = page.entries.into_iter().map(|(_, change)| change).collect();
            let next = FeedCursor { epoch: page.epoch, position };
            return Ok(Changes { entries, next, restarted: cursor.is_some() && known.is_none() });
        }
    }

    async fn page(&self, after: u64, limit: usize) -> Result<FeedPage, StoreError> {
        let [head, entries] = self.keys.feed();
        let call = script::since()
            .key(head)
            .key(entries)
            .argument(after.to_string())
            // To Redis, 0 is all there is.
            .argument(limit.clamp(1, 1 << 20).to_string())
            .argument(random::<8>(&*self.entropy));
        let (epoch, history, last, first, page): Page = self.link.run(&call).await?;
        // A primary that was a replica, or that was started again, may have lost what others have seen. Its history has another
        // name then, and so has the feed: its numbers may have been given twice.
        let named = digest(&SHA256, &[epoch, history].concat());
        let epoch = named.as_ref().first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes));
        let last = last.parse().map_err(|_| unreadable("its last number"))?;
        let forgotten =
            first.first().map(position).transpose()?.map_or(last, |first| first.saturating_sub(1));
        let entries = page.iter().take(limit).map(|entry| Ok((position(entry)?, decode(entry)?.1)));
        Ok(FeedPage { epoch, last, forgotten, entries: entries.collect::<Result<_, StoreError>>()? })
    }

    pub(super) async fn forget(&self, before: Timestamp, limit: usize) -> Result<usize, StoreError> {
        let [_, key] = self.keys.feed();
        let limit = limit.min(1 << 20);
        if limit == 0 {
            return Ok(0);
        }
        let oldest: Vec<Entry> =
            self.link.ask(cmd("XRANGE").arg(&key).arg("-").arg("+").arg("COUNT").arg(limit)).await?;
        let mut upto = None;
        for entry in &oldest {
            if decode(entry)?.0 >= before {
                break;
            }
            upto = Some(position(entry)?);
        }
        let Some(upto) = upto else { return Ok(0) };
        self.link.ask(cmd("XTRIM").arg(&key).arg("MINID").arg(format!("{}-0", upto + 1))).await
    }
}

struct FeedPage {
    epoch: u64,
    last: u64,
    forgotten: u64,
    entries: Vec<(u64, Change)>,
}

/// `at 8 | sid 16`, and for tokens that are refused `issued_before 8 | from 8`.
fn encode(at: Timestamp, change: Change) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(40);
    bytes.extend_from_slice(&at.as_unix().to_be_bytes());
    bytes.extend_from_slice(&change.session.0);
    if let ChangeKind::RefuseBefore { issued_before, from } = change.kind {
        bytes.extend_from_slice(&issued_before.as_unix().to_be_bytes());
        bytes.extend_from_slice(&from.as_unix().to_be_bytes());
    }
    bytes
}

fn decode((_, fields): &Entry) -> Result<(Timestamp, Change), StoreError> {
    let read = || {
        let moment = |bytes: &[u8]| bytes.try_into().ok().map(u64::from_be_bytes).map(Timestamp::from_unix);
        let bytes = fields.get(1)?;
        let (at, rest) = bytes.split_at_checked(8)?;
        let (session, rest) = rest.split_first_chunk()?;
        let kind = match rest {
            [] => ChangeKind::Ended,
            rest => {
                let (issued_before, from) = rest.split_at_checked(8)?;
                ChangeKind::RefuseBefore { issued_before: moment(issued_before)?, from: moment(from)? }
            }
        };
        Some((moment(at)?, Change { session: SessionId(*session), kind }))
    };
    read().ok_or_else(|| unreadable("an entry"))
}

fn position((id, _): &Entry) -> Result<u64, StoreError> {
    id.strip_suffix("-0").and_then(|number| number.parse().ok()).ok_or_else(|| unreadable("a number"))
}

fn unreadable(what: &str) -> StoreError {
    StoreError::Unreadable(format!("{what} in the feed has another form"))
}
