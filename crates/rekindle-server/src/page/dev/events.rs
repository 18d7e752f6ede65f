//! `GET /page/events`: the server's events, of the demo account's sessions alone.

use std::convert::Infallible;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use tokio::sync::mpsc;
use tokio_stream::StreamExt as _;
use tokio_stream::wrappers::ReceiverStream;

use super::Dev;
use crate::accounts::DEMO_SUBJECT;
use crate::monitoring::{Frame, Frames};

/// What comes before the first event: the answer's head does not wait for one.
const HELLO: Bytes = Bytes::from_static(b":\n\n");

/// From now on, or after the event that `Last-Event-ID` names. It needs no token: whoever is signed out goes on reading, and
/// sees what became of the session.
pub(super) async fn follow(State(dev): State<Dev>, headers: HeaderMap) -> Response {
    let last = headers.get("last-event-id").map(|id| id.to_str().unwrap_or_default());
    let monitoring = &dev.app.monitoring;
    let frames = Frames::new(monitoring.events.read_after(last), monitoring.beat).of(DEMO_SUBJECT);
    let (sender, receiver) = mpsc::channel(1);
    tokio::spawn(send(frames, sender));
    let body = Body::from_stream(ReceiverStream::new(receiver).map(Ok::<_, Infallible>));
    ([(CONTENT_TYPE, "text/event-stream"), (CACHE_CONTROL, "no-store")], body).into_response()
}

/// Ends with the connection or the server.
async fn send(mut frames: Frames, to: mpsc::Sender<Bytes>) {
    let mut next = Some(Frame::Told(HELLO));
    while let Some(Frame::Told(bytes) | Frame::Missed(_, bytes)) = next {
        // Nothing is left of events that are none of ours.
        if !bytes.is_empty() && to.send(bytes).await.is_err() {
            return;
        }
        next = frames.next().await;
    }
}
