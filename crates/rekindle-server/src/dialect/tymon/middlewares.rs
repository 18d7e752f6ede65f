//! The package's middlewares, asked by a proxy before each request: `jwt.auth`, `jwt.renew` and `jwt.refresh`.
//!
//! The package gives another token to each request, and retires the one before it: of two requests at once one is refused. Here
//! all of them get one and the same, when half of `ttl` is over, and the old one lives to its own end.

use axum::extract;
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use rekindle::core::{Generation, Session, Status, Timestamp, Verdict, verdict};
use rekindle::engine::Tokens;
use rekindle::error::Failure;
use rekindle::http::PATIENCE;

use super::input::in_header;
use super::views::{Shared, State, refused, unauthorized};
use crate::api::{Code, Original, Problem, identity};
use crate::dialect::jwt::Signed;
use crate::dialect::refusal::Refusal;

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

/// What is to be done about a token that is genuine.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    Good,
    /// Its claims have changed since: it is good for the next one.
    Outdated,
    /// It was exchanged, and so was its successor: it is good to its end, and gives nothing any more.
    Exchanged,
    /// It is good for nothing: exchanged and outdated, or retired by a renewal.
    Over,
}

impl State {
    async fn pass(&self, middleware: Middleware, headers: HeaderMap) -> Result<Response, Refusal> {
        let now = self.app.clock.now();
        let token = in_header(&headers).or_else(|| Original::of(&headers).in_query("token"));
        let missing = || unauthorized(&Problem::new(Code::TokenMissing), "Token not provided");
        let read = self.tokens.read(&token.ok_or_else(missing)?, now);
        let signed = read.map_err(|why| unauthorized(&Problem::new(Code::TokenInvalid), why))?;
        let end = signed.date("exp").ok().flatten().unwrap_or(Timestamp::ZERO);
        let expired = now >= end + self.settings.leeway.0;
        let over = || unauthorized(&Problem::new(Code::TokenExpired), "Token has expired");
        if expired && middleware != Middleware::Refresh {
            return Err(over());
        }
        let row = match self.sessions.row_of(self.tokens.refreshable(&signed, &headers)).await {
            // Nobody can say now: as long as the token lives, it is good.
            Err(problem) if problem.code() == Code::Unavailable && !expired => {
                return self.let_in(&signed, None);
            }
            row => row.map_err(|problem| refused(&problem))?,
        };
        let standing = match &row {
            Some((session, generation)) => {
                let made = signed.date("nbf").ok().flatten().unwrap_or(Timestamp::ZERO);
                let standing = standing(session, *generation, made, now);
                standing.map_err(|status| refused(&Failure::from(status).into()))?
            }
            None => Standing::Good,
        };
        if standing == Standing::Over || (expired && standing == Standing::Exchanged) {
            return Err(over());
        }
        let row = row.map(|(session, generation)| (session.id, generation));
        let theirs = || self.tokens.refreshable(&signed, &headers).theirs;
        let renewed = || self.sessions.renew(&self.app, row, theirs);
        let renews = middleware != Middleware::Authenticate && standing != Standing::Exchanged;
        let renewed = if expired || standing == Standing::Outdated {
            if !renews {
                return Err(over());
            }
            Some(renewed().await.map_err(|problem| refused(&problem))?)
        } else if renews && end.since(now) <= self.sessions.engine.policy().renewal_threshold {
            match tokio::time::timeout(PATIENCE, renewed()).await {
                Ok(Ok(tokens)) => Some(tokens),
                Ok(Err(problem)) if problem.code() == Code::SessionEnded => return Err(refused(&problem)),
                // What may pass is tried again by the next request: this one goes on with the token it has.
                _ => None,
            }
        } else {
            None
        };
        self.let_in(&signed, renewed)
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

/// How the row says that a token stands, which is of this generation and was made at `made`.
fn standing(
    session: &Session,
    generation: Generation,
    made: Timestamp,
    now: Timestamp,
) -> Result<Standing, Status> {
    let line = session.lineage;
    let lives = generation == line.confirmed || line.is_candidate(generation);
    match verdict(session, generation, made, now) {
        Verdict::Ended(status) => Err(status),
        Verdict::Live if lives => Ok(Standing::Good),
        Verdict::Live => Ok(Standing::Exchanged),
        // Otherwise it was a renewal that retired it.
        Verdict::Outdated if lives && made < session.bumped_at => Ok(Standing::Outdated),
        Verdict::Outdated => Ok(Standing::Over),
    }
}
