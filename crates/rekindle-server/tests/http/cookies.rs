//! Tokens in cookies: one jar, several sessions, answers in any order.

use rekindle::http::Browsers;
use rekindle_server::accounts::{Accounts as _, Claims};

use crate::support::browser::{Kept, login};
use crate::support::{Browser, PASSWORD, Response, Tokens, USERNAME, World};

on_every_store!(
    cookies_carry_a_session,
    remember_false_ends_with_the_window,
    logout_vs_inflight_response,
    late_answers_of_an_older_login,
    same_second_double_login,
    the_newest_login_counts_whatever_its_cookies_are_worth,
    loser_is_still_authenticated,
    forbidden_is_not_expired,
    sign_out_default_is_local_with_cookies,
    sign_out_everywhere_and_elsewhere,
    nothing_is_cleared_by_what_may_pass,
    junk_in_the_jar_is_left_alone,
    a_cookie_that_is_not_ascii_signs_nobody_out,
    cookie_domain_changed,
    cookie_4097_bytes,
    a_failed_login_changes_nothing,
);

const DEMO: &str = "7d0f1a52-3c64-4b8e-9a1d-64656d6f0000";

async fn cookies_carry_a_session(world: World) {
    let (one, two) = (world.node().await, world.node().await);
    let mut browser = Browser::new(&world.clock);
    let answer = browser.login(&one).await;
    assert!(!answer.body.contains("rkrt1_") && answer.json()["access_token"].is_null());
    let paths: Vec<_> = browser.jar.iter().map(|kept| kept.path.as_str()).collect();
    assert_eq!(paths, ["/", "/v1"]);
    let names: Vec<_> = browser.jar.iter().map(|kept| kept.name.clone()).collect();
    assert_eq!(names[0].strip_prefix("rk-a."), names[1].strip_prefix("rk-r."));

    let first = browser.jar.clone();
    world.clock.advance(4);
    assert_eq!(browser.refresh(&two).await.status, 200);
    assert_eq!(browser.jar.iter().map(|kept| kept.name.clone()).collect::<Vec<_>>(), names);
    assert_ne!(browser.jar, first);
    // The access cookie goes with its token; the refresh cookie brings the next.
    world.clock.advance(60);
    assert_eq!(browser.subject(&one).await, "401 token_missing");
    assert_eq!(browser.refresh(&one).await.status, 200);
    assert_eq!(browser.subject(&two).await.len(), 36);
    // Left alone for a week, it is over, and so are the cookies.
    world.clock.advance(7 * 86_400);
    assert_eq!(browser.refresh(&one).await.outcome(), "401 token_missing");
    assert_eq!(browser.cookies("/v1/refresh"), "");
}

