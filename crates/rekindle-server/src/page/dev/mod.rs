//! What the playground asks of a server for trying out: to break answers off, to change rights, to tell what happens.
//!
//! `rekindle serve` has none of it. It answers only its own page, and touches only sessions of the demo account, whose
//! password everybody knows.

mod events;
mod explain;
mod faults;
#[cfg(test)]
mod tests;

use axum::Router;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use rekindle::core::Session;
use serde_json::{Value, json};

use super::JSON;
use crate::accounts::{DEMO_SUBJECT, Rights};
use crate::api::{Code, Problem, SignedIn};
use crate::app::AppState;
use faults::{Fault, Faults};

/// What the handlers share.
#[derive(Clone)]
struct Dev {
    app: AppState,
    rights: Rights,
    faults: Faults,
}

/// `router` with the playground, and with all that the page can ask for.
pub fn for_trying_out(router: Router, app: AppState, rights: Rights) -> Router {
    let faults = Faults::default();
    let page = super::router(app.engine.policy(), true);
    router.layer(from_fn_with_state(faults.clone(), faults::strike)).merge(page).merge(routes(Dev {
        app,
        rights,
        faults,
    }))
}

fn routes(dev: Dev) -> Router {
    Router::new()
        .route("/page/events", get(events::follow))
        .route("/page/explain", get(explain::explain))
        .route("/page/outdate", post(outdate))
        .route("/page/lose-next-answer", post(lose))
        .route("/page/kill-after-commit", post(kill))
        .route("/page/rights", post(change_rights))
        .route_layer(from_fn(from_own_page))
        .with_state(dev)
}

/// Lets through what the page itself has sent. A page of another origin cannot add a header of its own without being
/// allowed to, which nobody is here (Fetch, section 3.2); where the browser says who asks, it has to be this origin.
async fn from_own_page(headers: HeaderMap, request: Request, next: Next) -> Response {
    let is_marked = headers.get("rekindle").is_some_and(|mark| mark == "1");
    let is_own = headers.get("sec-fetch-site").is_none_or(|site| site == "same-origin");
    if is_marked && is_own {
        return next.run(request).await;
    }
    Problem::new(Code::CsrfRejected).detail("only the playground asks for this").into_response()
}

/// A live session of the demo account, by whose access token the request was made.
struct DemoSession(Session);

impl FromRequestParts<Dev> for DemoSession {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, dev: &Dev) -> Result<Self, Problem> {
        let SignedIn { session, .. } = SignedIn::from_request_parts(parts, &dev.app).await?;
        if session.subject == DEMO_SUBJECT {
            return Ok(Self(session));
        }
        Err(Problem::new(Code::Forbidden).detail("the playground touches sessions of the demo account alone"))
    }
}

/// From now on the session's access tokens are refused, as if they had expired.
async fn outdate(State(dev): State<Dev>, DemoSession(session): DemoSession) -> Result<StatusCode, Problem> {
    dev.app.engine.bump(session.id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn lose(state: State<Dev>, session: DemoSession) -> Result<StatusCode, Problem> {
    spoil(state, session, Fault::Lost).await
}

async fn kill(state: State<Dev>, session: DemoSession) -> Result<StatusCode, Problem> {
    spoil(state, session, Fault::Killed).await
}

/// Spoils the answer to the session's next refresh, and makes it one that commits something: inside the replay window the
/// server would only repeat what it has said.
async fn spoil(state: State<Dev>, session: DemoSession, fault: Fault) -> Result<StatusCode, Problem> {
    state.faults.spoil_next(session.0.id, fault);
    outdate(state, session).await
}

/// Other rights for the demo account, and nobody is signed out by it.
async fn change_rights(State(dev): State<Dev>, _: DemoSession) -> Result<Response, Problem> {
    let role = dev.rights.change();
    let sessions = dev.app.engine.bump_subject(DEMO_SUBJECT).await?;
    Ok(answer(&json!({ "role": role, "sessions": sessions })))
}

fn answer(body: &Value) -> Response {
    ([(CONTENT_TYPE, JSON), (CACHE_CONTROL, "no-store")], body.to_string()).into_response()
}
