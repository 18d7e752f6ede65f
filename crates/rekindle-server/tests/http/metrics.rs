//! `GET /metrics`: numbers that say what happened, and never whose or what was sent.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use rekindle_server::monitoring::{FAMILIES, Kind};

use crate::support::{Meanwhile, Node, USERNAME, World};

on_every_store!(
    what_happened_is_counted,
    benign_races_are_told_from_theft,
    refused_requests_and_connections_are_counted,
    whatever_is_sent_adds_no_series,
);

/// Series with their values, by their whole text: `name{label="value"}`.
type Numbers = BTreeMap<String, f64>;

async fn numbers(node: &Node, key: &str) -> Numbers {
    let answer = node.operate(key, "GET", "/metrics", "").await;
    assert_eq!(answer.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    let series = answer.body.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    series
        .map(|line| {
            let (series, value) = line.rsplit_once(' ').unwrap();
            (series.to_owned(), value.parse().unwrap())
        })
        .collect()
}

/// What was added, without what counts the asking itself.
fn added(before: &Numbers, after: &Numbers) -> Vec<String> {
    let about = [
        "rekindle_events_total",
        "rekindle_refreshes",
        "rekindle_logins",
        "rekindle_problems",
        "rekindle_sessions",
    ];
    after
        .iter()
        .filter(|(series, _)| about.iter().any(|name| series.starts_with(name)))
        .filter_map(|(series, value)| {
            let more = value - before.get(series).copied().unwrap_or_default();
            (more != 0.0).then(|| format!("{} {more}", series.strip_prefix("rekindle_").unwrap()))
        })
        .collect()
}

async fn what_happened_is_counted(world: World) {
    let node = world.node().await;
    let key = node.api_key("prometheus").await;
    let start = numbers(&node, &key).await;
    let login = node.login().await;
    node.try_login(USERNAME, "wrong").await;
    node.logout(&login.refresh).await;
    node.try_refresh(&login.refresh).await;
    node.try_refresh("junk").await;
    node.form("/oauth2/token", "grant_type=refresh_token&refresh_token=junk").await;
    node.form("/oauth2/token", "grant_type=password").await;
    node.post("/v1/refresh", "{").await;
    node.send("GET", "/v1/login", &[], "").await;
    node.send("OPTIONS", "/v1/login", &[], "").await;
    node.send("GET", "/nothing", &[], "").await;
    node.probe.fail(true);
    node.try_refresh(&login.refresh).await;
    node.try_login(USERNAME, "wrong").await;
    node.probe.fail(false);
    let end = numbers(&node, &key).await;
    assert_eq!(
        added(&start, &end),
        [
            r#"events_total{event="login_failed"} 2"#,
            r#"events_total{event="opened"} 1"#,
            r#"events_total{event="revoked"} 1"#,
            r#"logins_total{outcome="invalid_credentials"} 2"#,
            r#"logins_total{outcome="opened"} 1"#,
            r#"logins_total{outcome="rejected"} 1"#,
            r#"problems_total{code="invalid_credentials",status="401"} 2"#,
            r#"problems_total{code="invalid_request",status="400"} 1"#,
            r#"problems_total{code="invalid_request",status="404"} 1"#,
            r#"problems_total{code="invalid_request",status="405"} 1"#,
            r#"problems_total{code="session_ended",status="400"} 1"#,
            r#"problems_total{code="session_ended",status="401"} 2"#,
            r#"problems_total{code="unavailable",status="503"} 1"#,
            r#"problems_total{code="unsupported_grant_type",status="400"} 1"#,
            r#"refreshes_total{outcome="ended"} 1"#,
            r#"refreshes_total{outcome="rejected"} 2"#,
            r#"refreshes_total{outcome="unavailable"} 1"#,
            r#"refreshes_total{outcome="unknown"} 2"#,
            r#"sessions_ended_total{reason="logged_out"} 1"#,
        ]
    );
    let of = |series: &str| end[series];
    assert_eq!(of(r#"rekindle_http_request_duration_seconds_count{method="POST",route="/v1/refresh"}"#), 4.0);
    assert_eq!(of(r#"rekindle_http_request_duration_seconds_count{method="GET",route="none"}"#), 1.0);
    assert_eq!(of(r#"rekindle_store_errors_total{operation="load",error="unavailable"}"#), 1.0);
    assert_eq!(of(r#"rekindle_store_duration_seconds_count{operation="insert"}"#), 1.0);
    assert_eq!(of(r#"rekindle_accounts_duration_seconds_count{operation="verify"}"#), 3.0);
    assert_eq!(of("rekindle_passwords_in_flight"), 0.0);
    assert_eq!(of("rekindle_http_requests_in_flight"), 1.0, "this one");
    world.clock.advance(7);
    assert_eq!(numbers(&node, &key).await["rekindle_keyring_age_seconds"], 0.0, "asking looked at it");

    let busy = world.node_where(Meanwhile::Busy).await;
    busy.try_login(USERNAME, "x").await;
    let key = busy.api_key("busy").await;
    let end = numbers(&busy, &key).await;
    assert_eq!(end[r#"rekindle_accounts_errors_total{operation="verify",error="overloaded"}"#], 1.0);
    assert_eq!(end[r#"rekindle_logins_total{outcome="unavailable"}"#], 1.0);
}

async fn benign_races_are_told_from_theft(world: World) {
    let node = world.node().await;
    let key = node.api_key("prometheus").await;
    let login = node.login().await;
    world.clock.advance(60);
    let start = numbers(&node, &key).await;
    // Two tabs; a lost answer; a straggler; and then a thief with the first token.
    let second = node.refresh(&login.refresh).await;
    assert_eq!(node.refresh(&login.refresh).await, second);
    world.clock.advance(3);
    node.refresh(&login.refresh).await;
    world.clock.advance(3);
    let third = node.refresh(&second.refresh).await;
    assert_eq!(node.try_refresh(&login.refresh).await.status, 409);
    world.clock.advance(60);
    node.try_refresh(&login.refresh).await;
    node.try_refresh(&third.refresh).await;
    assert_eq!(
        added(&start, &numbers(&node, &key).await),
        [
            r#"events_total{event="late_retry"} 1"#,
            r#"events_total{event="refreshed"} 2"#,
            r#"events_total{event="replayed"} 1"#,
            r#"events_total{event="superseded"} 1"#,
            r#"events_total{event="theft_detected"} 1"#,
            r#"problems_total{code="session_ended",status="401"} 2"#,
            r#"problems_total{code="superseded",status="409"} 1"#,
            r#"refreshes_total{outcome="confirmed"} 2"#,
            r#"refreshes_total{outcome="late_retry"} 1"#,
            r#"refreshes_total{outcome="replayed"} 1"#,
            r#"refreshes_total{outcome="superseded"} 1"#,
            r#"refreshes_total{outcome="theft"} 2"#,
            r#"sessions_ended_total{reason="theft_detected"} 1"#,
        ]
    );
}

async fn refused_requests_and_connections_are_counted(world: World) {
    let node = world.node().await;
    let key = node.api_key("prometheus").await;
    let long = "x".repeat(20_000);
    assert_eq!(node.post("/v1/refresh", &long).await.status, 413);
    crate::support::http::raw(node.address, b"GET / HTTP/1.1\r\nconnection: close\r\n\r\n").await.unwrap();
    crate::support::http::raw(node.address, b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nx")
        .await
        .unwrap();
    crate::support::http::raw(node.address, b"\x16\x03\x01\r\n\r\n").await;
    let numbers = numbers(&node, &key).await;
    for why in ["too_long", "host", "broken"] {
        let series = format!("rekindle_http_refused_total{{listener=\"public\",why=\"{why}\"}}");
        assert_eq!(numbers[&series], 1.0, "{why}");
    }
    assert_eq!(numbers[r#"rekindle_connections_cut_total{listener="public",why="malformed"}"#], 1.0);
    assert_eq!(numbers[r#"rekindle_connections_total{listener="public"}"#], 4.0);
    assert_eq!(numbers[r#"rekindle_connections_open{listener="operators"}"#], 1.0, "this one");
}

/// Paths, methods, names, ids, subjects, codes of one's own invention: a flood of them fills no memory here and none at
/// Prometheus.
async fn whatever_is_sent_adds_no_series(world: World) {
    let node = world.node().await;
    let key = node.api_key("prometheus").await;
    let send = async |n: usize| {
        let id = format!("{n:032x}");
        node.send("GET", &format!("/{id}"), &[], "").await;
        node.send("GET", &format!("/v1/sessions/{id}"), &[], "").await;
        node.send("DELETE", &format!("/v1/sessions/{id}"), &[], "").await;
        node.send(&format!("BREW{n}"), "/v1/login", &[], "").await;
        node.send(&format!("BREW{n}"), &format!("/{id}"), &[], "").await;
        node.try_login(&id, &id).await;
        node.try_refresh(&id).await;
        node.form("/oauth2/token", &format!("grant_type={id}&refresh_token={id}")).await;
        node.operate(&key, "GET", &format!("/v1/admin/sessions/{id}"), "").await;
        node.operate(&key, "POST", &format!("/v1/admin/subjects/{id}/revoke"), "").await;
        node.operate(&id, "GET", &format!("/v1/admin/sessions?subject={id}"), "").await;
        node.login().await;
    };
    send(0).await;
    // What asks is a route, too.
    numbers(&node, &key).await;
    let before: BTreeSet<String> = numbers(&node, &key).await.into_keys().collect();
    for n in 1..30 {
        send(n).await;
    }
    let after: BTreeSet<String> = numbers(&node, &key).await.into_keys().collect();
    assert_eq!(after.difference(&before).collect::<Vec<_>>(), Vec::<&String>::new());
    assert!(after.len() < 1500, "{} series", after.len());
}

/// `rekindle_a_total`, `counter`, labels.
type About = (String, String, Vec<String>);

fn read(path: &str) -> String {
    std::fs::read_to_string(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)).unwrap()
}

/// The table, what the program declares, and what is exported: the same metrics with the same labels, and every word in a
/// label is explained.
#[tokio::test]
async fn every_metric_is_documented() {
    let node = World::new(crate::support::Kind::Memory).await.node().await;
    let key = node.api_key("prometheus").await;
    node.login().await;
    node.monitoring.metrics.certificate_expires(rekindle::core::Timestamp::from_unix(3_345_062_400));
    let text = node.operate(&key, "GET", "/metrics", "").await.body;
    let kind = |kind| match kind {
        Kind::Counter => "counter",
        Kind::Gauge => "gauge",
        Kind::Histogram => "histogram",
    };
    let declared: BTreeSet<About> = FAMILIES
        .iter()
        .map(|family| {
            let labels = family.labels.iter().map(|label| (*label).to_owned()).collect();
            (family.name.to_owned(), kind(family.kind).to_owned(), labels)
        })
        .collect();

    let document = read("docs/monitoring.md");
    let (before, table) = document.split_once("\n## Metrics\n").unwrap();
    let rows = table.lines().filter(|line| line.starts_with("| `rekindle_"));
    let documented: BTreeSet<About> = rows
        .map(|row| {
            let cells: Vec<&str> = row.split('|').map(str::trim).collect();
            let words = |cell: &str| -> Vec<String> {
                cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
            };
            (words(cells[1])[0].clone(), cells[2].to_owned(), words(cells[3]))
        })
        .collect();
    assert_eq!(documented, declared, "docs/monitoring.md");

    let mut exported = BTreeSet::new();
    for (name, kind, labels) in &declared {
        let series = text.lines().filter(|line| {
            let end = line.find(['{', ' ']).unwrap_or_default();
            let own = &line[..end];
            own == name
                || ["_bucket", "_sum", "_count"].iter().any(|part| own.strip_suffix(part) == Some(name))
        });
        for line in series {
            let pairs = line.split_once('{').map_or("", |(_, rest)| rest.rsplit_once('}').unwrap().0);
            let pairs: Vec<(&str, &str)> = pairs
                .split(',')
                .filter_map(|pair| pair.split_once('='))
                .filter(|(label, _)| *label != "le")
                .collect();
            assert_eq!(&pairs.iter().map(|(label, _)| *label).collect::<Vec<_>>(), labels, "{line}");
            for (label, value) in pairs {
                let word = value.trim_matches('"');
                let known = ["method", "route", "code", "status", "version"].contains(&label)
                    || document.contains(&format!("`{word}`"));
                assert!(known, "docs/monitoring.md does not explain {label}={word} of {name}");
            }
            exported.insert(name.clone());
        }
        assert!(text.contains(&format!("# TYPE {name} {kind}\n")), "{name}");
    }
    assert_eq!(exported.len(), declared.len());
    assert_eq!(text.matches("# TYPE ").count(), declared.len(), "nothing else is exported");
    assert_eq!(text.matches("# HELP ").count(), declared.len());

    // What one is told to watch, and to be woken by, is there.
    let rules = read("packaging/prometheus/rekindle.rules.yml");
    let watched = before.split('`').skip(1).step_by(2).chain(rules.split([' ', '(', ')', '[']));
    let watched: BTreeSet<&str> =
        watched.map(str::trim).filter(|word| word.starts_with("rekindle_")).collect();
    assert!(watched.len() > 10, "{watched:?}");
    for word in watched {
        assert!(
            text.lines().any(|line| line.starts_with(word.trim_end_matches('}'))),
            "{word} is not exported"
        );
    }
}
