//! Thefts are told to an application: a real HTTP server in this process, which answers as it is told.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use base64::Engine as _;
use rekindle::clock::Clock;
use rekindle::entropy::SystemEntropy;
use rekindle::event::{Event, EventKind, Observer as _};
use rekindle_server::config::{PublicUrl, Secret};
use rekindle_server::monitoring::{Alerts, Monitoring};
use rekindle_server::webhook::Webhook;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::faults::roll_back;
use crate::support::{Node, Tokens, World};

on_every_store!(
    a_theft_is_told_and_signed,
    a_roll_back_is_told_and_nothing_else_is,
    what_cannot_be_delivered_is_told_again_and_then_given_up,
    an_application_that_hangs_slows_nobody_down,
    a_server_that_stops_tells_what_it_still_can,
);

const SECRET: &str = "an application and its server know this";

/// An application. It answers the statuses that it is given, then 204; `None` is no answer at all.
#[derive(Clone)]
struct App {
    address: SocketAddr,
    say: Arc<Mutex<Vec<Option<u16>>>>,
    heard: mpsc::UnboundedSender<(HeaderMap, Bytes)>,
}

impl App {
    async fn start(say: &[Option<u16>]) -> (Self, mpsc::UnboundedReceiver<(HeaderMap, Bytes)>) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (heard, hears) = mpsc::unbounded_channel();
        let say = Arc::new(Mutex::new(say.iter().rev().copied().collect()));
        let app = Self { address: listener.local_addr().unwrap(), say, heard };
        let router =
            Router::new().route("/security/events", axum::routing::post(answer)).with_state(app.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (app, hears)
    }

    /// A server that tells it. `pauses` is how long it waits before it tells again.
    async fn node(&self, world: &World, pauses: &[Duration]) -> Node {
        let url: PublicUrl = format!("http://{}/security/events", self.address).parse().unwrap();
        let secret: Secret = SECRET.parse().unwrap();
        let clock: Arc<dyn Clock> = world.clock.clone();
        let timeout = Duration::from_millis(300);
        let webhook = Webhook::new(&url, &secret, timeout, clock.clone(), Arc::new(SystemEntropy)).unwrap();
        let monitoring = Monitoring::new(&clock, &SystemEntropy, |counts| {
            Some(Alerts::with_pauses(webhook, counts, pauses.to_vec()))
        });
        world.node_watched(monitoring).await
    }
}

async fn answer(State(app): State<App>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let say = app.say.lock().unwrap().pop().unwrap_or(Some(204));
    app.heard.send((headers, body)).unwrap();
    match say {
        Some(status) => StatusCode::from_u16(status).unwrap(),
        None => std::future::pending().await,
    }
}

/// Ends a session as stolen.
async fn steal(world: &World, node: &Node) -> Tokens {
    let login = node.login().await;
    let mut token = login.refresh.clone();
    for _ in 0..3 {
        world.clock.advance(3);
        token = node.refresh(&token).await.refresh;
    }
    world.clock.advance(60);
    assert_eq!(node.try_refresh(&login.refresh).await.outcome(), "401 session_ended theft_detected");
    login
}

fn count(node: &Node, outcome: &str) -> u64 {
    let metrics = node.monitoring.metrics.render();
    let series = format!("rekindle_alerts_total{{outcome=\"{outcome}\"}} ");
    metrics.lines().find_map(|line| line.strip_prefix(&series)).unwrap().parse().unwrap()
}

