//! What HTTP is read from and written to: the socket, or TLS over it.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::server::TlsStream;
use tokio_rustls::{FallibleAccept, TlsAcceptor};

use super::pulse::Pulse;
use super::wire::Wire;

pub(super) struct Transport {
    layer: Layer,
    pulse: Arc<Pulse>,
}

enum Layer {
    Plain(Wire),
    /// Driven by the first read. It counts as the time to the first byte: what is limited is how long a peer may
    /// hold a place without having asked anything.
    Handshake(Box<FallibleAccept<Wire>>),
    Tls(Box<TlsStream<Wire>>),
    /// The handshake failed; what is left is to close.
    Failed(Wire),
    /// Only while one of the others becomes another.
    Gone,
}

impl Transport {
    pub(super) fn new(wire: Wire, tls: Option<&TlsAcceptor>, pulse: Arc<Pulse>) -> Self {
        let layer = match tls {
            None => Layer::Plain(wire),
            Some(tls) => Layer::Handshake(Box::new(tls.accept(wire).into_fallible())),
        };
        Self { layer, pulse }
    }

    /// Whether the peer and we could not agree on TLS.
    pub(super) fn has_failed(&self) -> bool {
        matches!(self.layer, Layer::Failed(_))
    }

    fn poll_handshake(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Layer::Handshake(accept) = &mut self.layer else { return Poll::Ready(Ok(())) };
        let done = ready!(Pin::new(&mut **accept).poll(cx));
        // The future is over, and is not to be polled again.
        self.layer = Layer::Gone;
        match done {
            Ok(stream) => {
                self.layer = Layer::Tls(Box::new(stream));
                Poll::Ready(Ok(()))
            }
            Err((error, wire)) => {
                self.layer = Layer::Failed(wire);
                // An alert has been sent: it is to arrive before the connection is gone.
                self.pulse.leave_unread();
                tracing::debug!(%error, "TLS handshake failed");
                Poll::Ready(Err(error))
            }
        }
    }
}

fn gone<T>() -> Poll<io::Result<T>> {
    Poll::Ready(Err(io::ErrorKind::NotConnected.into()))
}

impl AsyncRead for Transport {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(self.poll_handshake(cx))?;
        let before = buffer.filled().len();
        let read = match &mut self.layer {
            Layer::Plain(wire) | Layer::Failed(wire) => Pin::new(wire).poll_read(cx, buffer),
            Layer::Tls(stream) => Pin::new(&mut **stream).poll_read(cx, buffer),
            Layer::Handshake(_) | Layer::Gone => gone(),
        };
        if buffer.filled().len() > before {
            self.pulse.received();
        }
        read
    }
}

impl AsyncWrite for Transport {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.layer {
            Layer::Plain(wire) => Pin::new(wire).poll_write(cx, bytes),
            Layer::Tls(stream) => Pin::new(&mut **stream).poll_write(cx, bytes),
            // There is nothing to be said before a request was read.
            Layer::Handshake(_) | Layer::Failed(_) | Layer::Gone => gone(),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match &mut self.layer {
            Layer::Plain(wire) => Pin::new(wire).poll_write_vectored(cx, slices),
            Layer::Tls(stream) => Pin::new(&mut **stream).poll_write_vectored(cx, slices),
            Layer::Handshake(_) | Layer::Failed(_) | Layer::Gone => gone(),
        }
    }

    fn is_write_vectored(&self) -> bool {
        // Both are.
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.layer {
            Layer::Plain(wire) | Layer::Failed(wire) => Pin::new(wire).poll_flush(cx),
            Layer::Tls(stream) => Pin::new(&mut **stream).poll_flush(cx),
            Layer::Handshake(_) => Poll::Ready(Ok(())),
            Layer::Gone => gone(),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.layer {
            Layer::Plain(wire) | Layer::Failed(wire) => Pin::new(wire).poll_shutdown(cx),
            Layer::Tls(stream) => Pin::new(&mut **stream).poll_shutdown(cx),
            Layer::Handshake(_) | Layer::Gone => Poll::Ready(Ok(())),
        }
    }
}
