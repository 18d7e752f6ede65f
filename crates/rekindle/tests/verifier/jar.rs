//! A verifier behind the layer, by cookies.

use axum::http::{HeaderMap, StatusCode};
use rekindle::clock::Clock as _;
use rekindle::core::Timestamp;
use rekindle::http::cookie::Slot;
use rekindle::token::{AccessClaims, SigningKey, sign_access};
use rekindle::verifier::{LOOK_AGAIN, Refused};

use super::issuer::Issuer;
use super::layer::{app, ask};
use super::scripted::Scripted;
use super::world::{AUDIENCE, claims, eddsa, session, set, token, verifier};
use crate::support::ManualClock;

/// The access cookies of these sessions.
fn jar(tokens: &[(u8, &str)]) -> String {
    let cookie = |(number, text): &(u8, &str)| format!("__Host-rk-a.{}={text}", Slot::of(session(*number)));
    tokens.iter().map(cookie).collect::<Vec<_>>().join("; ")
}

/// Whose login was so many seconds ago.
fn login(key: &SigningKey, number: u8, clock: &ManualClock, ago: u64) -> String {
    let now = clock.now();
    let audience = [AUDIENCE.to_owned()];
    let auth_time = Timestamp::from_unix(now.as_unix() - ago);
    sign_access(key, &AccessClaims { auth_time, ..claims(number, now, &audience) }).unwrap()
}

fn cleared(headers: &HeaderMap) -> Vec<String> {
    let cookies = headers.get_all("set-cookie").iter().map(|cookie| cookie.to_str().unwrap());
    cookies
        .map(|cookie| {
            assert!(cookie.contains("Max-Age=0"), "{cookie}");
            cookie.split('=').next().unwrap().to_owned()
        })
        .collect()
}

fn both(number: u8) -> [String; 2] {
    let slot = Slot::of(session(number));
    [format!("__Host-rk-a.{slot}"), format!("__Secure-rk-r.{slot}")]
}

#[tokio::test(start_paused = true)]
async fn the_newest_login_that_lives_counts_and_what_has_ended_is_cleared() {
    let (clock, key, feed) = (ManualClock::new(), eddsa("k"), Scripted::new());
    let verifier = verifier(&clock).keys(set(&[&key])).revocations(feed.clone()).caching(8);
    let app = app(verifier.start().await.unwrap());
    let (newest, middle, oldest) =
        (login(&key, 1, &clock, 10), login(&key, 2, &clock, 20), login(&key, 3, &clock, 30));
    let junk = login(&eddsa("k"), 4, &clock, 0);
    let cookies = jar(&[(3, &oldest), (1, &newest), (4, &junk), (2, &middle)]);
    let (status, who, headers) = ask(&app, ("cookie", &cookies)).await;
    assert_eq!((status, who.as_str(), cleared(&headers).len()), (200, "ada 01", 0));

    feed.tell(&[(1, Refused::Ended)]).await;
    let (status, who, headers) = ask(&app, ("cookie", &cookies)).await;
    assert_eq!((status, who.as_str()), (200, "ada 02"));
    assert_eq!(cleared(&headers), both(1));
    assert_eq!(headers["cache-control"], "no-store");

    // It lives, and has to refresh: an older login, maybe somebody else's, does not speak for it.
    let after = Timestamp::from_unix(clock.now().as_unix() + 1);
    feed.tell(&[(2, Refused::Before { issued_before: after, from: Timestamp::ZERO })]).await;
    let (status, code, headers) = ask(&app, ("cookie", &cookies)).await;
    assert_eq!((status, code.as_str()), (401, "token_expired"));
    assert_eq!(cleared(&headers), both(1));

    feed.tell(&[(2, Refused::Ended), (3, Refused::Ended)]).await;
    let (status, code, headers) = ask(&app, ("cookie", &cookies)).await;
    assert_eq!((status, code.as_str()), (401, "session_ended: unknown"));
    assert_eq!(cleared(&headers).len(), 6, "junk is left alone");
    assert_eq!(ask(&app, ("cookie", &jar(&[(4, &junk)]))).await.1, "token_missing");
}

#[tokio::test(start_paused = true)]
async fn nothing_is_cleared_while_it_cannot_be_known() {
    let (clock, key, feed) = (ManualClock::new(), eddsa("k"), Scripted::new());
    let verifier = verifier(&clock).keys(set(&[&key])).revocations(feed).start().await.unwrap();
    let app = app(verifier);
    tokio::time::advance(std::time::Duration::from_secs(3)).await;
    let (status, code, headers) = ask(&app, ("cookie", &jar(&[(1, &token(&key, 1, &clock))]))).await;
    assert_eq!((status, code.as_str(), cleared(&headers).len()), (503, "unavailable", 0));
}

#[tokio::test]
async fn a_jar_waits_for_the_key_of_its_newest_login() {
    let clock = ManualClock::new();
    let (old, new) = (eddsa("old"), eddsa("new"));
    let issuer = Issuer::publishing(&[&old]).await;
    let app = app(verifier(&clock).keys_from_url(&issuer.url()).start().await.unwrap());
    let (older, newest) = (login(&old, 1, &clock, 20), login(&new, 2, &clock, 10));
    let cookies = jar(&[(1, &older), (2, &newest)]);
    issuer.answers(StatusCode::SERVICE_UNAVAILABLE, "");
    clock.advance(LOOK_AGAIN.0);
    for _ in 0..2 {
        let (status, code, _) = ask(&app, ("cookie", &cookies)).await;
        assert_eq!((status, code.as_str()), (503, "unavailable"), "the older one does not speak for it");
    }
    issuer.publish(&[&old, &new]);
    clock.advance(LOOK_AGAIN.0);
    assert_eq!(ask(&app, ("cookie", &cookies)).await.1, "ada 02");
    // A key that nobody has is junk, and hides nobody.
    let junk = jar(&[(1, &older), (3, &login(&eddsa("junk"), 3, &clock, 0))]);
    assert_eq!(ask(&app, ("cookie", &junk)).await.1, "ada 01");
    assert_eq!(issuer.asked(), 3);
}
