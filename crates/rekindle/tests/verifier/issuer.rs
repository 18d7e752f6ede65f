//! A real HTTP server that publishes keys.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use rekindle::token::SigningKey;
use tokio::sync::Semaphore;

use super::world::published;

/// It answers what it was last told to answer, and counts who asks.
#[derive(Clone)]
pub struct Issuer(Arc<State>);

struct State {
    address: String,
    answer: Mutex<(StatusCode, String)>,
    asked: AtomicUsize,
    gate: Semaphore,
}

const ALWAYS: usize = Semaphore::MAX_PERMITS;

impl Issuer {
    pub async fn publishing(keys: &[&SigningKey]) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = Self(Arc::new(State {
            address: format!("http://{}", listener.local_addr().unwrap()),
            answer: Mutex::new((StatusCode::OK, published(keys))),
            asked: AtomicUsize::new(0),
            gate: Semaphore::new(ALWAYS),
        }));
        let serving = issuer.clone();
        let keys = get(async move || serving.answer().await);
        let elsewhere = get(async || (StatusCode::FOUND, [("location", "/jwks.json")]));
        let router = Router::new().route("/jwks.json", keys).route("/moved.json", elsewhere);
        tokio::spawn(async move { axum::serve(listener, router).await });
        issuer
    }

    async fn answer(&self) -> Response {
        self.0.asked.fetch_add(1, Ordering::SeqCst);
        let _open = self.0.gate.acquire().await.unwrap();
        self.0.answer.lock().unwrap().clone().into_response()
    }

    pub fn url(&self) -> String {
        format!("{}/jwks.json", self.0.address)
    }

    pub fn moved_url(&self) -> String {
        format!("{}/moved.json", self.0.address)
    }

    pub fn publish(&self, keys: &[&SigningKey]) {
        self.answers(StatusCode::OK, &published(keys));
    }

    pub fn answers(&self, status: StatusCode, body: &str) {
        *self.0.answer.lock().unwrap() = (status, body.to_owned());
    }

    /// From now on it answers nobody, until it is opened.
    pub fn close(&self) {
        self.0.gate.forget_permits(ALWAYS);
    }

    pub fn open(&self) {
        self.0.gate.add_permits(ALWAYS);
    }

    /// How often it was asked.
    pub fn asked(&self) -> usize {
        self.0.asked.load(Ordering::SeqCst)
    }
}
