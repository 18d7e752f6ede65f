//! What is known, by session.

use std::collections::HashMap;
use std::collections::hash_map::Entry as Place;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{PoisonError, RwLock};

use rekindle_core::{Seconds, SessionId, Timestamp};

use super::{Entry, Refused};
use crate::error::Failure;

/// A power of two. Readers of one shard wait for each other only while it is written.
const SHARDS: usize = 16;

/// Sessions and what is refused of them. One writer, any number of readers.
#[derive(Default)]
pub(super) struct Table {
    /// Of all shards: as long as it is 0, no shard is looked at.
    len: AtomicUsize,
    shards: [RwLock<HashMap<SessionId, Known>>; SHARDS],
}

/// What is known of one session.
struct Known {
    refused: Vec<Refused>,
    /// From then on no token is alive that it would refuse.
    until: Timestamp,
}

impl Table {
    fn shard(&self, session: SessionId) -> &RwLock<HashMap<SessionId, Known>> {
        // Ids are random.
        &self.shards[usize::from(session.0[0]) % SHARDS]
    }

    pub(super) fn len(&self) -> usize {
        self.len.load(Ordering::Acquire)
    }

    pub(super) fn check(
        &self,
        session: SessionId,
        issued_at: Timestamp,
        now: Timestamp,
    ) -> Result<(), Failure> {
        if self.len() == 0 {
            return Ok(());
        }
        // A writer that panicked has left whole entries: each is put in place by one assignment.
        let shard = self.shard(session).read().unwrap_or_else(PoisonError::into_inner);
        let Some(known) = shard.get(&session) else { return Ok(()) };
        known.refused.iter().find_map(|refused| refused.failure(issued_at, now)).map_or(Ok(()), Err)
    }

    /// Adds what an entry says to what is known of its session, for `keep` from now on.
    pub(super) fn add(&self, entry: Entry, keep: Seconds, now: Timestamp) {
        let until = now + keep;
        let mut shard = self.shard(entry.session).write().unwrap_or_else(PoisonError::into_inner);
        match shard.entry(entry.session) {
            Place::Occupied(mut known) => {
                let known = known.get_mut();
                known.until = known.until.max(until);
                known.refused.push(entry.refused);
                merge(&mut known.refused, now);
            }
            Place::Vacant(place) => {
                place.insert(Known { refused: vec![entry.refused], until });
                self.len.fetch_add(1, Ordering::Release);
            }
        }
    }

    /// Forgets what no longer matters, one shard after the other.
    pub(super) fn prune(&self, now: Timestamp) {
        for shard in &self.shards {
            let mut shard = shard.write().unwrap_or_else(PoisonError::into_inner);
            let before = shard.len();
            shard.retain(|_, known| known.until > now);
            self.len.fetch_sub(before - shard.len(), Ordering::Release);
            // What one bad day took is given back.
            let room = shard.len() * 2;
            shard.shrink_to(room);
        }
    }
}

/// Leaves out what says no more than another. All pairs are looked at: an entry that counts from a later moment takes the place
/// of those before it when that has come.
fn merge(refused: &mut Vec<Refused>, now: Timestamp) {
    let mut kept: Vec<Refused> = Vec::with_capacity(refused.len());
    for entry in refused.drain(..) {
        if kept.iter().all(|other| !entry.is_within(*other, now)) {
            kept.retain(|other| !other.is_within(entry, now));
            kept.push(entry);
        }
    }
    *refused = kept;
}

impl Refused {
    /// Whether `other` refuses, from `now` on, whatever this refuses.
    fn is_within(self, other: Self, now: Timestamp) -> bool {
        match (self, other) {
            (_, Self::Ended) => true,
            (Self::Ended, _) => false,
            (
                Self::Before { issued_before, from },
                Self::Before { issued_before: other_before, from: other_from },
            ) => issued_before <= other_before && other_from <= from.max(now),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SESSION: SessionId = SessionId([7; 16]);

    const fn at(moment: u64) -> Timestamp {
        Timestamp::from_unix(moment)
    }

    const fn before(issued_before: u64, from: u64) -> Refused {
        Refused::Before { issued_before: at(issued_before), from: at(from) }
    }

    /// Whether the table refuses a token issued then, at `now`.
    fn refused(table: &Table, issued_at: u64, now: u64) -> Option<&'static str> {
        table.check(SESSION, at(issued_at), at(now)).err().map(|failure| failure.code())
    }

    fn table(entries: &[Refused]) -> Table {
        let table = Table::default();
        for refused in entries {
            table.add(Entry { session: SESSION, refused: *refused }, Seconds(600), at(1000));
        }
        table
    }

    /// In whatever order the entries of one session arrive, each of them counts.
    #[test]
    fn entries_of_one_session_merge_and_none_is_lost() {
        let sets: [&[Refused]; 4] = [
            &[before(900, 0), before(990, 1030)],
            &[before(990, 1030), before(995, 1060)],
            &[before(900, 0), Refused::Ended, before(990, 1030)],
            &[before(900, 0), before(950, 0), before(990, 1030), before(940, 1010)],
        ];
        for set in sets {
            for turn in 0..set.len() {
                let mut turned = set.to_vec();
                turned.rotate_left(turn);
                let table = table(&turned);
                for now in [1000, 1010, 1029, 1030, 1059, 1060, 1100] {
                    for issued_at in [899, 900, 939, 949, 950, 989, 990, 994, 995] {
                        let hits =
                            |refused: &Refused| refused.failure(at(issued_at), at(now)).map(|f| f.code());
                        let wanted = match set.contains(&Refused::Ended) {
                            true => Some("session_ended"),
                            false => set.iter().find_map(hits),
                        };
                        assert_eq!(refused(&table, issued_at, now), wanted, "{turned:?} {issued_at} {now}");
                    }
                }
            }
        }
    }

    #[test]
    fn what_says_no_more_than_another_takes_no_room() {
        let table = table(&[before(1, 0), before(2, 0), before(1, 5), before(3, 900), before(2, 2000)]);
        let shard = table.shard(SESSION).read().unwrap();
        assert_eq!(shard[&SESSION].refused, [before(3, 900)]);
        assert_eq!(table.len(), 1);
    }

    /// `retire_old`: one entry a slot, each of which counts half a minute later.
    #[test]
    fn a_session_that_is_renewed_all_day_takes_no_more_room_than_another() {
        let table = Table::default();
        for slot in 0..1_000 {
            let now = 1_000 + slot * 180;
            table.add(Entry { session: SESSION, refused: before(now, now + 31) }, Seconds(600), at(now));
            assert_eq!(refused(&table, now - 181, now), (slot > 0).then_some("token_expired"), "{slot}");
        }
        assert!(table.shard(SESSION).read().unwrap()[&SESSION].refused.len() <= 2);
    }

    #[test]
    fn what_no_longer_matters_is_forgotten() {
        let table = table(&[Refused::Ended]);
        // Told again: from then on it counts.
        table.add(Entry { session: SESSION, refused: Refused::Ended }, Seconds(600), at(1300));
        table.prune(at(1899));
        assert_eq!((table.len(), refused(&table, 900, 1899)), (1, Some("session_ended")));
        table.prune(at(1900));
        assert_eq!((table.len(), refused(&table, 900, 1900)), (0, None));
    }
}
