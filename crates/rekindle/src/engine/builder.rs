//! Puts an engine together.

use std::sync::{Arc, Mutex};

use rekindle_core::Policy;

use super::{Engine, Shared, View, upkeep};
use crate::clock::{Clock, SystemClock};
use crate::entropy::{Entropy, SystemEntropy};
use crate::event::{Observer, Unobserved};
use crate::hook::{ClaimsHook, KeepClaims};
use crate::keyring::KeyRing;
use crate::store::Store;
use crate::token::Expected;

/// Collects what an [`Engine`] needs; everything but store and keys has a default.
#[must_use]
pub struct Builder {
    shared: Shared,
    view: View,
}

impl std::fmt::Debug for Builder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Builder").field("policy", &self.view.policy).finish_non_exhaustive()
    }
}

impl Builder {
    pub(super) fn new(store: Arc<dyn Store>, keys: Arc<KeyRing>) -> Self {
        let shared = Shared {
            store,
            keys,
            clock: Arc::new(SystemClock),
            entropy: Arc::new(SystemEntropy),
            hook: Arc::new(KeepClaims),
            observer: Arc::new(Unobserved),
            session_cap: None,
            policies: Mutex::default(),
            writes: tokio::sync::watch::Sender::new(0),
            changed: tokio::sync::Notify::new(),
            ahead: Default::default(),
        };
        let view = View {
            policy: Policy::default(),
            issuer: "rekindle".to_owned(),
            audience: vec!["rekindle".to_owned()],
            expected: Expected::new("", []),
            form: None,
        };
        Self { shared, view }
    }

    /// How long things live. Default [`Policy::default`].
    pub fn policy(mut self, policy: Policy) -> Self {
        self.view.policy = policy;
        self
    }

    /// The `iss` of access tokens. Default "rekindle".
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.view.issuer = issuer.into();
        self
    }

    /// The `aud` of access tokens. Default "rekindle".
    pub fn audience(mut self, audience: Vec<String>) -> Self {
        self.view.audience = audience;
        self
    }

    /// The clock. Default the system's.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.shared.clock = clock;
        self
    }

    /// The source of randomness. Default the system's.
    pub fn entropy(mut self, entropy: Arc<dyn Entropy>) -> Self {
        self.shared.entropy = entropy;
        self
    }

    /// Who resolves claims and account state. Default: the login's claims stay.
    pub fn hook(mut self, hook: Arc<dyn ClaimsHook>) -> Self {
        self.shared.hook = hook;
        self
    }

    /// Who is told what happens. Default nobody.
    pub fn observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.shared.observer = observer;
        self
    }

    /// The most live sessions a subject may have; a further login ends the least recently used. Default none.
    pub fn session_cap(mut self, cap: Option<usize>) -> Self {
        self.shared.session_cap = cap;
        self
    }

    /// The engine. Inside a tokio runtime it also starts its own upkeep (purge, key ring), which ends with
    /// the last clone of the engine.
    pub fn build(mut self) -> Engine {
        // Own tokens: the nodes' clocks are held together, so no leeway hides behind the expiry.
        self.view.expected = Expected::new(self.view.issuer.clone(), self.view.audience.clone());
        let Self { mut shared, view } = self;
        shared.policies = Mutex::new(vec![view.policy.clone()]);
        let engine = Engine { shared: Arc::new(shared), view: Arc::new(view) };
        upkeep::start(&engine);
        engine
    }
}
