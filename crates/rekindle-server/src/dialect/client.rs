//! Where a dialect's request comes from.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use crate::app::AppState;
use crate::rates::ClientAddress;

/// The state of a dialect's handlers.
pub(crate) trait Views: Send + Sync {
    /// The server that they are part of.
    fn app(&self) -> &AppState;
}

/// The address of the client.
pub(crate) struct Client(pub(crate) ClientAddress);

impl<V: Views> FromRequestParts<Arc<V>> for Client {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, views: &Arc<V>) -> Result<Self, Infallible> {
        Ok(Self(ClientAddress::of(parts, views.app())))
    }
}
