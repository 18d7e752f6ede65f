//! `POST /v1/refresh`: a refresh token becomes the next one.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use rekindle::engine::Tokens;
use rekindle::error::{Ended, Failure};
use rekindle::http::cookie::{self, Jar, SetCookies};
use rekindle::http::csrf;

use super::answer::{self, TokensBody};
use super::openapi::problems;
use super::problem::{Code, Problem};
use super::request::{Text, Token, request};
use crate::app::AppState;
use crate::rates::ClientAddress;

problems!(RefreshProblems: InvalidRequest, TokenMissing, SessionEnded, CsrfRejected, Superseded, RateLimited, Unavailable);

request! {
    /// A refresh token for the next.
    RefreshRequest {
        /// The one to exchange.
        refresh_token: Option<Token>,
        /// Which application refreshes: the one that logged in.
        client_id: Option<Text<64>>,
    }
}

#[utoipa::path(
    post, path = "/v1/refresh", tag = "session", request_body = RefreshRequest, security((), ("cookie" = [])),
    responses((status = 200, body = TokensBody), RefreshProblems)
)]
pub(crate) async fn refresh(
    State(app): State<AppState>,
    client: ClientAddress,
    headers: HeaderMap,
    request: RefreshRequest,
) -> Result<Response, Problem> {
    app.rates.refresh(client)?;
    let client_id = request.client_id.as_ref().map(|id| id.0.as_str());
    if let Some(Token(token)) = request.refresh_token {
        let tokens = exchange(&app, &token, client_id).await?;
        return Ok(answer::tokens(tokens, app.clock.now()));
    }
    let jar = Jar::of(&headers, &app.browsers);
    if jar.refresh.is_empty() {
        return Err(Problem::new(Code::TokenMissing).detail("send `refresh_token`, or its cookie"));
    }
    csrf::check(&headers, &app.browsers).map_err(|_| Problem::forged())?;
    let (tokens, cleared) = by_cookie(&app, &jar, client_id).await?;
    answer::tokens_in_cookies(&app, tokens, cleared)
}

/// Exchanges one token that the client sent.
pub(super) async fn exchange(
    app: &AppState,
    token: &str,
    client_id: Option<&str>,
) -> Result<Tokens, Problem> {
    if app.rates.counts_sessions() {
        app.rates.refresh_of(app.engine.session_id_of(token).await?)?;
    }
    Ok(app.engine.refresh(token, client_id).await?)
}

/// Refreshes the newest login in the jar that lives. Cookies of those that have ended are cleared; nothing else is,
/// whatever goes wrong.
pub(super) async fn by_cookie(
    app: &AppState,
    jar: &Jar,
    client_id: Option<&str>,
) -> Result<(Tokens, SetCookies), Problem> {
    let presented = cookie::presented(&app.engine, jar).await?;
    let mut cleared = SetCookies::new();
    let mut why = Failure::SessionEnded(Ended::Unknown);
    for (session, status) in presented.ended {
        cleared.extend(cookie::clear(session, &app.browsers));
        why = status.into();
    }
    for (session, token) in presented.live {
        app.rates.refresh_of(session.id)?;
        match app.engine.refresh(&token, client_id).await {
            Ok(tokens) => return Ok((tokens, cleared)),
            // Another application's session is left alone, with its cookies.
            Err(Failure::SessionEnded(Ended::Unknown)) => {}
            Err(ended @ Failure::SessionEnded(_)) => {
                cleared.extend(cookie::clear(session.id, &app.browsers));
                why = ended;
            }
            Err(failure) => return Err(failure.into()),
        }
    }
    Err(Problem::from(why).with_cookies(cleared))
}
