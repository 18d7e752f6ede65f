//! The controller of the package's guide, answer by answer.

use std::sync::Arc;

use axum::extract::{self, Request};
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use http_body_util::BodyExt as _;
use rekindle::core::Seconds;
use rekindle::engine::{Login, Tokens};
use serde::Serialize;
use serde_json::Value;

use super::NAME;
use super::settings::Settings;
use super::tokens;
use crate::api::{Asked, Code, Problem, device};
use crate::app::AppState;
use crate::dialect::adopted::Sessions;
use crate::dialect::client::{self, Client};
use crate::dialect::jwt::Signed;
use crate::dialect::refusal::{Refusal, success};
use crate::rates::ClientAddress;
use crate::sign_in;

/// What the package's 401 carry.
const CHALLENGE: &str = "jwt-auth";

/// What the endpoints stand on.
pub(super) struct State {
    pub(super) app: AppState,
    pub(super) sessions: Sessions,
    pub(super) tokens: Arc<tokens::Tokens>,
    pub(super) settings: Settings,
}

impl client::Views for State {
    fn app(&self) -> &AppState {
        &self.app
    }
}

type Shared = extract::State<Arc<State>>;

#[derive(Serialize)]
struct Answer {
    access_token: String,
    token_type: &'static str,
    expires_in: u64,
}

#[derive(Serialize)]
struct Message<'a> {
    message: &'a str,
}

#[derive(Serialize)]
struct Error<'a> {
    error: &'a str,
}

/// A request whose body is read.
struct Whole {
    headers: HeaderMap,
    query: String,
    body: Value,
}

impl Whole {
    /// JSON or a form, as Laravel takes both for the same.
    async fn of(request: Request) -> Self {
        let (head, body) = request.into_parts();
        let bytes = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
        let form = || {
            let pairs: Vec<(String, String)> = serde_urlencoded::from_bytes(&bytes).unwrap_or_default();
            Value::Object(pairs.into_iter().map(|(name, value)| (name, Value::String(value))).collect())
        };
        let body = serde_json::from_slice(&bytes).unwrap_or_else(|_| form());
        Self { headers: head.headers, query: head.uri.query().unwrap_or_default().to_owned(), body }
    }

    fn text(&self, name: &str) -> String {
        self.body[name].as_str().unwrap_or_default().to_owned()
    }

    /// The package's order: header, address, body.
    fn token(&self) -> Option<String> {
        let query: Vec<(String, String)> = serde_urlencoded::from_str(&self.query).unwrap_or_default();
        let in_query = || query.into_iter().find(|(name, _)| name == "token").map(|(_, value)| value);
        in_header(&self.headers).or_else(in_query).or_else(|| Some(self.text("token"))).filter(|token| !token.is_empty())
    }
}

/// What stands after the last `bearer`, in whatever case, up to a comma.
fn in_header(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let at = value.to_ascii_lowercase().rfind("bearer")?;
    let rest = value[at + "bearer".len()..].split(',').next().unwrap_or_default().trim();
    (!rest.is_empty()).then(|| rest.to_owned())
}

pub(super) async fn login(extract::State(state): Shared, Client(client): Client, request: Request) -> Response {
    let answer = state.login(client, Whole::of(request).await).await;
    answer.unwrap_or_else(|refusal| refusal.asked(Asked::Login).into_response())
}

pub(super) async fn refresh(extract::State(state): Shared, Client(client): Client, request: Request) -> Response {
    let answer = state.refresh(client, Whole::of(request).await).await;
    answer.unwrap_or_else(|refusal| refusal.asked(Asked::Refresh).into_response())
}

pub(super) async fn logout(extract::State(state): Shared, request: Request) -> Response {
    state.logout(Whole::of(request).await).await.unwrap_or_else(Refusal::into_response)
}

pub(super) async fn method_not_allowed(method: Method) -> Response {
    if method == Method::OPTIONS {
        return StatusCode::NO_CONTENT.into_response();
    }
    let message = "The method is not supported for this route. Supported methods: POST.";
    Refusal::invalid(StatusCode::METHOD_NOT_ALLOWED, &Message { message }).into_response()
}