async fn a_theft_is_told_and_signed(world: World) {
    let (app, mut hears) = App::start(&[]).await;
    let node = app.node(&world, &[]).await;
    let stolen = steal(&world, &node).await;
    let (headers, body) = hears.recv().await.unwrap();
    let header = |name: &str| headers[name].to_str().unwrap();
    let now = world.clock.now().as_unix();
    assert_eq!(header("webhook-timestamp"), now.to_string());
    assert_eq!(header("content-type"), "application/json");
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, SECRET.as_bytes());
    let signed = [header("webhook-id").as_bytes(), format!(".{now}.").as_bytes(), &body].concat();
    let signature = header("webhook-signature").strip_prefix("v1,").unwrap();
    let signature = base64::engine::general_purpose::STANDARD.decode(signature).unwrap();
    aws_lc_rs::hmac::verify(&key, &signed, &signature).unwrap();

    let told: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(header("webhook-id"), format!("evt_{}", told["id"].as_str().unwrap()));
    let subject = world.row(&stolen).await.subject;
    let session = stolen.session.to_string();
    assert_eq!(
        told,
        json!({"id": told["id"], "at": now, "kind": "theft_detected", "session": session, "subject": subject, "client_id": "default"})
    );
    node.monitoring.events.alerts().unwrap().finish().await;
    assert_eq!((count(&node, "delivered"), count(&node, "retried"), count(&node, "given_up")), (1, 0, 0));
}

async fn a_roll_back_is_told_and_nothing_else_is(world: World) {
    let (app, mut hears) = App::start(&[]).await;
    let node = app.node(&world, &[]).await;
    let login = node.login().await;
    let before = world.row(&login).await;
    world.clock.advance(3);
    let next = node.refresh(&login.refresh).await;
    world.clock.advance(3);
    let newest = node.refresh(&next.refresh).await;
    roll_back(&world, &login, &before).await;
    node.try_login("ada", "wrong").await;
    node.refresh(&newest.refresh).await;
    let (_, body) = hears.recv().await.unwrap();
    let told: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(told["kind"], "store_rollback_detected");
    node.monitoring.events.alerts().unwrap().finish().await;
    assert!(hears.try_recv().is_err());
    assert_eq!(count(&node, "delivered"), 1);
}

async fn what_cannot_be_delivered_is_told_again_and_then_given_up(world: World) {
    let soon = Duration::from_millis(1);
    let (app, mut hears) = App::start(&[Some(500), Some(302), None, Some(204)]).await;
    let node = app.node(&world, &[soon, soon, soon]).await;
    steal(&world, &node).await;
    let mut ids = Vec::new();
    for _ in 0..4 {
        ids.push(hears.recv().await.unwrap().0["webhook-id"].clone());
    }
    ids.dedup();
    assert_eq!(ids.len(), 1, "the application can see that it is the same");
    node.monitoring.events.alerts().unwrap().finish().await;
    assert_eq!((count(&node, "delivered"), count(&node, "retried"), count(&node, "given_up")), (1, 3, 0));

    let (app, mut hears) = App::start(&[Some(404); 9]).await;
    let node = app.node(&world, &[soon, soon]).await;
    steal(&world, &node).await;
    for _ in 0..3 {
        hears.recv().await.unwrap();
    }
    node.monitoring.events.alerts().unwrap().finish().await;
    assert!(hears.try_recv().is_err());
    assert_eq!((count(&node, "delivered"), count(&node, "retried"), count(&node, "given_up")), (0, 2, 1));
}

async fn an_application_that_hangs_slows_nobody_down(world: World) {
    let (app, mut hears) = App::start(&[None; 2000]).await;
    let node = app.node(&world, &[Duration::from_secs(3600)]).await;
    steal(&world, &node).await;
    hears.recv().await.unwrap();
    // The first waits for its next try, and the others for the first.
    for session in 0..300_u128 {
        node.monitoring.events.observe(&Event {
            session: rekindle::core::SessionId(session.to_be_bytes()),
            subject: "ada".to_owned(),
            client_id: "default".to_owned(),
            kind: EventKind::TheftDetected,
        });
    }
    assert_eq!(count(&node, "given_up"), 45, "256 may wait");
    node.login().await;
}

async fn a_server_that_stops_tells_what_it_still_can(world: World) {
    let (app, mut hears) = App::start(&[Some(503), Some(204)]).await;
    let node = app.node(&world, &[Duration::from_secs(3600)]).await;
    steal(&world, &node).await;
    hears.recv().await.unwrap();
    node.monitoring.events.alerts().unwrap().finish().await;
    hears.try_recv().unwrap();
    assert_eq!((count(&node, "delivered"), count(&node, "given_up")), (1, 0));
}
