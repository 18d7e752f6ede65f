//! Log in, refresh, log out, list.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::header::{CACHE_CONTROL, SET_COOKIE, USER_AGENT};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use rekindle::core::{Device, Reason, SessionId};
use rekindle::error::Ended;
use rekindle::http::cookie::{self, Jar, SetCookies};
use rekindle::http::{Refusal, Session, csrf};
use rekindle::{Failure, Login, Tokens};
use serde::Deserialize;
use serde_json::json;

use crate::app::App;
use crate::problem::Problem;

#[derive(Deserialize)]
pub(crate) struct Credentials {
    username: String,
    password: String,
    #[serde(default)]
    transport: Transport,
}

#[derive(Default, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Transport {
    #[default]
    Header,
    Cookie,
}

pub(crate) async fn login(
    State(app): State<App>,
    headers: HeaderMap,
    Json(credentials): Json<Credentials>,
) -> Result<Response, Problem> {
    let by_cookie = credentials.transport == Transport::Cookie;
    if by_cookie {
        not_forged(&app, &headers)?;
    }
    let user = app.users.with_password(&credentials.username, credentials.password).await;
    let user = user.ok_or(Problem::new(StatusCode::UNAUTHORIZED, "invalid_credentials"))?;
    // Whoever was signed in in this browser is not any more.
    let cleared = if by_cookie { leave(&app, &headers).await? } else { Vec::new() };
    let device = Device { label: device(&headers), ..Device::default() };
    let login = Login { claims: user.claims(), device, ..Login::new(user.id.to_string()) };
    let tokens = app.engine.open(login).await?;
    if by_cookie {
        return in_cookies(&app, tokens, cleared);
    }
    Ok(in_body(&app, tokens))
}

/// Of a program, which keeps its tokens itself.
#[derive(Deserialize)]
pub(crate) struct Presented {
    refresh_token: String,
}

pub(crate) async fn refresh(
    State(app): State<App>,
    headers: HeaderMap,
    body: Option<Json<Presented>>,
) -> Result<Response, Problem> {
    if let Some(Json(Presented { refresh_token })) = body {
        return Ok(in_body(&app, app.engine.refresh(&refresh_token, None).await?));
    }
    not_forged(&app, &headers)?;
    let (tokens, cleared) = refreshed(&app, &headers).await?;
    in_cookies(&app, tokens, cleared)
}

#[derive(Deserialize)]
pub(crate) struct To {
    to: String,
    login: String,
}

/// A page that met an expired access token is sent here, and sent back with a new one.
pub(crate) async fn resume(
    State(app): State<App>,
    headers: HeaderMap,
    Query(To { to, login }): Query<To>,
) -> Result<Response, Problem> {
    if ![&to, &login].into_iter().all(|target| is_path(target)) {
        return Err(Problem::new(StatusCode::BAD_REQUEST, "invalid_request"));
    }
    if headers.get("sec-fetch-dest").is_some_and(|wanted| wanted != "document") {
        return Err(Refusal::Forged.into());
    }
    let (to, cookies) = match refreshed(&app, &headers).await {
        Ok((tokens, mut cookies)) => {
            cookies.extend(set(&app, &tokens)?);
            (to, cookies)
        }
        Err(problem) if problem.wants_login() => (login, problem.cleared),
        // What may pass is answered here: redirected, it would go round in circles.
        Err(problem) => return Err(problem),
    };
    Ok(([(CACHE_CONTROL, "no-store")], headers_of(cookies), Redirect::to(&to)).into_response())
}

