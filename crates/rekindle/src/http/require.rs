//! A layer that lets only those through who may.

use std::pin::Pin;
use std::task::{Context, Poll};

use http::{Request, Response};
use pin_project_lite::pin_project;
use rekindle_core::Seconds;
use tower_layer::Layer;
use tower_service::Service;

use super::{Found, Refusal};

/// Refuses requests of nobody, and of those who may not, with the problems of docs/http.md. It stands inside an
/// [`AuthenticationLayer`](super::AuthenticationLayer).
///
/// ```
/// use rekindle::core::Seconds;
/// use rekindle::http::Require;
///
/// // Whoever changes where the money goes has proved in the last ten minutes who they are.
/// let payout = Require::session().scope("payout:write").login_within(Seconds::minutes(10));
/// ```
#[derive(Clone, Debug)]
pub struct Require {
    scopes: Vec<String>,
    login_within: Option<Seconds>,
}

impl Require {
    /// The holder of a live session.
    pub fn session() -> Self {
        Self { scopes: Vec::new(), login_within: None }
    }

    /// Whose token has this scope, too.
    #[must_use]
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.scopes.push(scope.into());
        self
    }

    /// Who proved who they are no longer ago than this.
    #[must_use]
    pub fn login_within(self, limit: Seconds) -> Self {
        Self { login_within: Some(limit), ..self }
    }

    fn check<B>(&self, request: &Request<B>) -> Result<(), Refusal> {
        let found: &Found = request.extensions().get().ok_or(Refusal::NoLayer)?;
        let identity = found.identity().map_err(Clone::clone)?;
        self.scopes.iter().try_for_each(|scope| identity.require_scope(scope))?;
        self.login_within.map_or(Ok(()), |limit| identity.require_login_within(limit))
    }
}

impl<S> Layer<S> for Require {
    type Service = Required<S>;

    fn layer(&self, inner: S) -> Required<S> {
        Required { inner, require: self.clone() }
    }
}

/// The service of a [`Require`].
#[derive(Clone, Debug)]
pub struct Required<S> {
    inner: S,
    require: Require,
}

impl<S, B, R> Service<Request<B>> for Required<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    R: From<String>,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = RequiredFuture<S::Future, R>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let state = match self.require.check(&request) {
            Ok(()) => State::Answering { answer: self.inner.call(request) },
            Err(refusal) => State::Refused { response: Some(refusal.response()) },
        };
        RequiredFuture { state }
    }
}

pin_project! {
    /// The response of a [`Required`].
    pub struct RequiredFuture<F, R> {
        #[pin]
        state: State<F, R>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<F, R> {
        Answering {
            #[pin]
            answer: F,
        },
        Refused {
            response: Option<Response<R>>,
        },
    }
}

impl<F, R, E> Future for RequiredFuture<F, R>
where
    F: Future<Output = Result<Response<R>, E>>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        match self.project().state.project() {
            StateProjection::Answering { answer } => answer.poll(cx),
            StateProjection::Refused { response } => {
                response.take().map_or(Poll::Pending, |response| Poll::Ready(Ok(response)))
            }
        }
    }
}