impl State {
    async fn login(&self, client: ClientAddress, request: Whole) -> Result<Response, Refusal> {
        let (username, password) = (request.text(&self.settings.username_field), request.text("password"));
        if username.is_empty() || password.is_empty() {
            return Err(refused(&Problem::new(Code::InvalidCredentials)));
        }
        let account = sign_in::check(&self.app, &username, password.into(), client).await;
        let account = account.map_err(|problem| refused(&problem))?;
        let login = Login {
            client_id: NAME.to_owned(),
            claims: account.claims,
            device: device(None, &request.headers),
            ..Login::new(account.subject)
        };
        let opened = sign_in::open(&self.app, &self.sessions.engine, login, account.credential_version).await;
        let tokens = opened.map_err(|problem| refused(&problem))?;
        Ok(self.answer(tokens, Asked::Login))
    }

    async fn refresh(&self, client: ClientAddress, request: Whole) -> Result<Response, Refusal> {
        self.app.rates.refresh(client).map_err(|error| refused(&error.into()))?;
        let signed = self.presented(&request)?;
        let refreshable = self.tokens.refreshable(&signed, &request.headers);
        let tokens = self.sessions.exchange(&self.app, refreshable).await;
        Ok(self.answer(tokens.map_err(|problem| refused(&problem))?, Asked::Refresh))
    }

    async fn logout(&self, request: Whole) -> Result<Response, Refusal> {
        let signed = self.presented(&request)?;
        let ended = self.sessions.end(self.tokens.refreshable(&signed, &request.headers)).await;
        ended.map_err(|problem| refused(&problem))?;
        Ok(success(StatusCode::OK, &Message { message: "Successfully logged out" }, None))
    }

    fn presented(&self, request: &Whole) -> Result<Signed, Refusal> {
        let token = request.token().ok_or_else(|| {
            unauthorized(&Problem::new(Code::TokenMissing), "Token not provided")
        })?;
        let read = self.tokens.read(&token, self.app.clock.now());
        read.map_err(|why| unauthorized(&Problem::new(Code::TokenInvalid), why))
    }

    /// The guide answers `ttl`. A token that was made some minutes ago has less left.
    fn answer(&self, tokens: Tokens, asked: Asked) -> Response {
        let Seconds(expires_in) = tokens.access_expires.since(self.app.clock.now());
        let access_token = tokens.access_token;
        success(StatusCode::OK, &Answer { access_token, token_type: "bearer", expires_in }, Some(asked))
    }
}

fn unauthorized(problem: &Problem, message: &str) -> Refusal {
    Refusal::of(problem, StatusCode::UNAUTHORIZED, &Message { message }).challenge(CHALLENGE)
}

/// What the package, or Laravel around it, says of what the engine says.
fn refused(problem: &Problem) -> Refusal {
    let wait = problem.retry_after().unwrap_or(Seconds(1));
    match (problem.code(), problem.reason()) {
        (Code::InvalidCredentials, _) => {
            Refusal::of(problem, StatusCode::UNAUTHORIZED, &Error { error: "Unauthorized" })
        }
        (Code::SessionEnded, Some("expired_idle" | "expired_absolute")) => {
            unauthorized(problem, "Token has expired and can no longer be refreshed")
        }
        (Code::SessionEnded, Some("user_disabled")) => unauthorized(problem, "User not found"),
        (Code::SessionEnded, _) => unauthorized(problem, "The token has been blacklisted"),
        (Code::RateLimited, _) => {
            let message = Message { message: "Too Many Attempts." };
            Refusal::of(problem, StatusCode::TOO_MANY_REQUESTS, &message).retry_after(wait)
        }
        // No client logs out for a 503.
        (Code::Superseded | Code::Unavailable, _) => {
            let message = Message { message: "Service Unavailable" };
            Refusal::of(problem, StatusCode::SERVICE_UNAVAILABLE, &message).retry_after(wait)
        }
        _ => Refusal::of(problem, problem.status(), &Message { message: "The request was refused" }),
    }
}