/// Ends the sessions of this browser, or a program's.
pub(crate) async fn logout(
    State(app): State<App>,
    headers: HeaderMap,
    body: Option<Json<Presented>>,
) -> Result<Response, Problem> {
    if let Some(Json(Presented { refresh_token })) = body {
        let session = app.engine.session_of(&refresh_token).await?;
        app.engine.revoke(session.id, Reason::LoggedOut).await?;
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    not_forged(&app, &headers)?;
    let cleared = leave(&app, &headers).await?;
    Ok((StatusCode::NO_CONTENT, headers_of(cleared)).into_response())
}

/// Ends all sessions of this user.
pub(crate) async fn logout_everywhere(State(app): State<App>, session: Session) -> Result<Response, Problem> {
    app.engine.revoke_subject(session.subject(), Reason::LoggedOut).await?;
    Ok((StatusCode::NO_CONTENT, headers_of(cookie::clear(session.id(), &app.browsers))).into_response())
}

pub(crate) async fn list(State(app): State<App>, session: Session) -> Result<Response, Problem> {
    let sessions = app.engine.list(session.subject()).await?;
    let listed = sessions.iter().map(|one| {
        json!({ "id": one.id.to_string(), "device": one.device.label, "current": one.id == session.id() })
    });
    let body = json!({ "sessions": listed.collect::<Vec<_>>() });
    Ok(([(CACHE_CONTROL, "no-store")], Json(body)).into_response())
}

pub(crate) async fn end(
    State(app): State<App>,
    session: Session,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let id: Option<SessionId> = id.parse().ok();
    let found = match id {
        Some(id) => app.engine.session(id).await?,
        None => None,
    };
    match found {
        Some(found) if found.subject == session.subject() => {
            app.engine.revoke(found.id, Reason::Revoked).await?;
            Ok(StatusCode::NO_CONTENT.into_response())
        }
        _ => Err(Problem::new(StatusCode::NOT_FOUND, "invalid_request")),
    }
}

/// Of several sessions in one browser the newest login that lives is refreshed. Those that have ended are cleared, and
/// nothing else is, whatever goes wrong.
async fn refreshed(app: &App, headers: &HeaderMap) -> Result<(Tokens, SetCookies), Problem> {
    let jar = Jar::of(headers, &app.browsers);
    let presented = cookie::presented(&app.engine, &jar).await?;
    let ended = presented.ended.iter();
    let mut cleared: SetCookies = ended.flat_map(|(id, _)| cookie::clear(*id, &app.browsers)).collect();
    let mut failure = match (jar.refresh.is_empty(), presented.ended.first()) {
        (true, _) => return Err(Refusal::Missing.into()),
        (false, Some((_, status))) => Failure::from(*status),
        (false, None) => Failure::SessionEnded(Ended::Unknown),
    };
    for (session, token) in presented.live {
        match app.engine.refresh(&token, None).await {
            Ok(tokens) => return Ok((tokens, cleared)),
            Err(ended @ Failure::SessionEnded(_)) => {
                cleared.extend(cookie::clear(session.id, &app.browsers));
                failure = ended;
            }
            Err(failure) => return Err(Problem::from(failure).clearing(cleared)),
        }
    }
    Err(Problem::from(failure).clearing(cleared))
}

async fn leave(app: &App, headers: &HeaderMap) -> Result<SetCookies, Problem> {
    let presented = cookie::presented(&app.engine, &Jar::of(headers, &app.browsers)).await?;
    let mut cleared = SetCookies::new();
    for (session, _) in presented.live {
        app.engine.revoke(session.id, Reason::LoggedOut).await?;
        cleared.extend(cookie::clear(session.id, &app.browsers));
    }
    for (session, _) in presented.ended {
        cleared.extend(cookie::clear(session, &app.browsers));
    }
    Ok(cleared)
}

/// Both tokens, each for as long as it lives.
fn set(app: &App, tokens: &Tokens) -> Result<SetCookies, Problem> {
    let (cookies, fits) = cookie::set(tokens, true, app.clock.now(), &app.browsers);
    // Claims that are too long for a cookie: the application's own mistake.
    fits.map_err(|_| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal_error"))?;
    Ok(cookies)
}

/// Cookies come along with requests of other sites, too.
fn not_forged(app: &App, headers: &HeaderMap) -> Result<(), Problem> {
    csrf::check(headers, &app.browsers).map_err(|_| Refusal::Forged.into())
}

fn headers_of(cookies: SetCookies) -> AppendHeaders<Vec<(HeaderName, HeaderValue)>> {
    AppendHeaders(cookies.into_iter().map(|cookie| (SET_COOKIE, cookie)).collect())
}

fn in_body(app: &App, tokens: Tokens) -> Response {
    ([(CACHE_CONTROL, "no-store")], Json(tokens.answer(app.clock.now()))).into_response()
}

fn in_cookies(app: &App, tokens: Tokens, mut cookies: SetCookies) -> Result<Response, Problem> {
    cookies.extend(set(app, &tokens)?);
    let body = Json(tokens.answer(app.clock.now()).without_tokens());
    Ok(([(CACHE_CONTROL, "no-store")], headers_of(cookies), body).into_response())
}

/// A path of ours. Browsers read a backslash as a slash (WHATWG URL, section 4.4).
fn is_path(target: &str) -> bool {
    let plain = target.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    plain && target.starts_with('/') && !target.starts_with("//")
}

/// What the session is called in the list. The user agent itself is kept by nobody.
fn device(headers: &HeaderMap) -> String {
    let agent = headers.get(USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
    let known = ["Edg", "Firefox", "Chrome", "Safari", "curl"].into_iter().find(|name| agent.contains(name));
    known.unwrap_or_default().to_owned()
}
