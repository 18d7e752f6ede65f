//! Lets a request through to its handler when all of it is there.
//!
//! Bodies are small, so they are read whole before the handler starts: no handler ever waits for a slow
//! client, or has to know what a body that is too long, too slow or broken off looks like.

use axum::body::Body;
use axum::http::{HeaderValue, Request, Response, Version, header};
use axum::response::IntoResponse as _;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::{Body as _, Incoming};

use crate::api::Problem;
use crate::config::Limits;

/// A request that no handler sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// HTTP/1.1 wants exactly one `Host` (RFC 9112 section 3.2).
    Host,
    /// The body broke off, or its framing is wrong.
    Broken,
    /// The body is longer than the limit.
    TooLong,
    /// The body took too long.
    TooSlow,
}

pub(super) async fn admit(request: Request<Incoming>, limits: &Limits) -> Result<Request<Body>, Refusal> {
    let hosts = request.headers().get_all(header::HOST).iter().count();
    if hosts > 1 || (hosts == 0 && request.version() == Version::HTTP_11) {
        return Err(Refusal::Host);
    }
    let (head, incoming) = request.into_parts();
    if incoming.is_end_stream() {
        return Ok(Request::from_parts(head, Body::empty()));
    }
    let longest = limits.body_bytes.get();
    // Said at once, before a `100 Continue` invites the body.
    if incoming.size_hint().lower() > longest as u64 {
        return Err(Refusal::TooLong);
    }
    match tokio::time::timeout(limits.body_timeout.0, Limited::new(incoming, longest).collect()).await {
        Ok(Ok(body)) => Ok(Request::from_parts(head, Body::from(body.to_bytes()))),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Refusal::TooLong),
        Ok(Err(_)) => Err(Refusal::Broken),
        Err(_) => Err(Refusal::TooSlow),
    }
}

impl Refusal {
    pub(super) fn response(self) -> Response<Body> {
        let problem = match self {
            Self::Host => Problem::invalid("exactly one Host header is needed"),
            Self::Broken => Problem::invalid("the body broke off, or is not framed as announced"),
            Self::TooLong => Problem::too_large("the body is too long"),
            Self::TooSlow => Problem::too_slow("the body took too long"),
        };
        let mut response = problem.into_response();
        // The rest of the body would be taken for the next request.
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        response
    }
}
