//! `GET /healthz` and `GET /readyz`: for whoever starts and feeds this process.

use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use super::answer;
use super::openapi::problems;
use super::problem::Problem;
use crate::app::AppState;

problems!(ReadyProblems: Unavailable);

#[derive(Serialize, ToSchema)]
struct Health {
    status: &'static str,
}

/// The process answers.
#[utoipa::path(get, path = "/healthz", tag = "health", responses((status = 200, body = Health)))]
pub(crate) async fn live() -> Response {
    answer::json(&Health { status: "ok" })
}

/// It can do its work: the store answers and the keys are loaded.
#[utoipa::path(get, path = "/readyz", tag = "health", responses((status = 200, body = Health), ReadyProblems))]
pub(crate) async fn ready(State(app): State<AppState>) -> Result<Response, Problem> {
    app.engine.ready().await?;
    Ok(answer::json(&Health { status: "ready" }))
}
