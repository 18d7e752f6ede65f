//! `GET /v1/forward-auth`: what a proxy is told. examples/test/forward-auth.mjs asks it with real ones.

use std::sync::Arc;

use rekindle::core::{Policy, Seconds};
use rekindle::engine::Login;
use rekindle::http::Browsers;
use rekindle_server::config::{Config, Environment, ForwardAuth, Renewal};

use crate::support::{Browser, Node, Op, Response, Tokens, Transcript, World};

on_every_store!(
    who_it_is_is_in_headers,
    all_that_is_configured_is_always_sent,
    a_subject_that_no_header_carries_is_turned_away,
    a_token_near_its_end_is_renewed_in_a_header,
    a_cookie_near_its_end_is_renewed,
    nothing_is_renewed_unless_it_is_asked_for,
    a_transparent_token_is_good_as_long_as_its_session,
    a_page_read_for_an_hour_leads_back_to_itself,
    pages_alone_are_sent_elsewhere,
    nobody_is_sent_to_a_stranger,
    a_request_that_may_be_forged_is_refused,
    there_is_one_cookie_at_most,
    an_outage_turns_nobody_away,
    an_outage_revives_nobody,
    a_host_that_never_gets_the_cookie_is_not_sent_round,
    forward_auth,
);

const PATH: &str = "/v1/forward-auth";
const PAGE: [(&str, &str); 4] = [
    ("x-forwarded-method", "GET"),
    ("x-forwarded-uri", "/notes?page=2&sort=a+b"),
    ("sec-fetch-mode", "navigate"),
    ("sec-fetch-dest", "document"),
];
const BACK: &str = "http://test/v1/continue?to=%2Fnotes%3Fpage%3D2%26sort%3Da%2Bb";
const LOGIN: &str = "&login=%2Flogin%3Fnext%3D%252Fnotes%253Fpage%253D2%2526sort%253Da%252Bb";

/// A node with these lines in its configuration.
async fn node(world: &World, text: &str) -> Node {
    let config = Config::from_bytes("test", text.as_bytes(), &Environment::default()).unwrap();
    let (renewal, forward_auth): (Renewal, ForwardAuth) =
        (config.renewal.clone(), config.forward_auth.clone());
    world
        .node_where_state(|state| {
            state.public_url = "http://test".into();
            state.renewal = Arc::new(renewal);
            state.forward_auth = Arc::new(forward_auth);
        })
        .await
}

async fn ask(node: &Node, headers: &[(&str, &str)]) -> Response {
    node.send("GET", PATH, headers, "").await
}

async fn by_bearer(node: &Node, token: &str) -> Response {
    ask(node, &[("authorization", &format!("Bearer {token}"))]).await
}

/// With what the browser sends to a page of the application.
async fn by_browser(node: &Node, browser: &mut Browser, headers: &[(&str, &str)]) -> Response {
    let cookies = browser.cookies("/");
    let with = [&[("cookie", cookies.as_str())], headers].concat();
    let headers: Vec<_> = with.into_iter().filter(|(_, value)| !value.is_empty()).collect();
    let answer = ask(node, &headers).await;
    browser.keep(&answer);
    answer
}

async fn who_it_is_is_in_headers(world: World) {
    let node = world.node().await;
    let login = node.login().await;
    let subject = node.signed_in("GET", "/v1/session", &login.access).await.text("subject");
    let mut browser = Browser::new(&world.clock);
    browser.login(&node).await;
    let cookie = by_browser(&node, &mut browser, &PAGE).await;
    let bearer = by_bearer(&node, &login.access).await;
    for answer in [&bearer, &cookie] {
        assert_eq!((answer.status, answer.body.as_str()), (204, ""));
        assert_eq!(answer.header("remote-user"), Some(subject.as_str()));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
    }
    assert_eq!(bearer.header("remote-session"), Some(login.session.to_string().as_str()));
    for nobody in ["", "junk"] {
        assert_eq!(by_bearer(&node, nobody).await.status, 401);
    }
    node.logout(&login.refresh).await;
    assert_eq!(by_bearer(&node, &login.access).await.outcome(), "401 session_ended logged_out");
}

