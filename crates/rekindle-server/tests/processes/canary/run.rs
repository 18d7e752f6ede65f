//! One run: all requests, and then a look at everything that the server has said.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use super::commands;
use super::document::Operation;
use super::marks::Marks;
use super::places::{Place, no_requests};
use super::request::{Request, exchange, json_of, status};
use super::site::{Login, Site};

/// The endpoints whose answers are tokens, in these members.
const ANSWER_TOKENS: [&str; 4] = ["/v1/login", "/v1/refresh", "/v1/admin/sessions", "/oauth2/token"];
const TOKENS: [&str; 2] = ["access_token", "refresh_token"];

/// Those that set cookies.
const SET_COOKIES: [&str; 3] = ["/v1/login", "/v1/refresh", "/v1/continue"];

/// How a request shows who it is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    Bearer,
    Cookies,
    ApiKey,
    Nothing,
}

/// Builtin accounts, JSON lines.
#[test]
fn nothing_that_was_sent_is_told_again() {
    let folder = tempfile::tempdir().unwrap();
    watch(folder.path(), "builtin", "json", &[By::Bearer, By::Cookies, By::Nothing]);
}

/// An application's accounts, whose webhook is told the password and nobody else; lines of text.
#[test]
fn nothing_that_was_sent_is_told_again_where_an_application_keeps_the_accounts() {
    let folder = tempfile::tempdir().unwrap();
    watch(folder.path(), "webhook", "text", &[By::Cookies]);
}

fn watch(folder: &Path, accounts: &str, format: &str, ways: &[By]) {
    let mut marks = Marks::default();
    let mut site = Site::start(folder, accounts, format, &mut marks);
    let events = site.follow();
    let (public, operators) = (site.public(), site.process.operators);
    let mut asked = 0;
    for (to, ways) in [(public, ways), (operators, &[By::ApiKey, By::Nothing])] {
        let document = exchange(to, &Request::new("GET", "/openapi.json").bytes());
        for operation in Operation::all(&json_of(&document)) {
            asked += try_all(&mut site, &mut marks, to, &operation, ways);
        }
        for (name, bytes) in no_requests(&mut |name| marks.secret(name)) {
            marks.assert_not_answered(&name, &exchange(to, &bytes));
        }
    }
    assert!(asked > 2_500, "{asked} requests");
    commands::try_all(&mut site, &mut marks);
    site.steal(&mut marks);
    look(site, &marks, events, asked);
}

/// Every place of an endpoint, by these ways to sign in. How many requests that took.
fn try_all(site: &mut Site, marks: &mut Marks, to: SocketAddr, operation: &Operation, ways: &[By]) -> usize {
    let mut asked = 0;
    let mut served = false;
    let mut login = site.login(marks);
    let places = Place::all(operation);
    for by in ways {
        // What is no credential is looked at in the same way whoever asks.
        let places = places.iter().filter(|place| place.credential || *by == ways[0]);
        for place in [None].into_iter().chain(places.map(Some)) {
            let status = try_one(site, marks, to, operation, *by, &login, place);
            asked += 1;
            served |= place.is_none() && status < 400;
            // It may have ended the session, or changed its tokens.
            if status < 400 && (operation.method != "GET" || status != 200) {
                login = site.login(marks);
            }
        }
    }
    // Otherwise all of these were turned away at the door, and nothing was tried.
    let elsewhere = operation.path == "/v1/password" && !site.builtin;
    assert!(served || elsewhere, "{} {} never served", operation.method, operation.path);
    asked
}

/// One request with a secret in `place`, or with none of ours. Its status.
fn try_one(
    site: &mut Site,
    marks: &mut Marks,
    to: SocketAddr,
    operation: &Operation,
    by: By,
    login: &Login,
    place: Option<&Place>,
) -> u16 {
    let mut request = operation.request(by != By::Cookies, |name| filled(name, site, login));
    sign_in(&mut request, by, site, login);
    let name = place.map_or("nowhere", |place| &place.name);
    let full = format!("{} {}, by {by:?}, {name}", operation.method, operation.path);
    let secret = place.map(|place| {
        let secret = marks.told(&full, place.told);
        place.put(&mut request, &secret);
        secret
    });
    let answer = exchange(to, &request.bytes());
    let answer = without_tokens(marks, &operation.path, &answer);
    marks.assert_not_answered(&full, &answer);
    // Bytes that are no HTTP may be answered with none.
    let status = status(&answer).parse().unwrap_or(400);
    if status == 204 && operation.path == "/v1/password" && name == "member new" {
        site.password = secret.unwrap();
    }
    status
}

