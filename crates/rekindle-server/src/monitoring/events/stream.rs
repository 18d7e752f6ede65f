//! Events as server-sent events (WHATWG HTML, section 9.2 "Server-sent events").

use std::time::Duration;

use axum::body::Bytes;
use serde::Serialize;

use super::{Entry, Read, Reader};

/// A comment, which readers skip. It shows them, and every proxy on the way, that the stream lives; and a connection
/// whose reader is gone is found out by it.
const BEAT: Bytes = Bytes::from_static(b":\n\n");

/// The frames of one stream.
pub(crate) struct Frames {
    reader: Reader,
    beat: Duration,
    /// Whose events alone are told.
    subject: Option<&'static str>,
}

#[derive(Serialize)]
struct Missed {
    kind: &'static str,
    missed: Option<u64>,
}

/// What is sent next.
pub(crate) enum Frame {
    /// Events, or a beat.
    Told(Bytes),
    /// That so many were missed.
    Missed(u64, Bytes),
}

impl Frames {
    pub(crate) fn new(reader: Reader, beat: Duration) -> Self {
        Self { reader, beat, subject: None }
    }

    /// The events of one subject, and of no other.
    pub(crate) fn of(self, subject: &'static str) -> Self {
        Self { subject: Some(subject), ..self }
    }

    /// Waits for the next; `None` when the server stops.
    pub(crate) async fn next(&mut self) -> Option<Frame> {
        match tokio::time::timeout(self.beat, self.reader.read()).await {
            Ok(read) => Some(read?.frame(self.subject)),
            Err(_) => Some(Frame::Told(BEAT)),
        }
    }
}

impl Read {
    fn frame(&self, subject: Option<&str>) -> Frame {
        match self {
            Self::Entries(entries) => {
                let told = entries.iter().filter(|entry| subject.is_none() || entry.subject() == subject);
                Frame::Told(told.map(|entry| frame(entry)).collect::<String>().into())
            }
            // Without an id: whoever comes back next does so with the last it has seen.
            Self::Missed(missed) => {
                let told = json(&Missed { kind: "lagged", missed: *missed });
                Frame::Missed(missed.unwrap_or_default(), format!("event: lagged\ndata: {told}\n\n").into())
            }
        }
    }
}

fn frame(entry: &Entry) -> String {
    format!("id: {}\nevent: {}\ndata: {}\n\n", entry.id(), entry.kind(), json(entry))
}

/// JSON has no line break in it, so an event is one line of data whatever its subject is called.
fn json(value: &impl Serialize) -> String {
    // Text and numbers alone: there is nothing in it that could not be written.
    serde_json::to_string(value).unwrap_or_default()
}
