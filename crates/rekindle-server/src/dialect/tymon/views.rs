//! The controller of the package's guide, answer by answer.

use axum::extract;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use rekindle::core::Seconds;
use rekindle::engine::Tokens;
use serde::Serialize;

use super::input::Input;
use super::settings::Settings;
use super::tokens;
use crate::api::{Asked, Code, Problem};
use crate::dialect::request::{Client, Whole};
use crate::dialect::state;
use crate::dialect::jwt::Signed;
use crate::dialect::refusal::{Refusal, success};
use crate::rates::ClientAddress;

/// What the package's 401 carry.
const CHALLENGE: &str = "jwt-auth";

pub(super) type State = state::State<Settings, tokens::Tokens>;
pub(super) type Shared = state::Shared<Settings, tokens::Tokens>;

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

pub(super) async fn login(extract::State(state): Shared, Client(client): Client, request: Whole) -> Response {
    let answer = state.login(client, Input::of(request)).await;
    answer.unwrap_or_else(|refusal| refusal.asked(Asked::Login).into_response())
}

pub(super) async fn refresh(extract::State(state): Shared, Client(client): Client, request: Whole) -> Response {
    let answer = state.refresh(client, Input::of(request)).await;
    answer.unwrap_or_else(|refusal| refusal.asked(Asked::Refresh).into_response())
}

pub(super) async fn logout(extract::State(state): Shared, request: Whole) -> Response {
    state.logout(Input::of(request)).await.unwrap_or_else(Refusal::into_response)
}

pub(super) async fn method_not_allowed(method: Method) -> Response {
    if method == Method::OPTIONS {
        return StatusCode::NO_CONTENT.into_response();
    }
    let message = "The method is not supported for this route. Supported methods: POST.";
    Refusal::invalid(StatusCode::METHOD_NOT_ALLOWED, &Message { message }).into_response()
}

impl State {
    async fn login(&self, client: ClientAddress, request: Input) -> Result<Response, Refusal> {
        let (username, password) = (request.text(&self.settings.username_field), request.text("password"));
        if username.is_empty() || password.is_empty() {
            return Err(refused(&Problem::new(Code::InvalidCredentials)));
        }
        let opened = self.log_in(&username, password.into(), client, &request.headers, |claims| claims).await;
        let tokens = opened.map_err(|problem| refused(&problem))?;
        Ok(self.answer(tokens, Asked::Login))
    }

    async fn refresh(&self, client: ClientAddress, request: Input) -> Result<Response, Refusal> {
        self.app.rates.refresh(client).map_err(|error| refused(&error.into()))?;
        let signed = self.presented(&request)?;
        let refreshable = self.tokens.refreshable(&signed, &request.headers);
        let tokens = self.sessions.exchange(&self.app, refreshable).await;
        Ok(self.answer(tokens.map_err(|problem| refused(&problem))?, Asked::Refresh))
    }

    async fn logout(&self, request: Input) -> Result<Response, Refusal> {
        let signed = self.presented(&request)?;
        let ended = self.sessions.end(self.tokens.refreshable(&signed, &request.headers)).await;
        ended.map_err(|problem| refused(&problem))?;
        Ok(success(StatusCode::OK, &Message { message: "Successfully logged out" }, None))
    }

    fn presented(&self, request: &Input) -> Result<Signed, Refusal> {
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

pub(super) fn unauthorized(problem: &Problem, message: &str) -> Refusal {
    Refusal::of(problem, StatusCode::UNAUTHORIZED, &Message { message }).challenge(CHALLENGE)
}

/// What the package, or Laravel around it, says of what the engine says.
pub(super) fn refused(problem: &Problem) -> Refusal {
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
