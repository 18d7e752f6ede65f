//! Every answer is counted, measured and logged by what it was; never by what was sent.

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;

use super::problem::{Code, Told};
use crate::app::AppState;
use crate::monitoring::{Monitoring, method_name};
use crate::rates::ClientAddress;

pub(crate) async fn watch(
    State(app): State<AppState>,
    client: ClientAddress,
    request: Request,
    next: Next,
) -> Response {
    let Monitoring { metrics, .. } = &app.monitoring;
    let path: Option<MatchedPath> = request.extensions().get().cloned();
    let route = path.as_ref().map(MatchedPath::as_str);
    let method = method_name(request.method());
    let measured = metrics.request(request.method(), route);
    let response = next.run(request).await;

    let status = response.status().as_u16();
    let told: Option<Told> = response.extensions().get().copied();
    match told {
        Some(told) => metrics.told(route, status, told),
        None if route == Some("/v1/login") && status == 200 => metrics.logged_in(),
        None => {}
    }
    if told.is_some_and(|told| told.code == Code::InvalidCredentials.name()) {
        app.monitoring.login_failed(client.0);
    }
    let micros = measured.took().as_micros() as u64;
    tracing::debug!(method, route, status, code = told.map(|told| told.code), micros, "answered");
    response
}
