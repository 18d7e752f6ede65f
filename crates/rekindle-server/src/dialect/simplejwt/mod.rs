//! [djangorestframework-simplejwt](https://github.com/jazzband/djangorestframework-simplejwt) 5.5: its four token views,
//! and the two for sliding tokens.
//!
//! With `ROTATE_REFRESH_TOKENS` a refresh is the protocol's `refresh`: it rotates, and notices theft. Without it, and for
//! sliding tokens, it is `renew`: as in the package, one token may live in many places, so theft cannot be noticed.

mod settings;
mod tokens;
mod views;

use std::sync::Arc;

use axum::Router;
use axum::routing::post;
use rekindle::core::Policy;

use self::tokens::Tokens;
use self::views::State;
use super::preset::{Base, Clash, End, Lives, Window};
use super::{Dialect, Ground, WantedBlacklist, WantedKey, rest_framework};
use crate::app::AppState;
pub use settings::{Settings, UserIdType, Views};

/// The `client_id` of its sessions.
const NAME: &str = "simplejwt";

impl Dialect for Settings {
    fn name(&self) -> &'static str {
        NAME
    }

    fn paths(&self) -> Vec<(&'static str, String)> {
        let prefix = self.prefix.trim_end_matches('/');
        let paths = ["", "/refresh", "/verify", "/blacklist"].into_iter();
        paths
            .flat_map(|path| ["/", ""].map(|slash| ("dialects.simplejwt.prefix", format!("{prefix}{path}{slash}"))))
            .collect()
    }

    fn policy(&self, base: &Base<'_>) -> Result<Policy, Clash> {
        match self.views {
            Views::Pair => {
                let lives = Lives {
                    access: ("dialects.simplejwt.ACCESS_TOKEN_LIFETIME", self.ACCESS_TOKEN_LIFETIME.0),
                    idle: ("dialects.simplejwt.REFRESH_TOKEN_LIFETIME", self.REFRESH_TOKEN_LIFETIME.0),
                    leeway: ("dialects.simplejwt.LEEWAY", self.LEEWAY.0),
                };
                let window = if self.single_use { Window::Closed } else { Window::Servers };
                if self.ROTATE_REFRESH_TOKENS {
                    base.rotating(&lives, &window, &End::Servers)
                } else {
                    base.renewing(&lives)
                }
            }
            Views::Sliding => base.renewing(&Lives {
                access: ("dialects.simplejwt.SLIDING_TOKEN_LIFETIME", self.SLIDING_TOKEN_LIFETIME.0),
                idle: ("dialects.simplejwt.SLIDING_TOKEN_REFRESH_LIFETIME", self.SLIDING_TOKEN_REFRESH_LIFETIME.0),
                leeway: ("dialects.simplejwt.LEEWAY", self.LEEWAY.0),
            }),
        }
    }

    fn has_one_token(&self) -> bool {
        self.views == Views::Sliding
    }

    fn key(&self) -> WantedKey<'_> {
        WantedKey {
            own: self.SIGNING_KEY.as_ref(),
            own_name: "dialects.simplejwt.SIGNING_KEY",
            algorithm: self.ALGORITHM.0,
        }
    }

    fn blacklist(&self) -> Option<WantedBlacklist> {
        settings::blacklist(self)
    }

    fn advise(&self, say: &mut dyn FnMut(&'static str, &str)) {
        settings::advise(self, say);
    }

    fn rolls(&self) -> Option<&'static str> {
        let rolls = self.views == Views::Pair && self.ROTATE_REFRESH_TOKENS;
        rolls.then_some("dialects.simplejwt.ROTATE_REFRESH_TOKENS")
    }

    fn routes(&self, ground: Ground) -> Router<AppState> {
        let state = State::new(NAME, ground, self, |key| Tokens::new(self, key));
        let prefix = self.prefix.trim_end_matches('/');
        let pair = self.views == Views::Pair;
        let mut router = Router::new();
        // Django's own paths end with a slash; a front end that leaves it out means the same.
        for slash in ["/", ""] {
            let at = |path: &str| format!("{prefix}{path}{slash}");
            let fallback = |route: axum::routing::MethodRouter<Arc<State>>| {
                route.fallback(rest_framework::method_not_allowed)
            };
            router = router
                .route(&at(""), fallback(post(views::obtain)))
                .route(&at("/refresh"), fallback(if pair { post(views::refresh) } else { post(views::slide) }))
                .route(&at("/verify"), fallback(post(views::verify)))
                .route(&at("/blacklist"), fallback(post(views::blacklist)));
        }
        router.with_state(state)
    }
}
