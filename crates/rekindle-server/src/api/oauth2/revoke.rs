//! `POST /oauth2/revoke` (RFC 7009): ends the session of a token. Its other tokens end with it.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CACHE_CONTROL;
use axum::response::{IntoResponse as _, Response};
use rekindle::core::Reason;
use rekindle::error::Failure;

use super::{AnyTokenForm, Form, RevokeErrors};
use crate::api::Problem;
use crate::app::AppState;

/// 200 says that the token is good for nothing any more, so it is the answer to junk as well (RFC 7009 section 2.2).
#[utoipa::path(
    post, path = "/oauth2/revoke", tag = "oauth2",
    request_body(content = AnyTokenForm, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "the token is good for nothing any more"), RevokeErrors)
)]
pub(crate) async fn revoke(State(app): State<AppState>, form: Result<Form, Problem>) -> Response {
    match revoked(&app, form).await {
        Ok(()) => (StatusCode::OK, [(CACHE_CONTROL, "no-store")]).into_response(),
        Err(problem) => problem.oauth(),
    }
}

async fn revoked(app: &AppState, form: Result<Form, Problem>) -> Result<(), Problem> {
    let form = form?;
    let token = form.token()?;
    let session = match app.engine.session_of(token).await {
        Ok(session) => Ok(session.id),
        Err(Failure::SessionEnded(_)) => app.engine.identify(token).await.map(|token| token.session()),
        Err(failure) => Err(failure),
    };
    match session {
        Ok(session) => Ok(app.engine.revoke(session, Reason::LoggedOut).await?),
        Err(Failure::SessionEnded(_) | Failure::TokenInvalid(_) | Failure::TokenExpired) => Ok(()),
        Err(failure) => Err(failure.into()),
    }
}
