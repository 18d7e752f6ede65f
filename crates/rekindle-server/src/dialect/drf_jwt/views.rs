//! The packages' views: `views.py` and `serializers.py`, answer by answer.

use axum::extract::{self, Request};
use axum::http::header::{AUTHORIZATION, SET_COOKIE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use rekindle::core::{Reason, Status};
use rekindle::error::Failure;
use serde::Serialize;

use super::settings::{Package, Settings};
use super::tokens::Tokens;
use super::words::{Wrong, refused};
use crate::api::{Asked, Problem};
use crate::dialect::request::Client;
use crate::dialect::state;
use crate::dialect::cookie::{Attributes, Stay};
use crate::dialect::jwt::Signed;
use crate::dialect::refusal::{Refusal, success};
use crate::dialect::rest_framework::{FieldErrors, Fields};
use crate::rates::ClientAddress;

pub(super) type State = state::State<Settings, Tokens>;
type Shared = state::Shared<Settings, Tokens>;

#[derive(Serialize)]
struct Token<'a> {
    /// The token's `iat`, which stands for the key of a row.
    #[serde(skip_serializing_if = "Option::is_none")]
    pk: Option<u64>,
    token: &'a str,
}

pub(super) async fn obtain(extract::State(state): Shared, Client(client): Client, request: Request) -> Response {
    let answer = state.obtain(client, request).await;
    answer.unwrap_or_else(|refusal| refusal.asked(Asked::Login).into_response())
}

pub(super) async fn refresh(extract::State(state): Shared, Client(client): Client, request: Request) -> Response {
    let answer = state.refresh(client, request).await;
    answer.unwrap_or_else(|refusal| refusal.asked(Asked::Refresh).into_response())
}

pub(super) async fn verify(extract::State(state): Shared, request: Request) -> Result<Response, Refusal> {
    state.verify(request).await
}

pub(super) async fn blacklist(extract::State(state): Shared, request: Request) -> Result<Response, Refusal> {
    state.blacklist(request).await
}

impl State {
    async fn obtain(&self, client: ClientAddress, request: Request) -> Result<Response, Refusal> {
        let headers = request.headers().clone();
        let fields = Fields::of(&headers, request).await?;
        let mut errors = FieldErrors::default();
        let name = self.settings.username_field.as_str();
        // In the order of the package's fields.
        let password = errors.take("password", fields.char("password"));
        let username = errors.take(name, fields.char(name));
        errors.refuse()?;

        let opened = self.log_in(&username, password.into(), client, &headers, |claims| self.tokens.with_username(claims, &username)).await;
        let tokens = opened.map_err(|problem| self.refused(&problem))?;
        Ok(self.answer(&tokens.access_token, Some(Asked::Login)))
    }

    async fn refresh(&self, client: ClientAddress, request: Request) -> Result<Response, Refusal> {
        self.app.rates.refresh(client).map_err(|error| self.refused(&error.into()))?;
        let headers = request.headers().clone();
        let (_, signed) = self.presented(&headers, request).await?;
        let wrong = |wrong: Wrong| wrong.refusal(self.settings.package);
        let origin = Tokens::origin(&signed).filter(|_| self.settings.allows_refresh());
        let origin = origin.ok_or_else(|| wrong(Wrong::NoOrigin))?;
        if self.app.clock.now() > origin + self.settings.JWT_REFRESH_EXPIRATION_DELTA.0 {
            return Err(wrong(Wrong::RefreshExpired));
        }
        let theirs = || self.tokens.adopt(&signed, origin, &headers);
        let renewed = self.sessions.renew(&self.app, signed.place(), theirs).await;
        let tokens = renewed.map_err(|problem| self.refused(&problem))?;
        Ok(self.answer(&tokens.access_token, Some(Asked::Refresh)))
    }

