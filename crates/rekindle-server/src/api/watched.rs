//! Every answer is counted, measured and logged by what it was; never by what was sent.

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;

use super::problem::{Code, Told};
use crate::app::AppState;
use crate::monitoring::{Monitoring, method_name};
use crate::rates::ClientAddress;

/// What a request asked for: an extension of the answer, for endpoints whose paths an operator chooses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// A session for a password.
    Login,
    /// The next tokens.
    Refresh,
}

impl Asked {
    /// What the native endpoints are for.
    fn at(route: &str) -> Option<Self> {
        match route {
            "/v1/login" => Some(Self::Login),
            "/v1/refresh" | "/v1/continue" | "/oauth2/token" => Some(Self::Refresh),
            _ => None,
        }
    }
}

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
    let asked = response.extensions().get().copied().or_else(|| Asked::at(route?));
    match told {
        Some(told) => metrics.told(asked, status, told),
        None if asked == Some(Asked::Login) && matches!(status, 200 | 201) => metrics.logged_in(),
        None => {}
    }
    if told.is_some_and(|told| told.code == Code::InvalidCredentials.name()) {
        app.monitoring.login_failed(client.0);
    }
    let micros = measured.took().as_micros() as u64;
    tracing::debug!(method, route, status, code = told.map(|told| told.code), micros, "answered");
    response
}
