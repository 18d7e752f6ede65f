//! A layer that finds out who makes a request.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use http::header::{CACHE_CONTROL, SET_COOKIE};
use http::{HeaderMap, HeaderValue, Request, Response};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use super::authority::{Authority, Check, Finding};
use super::cookie::{Jar, SetCookies};
use super::renewal::{Renewal, Renewing};
use super::{Browsers, Identity, Refusal, bearer, csrf};
use crate::engine::Engine;

/// Finds out who makes a request, and refuses nobody: that is for [`Require`](super::Require), or for the handler.
///
/// What it found is an extension of the request: a [`Found`], which axum's handlers take as
/// [`Session`](super::Session).
///
/// A bearer token wins over a cookie: it was put there for this request. Cookies count only where
/// [`with_cookies`](Self::with_cookies) says how they are named, and for a request that changes something only where no
/// other site can have made it.
#[derive(Clone)]
pub struct AuthenticationLayer {
    authority: Arc<dyn Authority>,
    browsers: Option<Arc<Browsers>>,
    renewal: Option<Arc<(Engine, Renewal)>>,
}

impl AuthenticationLayer {
    /// With tokens in `Authorization: Bearer`.
    pub fn new(authority: impl Authority) -> Self {
        Self { authority: Arc::new(authority), browsers: None, renewal: None }
    }

    /// With tokens in cookies besides.
    #[must_use]
    pub fn with_cookies(self, browsers: Browsers) -> Self {
        Self { browsers: Some(Arc::new(browsers)), ..self }
    }

    /// Renews access tokens near their end ([`Settings::renewal_threshold`](rekindle_core::Settings::renewal_threshold)):
    /// beside the handler, and without ever failing its answer.
    #[must_use]
    pub fn renewing(self, engine: Engine, renewal: Renewal) -> Self {
        Self { renewal: Some(Arc::new((engine, renewal))), ..self }
    }

    /// The renewal that this request leads to, if any.
    fn renew(&self, place: Place, identity: &Identity) -> Option<Renewing> {
        let (engine, renewal) = &**self.renewal.as_ref()?;
        let fits = matches!(
            (place, renewal),
            (Place::Header, Renewal::Header { .. }) | (Place::Cookies, Renewal::Cookie)
        );
        if fits { Renewing::begin(engine, identity) } else { None }
    }

    fn check<B>(&self, request: &Request<B>) -> (Place, Check) {
        let refused = |refusal| Check::Done(Finding::from(Err(refusal)));
        match bearer(request.headers()) {
            Ok(Some(token)) => return (Place::Header, self.authority.check(token)),
            Err(_) => return (Place::Header, refused(Refusal::Repeated)),
            Ok(None) => {}
        }
        let Some(browsers) = &self.browsers else { return (Place::Header, refused(Refusal::Missing)) };
        let jar = Jar::of(request.headers(), browsers);
        let check = if jar.is_empty() {
            refused(Refusal::Missing)
        } else if !request.method().is_safe() && csrf::check(request.headers(), browsers).is_err() {
            refused(Refusal::Forged)
        } else {
            self.authority.check_jar(jar, browsers)
        };
        (Place::Cookies, check)
    }
}

impl fmt::Debug for AuthenticationLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthenticationLayer").field("browsers", &self.browsers).finish_non_exhaustive()
    }
}

impl<S> Layer<S> for AuthenticationLayer {
    type Service = Authentication<S>;

    fn layer(&self, inner: S) -> Authentication<S> {
        Authentication { inner, layer: self.clone() }
    }
}

/// What the layer found: an extension of the request.
#[derive(Clone, Debug)]
pub struct Found {
    identity: Result<Identity, Refusal>,
    place: Place,
}

/// Where a token was looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Header,
    Cookies,
}

impl Found {
    /// Who makes the request, or why nobody does.
    ///
    /// # Errors
    /// Why nobody does.
    pub fn identity(&self) -> Result<&Identity, &Refusal> {
        self.identity.as_ref()
    }

