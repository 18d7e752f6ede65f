//! `/v1/admin/subjects/{subject}/…`: all sessions of one user.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::Response;
use rekindle::core::Reason;
use serde::Serialize;
use utoipa::ToSchema;

use super::{ApiKey, ApiKeyProblems};
use crate::api::answer;
use crate::api::problem::Problem;
use crate::app::AppState;

/// How many sessions it was.
#[derive(Serialize, ToSchema)]
struct Count {
    sessions: usize,
}

/// Ends them, and bars what is not adopted yet.
#[utoipa::path(
    post, path = "/v1/admin/subjects/{subject}/revoke", tag = "admin", security(("api_key" = [])),
    params(("subject" = String, Path, min_length = 1)),
    responses((status = 200, body = Count), ApiKeyProblems)
)]
pub(crate) async fn revoke(
    State(app): State<AppState>,
    _: ApiKey,
    subject: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    let sessions = app.engine.revoke_subject(&named(subject)?, Reason::Revoked).await?;
    Ok(answer::json(&Count { sessions }))
}

/// Tells them that claims or rights changed: their clients refresh, and nobody is signed out.
#[utoipa::path(
    post, path = "/v1/admin/subjects/{subject}/bump", tag = "admin", security(("api_key" = [])),
    params(("subject" = String, Path, min_length = 1)),
    responses((status = 200, body = Count), ApiKeyProblems)
)]
pub(crate) async fn bump(
    State(app): State<AppState>,
    _: ApiKey,
    subject: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    let sessions = app.engine.bump_subject(&named(subject)?).await?;
    Ok(answer::json(&Count { sessions }))
}

fn named(subject: Result<Path<String>, PathRejection>) -> Result<String, Problem> {
    let Path(subject) = subject.map_err(|_| Problem::invalid("the subject in the path is not UTF-8"))?;
    Ok(subject)
}
