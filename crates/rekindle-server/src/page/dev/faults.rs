//! Answers that do not arrive: a refresh is committed, and its answer is lost, or its server gone.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::Response;
use rekindle::core::SessionId;
use serde::Deserialize;
use tokio_stream::StreamExt as _;

/// No answer with tokens is longer.
const LONGEST: usize = 64 * 1024;

/// For the first half of an answer to leave before the connection is closed.
const A_MOMENT: Duration = Duration::from_millis(50);

/// What becomes of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// It breaks off on its way.
    Lost,
    /// The connection is closed before it: what a client sees of a server that was killed.
    Killed,
}

/// The answer that is spoiled next, of whose refresh. One at a time: it is for somebody who looks on.
#[derive(Clone, Default)]
pub(super) struct Faults(Arc<Mutex<Option<(SessionId, Fault)>>>);

impl Faults {
    pub(super) fn spoil_next(&self, session: SessionId, fault: Fault) {
        *self.next() = Some((session, fault));
    }

    fn is_due(&self) -> bool {
        self.next().is_some()
    }

    fn take(&self, session: SessionId) -> Option<Fault> {
        self.next().take_if(|(whose, _)| *whose == session).map(|(_, fault)| fault)
    }

    fn next(&self) -> MutexGuard<'_, Option<(SessionId, Fault)>> {
        // Nothing here can panic halfway.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Runs after the handler, when the rotation is committed.
pub(super) async fn strike(State(faults): State<Faults>, request: Request, next: Next) -> Response {
    let is_refresh = request.uri().path() == "/v1/refresh";
    let answer = next.run(request).await;
    if !is_refresh || answer.status() != StatusCode::OK || !faults.is_due() {
        return answer;
    }
    let (head, body) = answer.into_parts();
    let Ok(bytes) = to_bytes(body, LONGEST).await else { return Response::from_parts(head, Body::empty()) };
    let body = match session_in(&bytes).and_then(|session| faults.take(session)) {
        None => Body::from(bytes),
        Some(Fault::Lost) => broken(vec![bytes.slice(..bytes.len() / 2)]),
        Some(Fault::Killed) => broken(Vec::new()),
    };
    Response::from_parts(head, body)
}

fn session_in(answer: &[u8]) -> Option<SessionId> {
    #[derive(Deserialize)]
    struct Tokens {
        session_id: String,
    }
    serde_json::from_slice::<Tokens>(answer).ok()?.session_id.parse().ok()
}

/// `parts`, and then the connection is closed. Without any, not even the head is sent.
fn broken(parts: Vec<Bytes>) -> Body {
    let has_begun = !parts.is_empty();
    let parts = parts.into_iter().map(Ok).chain([Err(io::Error::other("as it was asked for"))]);
    let parts = tokio_stream::iter(parts).then(move |part| async move {
        if part.is_err() && has_begun {
            tokio::time::sleep(A_MOMENT).await;
        }
        part
    });
    Body::from_stream(parts)
}
