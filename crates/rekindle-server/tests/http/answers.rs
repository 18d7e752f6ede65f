//! Every endpoint with every code it can answer now: status, headers and body, as in `tests/answers/`.

use std::sync::Arc;

use rekindle::core::Reason;
use rekindle_server::accounts::NoAccounts;

use crate::support::{Browser, Meanwhile, PASSWORD, Tokens, Transcript, USERNAME, World, browser};

on_every_store!(login, refresh, ended, logout, session, sessions, cookies, public, paths, body);

async fn login(world: World) {
    let node = world.node().await;
    let mut t = Transcript::new("login");
    let right = r#""username":"ada","password":"correct horse""#;
    t.post("the password is right", &node, "/v1/login", &format!("{{{right}}}")).await;
    let all =
        format!(r#"{{{right},"client_id":"web","device":"Tablet","transport":"header","remember":false}}"#);
    t.post("not remembered: the short idle life", &node, "/v1/login", &all).await;
    let wrong = t.post("wrong password", &node, "/v1/login", r#"{"username":"ada","password":"no"}"#).await;
    let unknown = t.post("unknown user", &node, "/v1/login", r#"{"username":"eve","password":"no"}"#).await;
    assert_eq!(wrong.body, unknown.body);
    let cases = [
        ("no user name", r#"{"password":"p"}"#.to_owned()),
        ("null is absent", r#"{"username":null,"password":"p"}"#.to_owned()),
        ("a member of another type", r#"{"username":7,"password":"p"}"#.to_owned()),
        ("an empty password", r#"{"username":"ada","password":""}"#.to_owned()),
        ("a name that is too long", format!(r#"{{"username":"{}","password":"p"}}"#, "x".repeat(257))),
        ("a control character", r#"{"username":"a\u0000b","password":"p"}"#.to_owned()),
        ("a device label that is too long", format!(r#"{{{right},"device":"{}"}}"#, "x".repeat(65))),
        ("a transport that is not there", format!(r#"{{{right},"transport":"cookie"}}"#)),
        ("remember is no boolean", format!(r#"{{{right},"remember":"no"}}"#)),
        ("a misspelt member", format!(r#"{{{right},"remeber":false}}"#)),
        ("a member sent twice", format!(r#"{{{right},"username":"eve"}}"#)),
    ];
    for (situation, request) in &cases {
        t.post(situation, &node, "/v1/login", request).await;
    }
    node.probe.fail(true);
    t.post("the store is away", &node, "/v1/login", &format!("{{{right}}}")).await;
    let none = world.node_with(world.clock.clone(), Arc::new(NoAccounts)).await;
    let busy = world.node_where(Meanwhile::Busy).await;
    t.post("too many logins at once", &busy, "/v1/login", &format!("{{{right}}}")).await;
    t.post("the server keeps no accounts", &none, "/v1/login", &format!("{{{right}}}")).await;
    t.check();
}

fn presents(token: &str) -> String {
    format!(r#"{{"refresh_token":"{token}"}}"#)
}

async fn refresh(world: World) {
    let node = world.node().await;
    let mut t = Transcript::new("refresh");
    let first = node.login().await;
    world.clock.advance(60);
    let second = t.post("a minute after the login", &node, "/v1/refresh", &presents(&first.refresh)).await;
    world.clock.advance(1);
    let again = t.post("again, a second later", &node, "/v1/refresh", &presents(&first.refresh)).await;
    assert_eq!(again.text("access_token"), second.text("access_token"));
    t.post("no token", &node, "/v1/refresh", "{}").await;
    t.post("no body", &node, "/v1/refresh", "").await;
    t.post("an empty token", &node, "/v1/refresh", &presents("")).await;
    t.post("a token that is no string", &node, "/v1/refresh", r#"{"refresh_token":7}"#).await;
    t.post("a misspelt member", &node, "/v1/refresh", r#"{"refreshToken":"x"}"#).await;
    t.post("junk", &node, "/v1/refresh", &presents("junk")).await;
    let other = format!(r#"{{"refresh_token":"{}","client_id":"other"}}"#, first.refresh);
    t.post("the token of another client", &node, "/v1/refresh", &other).await;
    world.clock.advance(60);
    node.hook.fail(true);
    let second = Tokens::from(second);
    t.post("the accounts are away", &node, "/v1/refresh", &presents(&second.refresh)).await;
    node.hook.fail(false);
    node.refresh(&second.refresh).await;
    t.post("replaced a moment ago", &node, "/v1/refresh", &presents(&first.refresh)).await;
    t.check();
}

/// Each reason for which a session can have ended.
async fn ended(world: World) {
    let node = world.node().await;
    let mut t = Transcript::new("ended");
    for (situation, reason) in [
        ("signed out", Reason::LoggedOut),
        ("ended from another device", Reason::Revoked),
        ("the password was changed", Reason::PasswordChanged),
        ("the account was disabled", Reason::UserDisabled),
    ] {
        let login = node.login().await;
        node.engine.revoke(login.session, reason).await.unwrap();
        t.post(situation, &node, "/v1/refresh", &presents(&login.refresh)).await;
    }
    let stolen = node.login().await;
    world.clock.advance(60);
    let next = node.refresh(&stolen.refresh).await;
    world.clock.advance(60);
    node.refresh(&next.refresh).await;
    world.clock.advance(60);
    t.post("a dead token came back", &node, "/v1/refresh", &presents(&stolen.refresh)).await;
    let unused = node.login().await;
    world.clock.advance(7 * 86_400);
    t.post("unused for a week", &node, "/v1/refresh", &presents(&unused.refresh)).await;
    let mut used = node.login().await;
    for _ in 0..5 {
        world.clock.advance(6 * 86_400);
        if let Ok(answer) = node.engine.refresh(&used.refresh, None).await {
            used.refresh = answer.refresh_token;
        }
    }
    t.post("used, and a month old", &node, "/v1/refresh", &presents(&used.refresh)).await;
    t.check();
}

async fn logout(world: World) {
    let node = world.node().await;
    let mut t = Transcript::new("logout");
    let (one, two) = (node.login().await, node.login().await);
    node.probe.fail(true);
    t.post("the store is away", &node, "/v1/logout", &presents(&one.refresh)).await;
    node.probe.fail(false);
    t.post("a refresh token", &node, "/v1/logout", &presents(&one.refresh)).await;
    t.post("again", &node, "/v1/logout", &presents(&one.refresh)).await;
    t.post("junk", &node, "/v1/logout", &presents("junk")).await;
    t.signed_in("an access token", &node, "POST", "/v1/logout", &two.access).await;
    t.post("no token", &node, "/v1/logout", "").await;
    world.clock.advance(5);
    t.signed_in("an expired access token", &node, "POST", "/v1/logout", &two.access).await;
    t.check();
}

async fn session(world: World) {
    let node = world.node().await;
    let mut t = Transcript::new("session");
    let linux = "Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0";
    let login = r#"{"username":"ada","password":"correct horse"}"#;
    let headers = [("content-type", "application/json"), ("user-agent", linux)];
    let tokens = Tokens::from(node.send("POST", "/v1/login", &headers, login).await);
    world.clock.advance(1);
    let before = world.row(&tokens).await;
    t.signed_in("signed in", &node, "GET", "/v1/session", &tokens.access).await;
    assert_eq!(world.row(&tokens).await, before, "it extends nothing");
    t.exchange("no token", &node, "GET", "/v1/session", &[], "").await;
    t.exchange("another scheme", &node, "GET", "/v1/session", &[("authorization", "Basic YTpi")], "").await;
    t.exchange("nothing after Bearer", &node, "GET", "/v1/session", &[("authorization", "Bearer ")], "")
        .await;
    t.signed_in("junk", &node, "GET", "/v1/session", "junk").await;
    let twice = [("authorization", "Bearer a"), ("authorization", "Bearer b")];
    t.exchange("two tokens", &node, "GET", "/v1/session", &twice, "").await;
    node.probe.fail(true);
    t.signed_in("the store is away", &node, "GET", "/v1/session", &tokens.access).await;
    node.probe.fail(false);
    node.logout(&tokens.refresh).await;
    t.signed_in("the session has ended", &node, "GET", "/v1/session", &tokens.access).await;
    world.clock.advance(4);
    t.signed_in("the token has expired", &node, "GET", "/v1/session", &tokens.access).await;
    t.check();
}

async fn sessions(world: World) {
    let node = world.node().await;
    let mut t = Transcript::new("sessions");
    let here = node.login().await;
    world.clock.advance(1);
    let phone = r#"{"username":"ada","password":"correct horse","client_id":"app","device":"Phone"}"#;
    let there = Tokens::from(node.post("/v1/login", phone).await);
    t.signed_in("two sessions", &node, "GET", "/v1/sessions", &here.access).await;
    t.exchange("no token", &node, "GET", "/v1/sessions", &[], "").await;
    let path = format!("/v1/sessions/{}", there.session);
    t.exchange("no token", &node, "DELETE", &path, &[], "").await;
    t.signed_in("one's other session", &node, "DELETE", &path, &here.access).await;
    let nobodys = format!("/v1/sessions/{}", "0".repeat(32));
    t.signed_in("nobody's session", &node, "DELETE", &nobodys, &here.access).await;
    t.signed_in("no id", &node, "DELETE", "/v1/sessions/junk", &here.access).await;
    t.signed_in("one is left", &node, "GET", "/v1/sessions", &here.access).await;
    t.check();
}

async fn cookies(world: World) {
    let node = world.node().await;
    let mut t = Transcript::new("cookies");
    let mut browser = Browser::new(&world.clock);
    let login = browser::login(USERNAME, PASSWORD);
    t.browse("a login", &node, &mut browser, "POST", "/v1/login", &login).await;
    let forged = [("content-type", "application/json"), ("origin", "https://evil.example")];
    t.exchange("a login that another site sends", &node, "POST", "/v1/login", &forged, &login).await;
    t.browse("another login in the same browser", &node, &mut browser, "POST", "/v1/login", &login).await;
    t.browse("who is signed in", &node, &mut browser, "GET", "/v1/session", "").await;
    t.browse("on which devices", &node, &mut browser, "GET", "/v1/sessions", "").await;
    world.clock.advance(3);
    let before = browser.jar.clone();
    t.browse("a refresh", &node, &mut browser, "POST", "/v1/refresh", "").await;
    t.browse("back to a page", &node, &mut browser, "GET", "/v1/continue?to=/page", "").await;
    world.clock.advance(3);
    t.browse("back to a page, with new tokens", &node, &mut browser, "GET", "/v1/continue?to=/page", "")
        .await;
    let mut late = Browser { jar: before, ..Browser::new(&world.clock) };
    t.browse("left behind a moment ago", &node, &mut late, "POST", "/v1/refresh", "").await;
    t.browse("left behind, back to a page", &node, &mut late, "GET", "/v1/continue?to=/", "").await;
    t.browse("to another site", &node, &mut browser, "GET", "/v1/continue?to=//evil.example", "").await;
    let image = [("sec-fetch-dest", "image")];
    t.exchange("as an image", &node, "GET", "/v1/continue?to=/", &image, "").await;
    node.probe.fail(true);
    t.browse("the store is away", &node, &mut browser, "GET", "/v1/continue?to=/", "").await;
    t.browse("the store is away", &node, &mut browser, "POST", "/v1/refresh", "").await;
    node.probe.fail(false);
    let slow = browser.ask(&node, "POST", "/v1/refresh", "").await;
    t.browse("the other sessions end", &node, &mut browser, "POST", "/v1/logout/others", "").await;
    t.browse("a logout", &node, &mut browser, "POST", "/v1/logout", "").await;
    t.browse("nobody is signed in", &node, &mut browser, "POST", "/v1/refresh", "").await;
    t.browse("nobody is signed in", &node, &mut browser, "GET", "/v1/continue?to=/", "").await;
    t.browse("nobody is signed in", &node, &mut browser, "POST", "/v1/logout", "").await;
    browser.keep(&slow);
    t.browse("a late answer was kept", &node, &mut browser, "GET", "/v1/session", "").await;
    browser.keep(&slow);
    t.browse("a late answer was kept", &node, &mut browser, "GET", "/v1/continue?to=/", "").await;
    browser.keep(&slow);
    t.browse("a late answer was kept", &node, &mut browser, "POST", "/v1/refresh", "").await;
    browser.login(&node).await;
    t.browse("all sessions end", &node, &mut browser, "POST", "/v1/logout/all", "").await;
    t.check();
}

async fn public(world: World) {
    let node = world.node().await;
    let mut t = Transcript::new("public");
    t.exchange("keys", &node, "GET", "/.well-known/jwks.json", &[], "").await;
    t.exchange("alive", &node, "GET", "/healthz", &[], "").await;
    t.exchange("ready", &node, "GET", "/readyz", &[], "").await;
    node.probe.fail(true);
    t.exchange("the store is away", &node, "GET", "/readyz", &[], "").await;
    t.check();
}

async fn paths(world: World) {
    let node = world.node().await;
    let mut t = Transcript::new("paths");
    for (method, path) in [
        ("GET", "/v1/nothing"),
        ("POST", "/v1/session/"),
        ("GET", "/v1/login"),
        ("DELETE", "/v1/sessions"),
        ("BREW", "/v1/session"),
        ("OPTIONS", "/v1/login"),
        ("OPTIONS", "/v1/nothing"),
        ("OPTIONS", "*"),
        ("HEAD", "/healthz"),
        ("HEAD", "/v1/session"),
        ("HEAD", "/v1/login"),
        ("GET", "/healthz?with=a&query"),
        ("GET", "/v1/sessions/%00"),
    ] {
        t.exchange("-", &node, method, path, &[], "").await;
    }
    t.check();
}

async fn body(world: World) {
    let node = world.node().await;
    let mut t = Transcript::new("body");
    for (situation, body) in [
        ("no JSON", "username=ada"),
        ("an array", "[]"),
        ("text after the object", "{} {}"),
        ("cut off", r#"{"refresh_token":"x"#),
        ("nested without end", &"[".repeat(5_000)),
        ("too long", &format!(r#"{{"refresh_token":"{}"}}"#, "x".repeat(20_000))),
    ] {
        t.post(situation, &node, "/v1/refresh", body).await;
    }
    let form = [("content-type", "application/x-www-form-urlencoded")];
    t.exchange("a form", &node, "POST", "/v1/refresh", &form, "refresh_token=x").await;
    t.exchange("no type", &node, "POST", "/v1/refresh", &[], "{}").await;
    let charset = [("content-type", "Application/JSON; charset=utf-8")];
    t.exchange("with a charset", &node, "POST", "/v1/refresh", &charset, "{}").await;
    let packed = [("content-type", "application/json"), ("content-encoding", "gzip")];
    t.exchange("compressed", &node, "POST", "/v1/refresh", &packed, "{}").await;
    t.check();
}

/// docs/http.md has a section for every code, where the `type` of a problem points, and names every reason.
#[test]
fn every_code_and_reason_is_documented() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let docs = std::fs::read_to_string(folder.join("../../docs/http.md")).unwrap();
    let mut codes = 0;
    for file in std::fs::read_dir(folder.join("tests/answers")).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        for problem in text.lines().filter(|line| line.starts_with(r#"{"type""#)) {
            let problem: serde_json::Value = serde_json::from_str(problem).unwrap();
            let code = problem["code"].as_str().unwrap();
            assert!(problem["type"].as_str().unwrap().ends_with(&format!("docs/http.md#{code}")));
            let section = docs.split_once(&format!("\n### {code}\n")).expect(code).1;
            let section = section.split("\n#").next().unwrap();
            assert!(section.contains(&problem["status"].to_string()), "{code}: {}", problem["status"]);
            if let Some(reason) = problem["reason"].as_str() {
                assert!(section.contains(&format!("| `{reason}` |")), "{reason}");
            }
            codes += 1;
        }
    }
    assert!(codes > 50, "only {codes} problems");
}
