//! Accounts that an application keeps: a real HTTP server in this process, which answers as it is told.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use rekindle::entropy::SystemEntropy;
use rekindle_server::accounts::WebhookAccounts;
use rekindle_server::config::{PublicUrl, Secret};
use rekindle_server::webhook::Webhook;
use serde_json::{Value, json};

use crate::support::{Node, World};

on_every_store!(
    an_application_says_who_its_users_are,
    requests_are_signed,
    whatever_goes_wrong_on_the_way_ends_nothing,
    a_webhook_that_hangs_holds_up_nobody_else,
    a_flood_of_logins_holds_up_no_refresh,
);

const SECRET: &str = "an application and its server know this";

/// What the application answers to `/verify` and to `/state`.
#[derive(Clone)]
enum Say {
    Json(Value),
    Status(StatusCode),
    Text(String),
    Nothing,
}

/// Path, headers and body of a request.
type Heard = (String, HeaderMap, Bytes);

#[derive(Clone)]
struct App {
    verify: Arc<Mutex<Say>>,
    state: Arc<Mutex<Say>>,
    heard: Arc<Mutex<Vec<Heard>>>,
    /// How many questions are left hanging, at most so far and now.
    hanging: Arc<Mutex<(usize, usize)>>,
    address: SocketAddr,
}

impl App {
    async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let app = Self {
            verify: Arc::new(Mutex::new(Say::Json(
                json!({"verdict": "verified", "subject": "42", "claims": {"role": "buyer"}, "credential_version": 7}),
            ))),
            state: Arc::new(Mutex::new(Say::Json(
                json!({"state": "active", "claims": {"role": "buyer"}, "credential_version": 7}),
            ))),
            heard: Arc::default(),
            hanging: Arc::default(),
            address: listener.local_addr().unwrap(),
        };
        let router = Router::new().fallback(answer).with_state(app.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        app
    }

    fn verify(&self, say: Say) {
        *self.verify.lock().unwrap() = say;
    }

    fn state(&self, say: Say) {
        *self.state.lock().unwrap() = say;
    }
}

/// Until the asker hangs up.
struct Hanging(App);

impl Hanging {
    fn new(app: &App) -> Self {
        let mut hanging = app.hanging.lock().unwrap();
        hanging.1 += 1;
        hanging.0 = hanging.0.max(hanging.1);
        Self(app.clone())
    }
}

impl Drop for Hanging {
    fn drop(&mut self) {
        self.0.hanging.lock().unwrap().1 -= 1;
    }
}

async fn answer(State(app): State<App>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    app.heard.lock().unwrap().push((uri.path().to_owned(), headers, body));
    let say = match uri.path() {
        "/users/verify" => app.verify.lock().unwrap().clone(),
        "/users/state" => app.state.lock().unwrap().clone(),
        _ => Say::Status(StatusCode::NOT_FOUND),
    };
    match say {
        Say::Json(json) => json.to_string().into_response(),
        Say::Status(status) if status.is_redirection() => {
            (status, [("location", "/users/elsewhere")]).into_response()
        }
        Say::Status(status) => status.into_response(),
        Say::Text(text) => text.into_response(),
        Say::Nothing => {
            let _hanging = Hanging::new(&app);
            std::future::pending().await
        }
    }
}

async fn node(world: &World, app: &App) -> Node {
    node_with_patience(world, app, Duration::from_millis(300)).await
}

async fn node_with_patience(world: &World, app: &App, timeout: Duration) -> Node {
    let url: PublicUrl = format!("http://{}/users", app.address).parse().unwrap();
    let secret: Secret = SECRET.parse().unwrap();
    let webhook = Webhook::new(&url, &secret, timeout, world.clock.clone(), Arc::new(SystemEntropy)).unwrap();
    world.node_with(world.clock.clone(), Arc::new(WebhookAccounts::new(webhook))).await
}

async fn an_application_says_who_its_users_are(world: World) {
    let app = App::start().await;
    let node = node(&world, &app).await;
    let login = node.login().await;
    let session = node.signed_in("GET", "/v1/session", &login.access).await.json();
    assert_eq!((&session["subject"], &session["claims"]), (&json!("42"), &json!({"role": "buyer"})));
    // Asked once for each refresh that writes; a replay asks nobody.
    let asked = |path: &str| app.heard.lock().unwrap().iter().filter(|(heard, ..)| heard == path).count();
    let before = asked("/users/state");
    app.state(Say::Json(json!({"state": "active", "claims": {"role": "seller"}})));
    world.clock.advance(60);
    let next = node.refresh(&login.refresh).await;
    assert_eq!(node.refresh(&login.refresh).await, next);
    assert_eq!(asked("/users/state") - before, 1);
    let session = node.signed_in("GET", "/v1/session", &next.access).await.json();
    assert_eq!(session["claims"]["role"], "seller");

    app.verify(Say::Json(json!({"verdict": "denied"})));
    assert_eq!(node.try_login("eve", "x").await.outcome(), "401 invalid_credentials");
    for (state, reason) in [("disabled", "user_disabled"), ("gone", "user_disabled")] {
        app.verify(Say::Json(json!({"verdict": "verified", "subject": "43"})));
        app.state(Say::Json(json!({"state": "active"})));
        let login = node.login().await;
        app.state(Say::Json(json!({"state": state})));
        world.clock.advance(60);
        assert_eq!(node.try_refresh(&login.refresh).await.outcome(), format!("401 session_ended {reason}"));
        assert_eq!(node.try_login("ada", "x").await.outcome(), "401 invalid_credentials", "{state}");
    }
    // A password that changed between the check and the session.
    app.verify(Say::Json(json!({"verdict": "verified", "subject": "44", "credential_version": 1})));
    app.state(Say::Json(json!({"state": "active", "credential_version": 2})));
    assert_eq!(node.try_login("ada", "x").await.outcome(), "401 invalid_credentials");
}

