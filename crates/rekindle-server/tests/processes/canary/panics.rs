//! A panic is a defect of ours. The line about it must not become a second one.

use std::collections::HashMap;
use std::process::Command;

use axum::Router;
use axum::http::HeaderMap;
use axum::routing::get;
use rekindle_server::config::{Config, Environment};
use rekindle_server::{serve, telemetry};

use super::marks::Marks;
use super::request::{Request, exchange};
use super::site::all;

/// In the process that panics: what is sent to it.
const SENT: &str = "REKINDLE_TEST_PANICS_WITH";

/// How a handler can trip over what was sent, with a message that quotes it.
const WAYS: [fn(String); 7] = [
    |sent| panic!("cannot read {sent}"),
    |sent| std::panic::panic_any(sent),
    |sent| sent.parse::<u32>().map(drop).map_err(|_| sent).unwrap(),
    |sent| HashMap::<u8, ()>::new().remove(&1).expect(&sent),
    |sent| assert_eq!(sent, ""),
    |sent| drop(format!("é{sent}")[..1].to_owned()),
    |sent| drop(HashMap::from([(1, sent.parse::<u32>().unwrap())])),
];

/// The hook is the whole process's, so this is done in one of its own: the same test, which finds `SENT` set.
#[test]
fn a_panic_does_not_say_what_was_sent() {
    if let Ok(sent) = std::env::var(SENT) {
        return panic_in_every_way(&sent);
    }
    let mut marks = Marks::default();
    let sent = marks.secret("a header");
    let name = "canary::panics::a_panic_does_not_say_what_was_sent";
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env(SENT, sent)
        .env("RUST_BACKTRACE", "full")
        .output()
        .unwrap();
    let said = all(&output);
    assert!(output.status.success(), "{said}");
    let lines = said.lines().filter(|line| line.contains("panic: this is a defect"));
    assert_eq!(lines.filter(|line| line.contains("(not shown)")).count(), WAYS.len(), "{said}");
    assert!(said.contains(r#""said":"a message that stands in the source""#), "{said}");
    marks.assert_hidden("what is said of panics", &said);
}

fn panic_in_every_way(sent: &str) {
    let text = b"[log]\nlevel = 'trace'\nformat = 'json'\n";
    let config = Config::from_bytes("test", text, &Environment::default()).unwrap();
    telemetry::start(&config.log);
    let header = |headers: &HeaderMap| headers["authorization"].to_str().unwrap().to_owned();
    let mut router = Router::new()
        .route("/source", get(|| async { panic!("a message that stands in the source") as &str }));
    for (number, way) in WAYS.into_iter().enumerate() {
        let trip = async move |headers: HeaderMap| way(header(&headers));
        router = router.route(&format!("/{number}"), get(trip));
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    runtime.spawn(serve::serve(listener, router, config.limits.clone(), std::future::pending()));
    let paths = (0..WAYS.len()).map(|number| number.to_string()).chain(["source".to_owned()]);
    for path in paths {
        let mut request = Request::new("GET", &format!("/{path}"));
        request.set("authorization", sent);
        assert_eq!(exchange(address, &request.bytes()), "", "no answer is made up");
    }
}
