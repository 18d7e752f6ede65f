//! `GET /v1/events`: what happens to sessions, as it happens (server-sent events).

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_stream::StreamExt as _;
use tokio_stream::wrappers::ReceiverStream;

use super::{ApiKey, WatchProblems};
use crate::app::AppState;
use crate::monitoring::{Frame, Frames};

/// What comes before the first event: the answer's head does not wait for one. Whoever loses the connection comes back
/// after a second.
const HELLO: Bytes = Bytes::from_static(b"retry: 1000\n\n");

/// Events of this process, from now on, or after the one that `Last-Event-ID` names.
#[utoipa::path(
    get, path = "/v1/events", tag = "monitoring", security(("api_key" = [])),
    params(("last-event-id" = Option<String>, Header, description = "the `id` of the last event that was read")),
    responses(
        (status = 200, description = "server-sent events, until the connection is closed", content_type = "text/event-stream", body = String),
        WatchProblems,
    )
)]
pub(crate) async fn follow(State(app): State<AppState>, key: ApiKey, headers: HeaderMap) -> Response {
    // An id that is no text is none of ours.
    let last = headers.get("last-event-id").map(|id| id.to_str().unwrap_or_default());
    let frames = Frames::new(app.monitoring.events.read_after(last), app.monitoring.beat);
    // One is on its way and the next one waits: a slow reader holds no more than that.
    let (sender, receiver) = mpsc::channel(1);
    tokio::spawn(send(app, key, frames, sender));
    let body = Body::from_stream(ReceiverStream::new(receiver).map(Ok::<_, std::convert::Infallible>));
    let kind = [(CONTENT_TYPE, "text/event-stream"), (CACHE_CONTROL, "no-store")];
    // nginx would keep events back until its buffer is full.
    (kind, [("x-accel-buffering", "no")], body).into_response()
}

/// Ends with the connection, the API key or the server.
async fn send(app: AppState, key: ApiKey, mut frames: Frames, to: mpsc::Sender<Bytes>) {
    let _reader = app.monitoring.metrics.reader();
    let mut checked = Instant::now();
    let mut next = Some(Frame::Told(HELLO));
    while let Some(frame) = next {
        let bytes = match frame {
            Frame::Missed(events, bytes) => {
                app.monitoring.metrics.missed(events);
                bytes
            }
            Frame::Told(bytes) => bytes,
        };
        if checked.elapsed() >= app.monitoring.beat {
            if !key.still_holds(&app).await {
                return;
            }
            checked = Instant::now();
        }
        if to.send(bytes).await.is_err() {
            return;
        }
        next = frames.next().await;
    }
}
