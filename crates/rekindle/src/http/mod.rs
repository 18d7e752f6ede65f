//! HTTP: who makes a request, and what goes into the answer.
//!
//! [`AuthenticationLayer`] finds out who makes a request, [`Require`] refuses who may not, in any tower service. With the
//! feature `axum`, [`Session`] is an argument of handlers.
//!
//! ```
//! # #[cfg(feature = "axum")]
//! # fn example(engine: rekindle::Engine) -> axum::Router {
//! use axum::Router;
//! use axum::routing::{get, post};
//! use rekindle::core::Seconds;
//! use rekindle::http::{AuthenticationLayer, Browsers, Require, Session};
//!
//! let recent = Require::session().login_within(Seconds::minutes(10));
//! Router::new()
//!     .route("/password", post(async |session: Session| format!("{} changes it", session.subject())).layer(recent))
//!     .route("/", get(async |session: Option<Session>| if session.is_some() { "welcome back" } else { "hello" }))
//!     .layer(AuthenticationLayer::new(engine).with_cookies(Browsers::at("https://example.com")))
//! # }
//! ```

mod authority;
mod bearer;
mod browsers;
pub mod cookie;
pub mod csrf;
#[cfg(feature = "axum")]
mod extract;
mod identity;
mod layer;
mod refusal;
mod renewal;
mod require;

pub use authority::{Authority, Check, Finding};
pub use bearer::{Repeated, bearer};
pub use browsers::{Browsers, SameSite};
#[cfg(feature = "axum")]
pub use extract::{NoClaims, Session};
pub use identity::Identity;
pub use layer::{Authentication, AuthenticationLayer, Found, ResponseFuture};
pub use refusal::Refusal;
pub use renewal::{NoRenewal, PATIENCE, Renewal};
pub use require::{Require, Required, RequiredFuture};
