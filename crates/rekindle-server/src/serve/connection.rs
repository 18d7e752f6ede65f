//! One connection, from accept to close.

use std::convert::Infallible;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, Request, Response, header};
use axum::response::IntoResponse as _;
use hyper::body::{Body as HttpBody, Frame, Incoming, SizeHint};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt as _, AsyncWrite as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tower::Service as _;

use super::pulse::{Doing, Pulse};
use super::transport::Transport;
use super::wire::Wire;
use super::{Peer, Phase, Shared, admission};
use crate::api::{Problem, UNAVAILABLE};

/// Closing with bytes unread resets the connection, and the reset can overtake the answer. So what a refused
/// peer still sends is read and thrown away, up to here.
const LINGER: Duration = Duration::from_secs(1);
const LINGER_BYTES: usize = 256 * 1024;

const TOO_SLOW: &[u8] =
    b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\ncache-control: no-store\r\nconnection: close\r\n\r\n";

/// Why a connection is closed.
enum End {
    /// The peer or the protocol closed it.
    Closed,
    /// What was sent is not HTTP, or too much of it; hyper has said so.
    Malformed,
    /// A head took too long.
    TooSlow,
    /// Idle for too long, asked to make room, not reading its answers, or the server is gone.
    Dropped,
}

pub(super) async fn run(
    stream: TcpStream,
    peer: Peer,
    shared: Arc<Shared>,
    mut phases: watch::Receiver<Phase>,
    place: OwnedSemaphorePermit,
) {
    // An answer is one write; waiting for more of it would only cost time.
    let _ = stream.set_nodelay(true);
    let pulse = Pulse::new(&shared.limits);
    let traffic = shared.traffic.clone();
    let _open = traffic.open();
    let service = service_fn(|mut request: Request<Incoming>| {
        request.extensions_mut().insert(peer);
        serve(Arc::clone(&shared), Arc::clone(&pulse), request)
    });
    let wire = Wire::new(stream, Arc::clone(&pulse));
    let transport = Transport::new(wire, shared.tls.as_ref(), Arc::clone(&pulse));
    let mut connection = shared.http.serve_connection(TokioIo::new(transport), service);
    let mut timer = pin!(tokio::time::sleep(shared.limits.header_timeout.0));

    // How it ended, and what that counts as where it was not the peer who ended it.
    let (end, counts) = loop {
        tokio::select! {
            biased;
            closed = &mut connection => match closed {
                Err(error) if error.is_parse() => break (End::Malformed, Some(&traffic.malformed)),
                Ok(()) | Err(_) => break (End::Closed, None),
            },
            () = std::future::poll_fn(|cx| pulse.poll_due(timer.as_mut(), cx)) => {
                if pulse.settle() {
                    continue;
                }
                if !pulse.flows() {
                    break (End::Dropped, Some(&traffic.unread));
                }
                if pulse.doing() == Doing::Head {
                    break (End::TooSlow, Some(&traffic.slow_head));
                }
                break (End::Dropped, Some(&traffic.idle));
            }
            () = shared.shed.notified(), if pulse.is_settled() => {
                if pulse.is_settled() {
                    break (End::Dropped, Some(&traffic.crowded));
                }
                // The peer went on meanwhile: pass it on.
                shared.shed.notify_one();
            }
            changed = phases.changed() => {
                if changed.is_err() || *phases.borrow_and_update() == Phase::Over {
                    break (End::Dropped, Some(&traffic.stopped));
                }
                pulse.call_last();
                // A connection that has not spoken yet may still: its first answer closes it.
                if pulse.doing() != Doing::Fresh {
                    Pin::new(&mut connection).graceful_shutdown();
                }
            }
        }
    };
    let transport = connection.into_parts().io.into_inner();
    if let Some(counter) = counts.or(transport.has_failed().then_some(&traffic.handshake)) {
        counter.increment(1);
    }
    close(transport, end, &pulse).await;
    drop(place);
}

async fn close(mut stream: Transport, end: End, pulse: &Pulse) {
    let linger = match end {
        End::Dropped => {
            // TLS says when it ends, so that a client can tell it from a connection that was cut.
            once(|cx| Pin::new(&mut stream).poll_shutdown(cx)).await;
            return;
        }
        End::Closed => pulse.is_unread(),
        End::Malformed => true,
        End::TooSlow => once(|cx| Pin::new(&mut stream).poll_write(cx, TOO_SLOW)).await,
    };
    let _ = tokio::time::timeout(LINGER, async {
        stream.shutdown().await?;
        let mut bin = [0; 2048];
        let mut left = if linger { LINGER_BYTES } else { 0 };
        while left > 0 {
            match stream.read(&mut bin).await? {
                0 => break,
                n => left = left.saturating_sub(n),
            }
        }
        io::Result::Ok(())
    })
    .await;
}

/// One try without waiting for room: whoever does not read does not need to know. Answers whether it was done.
async fn once<T>(mut attempt: impl FnMut(&mut Context<'_>) -> Poll<io::Result<T>>) -> bool {
    std::future::poll_fn(|cx| Poll::Ready(matches!(attempt(cx), Poll::Ready(Ok(_))))).await
}

async fn serve(
    shared: Arc<Shared>,
    pulse: Arc<Pulse>,
    request: Request<Incoming>,
) -> Result<Response<Answer>, Infallible> {
    pulse.receiving();
    let admitted = admission::admit(request, &shared.limits).await;
    pulse.serving();
    let mut response = match admitted {
        Ok(request) => answer(&shared, request).await?,
        Err(refusal) => {
            pulse.leave_unread();
            shared.traffic.refused(refusal);
            refusal.response()
        }
    };
    if pulse.is_last_call() {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    Ok(response.map(|body| Answer { body, _sent: Sent(pulse) }))
}

/// The handler's answer, or that it takes too long: whatever it waits for, the client can ask again.
async fn answer(shared: &Shared, request: Request<Body>) -> Result<Response<Body>, Infallible> {
    let made = shared.router.clone().call(request);
    match tokio::time::timeout(shared.limits.answer_timeout.0, made).await {
        Ok(response) => response,
        Err(_) => {
            shared.traffic.late.increment(1);
            if let Some(left_out) = UNAVAILABLE.left_out() {
                tracing::error!(left_out, "a request was answered 503: its answer took too long");
            }
            Ok(Problem::unavailable("keep the session and ask again").into_response())
        }
    }
}

/// The body of an answer. hyper drops it when all of it stands in the write buffer.
struct Answer {
    body: Body,
    _sent: Sent,
}

struct Sent(Arc<Pulse>);

impl Drop for Sent {
    fn drop(&mut self) {
        self.0.answered();
    }
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