fn filled(name: &str, site: &Site, login: &Login) -> String {
    match name {
        "username" => "ada".to_owned(),
        "password" | "old" | "new" => site.password.clone(),
        "refresh_token" | "token" => login.refresh.clone(),
        "subject" => site.subject.clone(),
        "id" => login.session.clone(),
        "client_id" => "default".to_owned(),
        "grant_type" => "refresh_token".to_owned(),
        "to" | "login" => "/".to_owned(),
        "after" => "0000000000000000-0".to_owned(),
        "wait" => "0".to_owned(),
        other => panic!("teach this test what {other} is"),
    }
}

fn sign_in(request: &mut Request, by: By, site: &Site, login: &Login) {
    match by {
        By::Bearer => request.set("authorization", format!("Bearer {}", login.access)),
        By::ApiKey => request.set("authorization", format!("Bearer {}", site.key)),
        By::Cookies => {
            request.set("cookie", login.cookies.as_str());
            request.set("rekindle", "1");
        }
        By::Nothing => {}
    }
}

/// Takes the tokens out of an answer that is there to carry them, and remembers them.
fn without_tokens(marks: &mut Marks, path: &str, answer: &str) -> String {
    let mut rest = answer.to_owned();
    let mut take = |token: &str| {
        if token.len() > 40 {
            marks.token(token);
            rest = rest.replace(token, "<token>");
        }
    };
    if SET_COOKIES.contains(&path) {
        let pairs = answer.lines().filter_map(|line| line.strip_prefix("set-cookie: rk-")?.split(';').next());
        pairs.filter_map(|pair| pair.split_once('=')).for_each(|(_, token)| take(token));
    }
    if ANSWER_TOKENS.contains(&path) && status(answer) == "200" {
        let body = json_of(answer);
        TOKENS.iter().filter_map(|member| body[member].as_str()).for_each(take);
    }
    rest
}

fn look(mut site: Site, marks: &Marks, events: std::thread::JoinHandle<String>, asked: usize) {
    // What the theft was told as, and only then the end: it would cut the story short.
    let told = site.application.heard.recv_timeout(Duration::from_secs(30)).expect("the theft is told");
    assert!(told.contains(r#""kind":"theft_detected""#) && told.contains("webhook-signature: v1,"), "{told}");
    marks.assert_hidden("the webhook of thefts", &told);

    let metrics = site.operate("/metrics");
    assert!(metrics.contains("rekindle_events_total{event=\"theft_detected\"} 1\n"), "{metrics}");
    marks.assert_hidden("the metrics", &metrics);
    site.process.stop();

    let (events, log) = (events.join().unwrap(), site.said("stderr.log"));
    marks.assert_hidden("the events", &events);
    marks.assert_hidden("the log", &log);
    marks.assert_hidden("standard output", &site.said("stdout.log"));

    // There was something to see, and much to see in it.
    for word in ["opened", "login_failed", "theft_detected", "superseded"] {
        assert!(log.contains(word), "no {word} in the log");
        assert!(events.contains(&format!("event: {word}\n")), "no {word} among the events");
    }
    assert!(log.contains("answered") && log.contains("/v1/admin/subjects/{subject}/revoke"));
    assert!(log.lines().count() > asked, "{} lines for {asked} requests", log.lines().count());
    assert!(marks.len() > asked + 1_000, "{} secrets", marks.len());
    // The beginnings of tokens, which are no secret but would come with one.
    for start in ["eyJ", "rkrt1_", "rkak1_", "Bearer ", "password=", "cookie:"] {
        assert!(!log.contains(start) && !events.contains(start) && !metrics.contains(start), "{start}");
    }
}
