//! The session as an argument of axum's handlers.

use axum_core::body::Body;
use axum_core::extract::{FromRequestParts, OptionalFromRequestParts};
use axum_core::response::{IntoResponse, Response};
use http::request::Parts;
use rekindle_core::{Seconds, SessionId, Timestamp};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{Found, Identity, Refusal};
use crate::token::AccessToken;

/// The session of whoever makes the request, with the application's own claims as a type of yours.
///
/// ```
/// use rekindle::http::Session;
///
/// #[derive(serde::Deserialize)]
/// struct Claims {
///     role: String,
/// }
///
/// // Nobody else gets here: they are answered 401 as docs/http.md says.
/// async fn edit(session: Session<Claims>) -> String {
///     format!("{} is {}", session.subject(), session.claims.role)
/// }
///
/// // Everybody gets here.
/// async fn home(session: Option<Session>) -> String {
///     session.map_or("hello".to_owned(), |session| format!("hello {}", session.subject()))
/// }
/// ```
///
/// The route needs an [`AuthenticationLayer`](super::AuthenticationLayer).
#[derive(Clone, Debug)]
pub struct Session<C = NoClaims> {
    identity: Identity,
    /// The application's own claims.
    pub claims: C,
}

/// Whatever claims there are, they are not looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct NoClaims {}

impl<C> Session<C> {
    /// What the access token says.
    pub fn token(&self) -> &AccessToken {
        self.identity.token()
    }

    /// Whose it is.
    pub fn subject(&self) -> &str {
        self.token().subject()
    }

    /// Its name.
    pub fn id(&self) -> SessionId {
        self.token().session()
    }

    /// Which application opened it.
    pub fn client_id(&self) -> &str {
        self.token().client_id()
    }

    /// When the user proved who they are.
    pub fn auth_time(&self) -> Timestamp {
        self.token().auth_time()
    }

    /// See [`Identity::require_scope`].
    ///
    /// # Errors
    /// [`Refusal::Scope`].
    pub fn require_scope(&self, scope: &str) -> Result<(), Refusal> {
        self.identity.require_scope(scope)
    }

    /// See [`Identity::require_login_within`].
    ///
    /// # Errors
    /// [`Refusal::LoginTooOld`].
    pub fn require_login_within(&self, limit: Seconds) -> Result<(), Refusal> {
        self.identity.require_login_within(limit)
    }
}

impl<S: Sync, C: DeserializeOwned> FromRequestParts<S> for Session<C> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        let found: &Found = parts.extensions.get().ok_or(Refusal::NoLayer)?;
        let identity = found.identity().map_err(Clone::clone)?;
        let claims = identity.token().claims().map_err(|_| Refusal::Claims)?;
        Ok(Self { identity: identity.clone(), claims })
    }
}

/// `None` where nobody is signed in, as far as this request shows: a browser whose access cookie has run out looks the same
/// until it has refreshed. A bearer token that does not hold is refused all the same: its sender can refresh.
impl<S: Sync, C: DeserializeOwned> OptionalFromRequestParts<S> for Session<C> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Option<Self>, Refusal> {
        let by_cookie = parts.extensions.get().is_some_and(Found::is_by_cookie);
        match <Self as FromRequestParts<S>>::from_request_parts(parts, state).await {
            Ok(session) => Ok(Some(session)),
            Err(Refusal::Missing) => Ok(None),
            Err(Refusal::Failed(failure)) if by_cookie && failure.status() == 401 => Ok(None),
            Err(refusal) => Err(refusal),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        self.response::<Body>()
    }
}
