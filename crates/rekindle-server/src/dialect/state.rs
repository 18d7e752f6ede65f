//! What the handlers of a dialect stand on.

use std::sync::Arc;

use axum::extract;
use axum::http::HeaderMap;
use rekindle::engine::{Login, TokenForm, Tokens};
use rekindle::token::{Claims, SigningKey};

use super::Ground;
use super::adopted::Sessions;
use crate::accounts::Password;
use crate::api::{Problem, device};
use crate::app::AppState;
use crate::rates::ClientAddress;
use crate::sign_in;

/// `S` are the dialect's settings; `T` reads and writes its tokens.
pub(crate) struct State<S, T> {
    pub(crate) app: AppState,
    pub(crate) sessions: Sessions,
    pub(crate) tokens: Arc<T>,
    pub(crate) settings: S,
}

/// The state, as a handler takes it.
pub(crate) type Shared<S, T> = extract::State<Arc<State<S, T>>>;

impl<S: Clone, T: TokenForm> State<S, T> {
    /// For the dialect `name`, whose tokens `tokens` signs with the key.
    pub(crate) fn new(
        name: &'static str,
        ground: Ground,
        settings: &S,
        tokens: impl FnOnce(SigningKey) -> T,
    ) -> Arc<Self> {
        let Ground { app, policy, key, blacklist } = ground;
        let tokens = Arc::new(tokens(key));
        let engine = app.engine.speaking(policy, Arc::clone(&tokens) as Arc<dyn TokenForm>);
        Arc::new(Self {
            app,
            sessions: Sessions { name, engine, blacklist },
            tokens,
            settings: settings.clone(),
        })
    }
}

impl<S, T> State<S, T> {
    /// Opens a session for whoever knows the password, with the account's claims as `claims` leaves them.
    pub(crate) async fn log_in(
        &self,
        username: &str,
        password: Password,
        client: ClientAddress,
        headers: &HeaderMap,
        claims: impl FnOnce(Claims) -> Claims,
    ) -> Result<Tokens, Problem> {
        let account = sign_in::check(&self.app, username, password, client).await?;
        let login = Login {
            client_id: self.sessions.name.to_owned(),
            claims: claims(account.claims),
            device: device(None, headers),
            ..Login::new(account.subject)
        };
        sign_in::open(&self.app, &self.sessions.engine, login, account.credential_version).await
    }
}