async fn requests_are_signed(world: World) {
    let app = App::start().await;
    let node = node(&world, &app).await;
    node.login().await;
    let heard = app.heard.lock().unwrap().clone();
    assert_eq!(heard.len(), 2, "whether the password is right, and whether it still is");
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, SECRET.as_bytes());
    let mut ids = std::collections::BTreeSet::new();
    for (_, headers, body) in &heard {
        let header = |name: &str| headers[name].to_str().unwrap();
        assert_eq!(header("webhook-timestamp"), "1800000000");
        assert_eq!(header("content-type"), "application/json");
        let signed = [header("webhook-id").as_bytes(), b".1800000000.", body].concat();
        let signature = header("webhook-signature").strip_prefix("v1,").unwrap();
        let signature = base64::engine::general_purpose::STANDARD.decode(signature).unwrap();
        aws_lc_rs::hmac::verify(&key, &signed, &signature).unwrap();
        ids.insert(header("webhook-id").to_owned());
    }
    assert_eq!(ids.len(), 2);
    let question: Value = serde_json::from_slice(&heard[0].2).unwrap();
    assert_eq!(question, json!({"username": "ada", "password": "correct horse"}));
}

async fn whatever_goes_wrong_on_the_way_ends_nothing(world: World) {
    let app = App::start().await;
    let node = node(&world, &app).await;
    let login = node.login().await;
    world.clock.advance(60);
    let row = world.row(&login).await;
    let fine = app.state.lock().unwrap().clone();
    let wrongs = [
        Say::Status(StatusCode::INTERNAL_SERVER_ERROR),
        Say::Status(StatusCode::NOT_FOUND),
        Say::Status(StatusCode::UNAUTHORIZED),
        Say::Status(StatusCode::FOUND),
        Say::Status(StatusCode::NO_CONTENT),
        Say::Text("<html>captive portal</html>".to_owned()),
        Say::Text("{".to_owned()),
        Say::Text(" ".repeat(100_000)),
        Say::Json(json!({})),
        Say::Json(json!({"state": "deleted"})),
        Say::Json(json!({"state": "active", "claims": "role"})),
        Say::Json(json!({"state": "active", "claims": {"sub": "eve"}})),
        Say::Json(json!({"state": "active", "clams": {}})),
        Say::Json(json!({"verdict": "denied"})),
        Say::Nothing,
    ];
    for (nth, wrong) in wrongs.into_iter().enumerate() {
        app.state(wrong.clone());
        let answer = node.try_refresh(&login.refresh).await;
        assert_eq!(answer.outcome(), "503 unavailable", "{nth}");
        assert!(answer.header("retry-after").is_some());
        assert_eq!(world.row(&login).await, row, "{nth}");
        let answer = node.try_login("ada", "correct horse").await;
        assert_eq!(answer.outcome(), "503 unavailable", "{nth}");
    }
    app.state(fine);
    for wrong in [
        Say::Json(json!({"verdict": "verified"})),
        Say::Json(json!({"verdict": "verified", "subject": ""})),
        Say::Nothing,
    ] {
        app.verify(wrong);
        assert_eq!(node.try_login("ada", "correct horse").await.outcome(), "503 unavailable");
    }
    // Signing out asks nobody.
    assert_eq!(node.try_refresh(&login.refresh).await.status, 200);
    app.state(Say::Nothing);
    assert_eq!(node.logout(&login.refresh).await.status, 204);
}

/// Each refresh that waits for it is told to come back in time; calls and replays do not notice.
async fn a_webhook_that_hangs_holds_up_nobody_else(world: World) {
    let app = App::start().await;
    let node = Arc::new(node(&world, &app).await);
    let (stuck, other) = (node.login().await, node.login().await);
    world.clock.advance(3);
    let other = node.refresh(&other.refresh).await;
    world.clock.advance(1);
    app.state(Say::Nothing);
    let herd: Vec<_> = (0..150)
        .map(|_| {
            let (node, token) = (node.clone(), stuck.refresh.clone());
            tokio::spawn(async move { node.try_refresh(&token).await.status })
        })
        .collect();
    for _ in 0..20 {
        assert_eq!(node.signed_in("GET", "/v1/session", &other.access).await.status, 200);
    }
    for refresh in herd {
        assert_eq!(refresh.await.unwrap(), 503);
    }
    let most = app.hanging.lock().unwrap().0;
    // Some of those that have given up are still closing.
    assert!((1..=2 * 64).contains(&most), "{most} requests for one hanging application");
}

/// Anybody may try to log in, from as many addresses as they have; whoever is signed in refreshes meanwhile.
async fn a_flood_of_logins_holds_up_no_refresh(world: World) {
    let app = App::start().await;
    let node = Arc::new(node_with_patience(&world, &app, Duration::from_secs(5)).await);
    let login = node.login().await;
    world.clock.advance(60);
    app.verify(Say::Nothing);
    let mut herd = tokio::task::JoinSet::new();
    for _ in 0..150 {
        let node = node.clone();
        herd.spawn(async move { node.try_login("eve", "x").await });
    }
    let waiting = "rekindle_http_requests_in_flight 150\n";
    while !node.monitoring.metrics.render().contains(waiting) {
        tokio::task::yield_now().await;
    }
    assert_eq!(node.try_refresh(&login.refresh).await.status, 200);
    assert!(node.monitoring.metrics.render().contains(waiting), "before one of them was answered");
}