async fn all_that_is_configured_is_always_sent(world: World) {
    let text = r#"forward_auth.identity = ["X-User: sub", "X-Role: role", "X-Team: team", "X-Name: name"]"#;
    let node = node(&world, text).await;
    let mut login = Login::new("Zo\u{eb}, 7%");
    login.claims = rekindle::token::Claims::parse(r#"{"role":["a","b"],"name":"a\nX-User: admin"}"#).unwrap();
    let tokens = node.engine.open(login).await.unwrap();
    // A header of this name that the client has made up is the proxy's to overwrite.
    let bearer = format!("Bearer {}", tokens.access_token);
    let answer = ask(&node, &[("authorization", &bearer), ("x-team", "admins")]).await;
    let all = ["x-user", "x-role", "x-team", "x-name"].map(|name| answer.header(name));
    assert_eq!(all, [Some("Zo\u{eb}, 7%"), Some("a,b"), Some(""), Some("")]);
    assert_eq!(answer.header("remote-user"), None);
}

async fn a_subject_that_no_header_carries_is_turned_away(world: World) {
    let node = world.node().await;
    for subject in [" admin", "admin ", "a\u{7f}"] {
        let tokens = node.engine.open(Login::new(subject)).await.unwrap();
        let answer = by_bearer(&node, &tokens.access_token).await;
        assert_eq!((answer.outcome().as_str(), answer.header("remote-user")), ("403 forbidden", None));
    }
}

async fn a_token_near_its_end_is_renewed_in_a_header(world: World) {
    let bare =
        node(&world, "renewal = { mode = 'header', header = 'New-Authorization', scheme = false }").await;
    let usual = node(&world, "renewal.mode = 'header'").await;
    let login = usual.login().await;
    world.clock.advance(2);
    assert_eq!(by_bearer(&bare, &login.access).await.header("new-authorization"), None);
    world.clock.advance(1);
    // At the threshold, from every node, the same token.
    let renewed = by_bearer(&bare, &login.access).await.header("new-authorization").unwrap().to_owned();
    let same = by_bearer(&usual, &login.access).await;
    assert_eq!(same.header("authorization"), Some(format!("Bearer {renewed}").as_str()));
    world.clock.advance(2);
    assert_eq!(by_bearer(&usual, &renewed).await.status, 204);
    assert_eq!(by_bearer(&usual, &login.access).await.outcome(), "401 token_expired");
    let mut browser = Browser::new(&world.clock);
    browser.login(&usual).await;
    world.clock.advance(4);
    let answer = by_browser(&usual, &mut browser, &PAGE).await;
    assert_eq!(
        (answer.status, answer.header("authorization"), answer.header("set-cookie")),
        (204, None, None)
    );
}

async fn a_cookie_near_its_end_is_renewed(world: World) {
    let node = node(&world, "renewal.mode = 'cookie'").await;
    let mut browser = Browser::new(&world.clock);
    browser.login(&node).await;
    // The row is asked, not the refresh cookie: as long as there is a request every few seconds, this goes on.
    for _ in 0..20 {
        world.clock.advance(3);
        let answer = by_browser(&node, &mut browser, &PAGE).await;
        assert_eq!(answer.status, 204);
        assert!(answer.header("set-cookie").unwrap().starts_with("rk-a."));
    }
    let tokens = node.login().await;
    world.clock.advance(4);
    assert_eq!(by_bearer(&node, &tokens.access).await.header("set-cookie"), None);
    assert_eq!(node.events.count("theft_detected") + node.events.count("superseded"), 0);
}

async fn nothing_is_renewed_unless_it_is_asked_for(world: World) {
    let node = world.node().await;
    let login = node.login().await;
    let mut browser = Browser::new(&world.clock);
    browser.login(&node).await;
    world.clock.advance(4);
    let answers = [by_bearer(&node, &login.access).await, by_browser(&node, &mut browser, &PAGE).await];
    for answer in answers {
        assert_eq!(
            (answer.status, answer.header("authorization"), answer.header("set-cookie")),
            (204, None, None)
        );
    }
}

async fn a_transparent_token_is_good_as_long_as_its_session(mut world: World) {
    let mut settings = (*world.policy).clone();
    (settings.transparent, settings.idle) = (true, Seconds(60));
    world.policy = Policy::new(settings).unwrap();
    let node = node(&world, "renewal.mode = 'transparent'").await;
    let login = node.login().await;
    for _ in 0..5 {
        world.clock.advance(59);
        let answer = by_bearer(&node, &login.access).await;
        assert_eq!((answer.status, answer.header("authorization")), (204, None));
        node.engine.quiesce().await;
    }
    // The other endpoints go by the row as well, and do not keep it alive.
    world.clock.advance(59);
    assert_eq!(node.signed_in("GET", "/v1/session", &login.access).await.status, 200);
    // Nobody can say now, and nobody is told that it has ended.
    node.probe.fail(true);
    assert_eq!(by_bearer(&node, &login.access).await.outcome(), "503 unavailable");
    node.probe.fail(false);
    world.clock.advance(1);
    assert_eq!(by_bearer(&node, &login.access).await.outcome(), "401 session_ended expired_idle");
}

async fn a_page_read_for_an_hour_leads_back_to_itself(world: World) {
    let node = node(&world, "forward_auth.login = '/login'").await;
    let mut browser = Browser::new(&world.clock);
    browser.login(&node).await;
    assert_eq!(by_browser(&node, &mut browser, &PAGE).await.status, 204);
    world.clock.advance(3_600);
    let answer = by_browser(&node, &mut browser, &PAGE).await;
    let location = answer.header("location").unwrap().to_owned();
    assert_eq!(
        (answer.outcome().as_str(), location.as_str()),
        ("401 token_missing", format!("{BACK}{LOGIN}").as_str())
    );
    let back = browser.send(&node, "GET", location.strip_prefix("http://test").unwrap(), "").await;
    assert_eq!((back.status, back.header("location")), (303, Some("/notes?page=2&sort=a+b")));
    assert_eq!(by_browser(&node, &mut browser, &PAGE).await.status, 204);
    // Signed out elsewhere, or never signed in: on to where one logs in.
    world.clock.advance(3_600);
    let tokens: Tokens = node.login().await;
    node.signed_in("POST", "/v1/logout/all", &tokens.access).await;
    for mut browser in [browser, Browser::new(&world.clock)] {
        let answer = by_browser(&node, &mut browser, &PAGE).await;
        assert_eq!(answer.header("location"), Some(location.as_str()));
        let on = browser.send(&node, "GET", location.strip_prefix("http://test").unwrap(), "").await;
        let login = "/login?next=%2Fnotes%3Fpage%3D2%26sort%3Da%2Bb";
        assert_eq!((on.status, on.header("location")), (303, Some(login)));
    }
}

async fn pages_alone_are_sent_elsewhere(world: World) {
    let plain = world.node().await;
    let redirecting = node(&world, "forward_auth.redirect = true").await;
    let page = ask(&redirecting, &PAGE).await;
    assert_eq!((page.status, page.header("location"), page.body.as_str()), (303, Some(BACK), ""));
    let old_browser = [PAGE[0], PAGE[1], ("accept", "text/html,*/*;q=0.8")];
    assert_eq!(ask(&redirecting, &old_browser).await.status, 303);
    let others: [&[(&str, &str)]; 6] = [
        &[],
        &[PAGE[0], PAGE[1], ("sec-fetch-mode", "cors"), ("accept", "text/html")],
        &[PAGE[0], PAGE[1], ("accept", "application/json")],
        &[PAGE[0], PAGE[1], PAGE[2], ("sec-fetch-dest", "iframe")],
        &[("x-forwarded-method", "POST"), PAGE[1], PAGE[2], PAGE[3]],
        &[PAGE[1], PAGE[2], PAGE[3]],
    ];
    for headers in others {
        for node in [&plain, &redirecting] {
            let answer = ask(node, headers).await;
            assert_eq!(
                (answer.outcome().as_str(), answer.header("location")),
                ("401 token_missing", None),
                "{headers:?}"
            );
        }
    }
}

async fn nobody_is_sent_to_a_stranger(world: World) {
    let node = node(&world, "").await;
    let ask = async |host: &[(&str, &str)], uri| {
        let headers = [&[PAGE[0], PAGE[2], PAGE[3], ("x-forwarded-uri", uri)], host].concat();
        ask(&node, &headers).await.header("location").map(str::to_owned)
    };
    let own = [("x-forwarded-host", "test"), ("x-forwarded-proto", "http")];
    assert_eq!(ask(&own, "/a").await.unwrap(), "http://test/v1/continue?to=http%3A%2F%2Ftest%2Fa");
    for host in [
        [("x-forwarded-host", "evil.example"), ("x-forwarded-proto", "http")],
        [("x-forwarded-host", "test.evil.example"), ("x-forwarded-proto", "http")],
        [("x-forwarded-host", "test"), ("x-forwarded-proto", "https")],
        [("x-forwarded-host", "test@evil.example"), ("x-forwarded-proto", "http")],
    ] {
        assert_eq!(ask(&host, "/a").await, None, "{host:?}");
    }
    for uri in ["", "a", "//evil.example", "/\\evil.example", "http://evil.example/", "*", "@evil.example/"] {
        assert_eq!(ask(&[], uri).await, None, "{uri}");
    }
    assert_eq!(ask(&own, "@evil.example/").await, None, "no part of a host");
}

async fn a_request_that_may_be_forged_is_refused(world: World) {
    let node = world.node_for(Browsers::at("http://test")).await;
    let mut browser = Browser::new(&world.clock);
    browser.login(&node).await;
    let handshake = ("sec-websocket-version", "13");
    let said: [(&[(&str, &str)], &str); 15] = [
        (&[("x-forwarded-method", "GET")], "204"),
        (&[("x-original-method", "HEAD")], "204"),
        (&[("x-forwarded-method", "POST")], "403 csrf_rejected"),
        (&[("x-original-method", "DELETE")], "403 csrf_rejected"),
        // Nobody says what it is.
        (&[], "403 csrf_rejected"),
        (&[("x-forwarded-method", "")], "403 csrf_rejected"),
        (&[("x-forwarded-method", "get")], "403 csrf_rejected"),
        // One of them is the client's own.
        (&[("x-forwarded-method", "GET"), ("x-original-method", "POST")], "403 csrf_rejected"),
        (&[("x-forwarded-method", "GET"), ("x-forwarded-method", "POST")], "403 csrf_rejected"),
        (&[("x-forwarded-method", "POST"), ("sec-fetch-site", "same-origin")], "204"),
        (&[("x-forwarded-method", "POST"), ("origin", "http://test")], "204"),
        (&[("x-forwarded-method", "POST"), ("origin", "http://evil.example")], "403 csrf_rejected"),
        // A page of any site can open a WebSocket, and read what comes.
        (&[PAGE[0], handshake, ("origin", "http://test")], "204"),
        (&[PAGE[0], handshake, ("origin", "http://evil.example")], "403 csrf_rejected"),
        (&[PAGE[0], handshake], "403 csrf_rejected"),
    ];
    for (headers, outcome) in said {
        assert_eq!(by_browser(&node, &mut browser, headers).await.outcome(), outcome, "{headers:?}");
    }
    // Nobody's browser sends a bearer token by itself.
    assert_eq!(by_bearer(&node, &node.login().await.access).await.status, 204);
}

async fn there_is_one_cookie_at_most(world: World) {
    let node = node(&world, "renewal.mode = 'cookie'").await;
    let mut logins = Vec::new();
    let mut cookies = Vec::new();
    for _ in 0..3 {
        let mut browser = Browser::new(&world.clock);
        browser.login(&node).await;
        cookies.push(browser.cookies("/"));
        logins.push(browser);
    }
    for mut ended in logins.drain(1..) {
        ended.send(&node, "POST", "/v1/logout", "{}").await;
    }
    world.clock.advance(4);
    let jar = cookies.join("; ");
    let answer = ask(&node, &[("cookie", &jar), PAGE[0]]).await;
    let set = |answer: &Response| answer.headers.iter().filter(|(name, _)| name == "set-cookie").count();
    assert_eq!((answer.status, set(&answer)), (204, 1));
    let own = cookies[0].split('=').next().unwrap();
    assert!(answer.header("set-cookie").unwrap().starts_with(own), "the renewed one is worth more");
    let answer = ask(&node, &[("cookie", &cookies[1..].join("; ")), PAGE[0]]).await;
    assert_eq!((answer.outcome().as_str(), set(&answer)), ("401 session_ended logged_out", 1));
    assert!(answer.header("set-cookie").unwrap().contains("Max-Age=0"));
}

/// Verification goes on by signature; only what is near its end is not renewed.
async fn an_outage_turns_nobody_away(world: World) {
    let node = node(&world, "renewal.mode = 'cookie'").await;
    let login = node.login().await;
    let mut browser = Browser::new(&world.clock);
    browser.login(&node).await;
    world.clock.advance(4);
    node.probe.fail(true);
    assert_eq!(by_bearer(&node, &login.access).await.status, 204);
    let answer = by_browser(&node, &mut browser, &PAGE).await;
    assert_eq!((answer.status, answer.header("set-cookie")), (204, None));
    assert!(answer.header("remote-user").is_some_and(|user| user.len() == 36));
    let jar = browser.cookies("/");
    world.clock.advance(1);
    for headers in [("authorization", format!("Bearer {}", login.access)), ("cookie", jar)] {
        let answer = ask(&node, &[PAGE[0], (headers.0, &headers.1)]).await;
        assert_eq!(answer.outcome(), "401 token_expired", "a refresh is told to keep the session");
    }
}

/// Every answer.
async fn forward_auth(mut world: World) {
    let mut t = Transcript::new("forward_auth");
    let plain = node(&world, "forward_auth.login = '/login'").await;
    let login = plain.login().await;
    let bearer = format!("Bearer {}", login.access);
    t.exchange("a live session", &plain, "GET", PATH, &[("authorization", &bearer)], "").await;
    t.exchange("a page of nobody's", &plain, "GET", PATH, &PAGE, "").await;
    let redirecting = node(&world, "forward_auth.redirect = true").await;
    t.exchange("it is redirected", &redirecting, "GET", PATH, &PAGE, "").await;
    let renewing = node(&world, "renewal.mode = 'header'").await;
    world.clock.advance(4);
    t.exchange("near its end", &renewing, "GET", PATH, &[("authorization", &bearer)], "").await;
    let odd = plain.engine.open(Login::new("odd ")).await.unwrap();
    let odd = format!("Bearer {}", odd.access_token);
    t.exchange("a subject with a space at its end", &plain, "GET", PATH, &[("authorization", &odd)], "")
        .await;
    let mut browser = Browser::new(&world.clock);
    browser.login(&plain).await;
    let cookies = browser.cookies("/");
    t.exchange("a method that is not told", &plain, "GET", PATH, &[("cookie", &cookies)], "").await;

    let mut settings = (*world.policy).clone();
    settings.transparent = true;
    world.policy = Policy::new(settings).unwrap();
    let transparent = node(&world, "renewal.mode = 'transparent'").await;
    world.clock.advance(60);
    transparent.probe.fail(true);
    t.exchange(
        "an outage, in transparent mode",
        &transparent,
        "GET",
        PATH,
        &[("authorization", &bearer)],
        "",
    )
    .await;
    t.check();
}

/// The store goes between two looks at one jar: what it has told counts.
async fn an_outage_revives_nobody(world: World) {
    let node = node(&world, "").await;
    let mut browsers = [Browser::new(&world.clock), Browser::new(&world.clock)];
    for browser in &mut browsers {
        browser.login(&node).await;
        world.clock.advance(1);
    }
    let jar = browsers.each_ref().map(|browser| browser.cookies("/")).join("; ");
    let sessions =
        async |browser: &mut Browser| browser.send(&node, "GET", "/v1/session", "").await.text("session_id");
    let older = sessions(&mut browsers[0]).await;
    browsers[1].send(&node, "POST", "/v1/logout", "{}").await;
    // The newest login has ended; the store is away before the older one is looked at.
    let mut first = node.probe.hold_after(Op::Load);
    let headers = [("cookie", jar.as_str()), PAGE[0]];
    let (answer, ()) = tokio::join!(ask(&node, &headers), async {
        first.reached().await;
        node.probe.fail(true);
        first.release();
    });
    assert_eq!((answer.status, answer.header("remote-session")), (204, Some(older.as_str())));
}

async fn a_host_that_never_gets_the_cookie_is_not_sent_round(world: World) {
    let browsers = |domain: Option<&str>| {
        let others = ["https://app.example.com".to_owned(), "https://other.example".to_owned()];
        Browsers::at("https://auth.example.com").for_domain(domain.map(str::to_owned)).trusting(others)
    };
    let alone = world.node_for(browsers(None)).await;
    let shared = world.node_for(browsers(Some("example.com"))).await;
    let location = async |node: &Node, host: &str| {
        let from = [("x-forwarded-host", host), ("x-forwarded-proto", "https")];
        ask(node, &[&PAGE[..], &from].concat()).await.header("location").is_some()
    };
    for (host, by_host, by_domain) in
        [("auth.example.com", true, true), ("app.example.com", false, true), ("other.example", false, false)]
    {
        assert_eq!(
            (location(&alone, host).await, location(&shared, host).await),
            (by_host, by_domain),
            "{host}"
        );
    }
}
