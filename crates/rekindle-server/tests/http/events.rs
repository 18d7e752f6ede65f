//! `GET /v1/events`: what happens, as it happens.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use rekindle::entropy::SystemEntropy;
use serde_json::{Value, json};

use crate::support::{Stream, Told, World};

on_every_store!(
    everything_that_happens_is_told,
    a_reader_that_comes_back_goes_on_where_it_was,
    a_reader_that_does_not_read_is_told_how_many_it_missed,
    a_stream_ends_with_its_api_key,
    a_stream_shows_that_it_lives,
    a_stream_ends_with_the_server,
);

async fn everything_that_happens_is_told(world: World) {
    let node = world.node().await;
    let key = node.api_key("siem").await;
    let mut stream = Stream::open(node.admin_address, &key, None).await;
    let (login, other) = (node.login().await, node.login().await);
    let subject = node.signed_in("GET", "/v1/session", &login.access).await.text("subject");

    node.refresh(&login.refresh).await;
    world.clock.advance(3);
    let second = node.refresh(&login.refresh).await;
    world.clock.advance(3);
    node.refresh(&login.refresh).await;
    world.clock.advance(3);
    node.refresh(&second.refresh).await;
    assert_eq!(node.try_refresh(&login.refresh).await.status, 409);
    world.clock.advance(60);
    assert_eq!(node.try_refresh(&login.refresh).await.outcome(), "401 session_ended theft_detected");
    node.logout(&other.refresh).await;
    node.try_login("ada", "not her password").await;

    let expected = [
        ("opened", Some(&login), None),
        ("opened", Some(&other), None),
        ("replayed", Some(&login), None),
        ("refreshed", Some(&login), None),
        ("late_retry", Some(&login), None),
        ("refreshed", Some(&login), None),
        ("superseded", Some(&login), None),
        ("theft_detected", Some(&login), None),
        ("revoked", Some(&other), Some("logged_out")),
        ("login_failed", None, None),
    ];
    let mut ids = Vec::new();
    for (kind, session, reason) in expected {
        let told = stream.next().await.unwrap();
        let id = told.id.clone().unwrap();
        let mut data = json!({"id": id, "at": told.data["at"], "kind": kind});
        match session {
            Some(tokens) => {
                data["session"] = tokens.session.to_string().into();
                data["subject"] = subject.clone().into();
                data["client_id"] = "default".into();
            }
            None => data["address"] = "127.0.0.1".into(),
        }
        if let Some(reason) = reason {
            data["reason"] = reason.into();
        }
        assert_eq!((told.name.as_str(), &told.data), (kind, &data));
        ids.push(id);
    }
    assert_eq!(stream_at(&ids), (1..=10).collect::<Vec<u64>>(), "in order, and none left out");
}

/// The numbers of events of one process.
fn stream_at(ids: &[String]) -> Vec<u64> {
    let process = ids[0].split_once('-').unwrap().0;
    ids.iter().map(|id| id.strip_prefix(process).unwrap()[1..].parse().unwrap()).collect()
}

async fn a_reader_that_comes_back_goes_on_where_it_was(world: World) {
    let node = world.node().await;
    let key = node.api_key("siem").await;
    let mut stream = Stream::open(node.admin_address, &key, None).await;
    let sessions = [node.login().await, node.login().await, node.login().await];
    let seen = stream.next().await.unwrap();
    drop(stream);
    node.login().await;

    let mut stream = Stream::open(node.admin_address, &key, seen.id.as_deref()).await;
    for session in &sessions[1..] {
        assert_eq!(stream.next().await.unwrap().data["session"], session.session.to_string());
    }
    let last = stream.next().await.unwrap();

    // With the newest: nothing to catch up on. With one of another process, or none at all: nobody knows how many, and
    // what this process has seen is all news.
    let mut newest = Stream::open(node.admin_address, &key, last.id.as_deref()).await;
    let strange = ["0000000000000000-1", "", "junk", "-", "1", "0000000000000000-18446744073709551616"];
    let ahead = last.id.unwrap().replace("-4", "-400");
    let mut lost = Vec::new();
    for id in strange.iter().copied().chain([ahead.as_str()]) {
        lost.push(Stream::open(node.admin_address, &key, Some(id)).await);
    }
    node.login().await;
    assert_eq!(newest.next().await.unwrap().name, "opened");
    for mut stream in lost {
        let told = stream.next().await.unwrap();
        assert_eq!(told, Told { id: None, name: "lagged".into(), data: missed(Value::Null) });
        let mut numbers = Vec::new();
        for _ in 1..=5 {
            numbers.push(stream.next().await.unwrap().id.unwrap());
        }
        assert_eq!(stream_at(&numbers), [1, 2, 3, 4, 5]);
    }
}