    async fn verify(&self, request: Request) -> Result<Response, Refusal> {
        let headers = request.headers().clone();
        let (token, signed) = self.presented(&headers, request).await?;
        self.lives(&signed).await.map_err(|problem| self.refused(&problem))?;
        Ok(self.answer(&token, None))
    }

    /// A token outlives its session, and whoever asks whether it is valid wants to know.
    async fn lives(&self, signed: &Signed) -> Result<(), Problem> {
        let Some((session, _)) = signed.place() else { return Ok(()) };
        match self.sessions.engine.session(session).await? {
            Some(session) if session.status != Status::Active => Err(Failure::from(session.status).into()),
            _ => Ok(()),
        }
    }

    async fn blacklist(&self, request: Request) -> Result<Response, Refusal> {
        let headers = request.headers().clone();
        let (token, signed) = self.presented_or_own(&headers, request).await?;
        self.lives(&signed).await.map_err(|problem| self.refused(&problem))?;
        let ended = match (signed.place(), Tokens::origin(&signed)) {
            (Some((session, _)), _) => {
                self.sessions.engine.revoke(session, Reason::LoggedOut).await.map_err(Problem::from)
            }
            (None, Some(origin)) => match self.tokens.adopt(&signed, origin, &headers) {
                Some(theirs) => self.sessions.bar(Some(theirs)).await,
                None => Ok(()),
            },
            // It cannot be renewed: nothing goes on after its end.
            (None, None) => Ok(()),
        };
        ended.map_err(|problem| self.refused(&problem))?;
        Ok(success(StatusCode::CREATED, &Token { pk: None, token: &token }, None))
    }

    async fn presented(&self, headers: &HeaderMap, request: Request) -> Result<(String, Signed), Refusal> {
        let fields = Fields::of(headers, request).await?;
        self.token_of(&fields)
    }

    /// The same, or the token by which the request authenticates itself.
    async fn presented_or_own(&self, headers: &HeaderMap, request: Request) -> Result<(String, Signed), Refusal> {
        let fields = Fields::of(headers, request).await?;
        let own = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let own = own.and_then(|value| value.split_once(' ')).filter(|_| !fields.has("token"));
        match own {
            Some((_, token)) => self.token_of(&Fields::one("token", token)),
            None => self.token_of(&fields),
        }
    }

    fn token_of(&self, fields: &Fields) -> Result<(String, Signed), Refusal> {
        let mut errors = FieldErrors::default();
        let token = errors.take("token", fields.char("token"));
        errors.refuse()?;
        match self.tokens.read(&token, self.app.clock.now()) {
            Ok(signed) => Ok((token, signed)),
            Err(wrong) => Err(wrong.refusal(self.settings.package)),
        }
    }

    fn refused(&self, problem: &Problem) -> Refusal {
        refused(self.settings.package, problem)
    }

    fn answer(&self, token: &str, asked: Option<Asked>) -> Response {
        let (status, pk) = match self.settings.package {
            Package::Styria => (StatusCode::CREATED, self.tokens.issued_at(token)),
            Package::Jpadilla => (StatusCode::OK, None),
        };
        let mut response = success(status, &Token { pk, token }, asked);
        if let Some(cookie) = self.cookie(token) {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
        response
    }

    /// `JWT_AUTH_COOKIE`, if there is one.
    fn cookie(&self, token: &str) -> Option<axum::http::HeaderValue> {
        let settings = &self.settings;
        let name = settings.JWT_AUTH_COOKIE.as_ref()?;
        let attributes = Attributes {
            domain: settings.JWT_AUTH_COOKIE_DOMAIN.clone(),
            secure: settings.JWT_AUTH_COOKIE_SECURE,
            same_site: Some(settings.JWT_AUTH_COOKIE_SAMESITE),
        };
        let stay = Stay::For(settings.JWT_EXPIRATION_DELTA.0);
        attributes.set(name, token, &settings.JWT_AUTH_COOKIE_PATH, true, stay)
    }
}
