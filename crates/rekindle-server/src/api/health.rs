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

/// It can do its work and is to be sent some: the store can be read and written, the keys are those of the other
/// servers, the accounts can be asked, and it is not about to stop.
#[utoipa::path(get, path = "/readyz", tag = "health", responses((status = 200, body = Health), ReadyProblems))]
pub(crate) async fn ready(State(app): State<AppState>) -> Result<Response, Problem> {
    app.monitoring.ready(&app.engine, &*app.clock).await?;
    Ok(answer::json(&Health { status: "ready" }))
}
