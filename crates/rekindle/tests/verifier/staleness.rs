//! How old the view is, and what is answered when it is too old.

use std::time::Duration;

use rekindle::verifier::{Page, Refused, SourceError, StartError, WhenStale};
use tokio::time::advance;

use super::scripted::{Scripted, page};
use super::world::{ENDED, UNAVAILABLE, eddsa, outcome, session, set, token, verifier};
use crate::support::ManualClock;

const MILLISECOND: Duration = Duration::from_millis(1);

#[tokio::test(start_paused = true)]
async fn a_stale_view_refuses_what_it_does_not_know_and_recovers() {
    let (clock, key, feed) = (ManualClock::new(), eddsa("k"), Scripted::new());
    let verifier = verifier(&clock).keys(set(&[&key])).revocations(feed.clone()).start().await.unwrap();
    let view = verifier.revocations().unwrap();
    feed.tell(&[(1, Refused::Ended)]).await;
    let (ended, lives) = (token(&key, 1, &clock), token(&key, 2, &clock));

    // The feed hangs.
    advance(Duration::from_secs(2) - view.staleness().unwrap()).await;
    assert_eq!(outcome(verifier.verify(&lives).await), Ok(session(2)), "2 s are within the bound");
    advance(MILLISECOND).await;
    assert_eq!(outcome(verifier.verify(&lives).await), UNAVAILABLE);
    assert_eq!(outcome(verifier.verify(&ended).await), ENDED, "that is certain");

    // It fails: no younger for that. The next answer comes soon, and all is well.
    feed.give(Err(SourceError::Status(502)));
    feed.taken_in().await;
    assert_eq!(outcome(verifier.verify(&lives).await), UNAVAILABLE);
    assert_eq!(view.failure().unwrap().to_string(), "it answered with status 502");
    feed.tell(&[]).await;
    assert_eq!(outcome(verifier.verify(&lives).await), Ok(session(2)));
    assert!(view.failure().is_none());
}

#[tokio::test(start_paused = true)]
async fn a_page_of_several_counts_when_the_last_has_come() {
    let (clock, key, feed) = (ManualClock::new(), eddsa("k"), Scripted::new());
    let builder = verifier(&clock).keys(set(&[&key])).revocations(feed.clone());
    let verifier = builder.stale_after(Duration::from_secs(5)).start().await.unwrap();
    let lives = token(&key, 2, &clock);
    advance(Duration::from_secs(6)).await;
    feed.give(Ok(Page { more: true, ..page(&[(1, Refused::Ended)]) }));
    feed.taken_in().await;
    assert_eq!(outcome(verifier.verify(&token(&key, 1, &clock)).await), ENDED, "it holds at once");
    assert_eq!(outcome(verifier.verify(&lives).await), UNAVAILABLE);
    feed.tell(&[]).await;
    assert_eq!(outcome(verifier.verify(&lives).await), Ok(session(2)));
}

/// The view is as old as the feed's last look at the store, and that was at some moment while it was waited for.
#[tokio::test(start_paused = true)]
async fn the_age_counts_from_when_the_feed_looked() {
    let (clock, key, feed) = (ManualClock::new(), eddsa("k"), Scripted::new());
    let verifier = verifier(&clock).keys(set(&[&key])).revocations(feed.clone()).start().await.unwrap();
    let view = verifier.revocations().unwrap();
    feed.taken_in().await;
    let round = Duration::from_millis(50);
    for (took, waited, age) in [(1000, 900, 100), (1000, 0, 1000), (10, 5000, 0)] {
        advance(Duration::from_millis(took)).await;
        feed.give(Ok(Page { waited: Duration::from_millis(waited), ..page(&[]) }));
        let asked = tokio::time::Instant::now();
        feed.taken_in().await;
        // Between two quick requests there is a pause.
        let pause = asked.elapsed();
        assert!(pause <= round + MILLISECOND);
        assert_eq!(view.staleness().unwrap() - pause, Duration::from_millis(age));
    }
}

#[tokio::test(start_paused = true)]
async fn a_view_that_is_accepted_stale_lets_tokens_run_out_by_themselves() {
    let (clock, key, feed) = (ManualClock::new(), eddsa("k"), Scripted::silent());
    feed.give(Err(SourceError::Status(401)));
    let refusing = verifier(&clock).keys(set(&[&key])).revocations(feed.clone()).start().await;
    assert!(matches!(refusing, Err(StartError::Revocations(SourceError::Status(401)))));

    feed.give(Err(SourceError::TimedOut));
    let builder = verifier(&clock).keys(set(&[&key])).revocations(feed.clone());
    let verifier = builder.when_stale(WhenStale::Accept).start().await.unwrap();
    let view = verifier.revocations().unwrap();
    assert_eq!(view.staleness(), None);
    let text = token(&key, 1, &clock);
    assert_eq!(outcome(verifier.verify(&text).await), Ok(session(1)));
    feed.give(Ok(page(&[(1, Refused::Ended)])));
    feed.taken_in().await;
    assert_eq!(outcome(verifier.verify(&text).await), ENDED);
    advance(Duration::from_secs(60)).await;
    assert_eq!(outcome(verifier.verify(&token(&key, 2, &clock)).await), Ok(session(2)));
    assert!(view.staleness().unwrap() >= Duration::from_secs(60), "for whoever monitors it");
}

/// A feed that does not wait is not asked without pause, and neither is one that has nothing to tell for long.
#[tokio::test(start_paused = true)]
async fn a_feed_that_does_not_wait_is_not_run_down() {
    let (clock, key, feed) = (ManualClock::new(), eddsa("k"), Scripted::new());
    let _verifier = verifier(&clock).keys(set(&[&key])).revocations(feed.clone()).start().await.unwrap();
    for more in [false, true] {
        let began = tokio::time::Instant::now();
        for _ in 0..20 {
            feed.give(Ok(Page { more, ..page(&[]) }));
        }
        feed.taken_in().await;
        assert!(began.elapsed() >= Duration::from_millis(20 * 50), "{:?}", began.elapsed());
        feed.tell(&[]).await;
    }
}

/// A feed that is away for long is asked once a second, and not less often.
#[tokio::test(start_paused = true)]
async fn pauses_between_failures_stay_short() {
    let (clock, key, feed) = (ManualClock::new(), eddsa("k"), Scripted::new());
    let verifier = verifier(&clock).keys(set(&[&key])).revocations(feed.clone()).start().await.unwrap();
    let began = tokio::time::Instant::now();
    for _ in 0..60 {
        feed.give(Err(SourceError::TimedOut));
    }
    feed.taken_in().await;
    let took = began.elapsed();
    assert!((Duration::from_secs(25)..Duration::from_secs(60)).contains(&took), "{took:?}");
    assert!(verifier.revocations().unwrap().failure().is_some());
}
