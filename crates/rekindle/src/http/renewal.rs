//! Access tokens renewed inside ordinary requests: a client that sends one near its end finds the next in the answer.
//!
//! It never touches the refresh token, and asks for no password: so a stolen access token that can renew itself is worth a
//! session, until its absolute end. It is off unless it is asked for.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http::header::{ACCESS_CONTROL_EXPOSE_HEADERS, CACHE_CONTROL, SET_COOKIE};
use http::{HeaderName, HeaderValue, Response};
use rekindle_core::SessionId;
use tokio::time::Sleep;

use super::cookie::{self, Slot};
use super::{Browsers, Identity};
use crate::engine::{Engine, Renewed};

/// How long an answer that is ready waits for a renewal that is not. The next request near the token's end will do as well.
pub const PATIENCE: Duration = Duration::from_millis(25);

/// Where a renewed access token goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Renewal {
    /// Into this header of the answer, for requests with a bearer token; behind `Bearer ` where `scheme` says so.
    Header {
        /// Its name. Scripts of other origins may read it.
        name: HeaderName,
        /// Whether it is written as a request has it.
        scheme: bool,
    },
    /// Into the session's cookie, for requests by cookie.
    Cookie,
}

/// A handler's mark on its answer (an extension): no token goes into it. For a logout, and for what everybody may see.
///
/// Answers with `Cache-Control: public`, errors, and those that set or clear the session's cookies by themselves need no mark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NoRenewal;

/// The renewal of one request's token, under way beside its handler.
pub(super) struct Renewing {
    under_way: Pin<Box<dyn Future<Output = Option<Renewed>> + Send>>,
    done: Option<Option<Renewed>>,
    patience: Option<Pin<Box<Sleep>>>,
    session: SessionId,
}

impl Renewing {
    /// `None` where it is not near its end.
    pub(super) fn begin(engine: &Engine, identity: &Identity) -> Option<Self> {
        if !engine.is_renewal_due(identity.token()) {
            return None;
        }
        let (engine, token) = (engine.clone(), identity.token().clone());
        let session = token.session();
        // What fails is tried again by the next request: this one is served with the token it has.
        let under_way = async move { engine.renew_checked(&token).await.ok().flatten() };
        Some(Self { under_way: Box::pin(under_way), done: None, patience: None, session })
    }

    /// Goes on, without holding anything up.
    pub(super) fn advance(&mut self, cx: &mut Context<'_>) {
        if self.done.is_none()
            && let Poll::Ready(renewed) = self.under_way.as_mut().poll(cx)
        {
            self.done = Some(renewed);
        }
    }

    /// The renewed token, for an answer that is ready.
    pub(super) fn poll_for_answer(&mut self, cx: &mut Context<'_>) -> Poll<Option<Renewed>> {
        self.advance(cx);
        if let Some(renewed) = self.done.take() {
            return Poll::Ready(renewed);
        }
        let patience = self.patience.get_or_insert_with(|| Box::pin(tokio::time::sleep(PATIENCE)));
        patience.as_mut().poll(cx).map(|()| None)
    }

    /// Whether a token may go into this answer at all.
    pub(super) fn is_for<R>(&self, response: &Response<R>) -> bool {
        let status = response.status();
        let headers = response.headers();
        let is_public = headers.get_all(CACHE_CONTROL).iter().any(|value| {
            let directives = value.to_str().unwrap_or_default().split(',');
            directives.map(str::trim).any(|directive| directive.eq_ignore_ascii_case("public"))
        });
        let slot = Slot::of(self.session).to_string();
        let mut cookies = headers.get_all(SET_COOKIE).iter();
        let sets_own = cookies.any(|cookie| {
            let name = cookie.to_str().unwrap_or_default().split('=').next().unwrap_or_default();
            name.ends_with(&format!(".{slot}"))
        });
        let is_marked = response.extensions().get::<NoRenewal>().is_some();
        !status.is_client_error() && !status.is_server_error() && !is_public && !sets_own && !is_marked
    }

    /// Puts the token where it belongs.
    pub(super) fn write<R>(
        &self,
        renewed: &Renewed,
        renewal: &Renewal,
        browsers: Option<&Browsers>,
        response: &mut Response<R>,
    ) {
        let headers = response.headers_mut();
        match renewal {
            Renewal::Header { name, scheme } => {
                let text = if *scheme {
                    format!("Bearer {}", renewed.access_token)
                } else {
                    renewed.access_token.clone()
                };
                // A JWS is ASCII.
                let Ok(value) = HeaderValue::try_from(text) else { return };
                headers.insert(name.clone(), value);
                if let Ok(name) = HeaderValue::from_str(name.as_str()) {
                    headers.append(ACCESS_CONTROL_EXPOSE_HEADERS, name);
                }
            }
            Renewal::Cookie => {
                let Some(browsers) = browsers else { return };
                let Ok(cookie) = cookie::set_access(self.session, &renewed.access_token, browsers) else {
                    return;
                };
                headers.append(SET_COOKIE, cookie);
            }
        }
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}
