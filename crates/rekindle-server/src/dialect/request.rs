//! What the handlers of a dialect read of a request.

use std::convert::Infallible;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, Uri};
use http_body_util::BodyExt as _;

use super::state::State;
use crate::rates::ClientAddress;

/// The address of the client.
pub(crate) struct Client(pub(crate) ClientAddress);

impl<S: Send + Sync, T: Send + Sync> FromRequestParts<Arc<State<S, T>>> for Client {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &Arc<State<S, T>>) -> Result<Self, Infallible> {
        Ok(Self(ClientAddress::of(parts, &state.app)))
    }
}

/// A request whose body is read, for packages that look for a token in all of it. A body that broke off is empty.
pub(crate) struct Whole {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl<S: Sync> FromRequest<S> for Whole {
    type Rejection = Infallible;

    async fn from_request(request: Request, _: &S) -> Result<Self, Infallible> {
        let (head, body) = request.into_parts();
        let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
        Ok(Self { method: head.method, uri: head.uri, headers: head.headers, body })
    }
}

impl Whole {
    /// The first value of this name in the query.
    pub(crate) fn in_query(&self, name: &str) -> Option<String> {
        let query = self.uri.query().unwrap_or_default();
        let pairs: Vec<(String, String)> = serde_urlencoded::from_str(query).unwrap_or_default();
        pairs.into_iter().find(|(own, _)| own == name).map(|(_, value)| value)
    }
}
