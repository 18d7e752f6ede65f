//! `/v1/session` and `/v1/sessions`: what a signed-in user may know and end.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::Response;
use rekindle::core::{Reason, SessionId};
use rekindle::http::cookie;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::answer;
use super::bearer::SignedIn;
use super::openapi::problems;
use super::problem::{Problem, ProblemBody};
use crate::app::AppState;

problems!(ReadProblems: InvalidRequest, TokenMissing, TokenInvalid, TokenExpired, SessionEnded, Unavailable);
problems!(
    SignedInProblems: InvalidRequest, TokenMissing, TokenInvalid, TokenExpired, SessionEnded, CsrfRejected, Unavailable
);

#[derive(Serialize, ToSchema)]
struct Current<'a> {
    session_id: String,
    subject: &'a str,
    client_id: &'a str,
    #[schema(value_type = Object)]
    claims: &'a RawValue,
    device: &'a str,
    auth_time: u64,
    expires_in: u64,
    refresh_expires_in: u64,
    session_expires_in: u64,
}

#[derive(Serialize, ToSchema)]
struct Listed {
    id: String,
    device: String,
    client_id: String,
    created_at: u64,
    last_seen_at: u64,
    current: bool,
}

#[derive(Serialize, ToSchema)]
struct List {
    sessions: Vec<Listed>,
}

/// `GET /v1/session`: the session of the access token. It only reads: asking whether one is still signed in
/// must not keep one signed in.
#[utoipa::path(
    get, path = "/v1/session", tag = "session", security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = Current), ReadProblems)
)]
pub(crate) async fn current(State(app): State<AppState>, signed_in: SignedIn) -> Result<Response, Problem> {
    let SignedIn { token, session, .. } = &signed_in;
    let now = app.clock.now();
    let claims: &RawValue = serde_json::from_str(&session.claims).map_err(|error| {
        tracing::error!(session = %session.id, %error, "the row's claims are no JSON");
        Problem::unavailable("the session cannot be read")
    })?;
    let answer = answer::json(&Current {
        session_id: session.id.to_string(),
        subject: &session.subject,
        client_id: &session.client_id,
        claims,
        device: &session.device.label,
        auth_time: session.auth_time.as_unix(),
        expires_in: token.expires_at().since(now).0,
        refresh_expires_in: session.idle_until.since(now).0,
        session_expires_in: session.absolute_until.since(now).0,
    });
    Ok(answer::with_cookies(answer, signed_in.cookies))
}

/// `GET /v1/sessions`: this subject's live sessions, the newest login first.
#[utoipa::path(
    get, path = "/v1/sessions", tag = "session", security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = List), ReadProblems)
)]
pub(crate) async fn list(State(app): State<AppState>, signed_in: SignedIn) -> Result<Response, Problem> {
    let current = signed_in.session;
    let sessions = app.engine.list(&current.subject).await?;
    let sessions = sessions
        .into_iter()
        .map(|session| Listed {
            id: session.id.to_string(),
            device: session.device.label,
            client_id: session.client_id,
            created_at: session.auth_time.as_unix(),
            last_seen_at: session.device.last_seen.as_unix(),
            current: session.id == current.id,
        })
        .collect();
    Ok(answer::with_cookies(answer::json(&List { sessions }), signed_in.cookies))
}

/// `DELETE /v1/sessions/{id}`: ends one of this subject's sessions. Somebody else's is answered like one that
/// never was.
#[utoipa::path(
    delete, path = "/v1/sessions/{id}", tag = "session", security(("bearer" = []), ("cookie" = [])),
    params(("id" = String, Path, description = "the session's id")),
    responses(
        (status = 204, description = "it is over"),
        (status = 404, description = "`invalid_request`", body = ProblemBody, content_type = "application/problem+json"),
        SignedInProblems,
    )
)]
pub(crate) async fn end(
    State(app): State<AppState>,
    signed_in: SignedIn,
    id: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    let none = || Problem::not_found("you have no such session");
    let Path(id) = id.map_err(|_| none())?;
    let id: SessionId = id.parse().map_err(|_| none())?;
    let found = app.engine.session(id).await?;
    if found.is_none_or(|session| session.subject != signed_in.session.subject) {
        return Err(none());
    }
    let reason = if id == signed_in.session.id { Reason::LoggedOut } else { Reason::Revoked };
    app.engine.revoke(id, reason).await?;
    let mut cookies = signed_in.cookies;
    if id == signed_in.session.id {
        cookies.extend(cookie::clear(id, &app.browsers));
    }
    Ok(answer::with_cookies(answer::no_content(), cookies))
}