    /// Whether it was looked for in cookies, which browsers send by themselves.
    pub fn is_by_cookie(&self) -> bool {
        self.place == Place::Cookies
    }
}

/// The service of an [`AuthenticationLayer`].
#[derive(Clone, Debug)]
pub struct Authentication<S> {
    inner: S,
    layer: AuthenticationLayer,
}

impl<S, B, R> Service<Request<B>> for Authentication<S>
where
    S: Service<Request<B>, Response = Response<R>> + Clone,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = ResponseFuture<S, B>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> ResponseFuture<S, B> {
        // The one that was polled ready is the one that is called.
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        let (place, check) = self.layer.check(&request);
        let state = match check {
            Check::Done(finding) => State::answering(&self.layer, &mut inner, request, place, finding),
            Check::Pending(check) => State::Checking { check, waiting: Some((inner, request, place)) },
        };
        ResponseFuture { layer: self.layer.clone(), state }
    }
}

pin_project! {
    /// The response of an [`Authentication`].
    pub struct ResponseFuture<S, B>
    where
        S: Service<Request<B>>,
    {
        layer: AuthenticationLayer,
        #[pin]
        state: State<S, B, S::Future, S::Response>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<S, B, F, R> {
        Checking {
            check: Pin<Box<dyn Future<Output = Finding> + Send>>,
            waiting: Option<(S, Request<B>, Place)>,
        },
        Answering {
            #[pin]
            answer: F,
            cookies: SetCookies,
            renewing: Option<Renewing>,
        },
        // The answer is there, and a token may go into it.
        Renewing {
            response: Option<R>,
            renewing: Renewing,
        },
    }
}

impl<S, B> State<S, B, S::Future, S::Response>
where
    S: Service<Request<B>>,
{
    fn answering(
        layer: &AuthenticationLayer,
        inner: &mut S,
        mut request: Request<B>,
        place: Place,
        finding: Finding,
    ) -> Self {
        let Finding { identity, cookies } = finding;
        let renewing = identity.as_ref().ok().and_then(|identity| layer.renew(place, identity));
        request.extensions_mut().insert(Found { identity, place });
        Self::Answering { answer: inner.call(request), cookies, renewing }
    }
}

impl<S, B, R> Future for ResponseFuture<S, B>
where
    S: Service<Request<B>, Response = Response<R>>,
{
    type Output = Result<Response<R>, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let mut state = this.state;
        loop {
            let next = match state.as_mut().project() {
                StateProjection::Checking { check, waiting } => {
                    let finding = ready!(check.as_mut().poll(cx));
                    let Some((mut inner, request, place)) = waiting.take() else { return Poll::Pending };
                    State::answering(this.layer, &mut inner, request, place, finding)
                }
                StateProjection::Answering { answer, cookies, renewing } => {
                    // Beside the handler: neither waits for the other.
                    if let Some(renewing) = renewing {
                        renewing.advance(cx);
                    }
                    let mut response = ready!(answer.poll(cx))?;
                    set_cookies(response.headers_mut(), std::mem::take(cookies));
                    match renewing.take() {
                        Some(renewing) if renewing.is_for(&response) => {
                            State::Renewing { response: Some(response), renewing }
                        }
                        _ => return Poll::Ready(Ok(response)),
                    }
                }
                StateProjection::Renewing { response, renewing } => {
                    let renewed = ready!(renewing.poll_for_answer(cx));
                    let Some(mut response) = response.take() else { return Poll::Pending };
                    if let (Some(renewed), Some(renewal)) = (renewed, &this.layer.renewal) {
                        renewing.write(&renewed, &renewal.1, this.layer.browsers.as_deref(), &mut response);
                    }
                    return Poll::Ready(Ok(response));
                }
            };
            state.set(next);
        }
    }
}

/// Adds cookies to an answer, which no cache may keep then.
fn set_cookies(headers: &mut HeaderMap, cookies: SetCookies) {
    if cookies.is_empty() {
        return;
    }
    for cookie in cookies {
        headers.append(SET_COOKIE, cookie);
    }
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
}
