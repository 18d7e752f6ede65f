//! [tymon/jwt-auth](https://github.com/tymondesigns/jwt-auth) and
//! [PHP-Open-Source-Saver/jwt-auth](https://github.com/PHP-Open-Source-Saver/jwt-auth): the controller of their guide. One token;
//! it can be exchanged for another for `refresh_ttl`, also after it has expired, and the old one is retired.
//!
//! So a refresh is the protocol's `refresh`: theft is noticed. The replay window is half of `ttl`: what the package calls the
//! grace period of its blacklist, with one new token for all who come within it.

mod settings;
mod tokens;
mod views;

use std::sync::Arc;

use axum::Router;
use axum::routing::post;
use rekindle::core::{Policy, Seconds};

use self::tokens::{Forms, Tokens};
use self::views::State;
use super::preset::{Base, Clash, Lives};
use super::adopted::Sessions;
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
        ["/login", "/refresh", "/logout"].map(|path| ("dialects.tymon.prefix", format!("{prefix}{path}"))).to_vec()
    }

    fn policy(&self, base: &Base<'_>) -> Result<Policy, Clash> {
        let lives = Lives {
            access: ("dialects.tymon.ttl", self.ttl.0),
            idle: ("dialects.tymon.refresh_ttl", self.refresh_ttl.0),
            leeway: ("dialects.tymon.leeway", self.leeway.0),
        };
        let policy = base.rotating(&lives, self.single_use)?;
        let mut settings = (*policy).clone();
        if !self.single_use {
            settings.replay_window = Some(Policy::roomy_window(settings.access));
        }
        if !self.refresh_iat {
            // Counted from the login, however often it was exchanged.
            settings.absolute = settings.idle;
        }
        if settings.replay_window == Some(Seconds(0)) {
            settings.replay_window = None;
        }
        base.check(settings, &lives)
    }

    fn key(&self) -> WantedKey<'_> {
        let algorithm = self.algo.0;
        let (own, own_name) = if algorithm.is_symmetric() {
            (self.secret.as_ref(), "dialects.tymon.secret")
        } else {
            (self.private_key.as_ref(), "dialects.tymon.private_key")
        };
        WantedKey { own, own_name, algorithm }
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
        let Ground { app, policy, key, blacklist } = ground;
        let prefix = self.prefix.trim_end_matches('/');
        let issuer = self.issuer.clone().unwrap_or_else(|| format!("{}{prefix}/login", app.public_url));
        let tokens = Arc::new(Tokens::new(self, key, issuer));
        let engine = app.engine.speaking(policy, Arc::new(Forms(Arc::clone(&tokens))));
        let sessions = Sessions { name: NAME, engine, blacklist };
        let state = Arc::new(State { app, sessions, tokens, settings: self.clone() });
        Router::new()
            .route(&format!("{prefix}/login"), post(views::login).fallback(views::method_not_allowed))
            .route(&format!("{prefix}/refresh"), post(views::refresh).fallback(views::method_not_allowed))
            .route(&format!("{prefix}/logout"), post(views::logout).fallback(views::method_not_allowed))
            .with_state(state)
    }
}
