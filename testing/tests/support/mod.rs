//! What the tests of all stores share.

use rekindle::clock::{Clock as _, SystemClock};
use rekindle::core::{Device, Opening, Policy, Seed, Session, SessionId};
use rekindle::entropy::{Entropy as _, SystemEntropy};

/// A session of `subject` that was opened now.
pub fn session(subject: &str) -> Session {
    let random = || {
        let mut bytes = [0; 16];
        SystemEntropy.fill(&mut bytes);
        bytes
    };
    let opening = Opening {
        id: SessionId(random()),
        seed: Seed(random()),
        subject: subject.to_owned(),
        client_id: "web".to_owned(),
        claims: "{}".to_owned(),
        device: Device::default(),
        idle: None,
        absolute: None,
    };
    Session::open(opening, &Policy::default(), SystemClock.now())
}

/// A session after one more rotation.
pub fn rotated(session: &Session) -> Session {
    let mut next = session.clone();
    next.lineage.before = next.lineage.confirmed;
    next.lineage.confirmed = next.lineage.latest;
    next.lineage.floor = next.lineage.latest;
    next.lineage.latest = next.lineage.latest.next();
    next
}
