//! [tymon/jwt-auth](https://github.com/tymondesigns/jwt-auth) and
//! [PHP-Open-Source-Saver/jwt-auth](https://github.com/PHP-Open-Source-Saver/jwt-auth): the controller of their guide. One token;
//! it can be exchanged for another for `refresh_ttl`, also after it has expired, and the old one is retired.
//!
//! So a refresh is the protocol's `refresh`: theft is noticed. The replay window is half of `ttl`: what the package calls the
//! grace period of its blacklist, with one new token for all who come within it.

mod input;
mod middlewares;
mod settings;
mod tokens;
mod views;

use axum::Router;
use axum::routing::{get, post};
use rekindle::core::Policy;

use self::tokens::Tokens;
use self::views::State;
use super::preset::{Base, Clash, End, Lives, Window};
use super::{Dialect, Ground, WantedBlacklist, WantedKey};
use crate::app::AppState;
pub use settings::Settings;

/// The `client_id` of its sessions.
const NAME: &str = "tymon";

impl Dialect for Settings {
    fn name(&self) -> &'static str {
        NAME
    }

    fn paths(&self) -> Vec<(&'static str, String)> {
        let prefix = self.prefix.trim_end_matches('/');
        let middlewares = ["/forward-auth", "/forward-auth/renew", "/forward-auth/refresh"];
        ["/login", "/refresh", "/logout"].into_iter().chain(middlewares).map(|path| ("dialects.tymon.prefix", format!("{prefix}{path}"))).collect()
    }

    fn policy(&self, base: &Base<'_>) -> Result<Policy, Clash> {
        let lives = Lives {
            access: ("dialects.tymon.ttl", self.ttl.0),
            idle: ("dialects.tymon.refresh_ttl", self.refresh_ttl.0),
            leeway: ("dialects.tymon.leeway", self.leeway.0),
        };
        let window = if self.single_use { Window::Closed } else { Window::Widest };
        // Without it, counted from the login, however often it was exchanged.
        let end = if self.refresh_iat { End::Servers } else { End::First };
        base.rotating(&lives, &window, &end)
    }

    fn key(&self) -> WantedKey<'_> {
        let secret = ("dialects.tymon.secret", self.secret.as_ref());
        let private = ("dialects.tymon.private_key", self.private_key.as_ref());
        WantedKey::of(self.algo.0, secret, private)
    }

    fn blacklist(&self) -> Option<WantedBlacklist> {
        settings::blacklist(self)
    }

    fn advise(&self, say: &mut dyn FnMut(&'static str, &str)) {
        settings::advise(self, say);
    }

    fn rolls(&self) -> Option<&'static str> {
        self.refresh_iat.then_some("dialects.tymon.refresh_iat")
    }

    fn routes(&self, ground: Ground) -> Router<AppState> {
        let prefix = self.prefix.trim_end_matches('/');
        let issuer = self.issuer.clone().unwrap_or_else(|| format!("{}{prefix}/login", ground.app.public_url));
        let state = State::new(NAME, ground, self, |key| Tokens::new(self, key, issuer));
        Router::new()
            .route(&format!("{prefix}/login"), post(views::login).fallback(views::method_not_allowed))
            .route(&format!("{prefix}/refresh"), post(views::refresh).fallback(views::method_not_allowed))
            .route(&format!("{prefix}/logout"), post(views::logout).fallback(views::method_not_allowed))
            .route(&format!("{prefix}/forward-auth"), get(middlewares::authenticate))
            .route(&format!("{prefix}/forward-auth/renew"), get(middlewares::renew))
            .route(&format!("{prefix}/forward-auth/refresh"), get(middlewares::refresh))
            .with_state(state)
    }
}
