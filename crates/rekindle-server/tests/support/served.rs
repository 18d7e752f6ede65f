//! A server in this process, on a port of its own, with a handler for each thing a handler can do.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use rekindle_server::config::Limits;
use rekindle_server::serve::{Listener, Stopped, Traffic, serve_counting};
use rustls::ServerConfig;
use tokio::net::TcpListener;
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;

pub struct Served {
    pub address: SocketAddr,
    pub stop: oneshot::Sender<()>,
    pub stopped: JoinHandle<Stopped>,
    /// Rings when the handler of `/slow` has begun.
    pub begun: Arc<Notify>,
    /// Lets it finish.
    pub finish: Arc<Notify>,
}

impl Served {
    pub async fn start(limits: Limits, tls: Option<Arc<ServerConfig>>, traffic: Traffic) -> Self {
        let (begun, finish) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (begins, finishes) = (Arc::clone(&begun), Arc::clone(&finish));
        let slow = move || async move {
            begins.notify_one();
            finishes.notified().await;
            "finished"
        };
        let router = Router::new()
            .route("/", get(|| async { "hello" }))
            .route("/echo", post(|body: String| async { body }))
            .route("/large", get(|| async { "x".repeat(200_000) }))
            .route("/panic", get(|| async { panic!("a defect") as &str }))
            .route("/slow", get(slow));
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let (stop, stopping) = oneshot::channel();
        let stopping = async {
            let _ = stopping.await;
        };
        let listener = Listener::new(socket, tls);
        let stopped = tokio::spawn(serve_counting(listener, router, limits, traffic, stopping));
        Self { address, stop, stopped, begun, finish }
    }
}
