//! The package's views: `views.py` and `serializers.py`, answer by answer.

use axum::extract::{self, Request};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use rekindle::core::Status;
use rekindle::error::{Ended, Failure};
use serde::Serialize;

use super::settings::{Settings, Views};
use super::tokens::{Kind, Tokens, Why};
use crate::api::{Asked, Code, Problem};
use crate::dialect::request::Client;
use crate::dialect::state;
use crate::dialect::jwt::Signed;
use crate::dialect::refusal::{Refusal, success};
use crate::dialect::rest_framework::{CHALLENGE, Detail, FieldErrors, Fields, NonField, transient};
use crate::rates::ClientAddress;

pub(super) type State = state::State<Settings, Tokens>;
type Shared = state::Shared<Settings, Tokens>;

#[derive(Serialize)]
struct Pair {
    #[serde(skip_serializing_if = "String::is_empty")]
    refresh: String,
    access: String,
}

#[derive(Serialize)]
struct Refreshed {
    access: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    refresh: String,
}

#[derive(Serialize)]
struct Sliding {
    token: String,
}

#[derive(Serialize)]
struct Nothing {}

/// `TokenObtainPairView`, `TokenObtainSlidingView`.
pub(super) async fn obtain(
    extract::State(state): Shared,
    Client(client): Client,
    request: Request,
) -> Response {
    match state.obtain(client, request).await {
        Ok(response) => response,
        Err(refusal) => refusal.asked(Asked::Login).into_response(),
    }
}

/// `TokenRefreshView`.
pub(super) async fn refresh(
    extract::State(state): Shared,
    Client(client): Client,
    request: Request,
) -> Response {
    match state.refresh(client, request).await {
        Ok(response) => response,
        Err(refusal) => refusal.asked(Asked::Refresh).into_response(),
    }
}

/// `TokenRefreshSlidingView`.
pub(super) async fn slide(
    extract::State(state): Shared,
    Client(client): Client,
    request: Request,
) -> Response {
    match state.slide(client, request).await {
        Ok(response) => response,
        Err(refusal) => refusal.asked(Asked::Refresh).into_response(),
    }
}

/// `TokenVerifyView`.
pub(super) async fn verify(extract::State(state): Shared, request: Request) -> Result<Response, Refusal> {
    state.verify(request).await
}

/// `TokenBlacklistView`.
pub(super) async fn blacklist(extract::State(state): Shared, request: Request) -> Result<Response, Refusal> {
    state.blacklist(request).await
}

impl State {
    async fn obtain(&self, client: ClientAddress, request: Request) -> Result<Response, Refusal> {
        let headers = request.headers().clone();
        let fields = Fields::of(&headers, request).await?;
        let mut errors = FieldErrors::default();
        let name = self.settings.username_field.as_str();
        let username = errors.take(name, fields.char(name));
        let password = errors.take("password", fields.char("password"));
        errors.refuse()?;

        let opened = self.log_in(&username, password.into(), client, &headers, |claims| claims).await;
        let tokens = opened.map_err(refused)?;
        Ok(match self.settings.views {
            Views::Pair => {
                let pair = Pair { refresh: tokens.refresh_token, access: tokens.access_token };
                success(StatusCode::OK, &pair, Some(Asked::Login))
            }
            Views::Sliding => {
                success(StatusCode::OK, &Sliding { token: tokens.access_token }, Some(Asked::Login))
            }
        })
    }

    async fn refresh(&self, client: ClientAddress, request: Request) -> Result<Response, Refusal> {
        self.app.rates.refresh(client).map_err(|error| refused(error.into()))?;
        let headers = request.headers().clone();
        let token = one_field("refresh", &headers, request).await?;
        let signed = self.tokens.read(&token, Kind::Refresh, self.app.clock.now()).map_err(not_valid)?;
        let refreshable = self.tokens.refreshable(signed, &headers);
        let tokens = self.sessions.exchange(&self.app, refreshable).await.map_err(refused)?;
        // Without rotation the client keeps the one it has.
        let refresh =
            if self.settings.ROTATE_REFRESH_TOKENS { tokens.refresh_token } else { String::new() };
        Ok(success(StatusCode::OK, &Refreshed { access: tokens.access_token, refresh }, Some(Asked::Refresh)))
    }

