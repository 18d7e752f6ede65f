//! `GET /metrics`: numbers for Prometheus.

use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};

use super::{ApiKey, WatchProblems};
use crate::app::AppState;

const TEXT_FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// What this process has counted since it started. docs/monitoring.md explains each.
#[utoipa::path(
    get, path = "/metrics", tag = "monitoring", security(("api_key" = [])),
    responses((status = 200, description = "the Prometheus text format", content_type = "text/plain", body = String), WatchProblems)
)]
pub(crate) async fn metrics(State(app): State<AppState>, _: ApiKey) -> Response {
    let metrics = &app.monitoring.metrics;
    metrics.keyring_age(app.clock.now().since(app.engine.keys().read_at()));
    ([(CONTENT_TYPE, TEXT_FORMAT), (CACHE_CONTROL, "no-store")], metrics.render()).into_response()
}
