//! A session under the reference policy of the scenarios: access 5 s, replay window 2 s.

#![allow(dead_code, reason = "each test file uses its own part")]
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use rekindle_core::{
    Device, Generation, Opening, Policy, Presented, Refresh, Seconds, Seed, Session, SessionId, Settings,
    Timestamp,
};

pub(crate) const LOGIN: Timestamp = Timestamp::from_unix(1_000_000);

pub(crate) fn at(seconds: u64) -> Timestamp {
    LOGIN + Seconds(seconds)
}

pub(crate) fn policy(change: impl FnOnce(&mut Settings)) -> Policy {
    let mut settings = Settings::default();
    settings.access = Seconds(5);
    settings.renewal_threshold = Seconds(2);
    settings.replay_window = Some(Seconds(2));
    change(&mut settings);
    Policy::new(settings).unwrap()
}

pub(crate) fn login(policy: &Policy) -> Session {
    let opening = Opening {
        id: SessionId([1; 16]),
        seed: Seed([2; 16]),
        subject: "anna".into(),
        client_id: "app".into(),
        claims: "{}".into(),
        device: Device::default(),
        idle: None,
        absolute: None,
    };
    Session::open(opening, policy, LOGIN)
}

pub(crate) fn token(generation: u64) -> Presented<'static> {
    Presented { generation: Generation(generation), client_id: Some("app") }
}

/// A store of one row: presents `generation`, commits what is to be committed, and answers the generation of
/// the refresh token that the holder gets, if it gets one.
pub(crate) struct Desk {
    pub(crate) policy: Policy,
    pub(crate) row: Session,
    pub(crate) writes: u32,
}

impl Desk {
    pub(crate) fn open(policy: Policy) -> Self {
        let row = login(&policy);
        Self { policy, row, writes: 0 }
    }

    pub(crate) fn present(&mut self, generation: u64, now: Timestamp) -> (Option<u64>, Refresh) {
        let said = rekindle_core::refresh(&self.row, token(generation), &self.policy, now);
        let answer = match &said {
            Refresh::Rotate { next, .. } => {
                self.write(next);
                Some(self.row.lineage.latest.0)
            }
            Refresh::Replay => Some(self.row.lineage.latest.0),
            Refresh::Theft { next, .. } | Refresh::Expire { next, .. } => {
                self.write(next);
                None
            }
            _ => None,
        };
        (answer, said)
    }

    /// The answer of a presentation that must yield a token.
    #[track_caller]
    pub(crate) fn gets(&mut self, generation: u64, now: Timestamp) -> u64 {
        let (answer, said) = self.present(generation, now);
        answer.unwrap_or_else(|| panic!("no token for {generation}: {said:?}"))
    }

    fn write(&mut self, next: &Session) {
        self.row = next.clone();
        self.writes += 1;
    }
}
