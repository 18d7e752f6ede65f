//! Refresh endpoints in this process, each wrong in one way.

use std::collections::{BTreeMap, HashSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::post;
use serde_json::Value;
use tokio::sync::{Barrier, oneshot};

/// What is in every token, so that a test sees one that is printed.
pub(super) const SECRET: &str = "a-secret";

/// How an endpoint is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    /// A used token is refused; but requests that come together all look before any has written.
    Forks,
    /// A token works once.
    SingleUse,
    /// Signing in again ends the session before it.
    OneSession,
    /// A logout is acknowledged and forgotten.
    LogoutDoesNothing,
    /// A refresh is a page, an error of the server, a redirect, JSON without a token, or never answered.
    Page,
    Fails,
    Redirects,
    NoToken,
    Hangs,
    /// The first refresh is put off by a second, and then granted.
    PutsOff,
    /// Tokens come in a cookie without flags, and junk is an error of the server.
    BareCookies,
}

/// An endpoint on a port of its own, until it is dropped.
pub(super) struct Site {
    pub(super) address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    shop: Arc<Shop>,
}

struct Shop {
    wrong: Wrong,
    books: Mutex<Books>,
    together: Mutex<BTreeMap<String, Arc<Barrier>>>,
}

#[derive(Default)]
struct Books {
    issued: usize,
    used: HashSet<String>,
    put_off: bool,
    refreshes: usize,
}

impl Site {
    pub(super) fn start(wrong: Wrong) -> Self {
        let shop = Arc::new(Shop { wrong, books: Mutex::default(), together: Mutex::default() });
        let router = Router::new()
            .route("/login", post(login))
            .route("/logout", post(logout))
            .route("/refresh", post(refresh))
            .with_state(shop.clone());
        let (bound, address) = std::sync::mpsc::channel();
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
                bound.send(listener.local_addr().unwrap()).unwrap();
                tokio::select! {
                    served = axum::serve(listener, router) => served.unwrap(),
                    _ = stopped => {}
                }
            });
        });
        Self { address: address.recv().unwrap(), stop: Some(stop), thread: Some(thread), shop }
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}/refresh", self.address)
    }

    /// How many refreshes it has been asked for.
    pub(super) fn refreshes(&self) -> usize {
        self.shop.books.lock().unwrap().refreshes
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        drop(self.stop.take());
        self.thread.take().into_iter().for_each(|thread| thread.join().unwrap());
    }
}

impl Shop {
    fn issue(&self) -> Response {
        let mut books = self.books.lock().unwrap();
        books.issued += 1;
        let token = format!("{SECRET}-{}", books.issued);
        if self.wrong == Wrong::BareCookies {
            let cookie = format!("my_refresh={token}; Path=/");
            return (
                [(header::SET_COOKIE, cookie), (header::CONTENT_TYPE, "application/json".to_owned())],
                "{}",
            )
                .into_response();
        }
        answer(StatusCode::OK, &format!(r#"{{"access_token":"{SECRET}","refresh_token":"{token}"}}"#))
    }

    /// Whether the token is one that was issued and has not been used.
    fn is_good(&self, token: &str) -> bool {
        let books = self.books.lock().unwrap();
        let number =
            token.strip_prefix(&format!("{SECRET}-")).and_then(|number| number.parse::<usize>().ok());
        number.is_some_and(|number| number <= books.issued) && !books.used.contains(token)
    }

    /// Waits until somebody else presents the same token, or for a moment.
    async fn meet(&self, token: &str) {
        let barrier = {
            let mut together = self.together.lock().unwrap();
            Arc::clone(together.entry(token.to_owned()).or_insert_with(|| Arc::new(Barrier::new(2))))
        };
        let _ = tokio::time::timeout(Duration::from_millis(100), barrier.wait()).await;
    }
}

fn answer(status: StatusCode, body: &str) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], body.to_owned()).into_response()
}

fn refused() -> Response {
    answer(StatusCode::UNAUTHORIZED, r#"{"error":"no"}"#)
}

async fn login(State(shop): State<Arc<Shop>>, body: String) -> Response {
    let body: Value = serde_json::from_str(&body).unwrap();
    if body["password"] != "right" {
        return refused();
    }
    if shop.wrong == Wrong::OneSession {
        let mut books = shop.books.lock().unwrap();
        books.used = (1..=books.issued).map(|number| format!("{SECRET}-{number}")).collect();
    }
    shop.issue()
}

async fn logout(State(shop): State<Arc<Shop>>, body: String) -> StatusCode {
    if shop.wrong != Wrong::LogoutDoesNothing {
        shop.books.lock().unwrap().used.insert(presented(&HeaderMap::new(), &body));
    }
    StatusCode::NO_CONTENT
}

async fn refresh(State(shop): State<Arc<Shop>>, headers: HeaderMap, body: String) -> Response {
    shop.books.lock().unwrap().refreshes += 1;
    match shop.wrong {
        Wrong::Page => return Html("<!doctype html><p>Welcome").into_response(),
        Wrong::Fails => return StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Wrong::Redirects => return Redirect::permanent("/refresh/?token=secret").into_response(),
        Wrong::NoToken => return answer(StatusCode::OK, r#"{"ok":true}"#),
        Wrong::Hangs => std::future::pending().await,
        Wrong::PutsOff if !std::mem::replace(&mut shop.books.lock().unwrap().put_off, true) => {
            return (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, "1")]).into_response();
        }
        _ => {}
    }
    let token = presented(&headers, &body);
    if !shop.is_good(&token) {
        let fails = shop.wrong == Wrong::BareCookies && !token.starts_with(SECRET);
        return if fails { StatusCode::INTERNAL_SERVER_ERROR.into_response() } else { refused() };
    }
    if shop.wrong == Wrong::Forks {
        shop.meet(&token).await;
        shop.books.lock().unwrap().used.insert(token);
    } else if !shop.books.lock().unwrap().used.insert(token) {
        return refused();
    }
    shop.issue()
}

/// The token of the body, or of the cookie.
fn presented(headers: &HeaderMap, body: &str) -> String {
    let body: Value = serde_json::from_str(body).unwrap_or_default();
    let cookie = headers.get(header::COOKIE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let cookie = cookie.strip_prefix("my_refresh=").unwrap_or_default();
    body["refresh_token"].as_str().unwrap_or(cookie).to_owned()
}
