//! What a model runs: the shipped functions, and how their results are committed and answered. A seeded bug
//! overrides one of these methods and nothing else.

use rekindle_core::{Generation, Policy, Presented, Refresh, Renew, Session, Timestamp};

/// What is known of a refresh token beside its generation. The shipped rules look at none of it.
#[derive(Clone, Copy)]
pub(crate) struct Token<'a> {
    pub(crate) generation: Generation,
    pub(crate) client_id: Option<&'a str>,
    /// When it was issued.
    pub(crate) iat: Timestamp,
}

impl<'a> Token<'a> {
    pub(crate) fn presented(self) -> Presented<'a> {
        Presented { generation: self.generation, client_id: self.client_id }
    }
}

pub(crate) trait Rules {
    fn refresh(&self, session: &Session, token: Token<'_>, policy: &Policy, now: Timestamp) -> Refresh {
        rekindle_core::refresh(session, token.presented(), policy, now)
    }

    fn renew(&self, session: &Session, generation: Generation, policy: &Policy, now: Timestamp) -> Renew {
        rekindle_core::renew(session, generation, policy, now)
    }

    fn bump(&self, session: &Session, now: Timestamp) -> Option<Session> {
        rekindle_core::bump(session, now)
    }

    /// Whether a commit is applied. A revocation leaves the version alone: the store may do so.
    fn applies(&self, row_is_active: bool, version_is_the_loaded_one: bool) -> bool {
        row_is_active && version_is_the_loaded_one
    }

    /// Whether a bump that leaves the row as it is still counts as a write.
    fn writes_equal_bump(&self) -> bool {
        true
    }

    /// Whether a refresh whose commit met a conflict asks for the claims once more.
    fn resolves_again(&self) -> bool {
        true
    }

    fn answers_before_commit(&self) -> bool {
        false
    }

    /// Whether a process may decide on the row as it last saw it, without a load.
    fn decides_from_memory(&self) -> bool {
        false
    }

    /// Whether `refresh` looks at the token's `iat`.
    fn reads_iat(&self) -> bool {
        false
    }

    /// Whether the client, told "unavailable", throws its tokens away.
    fn clears_on_unavailable(&self) -> bool {
        false
    }
}

/// The functions of the crate, as they are.
#[derive(Clone)]
pub(crate) struct Shipped;

impl Rules for Shipped {}
