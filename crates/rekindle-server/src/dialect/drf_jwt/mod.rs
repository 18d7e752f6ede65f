//! [drf-jwt](https://github.com/Styria-Digital/django-rest-framework-jwt) 1.19, and
//! [django-rest-framework-jwt](https://github.com/jpadilla/django-rest-framework-jwt) 1.11 from which it came: one token, which
//! is renewed while it lives, until some days after the login.
//!
//! The old token stays good to its end, so a refresh is the protocol's `renew`: theft cannot be noticed.

mod settings;
mod tokens;
mod views;
mod words;

use axum::Router;
use axum::routing::post;
use rekindle::core::Policy;

use self::tokens::Tokens;
use self::views::State;
use super::preset::{Base, Clash, Lives};
use super::{Dialect, Ground, WantedBlacklist, WantedKey, rest_framework};
use crate::app::AppState;
pub use settings::{Package, Settings, TokenId};

/// The `client_id` of its sessions.
const NAME: &str = "drf-jwt";

impl Dialect for Settings {
    fn name(&self) -> &'static str {
        NAME
    }

    fn paths(&self) -> Vec<(&'static str, String)> {
        vec![
            ("dialects.drf-jwt.obtain", self.obtain.clone()),
            ("dialects.drf-jwt.refresh", self.refresh.clone()),
            ("dialects.drf-jwt.verify", self.verify.clone()),
            ("dialects.drf-jwt.blacklist", self.blacklist.clone()),
        ]
    }

    fn policy(&self, base: &Base<'_>) -> Result<Policy, Clash> {
        base.renewing(&Lives {
            access: ("dialects.drf-jwt.JWT_EXPIRATION_DELTA", self.JWT_EXPIRATION_DELTA.0),
            idle: ("dialects.drf-jwt.JWT_REFRESH_EXPIRATION_DELTA", self.JWT_REFRESH_EXPIRATION_DELTA.0),
            leeway: ("dialects.drf-jwt.JWT_LEEWAY", self.JWT_LEEWAY.0),
        })
    }

    fn has_one_token(&self) -> bool {
        true
    }

    fn key(&self) -> WantedKey<'_> {
        let secret = ("dialects.drf-jwt.JWT_SECRET_KEY", self.JWT_SECRET_KEY.as_ref());
        let private = ("dialects.drf-jwt.JWT_PRIVATE_KEY", self.JWT_PRIVATE_KEY.as_ref());
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
            .route(&self.obtain, post(views::obtain).fallback(rest_framework::method_not_allowed))
            .route(&self.refresh, post(views::refresh).fallback(rest_framework::method_not_allowed))
            .route(&self.verify, post(views::verify).fallback(rest_framework::method_not_allowed))
            .route(&self.blacklist, post(views::blacklist).fallback(rest_framework::method_not_allowed))
            .with_state(state)
    }
}
