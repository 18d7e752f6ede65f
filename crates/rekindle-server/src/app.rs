//! The application: what handlers share, and the way from a path to its handler.

use std::sync::Arc;

use axum::Router;
use rekindle::clock::Clock;
use rekindle::core::Seconds;
use rekindle::engine::Engine;

use crate::accounts::Accounts;
use crate::api;

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
    /// See [`SHORT_IDLE`].
    pub short_idle: Seconds,
}

/// The native surface. Every answer of it is documented; what it does not know is a problem answer.
pub fn router(state: AppState) -> Router {
    api::routes()
        .fallback(api::not_found)
        .method_not_allowed_fallback(api::method_not_allowed)
        .with_state(state)
}
