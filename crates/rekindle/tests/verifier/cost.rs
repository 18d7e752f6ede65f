//! What a request costs in allocations: they are counted, so that none comes in unnoticed.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use allocation_counter::measure;
use axum::http::{Request, Response};
use rekindle::clock::Clock as _;
use rekindle::core::{Seconds, SessionId, Timestamp};
use rekindle::http::{AuthenticationLayer, Found};
use rekindle::token::Algorithm;
use rekindle::verifier::{Entry, Page, Refused};
use tower::{Layer as _, service_fn};

use super::scripted::{Scripted, page};
use super::world::{eddsa, key, session, set, token, verifier};
use crate::support::ManualClock;

fn allocations(run: impl FnOnce()) -> u64 {
    measure(run).count_total
}

#[tokio::test(start_paused = true)]
async fn a_look_at_the_view_allocates_nothing_however_much_it_holds() {
    let (clock, key, feed) = (ManualClock::new(), eddsa("k"), Scripted::new());
    let verifier = verifier(&clock).keys(set(&[&key])).revocations(feed.clone()).start().await.unwrap();
    let lives = verifier.verify(&token(&key, 1, &clock)).await.unwrap();
    let ends = verifier.verify(&token(&key, 2, &clock)).await.unwrap();
    let view = verifier.revocations().unwrap();
    let now = clock.now();
    assert_eq!(allocations(|| view.check(&lives, now).unwrap()), 0);

    let many = (0u128..100_000).map(|number| SessionId((number << 8).to_le_bytes()));
    let entry = |session| Entry { session, refused: Refused::Ended };
    let entries = many.chain([session(2)]).map(entry).collect();
    feed.give(Ok(Page { entries, ..page(&[]) }));
    feed.taken_in().await;
    assert_eq!(view.len(), 100_001);
    assert_eq!(allocations(|| view.check(&lives, now).unwrap()), 0);
    assert_eq!(allocations(|| assert!(view.check(&ends, now).is_err())), 0);
    let later = Refused::Before { issued_before: now, from: now + Seconds(1) };
    feed.tell(&[(1, later), (1, Refused::Before { issued_before: Timestamp::ZERO, from: now })]).await;
    assert_eq!(allocations(|| view.check(&lives, now).unwrap()), 0);
}

/// One request through the layer, to a service that does nothing.
fn through(service: &mut impl tower::Service<Request<()>, Response = Response<()>>, request: Request<()>) {
    let mut answer = pin!(service.call(request));
    let polled = answer.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    assert!(matches!(polled, Poll::Ready(Ok(_))), "it waits for nobody");
}

#[tokio::test(start_paused = true)]
async fn a_request_allocates_its_claims_and_its_identity_and_from_the_cache_nothing_of_the_token() {
    let clock = ManualClock::new();
    let (shared, public) = (key("shared", Algorithm::Hs256), eddsa("public"));
    // The claims and what holds them; and three for the first extension of a request, which a server has put there before.
    for (key, verified, layered) in [(&shared, 2, 5), (&public, 0, 3)] {
        let feed = Scripted::new();
        let builder = verifier(&clock).keys(set(&[key])).revocations(feed).caching(8);
        let verifier = builder.start().await.unwrap();
        let text = token(key, 1, &clock);
        verifier.verify_now(&text).unwrap();
        assert_eq!(allocations(|| drop(verifier.verify_now(&text))), verified, "{}", key.id());

        let inner = service_fn(|request: Request<()>| -> Ready<Result<Response<()>, Infallible>> {
            let found: &Found = request.extensions().get().unwrap();
            assert_eq!(found.identity().unwrap().token().session(), session(1));
            ready(Ok(Response::new(())))
        });
        let mut service = AuthenticationLayer::new(verifier).layer(inner);
        let request = Request::builder().header("authorization", format!("Bearer {text}"));
        let request = request.body(()).unwrap();
        assert_eq!(allocations(|| through(&mut service, request)), layered, "{}", key.id());
    }
}
