//! What another site can make a browser send, and whose pages may read what is answered.

use crate::support::browser::login;
use crate::support::{Browser, Node, PASSWORD, Response, USERNAME, World};

on_every_store!(another_site_changes_nothing, continue_leads_back, pages_of_named_origins_read_the_answers,);

/// Every request that changes something and counts on cookies.
const UNSAFE: [(&str, &str); 6] = [
    ("POST", "/v1/refresh"),
    ("POST", "/v1/logout"),
    ("POST", "/v1/logout/others"),
    ("POST", "/v1/logout/all"),
    ("DELETE", "/v1/sessions/00000000000000000000000000000000"),
    ("POST", "/v1/login"),
];

async fn send(node: &Node, browser: &Browser, request: (&str, &str), headers: &[(&str, &str)]) -> Response {
    let cookies = browser.cookies(request.1);
    let mut all = vec![("cookie", cookies.as_str())];
    all.extend_from_slice(headers);
    let body = if request.1 == "/v1/login" { login(USERNAME, PASSWORD) } else { String::new() };
    if !body.is_empty() {
        all.push(("content-type", "application/json"));
    }
    node.send(request.0, request.1, &all, &body).await
}

async fn another_site_changes_nothing(world: World) {
    let node = world.node().await;
    let mut browser = Browser::new(&world.clock);
    browser.login(&node).await;
    let rows = world.store.scan(None, 9).await.unwrap().sessions;
    let sites: [&[(&str, &str)]; 5] = [
        &[],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
        &[("origin", "https://evil.example")],
        &[("origin", "null"), ("rekindle", "1")],
    ];
    for request in UNSAFE {
        for headers in sites {
            let answer = send(&node, &browser, request, headers).await;
            assert_eq!(answer.outcome(), "403 csrf_rejected", "{request:?} {headers:?}");
            assert!(answer.headers.iter().all(|(name, _)| name != "set-cookie"));
        }
    }
    assert_eq!(world.store.scan(None, 9).await.unwrap().sessions, rows);
    // Looking is no change, and a bearer token is nothing a browser sends by itself.
    assert_eq!(send(&node, &browser, ("GET", "/v1/session"), &[]).await.status, 200);
    let login = node.login().await;
    assert_eq!(node.signed_in("POST", "/v1/logout/others", &login.access).await.status, 204);
    // A program with a jar says so.
    browser.login(&node).await;
    assert_eq!(send(&node, &browser, ("POST", "/v1/refresh"), &[("rekindle", "1")]).await.status, 200);
}

async fn continue_leads_back(world: World) {
    let node = world.node().await;
    let mut browser = Browser::new(&world.clock);
    assert_eq!(browser.send(&node, "GET", "/v1/continue?to=/a", "").await.outcome(), "401 token_missing");
    browser.login(&node).await;
    // An hour later the page's access cookie has run out.
    world.clock.advance(3_600);
    let answer = browser.send(&node, "GET", "/v1/continue?to=/a%3Fb%3Dc", "").await;
    assert_eq!((answer.status, answer.header("location")), (303, Some("/a?b=c")));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(browser.subject(&node).await.len(), 36);
    // Twice at once, from two tabs.
    world.clock.advance(3_600);
    let (one, two) = tokio::join!(
        browser.ask(&node, "GET", "/v1/continue?to=/one", ""),
        browser.ask(&node, "GET", "/v1/continue?to=/two", "")
    );
    assert_eq!((one.status, two.status), (303, 303));
    browser.keep(&two);
    browser.keep(&one);
    assert_eq!(browser.subject(&node).await.len(), 36);

    for to in [
        "",
        "?to=",
        "?to=//evil.example",
        "?to=https://evil.example/",
        "?to=%2F%2Fevil.example",
        "?to=/%0d%0aset-cookie:x",
        "?to=a&to=b",
        "?to=%ff",
    ] {
        let answer = browser.send(&node, "GET", &format!("/v1/continue{to}"), "").await;
        assert_eq!(answer.outcome(), "400 invalid_request", "{to}");
    }
    let image = [("sec-fetch-mode", "no-cors"), ("sec-fetch-dest", "image")];
    assert_eq!(
        send(&node, &browser, ("GET", "/v1/continue?to=/"), &image).await.outcome(),
        "403 csrf_rejected"
    );
    // Nobody is signed in: to the login page, where one is named, and not round in circles.
    let stale = browser.jar.clone();
    let all = browser.send(&node, "POST", "/v1/logout/all", "").await;
    assert_eq!(all.status, 204);
    assert_eq!(browser.send(&node, "GET", "/v1/continue?to=/", "").await.outcome(), "401 token_missing");
    let path = "/v1/continue?to=/a&login=/login%3Ffrom%3D/a";
    let answer = browser.send(&node, "GET", path, "").await;
    assert_eq!((answer.status, answer.header("location")), (303, Some("/login?from=/a")));
    browser.jar = stale;
    let answer = browser.send(&node, "GET", path, "").await;
    assert_eq!((answer.status, answer.header("location")), (303, Some("/login?from=/a")));
    assert_eq!(browser.jar, [], "cleared on the way");
    let evil = browser.send(&node, "GET", "/v1/continue?to=/a&login=//evil.example", "").await;
    assert_eq!(evil.outcome(), "400 invalid_request");
}

async fn pages_of_named_origins_read_the_answers(world: World) {
    let app = "https://app.example.net";
    let config = format!("public_url = 'https://auth.example.com'\ncors.origins = ['{app}']");
    let config =
        rekindle_server::config::Config::from_bytes("c", config.as_bytes(), &Default::default()).unwrap();
    let node = world.node_for(config.browsers(([127, 0, 0, 1], 1).into())).await;
    let preflight = |origin: &'static str| {
        [
            ("origin", origin),
            ("access-control-request-method", "POST"),
            ("access-control-request-headers", "content-type"),
        ]
    };
    let answer = node.send("OPTIONS", "/v1/refresh", &preflight(app), "").await;
    assert_eq!(answer.status, 204);
    assert_eq!(answer.header("access-control-allow-origin"), Some(app));
    assert_eq!(answer.header("access-control-allow-credentials"), Some("true"));
    let answer = node.send("OPTIONS", "/v1/refresh", &preflight("https://evil.example"), "").await;
    assert_eq!(answer.header("access-control-allow-origin"), None);

    let headers = [("origin", app), ("sec-fetch-site", "cross-site"), ("content-type", "application/json")];
    let answer = node.send("POST", "/v1/login", &headers, &login(USERNAME, PASSWORD)).await;
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, Some(app)));
    assert_eq!(answer.header("vary"), Some("Origin"));
    // A page has to read why it was refused, too.
    let answer = node.send("GET", "/v1/session", &[("origin", app)], "").await;
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (401, Some(app)));
    assert_eq!(answer.header("access-control-expose-headers"), Some("retry-after, www-authenticate"));
    let answer = node.send("GET", "/v1/session", &[("origin", "https://evil.example")], "").await;
    assert_eq!(answer.header("access-control-allow-origin"), None);
    assert_eq!(answer.header("vary"), Some("Origin"));
}