    async fn slide(&self, client: ClientAddress, request: Request) -> Result<Response, Refusal> {
        self.app.rates.refresh(client).map_err(|error| refused(error.into()))?;
        let headers = request.headers().clone();
        let token = one_field("token", &headers, request).await?;
        let now = self.app.clock.now();
        let signed = self.tokens.read(&token, Kind::Sliding, now).map_err(not_valid)?;
        let end = self.tokens.refresh_exp(&signed);
        let end = end.ok_or_else(|| not_valid("Token has no 'refresh_exp' claim"))?;
        if now >= end {
            return Err(not_valid("Token 'refresh_exp' claim has expired"));
        }
        let theirs = || self.tokens.adopt_sliding(&signed, &headers);
        let tokens = self.sessions.renew(&self.app, signed.place(), theirs).await.map_err(refused)?;
        Ok(success(StatusCode::OK, &Sliding { token: tokens.access_token }, Some(Asked::Refresh)))
    }

    async fn verify(&self, request: Request) -> Result<Response, Refusal> {
        let headers = request.headers().clone();
        let token = one_field("token", &headers, request).await?;
        let signed = self.tokens.read(&token, Kind::Any, self.app.clock.now()).map_err(not_valid)?;
        match self.lives(&signed).await {
            Ok(()) => Ok(success(StatusCode::OK, &Nothing {}, None)),
            Err(problem) if problem.code() == Code::SessionEnded => {
                let body = NonField { non_field_errors: ["Token is blacklisted"] };
                Err(Refusal::of(&problem, StatusCode::BAD_REQUEST, &body))
            }
            Err(problem) => Err(refused(problem)),
        }
    }

    /// A token outlives its session, and whoever asks whether it is valid wants to know.
    async fn lives(&self, signed: &Signed) -> Result<(), Problem> {
        let Some((session, generation)) = signed.place() else { return Ok(()) };
        let Some(session) = self.sessions.engine.session(session).await? else { return Ok(()) };
        if session.status != Status::Active {
            return Err(Failure::from(session.status).into());
        }
        let line = session.lineage;
        let replaced = generation < line.latest && generation != line.confirmed && !line.is_candidate(generation);
        if self.settings.BLACKLIST_AFTER_ROTATION && self.tokens.is_refresh(signed) && replaced {
            return Err(Failure::SessionEnded(Ended::Unknown).into());
        }
        Ok(())
    }

    async fn blacklist(&self, request: Request) -> Result<Response, Refusal> {
        let headers = request.headers().clone();
        let token = one_field("refresh", &headers, request).await?;
        let signed = self.tokens.read(&token, Kind::Refresh, self.app.clock.now()).map_err(not_valid)?;
        self.sessions.end(self.tokens.refreshable(signed, &headers)).await.map_err(refused)?;
        Ok(success(StatusCode::OK, &Nothing {}, None))
    }
}

async fn one_field(
    name: &str,
    headers: &axum::http::HeaderMap,
    request: Request,
) -> Result<String, Refusal> {
    let fields = Fields::of(headers, request).await?;
    let mut errors = FieldErrors::default();
    let value = errors.take(name, fields.char(name));
    errors.refuse()?;
    Ok(value)
}

fn not_valid(why: Why) -> Refusal {
    let problem = Problem::from(Failure::SessionEnded(Ended::Unknown));
    let body = Detail { detail: why, code: Some("token_not_valid") };
    Refusal::of(&problem, StatusCode::UNAUTHORIZED, &body).challenge(CHALLENGE)
}

/// What the package says of it.
fn refused(problem: Problem) -> Refusal {
    if let Some(refusal) = transient(&problem) {
        return refusal;
    }
    let body = match (problem.code(), problem.reason()) {
        (Code::InvalidCredentials, _) => Detail::of("No active account found with the given credentials"),
        (_, Some("user_disabled")) => Detail::of("No active account found for the given token."),
        (_, Some("unknown")) => Detail { detail: "Token is invalid", code: Some("token_not_valid") },
        (_, Some("expired_idle" | "expired_absolute")) => {
            Detail { detail: "Token is expired", code: Some("token_not_valid") }
        }
        _ => Detail { detail: "Token is blacklisted", code: Some("token_not_valid") },
    };
    Refusal::of(&problem, StatusCode::UNAUTHORIZED, &body).challenge(CHALLENGE)
}
