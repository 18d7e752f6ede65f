//! What handlers share, and where they are.

use std::sync::Arc;

use axum::Router;
use axum::routing::{delete, get, post};
use rekindle::Engine;
use rekindle::clock::Clock;
use rekindle::http::{AuthenticationLayer, Browsers};

use crate::users::Users;
use crate::{pages, sessions};

#[derive(Clone)]
pub(crate) struct App {
    pub(crate) engine: Engine,
    pub(crate) users: Arc<Users>,
    pub(crate) clock: Arc<dyn Clock>,
    /// Where browsers find the application: the names of its cookies, and whose pages may act for their users.
    pub(crate) browsers: Arc<Browsers>,
}

impl App {
    pub(crate) fn new(engine: Engine, users: Arc<Users>, clock: Arc<dyn Clock>, public_url: &str) -> Self {
        Self { engine, users, clock, browsers: Arc::new(Browsers::at(public_url)) }
    }
}

pub(crate) fn router(app: App) -> Router {
    // Finds out who makes a request, and refuses nobody: that is for the handlers that take a `Session`.
    let who = AuthenticationLayer::new(app.engine.clone()).with_cookies((*app.browsers).clone());
    Router::new()
        .route("/", get(pages::home))
        .route("/login", get(pages::login))
        .route("/static/session.js", get(pages::script))
        .route("/me", get(pages::me))
        .route("/api/me", get(pages::api_me))
        .route("/people", get(pages::people))
        .route("/people/{id}", post(pages::change))
        .route("/v1/login", post(sessions::login))
        .route("/v1/refresh", post(sessions::refresh))
        .route("/v1/continue", get(sessions::resume))
        .route("/v1/logout", post(sessions::logout))
        .route("/v1/logout/all", post(sessions::logout_everywhere))
        .route("/v1/sessions", get(sessions::list))
        .route("/v1/sessions/{id}", delete(sessions::end))
        .layer(who)
        .with_state(app)
}
