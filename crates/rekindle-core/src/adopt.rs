//! A session of another system's, taken over.

use crate::policy::Policy;
use crate::session::{Lineage, Opening, Session};
use crate::time::Timestamp;

/// What another system's live refresh token says.
#[derive(Clone, Debug)]
pub struct Adoption {
    /// As at a login. Its `id` is a keyed hash of the token: adopting it twice finds the same row.
    pub opening: Opening,
    /// When the user proved who they are, as far as the token knows.
    pub auth_time: Timestamp,
    /// The end of the token itself.
    pub token_expires: Timestamp,
    /// The session's end, where the token fixes it; by default the policy's, counted from now.
    pub absolute_until: Option<Timestamp>,
}

impl Session {
    /// The session of another system's live refresh token, adopted at `now`.
    ///
    /// The token becomes generation 1, and its coming here the [confirm](crate::Rotation::Confirm) that a second
    /// refresh would be: the row is one that a login and a refresh lead to, so no rule knows of adoption. Who
    /// presents the token again, in a race or because the answer was lost, is the holder of `confirmed`.
    pub fn adopt(adoption: Adoption, policy: &Policy, now: Timestamp) -> Self {
        let session = Self::open(adoption.opening, policy, now);
        let policy_end = adoption.absolute_until.unwrap_or(session.absolute_until);
        // The row outlasts the token: else the token would be adopted again after the session's end.
        let absolute_until = policy_end.max(adoption.token_expires);
        Self {
            auth_time: adoption.auth_time.min(now),
            lineage: Lineage::ADOPTED,
            idle_until: (now + session.idle).min(absolute_until),
            absolute_until,
            ..session
        }
    }
}
