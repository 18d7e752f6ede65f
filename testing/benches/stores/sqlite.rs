//! SQLite beside itself: the UPDATE of a commit, as many to a transaction as are in flight.

use std::path::PathBuf;

use crate::load::now;
use crate::place::Limit;

pub fn limit(file: PathBuf, sessions: u64) -> Limit<'static> {
    Box::new(move |at_once, count| {
        let conn = rusqlite::Connection::open(&file).unwrap();
        conn.pragma_update(None, "synchronous", "FULL").unwrap();
        conn.busy_timeout(std::time::Duration::from_secs(5)).unwrap();
        let start = now();
        for batch in 0..count / at_once {
            conn.execute_batch("BEGIN IMMEDIATE").unwrap();
            for nth in 0..at_once {
                let mut update = conn
                    .prepare_cached(
                        "UPDATE sessions SET version = version + 1, latest = latest + 1, issued_at = issued_at + 200, \
                         confirmed_at = issued_at, idle_until = idle_until + 200, last_seen = last_seen + 200, \
                         label = label, agent = agent, claims = claims WHERE id = ?1 AND status = 0",
                    )
                    .unwrap();
                let id = (batch * at_once + nth).wrapping_mul(7919) % sessions + 1;
                update.execute([id as i64]).unwrap();
            }
            conn.execute_batch("COMMIT").unwrap();
        }
        count as f64 / start.elapsed().as_secs_f64()
    })
}