fn missed(missed: Value) -> Value {
    json!({"kind": "lagged", "missed": missed})
}

async fn a_reader_that_does_not_read_is_told_how_many_it_missed(world: World) {
    const EVENTS: u64 = 200_000;
    let node = world.node().await;
    let key = node.api_key("siem").await;
    let mut stream = Stream::open(node.admin_address, &key, None).await;
    let address = Some(IpAddr::V4(Ipv4Addr::LOCALHOST));
    // More than the sockets on both sides hold; and nobody waits for the reader.
    for _ in 0..EVENTS {
        node.monitoring.events.login_failed(address);
    }
    let (mut read, mut lost) = (0, 0);
    while read + lost < EVENTS {
        let told = stream.next().await.unwrap();
        match told.id {
            None => lost += told.data["missed"].as_u64().unwrap(),
            Some(id) => {
                read += 1;
                let number: u64 = id.split_once('-').unwrap().1.parse().unwrap();
                assert_eq!(number, read + lost, "what was not told of is owned up to");
            }
        }
    }
    assert!(lost > 0, "all {read} fitted on the way");
    assert_eq!(read + lost, EVENTS);
    let metrics = node.monitoring.metrics.render();
    assert!(metrics.contains(&format!("\nrekindle_events_missed_total {lost}\n")), "{lost}");
}

/// It was opened with a key that opens nothing any more.
async fn a_stream_ends_with_its_api_key(world: World) {
    let node = world.node_where_state(|state| state.monitoring.beat = Duration::from_millis(20)).await;
    let (key, other) = (node.api_key("siem").await, node.api_key("other").await);
    let mut stream = Stream::open(node.admin_address, &key, None).await;
    let mut kept = Stream::open(node.admin_address, &other, None).await;
    node.login().await;
    assert_eq!(stream.next().await.unwrap().name, "opened");
    node.keys.remove_api_key("siem", &SystemEntropy).await.unwrap();
    assert_eq!(stream.next().await, None);
    node.login().await;
    assert_eq!(kept.next().await.unwrap().name, "opened");
}

async fn a_stream_shows_that_it_lives(world: World) {
    let node = world.node_where_state(|state| state.monitoring.beat = Duration::from_millis(20)).await;
    let key = node.api_key("siem").await;
    let mut stream = Stream::open(node.admin_address, &key, None).await;
    for _ in 0..3 {
        assert_eq!(stream.block().await.as_deref(), Some(":"));
    }
}

async fn a_stream_ends_with_the_server(world: World) {
    let node = world.node().await;
    let key = node.api_key("siem").await;
    let mut stream = Stream::open(node.admin_address, &key, None).await;
    node.login().await;
    node.monitoring.events.close();
    assert_eq!(stream.next().await.unwrap().name, "opened");
    assert_eq!(stream.next().await, None);
    // One that comes while it stops is told what there is, and no more.
    let mut late = Stream::open(node.admin_address, &key, Some("junk")).await;
    assert_eq!(late.next().await.unwrap().name, "lagged");
    assert_eq!(late.next().await.unwrap().name, "opened");
    assert_eq!(late.next().await, None);
}
