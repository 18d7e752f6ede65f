//! What the feed tells is what is refused.

use rekindle::Verifier;
use rekindle::clock::Clock as _;
use rekindle::core::{Seconds, Timestamp};
use rekindle::token::SigningKey;
use rekindle::verifier::{Page, Refused};

use super::scripted::{KEEP, Scripted, page};
use super::world::{ENDED, EXPIRED, eddsa, outcome, session, set, token, token_at, until, verifier};
use crate::support::ManualClock;

struct World {
    clock: std::sync::Arc<ManualClock>,
    key: SigningKey,
    feed: Scripted,
    verifier: Verifier,
}

impl World {
    async fn new() -> Self {
        let (clock, key, feed) = (ManualClock::new(), eddsa("k"), Scripted::new());
        let verifier = verifier(&clock).keys(set(&[&key])).revocations(feed.clone());
        let verifier = verifier.start().await.unwrap();
        Self { clock, key, feed, verifier }
    }

    /// What becomes of a token of this session that was issued so many seconds from now.
    async fn of(&self, number: u8, from_now: i64) -> Result<rekindle::core::SessionId, (&'static str, u16)> {
        let issued_at = Timestamp::from_unix(self.clock.now().as_unix().saturating_add_signed(from_now));
        outcome(self.verifier.verify(&token_at(&self.key, number, issued_at)).await)
    }

    fn known(&self) -> usize {
        self.verifier.revocations().unwrap().len()
    }
}

#[tokio::test(start_paused = true)]
async fn an_ended_session_is_refused_and_no_other() {
    let world = World::new().await;
    let before = token(&world.key, 1, &world.clock);
    assert_eq!(outcome(world.verifier.verify(&before).await), Ok(session(1)));
    world.feed.tell(&[(1, Refused::Ended)]).await;
    assert_eq!(outcome(world.verifier.verify(&before).await), ENDED);
    assert_eq!(outcome(world.verifier.verify_now(&before)), ENDED);
    assert_eq!(world.of(2, 0).await, Ok(session(2)));
    // Told again, and told of a bump besides: an end is an end.
    let bump = Refused::Before { issued_before: world.clock.now(), from: Timestamp::ZERO };
    world.feed.tell(&[(1, Refused::Ended), (1, bump)]).await;
    assert_eq!(outcome(world.verifier.verify(&before).await), ENDED);
}

#[tokio::test(start_paused = true)]
async fn outdated_claims_ask_for_a_refresh_and_newer_ones_go_on() {
    let world = World::new().await;
    let bump = Refused::Before { issued_before: world.clock.now(), from: Timestamp::ZERO };
    world.feed.tell(&[(1, bump)]).await;
    assert_eq!(world.of(1, -1).await, EXPIRED);
    assert_eq!(world.of(1, 0).await, Ok(session(1)));
    assert_eq!(world.of(2, -1).await, Ok(session(2)));
}

#[tokio::test(start_paused = true)]
async fn a_renewed_token_is_refused_from_its_moment_on_and_a_bump_at_once() {
    let world = World::new().await;
    let now = world.clock.now();
    let renewed = Refused::Before { issued_before: now, from: now + Seconds(30) };
    let bump =
        Refused::Before { issued_before: Timestamp::from_unix(now.as_unix() - 60), from: Timestamp::ZERO };
    world.feed.tell(&[(1, renewed), (1, bump)]).await;
    assert_eq!(world.of(1, -61).await, EXPIRED);
    assert_eq!(world.of(1, -60).await, Ok(session(1)));
    world.clock.advance(29);
    assert_eq!(world.of(1, -30).await, Ok(session(1)));
    world.clock.advance(1);
    assert_eq!(world.of(1, -31).await, EXPIRED);
    assert_eq!(world.of(1, -30).await, Ok(session(1)), "the renewed one");
}

/// Its store was wiped, or restored from a copy: nothing that ended comes back by that.
#[tokio::test(start_paused = true)]
async fn a_feed_that_begins_anew_takes_nothing_back() {
    let world = World::new().await;
    world.feed.tell(&[(1, Refused::Ended), (2, Refused::Ended)]).await;
    let half = Page { more: true, ..page(&[(3, Refused::Ended)]) };
    world.feed.give(Ok(half.clone()));
    world.feed.taken_in().await;
    // It breaks off, and begins once more.
    world.feed.give(Err(rekindle::verifier::SourceError::TimedOut));
    world.feed.give(Ok(half));
    world.feed.give(Ok(Page { more: true, ..page(&[]) }));
    world.feed.taken_in().await;
    world.feed.tell(&[(2, Refused::Ended)]).await;
    for session in 1..=3 {
        assert_eq!(world.of(session, 0).await, ENDED);
    }
    assert_eq!(world.known(), 3);
    // From there on it goes on from where it was.
    assert_eq!(world.feed.asked().first().unwrap(), "");
    assert!(world.feed.asked().iter().skip(1).all(|place| place == "next"));
}

#[tokio::test(start_paused = true)]
async fn what_no_longer_matters_is_forgotten() {
    let world = World::new().await;
    world.feed.tell(&[(1, Refused::Ended)]).await;
    world.clock.advance(KEEP.0 - 1);
    world.feed.tell(&[(2, Refused::Ended)]).await;
    assert_eq!(world.known(), 2);
    world.clock.advance(30);
    world.feed.tell(&[]).await;
    assert_eq!(world.known(), 1);
    assert_eq!(world.of(2, 0).await, ENDED);
}

#[tokio::test(start_paused = true)]
async fn nobody_follows_the_feed_when_the_last_clone_is_gone() {
    let World { feed, verifier, .. } = World::new().await;
    feed.taken_in().await;
    let clone = verifier.clone();
    drop(verifier);
    feed.tell(&[(1, Refused::Ended)]).await;
    assert_eq!(clone.revocations().unwrap().len(), 1);
    drop(clone);
    until(|| feed.is_left()).await;
}
