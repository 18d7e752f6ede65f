//! [Flask-JWT-Extended](https://github.com/vimalloc/flask-jwt-extended) 4: the endpoints of its documentation, with its tokens
//! in headers, cookies, bodies and query strings, its double submit against forgery, and its fresh tokens.
//!
//! Its refresh token never changes, so a refresh is the protocol's `renew`: theft cannot be noticed.

mod csrf;
mod errors;
mod locations;
mod settings;
mod tokens;
mod views;

use axum::Router;
use axum::routing::post;
use rekindle::core::Policy;

use self::tokens::Tokens;
use self::views::State;
use super::preset::{Base, Clash, Lives};
use super::{Dialect, Ground, WantedBlacklist, WantedKey};
use crate::app::AppState;
pub use settings::{Location, Settings};

/// The `client_id` of its sessions.
const NAME: &str = "flask-jwt-extended";

impl Dialect for Settings {
    fn name(&self) -> &'static str {
        NAME
    }

    fn paths(&self) -> Vec<(&'static str, String)> {
        vec![
            ("dialects.flask-jwt-extended.login", self.login.clone()),
            ("dialects.flask-jwt-extended.refresh", self.refresh.clone()),
            ("dialects.flask-jwt-extended.logout", self.logout.clone()),
        ]
    }

    fn policy(&self, base: &Base<'_>) -> Result<Policy, Clash> {
        base.renewing(&Lives {
            access: ("dialects.flask-jwt-extended.JWT_ACCESS_TOKEN_EXPIRES", self.JWT_ACCESS_TOKEN_EXPIRES.0),
            idle: ("dialects.flask-jwt-extended.JWT_REFRESH_TOKEN_EXPIRES", self.JWT_REFRESH_TOKEN_EXPIRES.0),
            leeway: ("dialects.flask-jwt-extended.JWT_DECODE_LEEWAY", self.JWT_DECODE_LEEWAY.0),
        })
    }

    fn key(&self) -> WantedKey<'_> {
        let secret = ("dialects.flask-jwt-extended.JWT_SECRET_KEY", self.JWT_SECRET_KEY.as_ref());
        let private = ("dialects.flask-jwt-extended.JWT_PRIVATE_KEY", self.JWT_PRIVATE_KEY.as_ref());
        WantedKey::of(self.JWT_ALGORITHM.0, secret, private)
    }

    fn blacklist(&self) -> Option<WantedBlacklist> {
        settings::blacklist(self)
    }

    fn advise(&self, say: &mut dyn FnMut(&'static str, &str)) {
        settings::advise(self, say);
    }

    fn routes(&self, ground: Ground) -> Router<AppState> {
        let state = State::new(NAME, ground, self, |key| Tokens::new(self, key));
        Router::new()
            .route(&self.login, post(views::login).fallback(views::method_not_allowed))
            .route(&self.refresh, post(views::refresh).fallback(views::method_not_allowed))
            .route(
                &self.logout,
                post(views::logout).delete(views::logout).fallback(views::method_not_allowed),
            )
            .with_state(state)
    }
}