async fn remember_false_ends_with_the_window(world: World) {
    let node = world.node().await;
    let mut browser = Browser::new(&world.clock);
    let body = login(USERNAME, PASSWORD).replace('}', r#","remember":false}"#);
    assert_eq!(browser.send(&node, "POST", "/v1/login", &body).await.status, 200);
    assert!(browser.jar.iter().all(|kept| kept.until.is_none()));
    world.clock.advance(11 * 3_600);
    assert_eq!(browser.refresh(&node).await.status, 200);
    assert!(browser.jar.iter().all(|kept| kept.until.is_none()), "a refresh makes nothing last");
    browser.close();
    assert_eq!(browser.refresh(&node).await.outcome(), "401 token_missing");
}

/// A refresh is answered slowly, and its cookies arrive after the sign-out: they open nothing, and go at the next
/// contact.
async fn logout_vs_inflight_response(world: World) {
    let node = world.node().await;
    let mut browser = Browser::new(&world.clock);
    browser.login(&node).await;
    world.clock.advance(3);
    let slow = browser.ask(&node, "POST", "/v1/refresh", "").await;
    assert_eq!(slow.status, 200);
    assert_eq!(browser.send(&node, "POST", "/v1/logout", "").await.status, 204);
    assert_eq!(browser.jar, []);
    let rows = world.store.stats().await.unwrap();

    browser.keep(&slow);
    assert_eq!(browser.jar.len(), 2, "the late answer put them there");
    assert_eq!(browser.subject(&node).await, "401 session_ended logged_out");
    assert_eq!(browser.jar, [], "cleared on contact");
    browser.keep(&slow);
    assert_eq!(browser.refresh(&node).await.outcome(), "401 session_ended logged_out");
    assert_eq!(browser.jar, []);
    assert_eq!(world.store.stats().await.unwrap(), rows, "no row was made again");
}

/// Somebody else logs in, in the same browser, while answers of the first session are on their way: a renewal, a late
/// 401, a late sign-out. In every order the new session stands, and the old one is nobody's.
async fn late_answers_of_an_older_login(world: World) {
    let node = world.node().await;
    for renewal_first in [true, false] {
        let mut browser = Browser::new(&world.clock);
        browser.login(&node).await;
        world.clock.advance(3);
        let renewal = browser.ask(&node, "POST", "/v1/refresh", "").await;
        let before = browser.jar.clone();
        if renewal_first {
            browser.keep(&renewal);
        }
        browser.login_as(&node, "demo", "demo-password").await;
        // Requests that left before the login, with the old cookies.
        let old = Browser { jar: before, ..Browser::new(&world.clock) };
        let late_401 = old.ask(&node, "GET", "/v1/session", "").await;
        assert_eq!(late_401.outcome(), "401 session_ended logged_out");
        let late_logout = old.ask(&node, "POST", "/v1/logout", "").await;
        assert_eq!(late_logout.status, 204);
        for late in [&renewal, &late_401, &late_logout, &renewal, &late_401] {
            browser.keep(late);
            assert_eq!(browser.subject(&node).await, DEMO);
        }
        browser.keep(&renewal);
        assert_eq!(browser.refresh(&node).await.status, 200);
        assert_eq!(browser.jar.len(), 2, "what was left of the old one is gone");
        assert_eq!(browser.subject(&node).await, DEMO);
    }
}

/// A double click: two logins at once, neither knows of the other. Whichever answer comes last, one and the same is
/// signed in, and signing out leaves nobody.
async fn same_second_double_login(world: World) {
    let node = world.node().await;
    let mut seen = std::collections::BTreeSet::new();
    for last in 0..2 {
        let mut browser = Browser::new(&world.clock);
        let body = login(USERNAME, PASSWORD);
        let answers = tokio::join!(
            browser.ask(&node, "POST", "/v1/login", &body),
            browser.ask(&node, "POST", "/v1/login", &body)
        );
        let answers = [answers.0, answers.1];
        browser.keep(&answers[1 - last]);
        browser.keep(&answers[last]);
        assert_eq!(browser.jar.len(), 4, "each in a slot of its own");
        let by_access = browser.send(&node, "GET", "/v1/session", "").await.text("session_id");
        let by_refresh = browser.refresh(&node).await.text("session_id");
        assert_eq!(by_access, by_refresh, "both cookies speak of one session");
        seen.insert(by_access == answers[last].text("session_id"));
        // A third login knows of both, and ends them.
        browser.login_as(&node, "demo", "demo-password").await;
        assert_eq!(browser.jar.len(), 2);
        assert_eq!(browser.subject(&node).await, DEMO);
        assert_eq!(world.store.stats().await.unwrap().active, 1);
        assert_eq!(browser.send(&node, "POST", "/v1/logout", "").await.status, 204);
        assert_eq!(world.store.stats().await.unwrap().active, 0);
    }
}

/// Two people log in at one moment, in one jar. Whenever the newer one's access token will not do, the answer is to
/// refresh, and not the other one's name.
async fn the_newest_login_counts_whatever_its_cookies_are_worth(world: World) {
    let node = world.node().await;
    let mut browser = Browser::new(&world.clock);
    let older = browser.ask(&node, "POST", "/v1/login", &login(USERNAME, PASSWORD)).await;
    world.clock.advance(1);
    let newer = browser.ask(&node, "POST", "/v1/login", &login("demo", "demo-password")).await;
    browser.keep(&older);
    browser.keep(&newer);
    assert_eq!(browser.subject(&node).await, DEMO);

    // Its claims changed.
    node.engine.bump_subject(DEMO).await.unwrap();
    assert_eq!(browser.subject(&node).await, "401 token_expired");
    assert_eq!(browser.refresh(&node).await.status, 200);
    world.clock.advance(1);
    assert_eq!(browser.subject(&node).await, DEMO);

    // Its access cookie is gone: evicted, or too long to be kept.
    let slot = |answer: &Response| answer.text("session_id");
    assert_ne!(slot(&older), slot(&newer));
    let access = format!("rk-a.{}", rekindle::token::cookie_slot(slot(&newer).parse().unwrap()));
    browser.jar.retain(|kept| kept.name != access);
    assert_eq!(browser.subject(&node).await, "401 token_missing");
    assert_eq!(browser.send(&node, "POST", "/v1/logout/others", "").await.outcome(), "401 token_missing");

    // It has ended: now the older one counts.
    assert_eq!(browser.refresh(&node).await.status, 200);
    node.engine.revoke_subject(DEMO, rekindle::core::Reason::Revoked).await.unwrap();
    browser.jar.retain(|kept| kept.name != access);
    let subject = browser.subject(&node).await;
    assert!(subject != DEMO && subject.len() == 36, "{subject}");
}

/// A page fans out eight loaders with an access token that has just expired. Each refreshes on its own.
async fn loser_is_still_authenticated(world: World) {
    let nodes = [world.node().await, world.node().await];
    let mut browser = Browser::new(&world.clock);
    browser.login(&nodes[0]).await;
    world.clock.advance(60);
    let mut answers = Vec::new();
    let loaders = (0..8).map(|n| browser.ask(&nodes[n % 2], "POST", "/v1/refresh", ""));
    for loader in loaders {
        answers.push(loader.await);
    }
    for answer in &answers {
        assert_eq!(answer.status, 200);
        let mut loader = Browser { jar: browser.jar.clone(), ..Browser::new(&world.clock) };
        loader.keep(answer);
        assert_eq!(loader.subject(&nodes[1]).await.len(), 36);
        browser.keep(answer);
    }
    assert_eq!(nodes[0].events.count("refreshed") + nodes[1].events.count("refreshed"), 1);
    assert_eq!(browser.jar.len(), 2);
}

/// What one may not do is never answered like what has expired: a client that refreshed because of it would do so for
/// nothing. And one that refreshes for nothing breaks nothing.
async fn forbidden_is_not_expired(world: World) {
    let node = world.node().await;
    let stranger = Tokens::from(node.try_login("demo", "demo-password").await);
    let mut browser = Browser::new(&world.clock);
    browser.login(&node).await;
    world.clock.advance(3);
    let path = format!("/v1/sessions/{}", stranger.session);
    let refused = browser.send(&node, "DELETE", &path, "").await;
    assert_eq!(refused.outcome(), "404 invalid_request");
    for _ in 0..3 {
        assert_eq!(browser.refresh(&node).await.status, 200);
        let again = browser.send(&node, "DELETE", &path, "").await;
        assert_eq!((again.status, again.body), (refused.status, refused.body.clone()));
    }
    assert_eq!(node.events.count("refreshed"), 1, "the same tokens, three times");
}

async fn sign_out_default_is_local_with_cookies(world: World) {
    let node = world.node().await;
    let (mut here, mut there) = (Browser::new(&world.clock), Browser::new(&world.clock));
    here.login(&node).await;
    there.login(&node).await;
    assert_eq!(here.send(&node, "POST", "/v1/logout", "").await.status, 204);
    assert_eq!(here.jar, []);
    assert_eq!(there.subject(&node).await.len(), 36);
    assert_eq!(here.send(&node, "POST", "/v1/logout", "").await.outcome(), "401 token_missing");
}

async fn sign_out_everywhere_and_elsewhere(world: World) {
    let node = world.node().await;
    let mut browsers = [(); 3].map(|()| Browser::new(&world.clock));
    for browser in &mut browsers {
        browser.login(&node).await;
    }
    let stranger = Tokens::from(node.try_login("demo", "demo-password").await);
    let [here, there, elsewhere] = &mut browsers;
    assert_eq!(here.send(&node, "POST", "/v1/logout/others", "").await.status, 204);
    assert_eq!(here.subject(&node).await.len(), 36);
    assert_eq!(there.subject(&node).await, "401 session_ended revoked");
    assert_eq!(elsewhere.refresh(&node).await.outcome(), "401 session_ended revoked");
    assert_eq!(elsewhere.jar, []);
    elsewhere.login(&node).await;
    assert_eq!(here.send(&node, "POST", "/v1/logout/all", "").await.status, 204);
    assert_eq!(here.jar, []);
    assert_eq!(elsewhere.subject(&node).await, "401 session_ended logged_out");
    assert_eq!(node.signed_in("GET", "/v1/session", &stranger.access).await.status, 200, "another user");
    // By header, too.
    let (one, two) = (node.login().await, node.login().await);
    assert_eq!(node.signed_in("POST", "/v1/logout/others", &one.access).await.status, 204);
    assert_eq!(node.try_refresh(&two.refresh).await.outcome(), "401 session_ended revoked");
    assert_eq!(node.signed_in("POST", "/v1/logout/all", &one.access).await.status, 204);
    assert_eq!(node.try_refresh(&one.refresh).await.outcome(), "401 session_ended logged_out");
}

/// A store that is away, a token left behind for a moment: the jar stays as it is.
async fn nothing_is_cleared_by_what_may_pass(world: World) {
    let node = world.node().await;
    let mut browser = Browser::new(&world.clock);
    browser.login(&node).await;
    let first = browser.jar.clone();
    world.clock.advance(3);
    browser.refresh(&node).await;
    world.clock.advance(3);
    browser.refresh(&node).await;
    // A tab that still holds the first answer.
    let mut late = Browser { jar: first.clone(), ..Browser::new(&world.clock) };
    assert_eq!(late.refresh(&node).await.outcome(), "409 superseded");
    assert_eq!(late.jar, first);
    node.probe.fail(true);
    let kept = browser.jar.clone();
    for (method, path) in [
        ("POST", "/v1/refresh"),
        ("GET", "/v1/session"),
        ("POST", "/v1/logout"),
        ("GET", "/v1/continue?to=/"),
    ] {
        assert_eq!(browser.send(&node, method, path, "").await.outcome(), "503 unavailable");
        assert_eq!(browser.jar, kept, "{path}");
    }
}

async fn junk_in_the_jar_is_left_alone(world: World) {
    let node = world.node().await;
    let mut browser = Browser::new(&world.clock);
    browser.login(&node).await;
    let refresh = browser.jar[1].value.clone();
    let mut junk = browser.jar[1].clone();
    junk.name = "rk-r.AAAAAAAA".to_owned();
    // Damaged in the tag that is checked before any row is read.
    let (start, rest) = refresh.split_at(refresh.len() - 32);
    junk.value = format!("{start}AAAA{}", &rest[4..]);
    let mut access = browser.jar[0].clone();
    access.name = "rk-a.AAAAAAAA".to_owned();
    access.value = "junk".to_owned();
    for n in 0..10 {
        junk.name = format!("rk-r.AAAAAAA{n}");
        browser.jar.insert(0, junk.clone());
    }
    browser.jar.insert(0, access);
    let count = browser.jar.len();
    world.clock.advance(3);
    let calls = node.probe.calls();
    assert_eq!(browser.refresh(&node).await.status, 200);
    assert_eq!(node.probe.calls() - calls, 3, "two reads and a write, none for the junk");
    assert_eq!(browser.subject(&node).await.len(), 36);
    assert_eq!(browser.jar.len(), count, "it proves nothing of anybody, and is nobody's to clear");
}

/// The application keeps a name in a cookie of its own, and browsers send all cookies in one line: it must not take
/// this server's with it, or its user is asked to log in on every page, for as long as the name is kept.
async fn a_cookie_that_is_not_ascii_signs_nobody_out(world: World) {
    let node = world.node().await;
    let mut browser = Browser::new(&world.clock);
    browser.login(&node).await;
    let (path, value) = ("/".to_owned(), "Zo\u{eb}".to_owned());
    browser.jar.insert(0, Kept { name: "name".to_owned(), value, path, until: None, domain: None });
    assert_eq!(browser.subject(&node).await.len(), 36);
    let back = browser.send(&node, "GET", "/v1/continue?to=/inbox&login=/login", "").await;
    assert_eq!(back.header("location"), Some("/inbox"), "{back:?}");
    assert_eq!(browser.refresh(&node).await.status, 200);
    assert_eq!(browser.send(&node, "POST", "/v1/logout", "").await.status, 204);
    assert_eq!(browser.jar.len(), 1);
    assert_eq!(world.store.stats().await.unwrap().active, 0, "the session is over, and not only its cookies");
}

/// The setting changed from the host alone to its domain: the browser sends both, under one name, the old one first.
async fn cookie_domain_changed(world: World) {
    let host = Browsers::at("https://auth.example.com");
    let old = world.node_for(host).await;
    let config = "public_url = 'https://auth.example.com'\ncookies.domain = 'example.com'";
    let config =
        rekindle_server::config::Config::from_bytes("c", config.as_bytes(), &Default::default()).unwrap();
    let new = world.node_for(config.browsers(([127, 0, 0, 1], 1).into())).await;
    let mut browser = Browser::new(&world.clock);
    browser.login(&old).await;
    assert!(
        browser.jar[0].name.starts_with("__Host-rk-a.") && browser.jar[1].name.starts_with("__Secure-rk-r.")
    );
    // The access cookie has another name now: one refresh, and no logout.
    assert_eq!(browser.subject(&new).await, "401 token_missing");
    for _ in 0..3 {
        world.clock.advance(60);
        assert_eq!(browser.refresh(&new).await.status, 200);
        assert_eq!(browser.subject(&new).await.len(), 36);
    }
    let twins = browser.jar.iter().filter(|kept| kept.name.starts_with("__Secure-rk-r.")).count();
    assert_eq!(twins, 2, "the stale one lies beside the live one, and first");
    assert_eq!(new.events.count("theft_detected") + new.events.count("superseded"), 0);
    assert_eq!(browser.send(&new, "POST", "/v1/logout", "").await.status, 204);
    assert_eq!(browser.jar, [], "whoever signs out leaves neither of the two behind");
}

/// Browsers drop a longer cookie without a word: the login would look like a success, and no page would know it.
async fn cookie_4097_bytes(world: World) {
    let node = world.node().await;
    let claims = format!(r#"{{"roles":"{}"}}"#, "r".repeat(3_600));
    world.builtin.add("eve", PASSWORD.into(), Claims::parse(&claims).unwrap()).await.unwrap();
    let mut browser = Browser::new(&world.clock);
    let answer = browser.send(&node, "POST", "/v1/login", &login("eve", PASSWORD)).await;
    assert_eq!(answer.outcome(), "503 unavailable");
    // By header there is room.
    assert_eq!(node.try_login("eve", PASSWORD).await.status, 200);

    // Claims that grow later: no success that is none, no redirect round in circles, and nobody signed out.
    let mut browser = Browser::new(&world.clock);
    browser.login(&node).await;
    let file = rusqlite::Connection::open(&world.accounts_file).unwrap();
    file.execute("UPDATE accounts SET claims = ?1 WHERE username = 'ada'", [&claims]).unwrap();
    world.clock.advance(60);
    for path in ["/v1/refresh", "/v1/continue?to=/"] {
        let method = if path == "/v1/refresh" { "POST" } else { "GET" };
        assert_eq!(browser.send(&node, method, path, "").await.outcome(), "503 unavailable");
        world.clock.advance(60);
    }
    file.execute("UPDATE accounts SET claims = '{}' WHERE username = 'ada'", []).unwrap();
    assert_eq!(browser.refresh(&node).await.status, 200);
    assert_eq!(browser.subject(&node).await.len(), 36);
}

async fn a_failed_login_changes_nothing(world: World) {
    let node = world.node().await;
    let mut browser = Browser::new(&world.clock);
    browser.login(&node).await;
    let kept = browser.jar.clone();
    let answer = browser.send(&node, "POST", "/v1/login", &login(USERNAME, "wrong")).await;
    assert_eq!(answer.outcome(), "401 invalid_credentials");
    assert_eq!(browser.jar, kept);
    assert_eq!(browser.subject(&node).await.len(), 36);
}
