//! The package's middlewares, asked by a proxy before each request: `jwt.auth`, `jwt.renew` and `jwt.refresh`.
//!
//! The package gives another token to each request, and retires the one before it: of two requests at once one is refused. Here
//! all of them get one and the same, when half of `ttl` is over, and the old one lives to its own end.

use std::time::Duration;

use axum::extract;
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use rekindle::core::{Timestamp, Verdict, verdict};
use rekindle::engine::Tokens;
use rekindle::error::{Ended, Failure};

use super::input::in_header;
use super::views::{Shared, State, refused, unauthorized};
use crate::api::{Code, Original, Problem, identity};
use crate::dialect::jwt::Signed;
use crate::dialect::refusal::Refusal;

/// How long the renewal of a token that is still good may take.
const PATIENCE: Duration = Duration::from_millis(25);

/// Which of the package's.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Middleware {
    /// `jwt.auth`: `Authenticate`.
    Authenticate,
    /// `jwt.renew`: `AuthenticateAndRenew`.
    Renew,
    /// `jwt.refresh`: `RefreshToken`, which takes a token that has expired, too.
    Refresh,
}

pub(super) async fn authenticate(extract::State(state): Shared, headers: HeaderMap) -> Response {
    state.pass(Middleware::Authenticate, headers).await.unwrap_or_else(Refusal::into_response)
}

pub(super) async fn renew(extract::State(state): Shared, headers: HeaderMap) -> Response {
    state.pass(Middleware::Renew, headers).await.unwrap_or_else(Refusal::into_response)
}

pub(super) async fn refresh(extract::State(state): Shared, headers: HeaderMap) -> Response {
    state.pass(Middleware::Refresh, headers).await.unwrap_or_else(Refusal::into_response)
}

/// What is to be done about a token whose session lives.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    Good,
    /// Its claims have changed since.
    Outdated,
    /// It was exchanged, and so was its successor: it gives nothing any more.
    Exchanged,
}

impl State {
    async fn pass(&self, middleware: Middleware, headers: HeaderMap) -> Result<Response, Refusal> {
        let now = self.app.clock.now();
        let token = in_header(&headers).or_else(|| Original::of(&headers).in_query("token"));
        let missing = || unauthorized(&Problem::new(Code::TokenMissing), "Token not provided");
        let read = self.tokens.read(&token.ok_or_else(missing)?, now);
        let signed = read.map_err(|why| unauthorized(&Problem::new(Code::TokenInvalid), why))?;
        let leeway = self.settings.leeway.0;
        let end = signed.date("exp").ok().flatten().unwrap_or(Timestamp::ZERO);
        let expired = now >= end + leeway;
        let over = || unauthorized(&Problem::new(Code::TokenExpired), "Token has expired");
        if expired && middleware != Middleware::Refresh {
            return Err(over());
        }
        let standing = match self.standing(&signed, now).await {
            // Nobody can say now: as long as the token lives, it is good.
            Err(Failure::Unavailable(_)) if !expired => Standing::Good,
            standing => standing.map_err(|failure| refused(&failure.into()))?,
        };
        let renews = middleware != Middleware::Authenticate && standing != Standing::Exchanged;
        let due = end.since(now) <= self.sessions.engine.policy().renewal_threshold;
        let renewed = if renews && (expired || standing == Standing::Outdated) {
            let tokens = self.renewed(&signed, &headers).await;
            Some(tokens.map_err(|problem| refused(&problem))?)
        } else if renews && due {
            // What fails is tried again by the next request: this one goes on with the token it has.
            let tokens = tokio::time::timeout(PATIENCE, self.renewed(&signed, &headers)).await;
            tokens.ok().and_then(Result::ok)
        } else if expired || standing == Standing::Outdated {
            return Err(over());
        } else {
            None
        };
        self.let_in(&signed, renewed)
    }

    /// How the row says that the token stands.
    async fn standing(&self, signed: &Signed, now: Timestamp) -> Result<Standing, Failure> {
        // One of the package's own: nothing is known of it, but its end.
        let Some((id, generation)) = signed.place() else { return Ok(Standing::Good) };
        let session = self.sessions.engine.session(id).await?;
        let session = session.filter(|session| session.client_id == super::NAME);
        let session = session.ok_or(Failure::SessionEnded(Ended::Unknown))?;
        let made = signed.date("nbf").ok().flatten().unwrap_or(Timestamp::ZERO);
        let line = session.lineage;
        match verdict(&session, generation, made, now) {
            Verdict::Ended(status) => Err(status.into()),
            Verdict::Outdated => Ok(Standing::Outdated),
            Verdict::Live if generation == line.confirmed || line.is_candidate(generation) => Ok(Standing::Good),
            Verdict::Live => Ok(Standing::Exchanged),
        }
    }

    async fn renewed(&self, signed: &Signed, headers: &HeaderMap) -> Result<Tokens, Problem> {
        self.sessions.renew(&self.app, signed, || self.tokens.refreshable(signed, headers).theirs).await
    }

    fn let_in(&self, signed: &Signed, renewed: Option<Tokens>) -> Result<Response, Refusal> {
        let wanted = &self.app.forward_auth.identity;
        let newest = renewed.as_ref().and_then(|tokens| self.tokens.read(&tokens.access_token, Timestamp::ZERO).ok());
        let identity = identity(|claim| newest.as_ref().unwrap_or(signed).read(claim), wanted);
        let identity = identity.map_err(|problem| refused(&problem))?;
        let mut response = (StatusCode::NO_CONTENT, identity).into_response();
        let headers = response.headers_mut();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        let renewed = renewed.filter(|tokens| tokens.access_token != signed.token);
        if let Some(Ok(value)) = renewed.map(|tokens| format!("Bearer {}", tokens.access_token).parse()) {
            headers.insert(AUTHORIZATION, value);
        }
        Ok(response)
    }
}
