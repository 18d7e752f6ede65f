//! `GET /healthz` and `GET /readyz`: for whoever starts and feeds this process.

use axum::extract::State;
use axum::response::Response;
use serde::Serialize;

use super::answer;
use super::problem::Problem;
use crate::app::AppState;

#[derive(Serialize)]
struct Health {
    status: &'static str,
}

/// The process answers.
pub(crate) async fn live() -> Response {
    answer::json(&Health { status: "ok" })
}

/// It can do its work: the store answers and the keys are loaded.
pub(crate) async fn ready(State(app): State<AppState>) -> Result<Response, Problem> {
    app.engine.ready().await?;
    Ok(answer::json(&Health { status: "ready" }))
}
