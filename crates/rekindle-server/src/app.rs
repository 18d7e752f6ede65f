//! The application: what handlers share, and the way from a path to its handler.

use std::sync::Arc;

use axum::Router;
use rekindle::clock::Clock;
use rekindle::core::{Seconds, Session};
use rekindle::engine::Engine;
use rekindle::entropy::SystemEntropy;
use rekindle::http::Browsers;

use crate::accounts::Accounts;
use crate::api;
use crate::config::{ForwardAuth, Renewal};
use crate::monitoring::Monitoring;
use crate::rates::{Proxies, Rates};

/// Life of an unused session whose login said `"remember": false`: it lasts a working day, not a week.
pub const SHORT_IDLE: Seconds = Seconds(12 * 3_600);

/// What every handler may use. Cheap to clone.
#[derive(Clone)]
pub struct AppState {
    /// Opens, refreshes and ends sessions.
    pub engine: Engine,
    /// Who may log in. The engine's hook should ask the same ones: see
    /// [`AccountsHook`](crate::accounts::AccountsHook).
    pub accounts: Arc<dyn Accounts>,
    /// The engine's clock: relative seconds are counted from it when an answer is sent.
    pub clock: Arc<dyn Clock>,
    /// See [`SHORT_IDLE`]; shorter than the policy's in any case, so that such a session can be told from others.
    pub short_idle: Seconds,
    /// Where clients find this server, without an end slash.
    pub public_url: Arc<str>,
    /// What has to be known of browsers.
    pub browsers: Arc<Browsers>,
    /// Whose word on a client's address counts.
    pub proxies: Arc<Proxies>,
    /// How often a client may try.
    pub rates: Arc<Rates>,
    /// Whether access tokens are renewed inside requests, and how.
    pub renewal: Arc<Renewal>,
    /// What proxies are told of who makes a request.
    pub forward_auth: Arc<ForwardAuth>,
    /// What an operator sees. The engine's observers should include it.
    pub monitoring: Monitoring,
}

impl AppState {
    /// With every setting at its default, and no rates.
    pub fn new(engine: Engine, accounts: Arc<dyn Accounts>, clock: Arc<dyn Clock>) -> Self {
        let short_idle = SHORT_IDLE.min(Seconds(engine.policy().idle.0.saturating_sub(1)));
        let public_url: Arc<str> = "http://localhost".into();
        let browsers = Arc::new(Browsers::at(&public_url));
        let (proxies, rates) = (Arc::default(), Arc::new(Rates::unbounded()));
        let (renewal, forward_auth) = (Arc::default(), Arc::default());
        let monitoring = Monitoring::new(&clock, &SystemEntropy, |_| None);
        Self {
            engine,
            accounts,
            clock,
            short_idle,
            public_url,
            browsers,
            proxies,
            rates,
            renewal,
            forward_auth,
            monitoring,
        }
    }

    /// Whether a session's cookies outlive the browser's window: its login did not say `"remember": false`.
    pub(crate) fn is_lasting(&self, session: &Session) -> bool {
        session.idle != self.short_idle
    }
}

/// What clients reach: the native endpoints, and those of `dialects`. What it does not know is a problem answer.
pub fn router(state: AppState, dialects: Router<AppState>) -> Router {
    let browsers = Arc::clone(&state.browsers);
    let router = finish(api::public().merge(dialects), state);
    if browsers.other_origins().is_empty() {
        return router;
    }
    router.layer(axum::middleware::from_fn_with_state(browsers, api::share))
}

/// What operators and back ends reach: for a listener that nobody else does.
pub fn admin_router(state: AppState) -> Router {
    finish(api::admin(), state)
}

fn finish(routes: Router<AppState>, state: AppState) -> Router {
    routes
        .fallback(api::not_found)
        .method_not_allowed_fallback(api::method_not_allowed)
        .layer(axum::middleware::from_fn_with_state(state.clone(), api::watch))
        .with_state(state)
}
