//! Load: connections that each keep one request in flight, driven from one thread.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::LocalSet;

/// Writes the next request into the buffer and looks at the answer to the one before.
pub trait Caller: 'static {
    fn next(&mut self, request: &mut Vec<u8>);
    fn answered(&mut self, body: &[u8]);
}

/// The same request again and again.
#[derive(Clone)]
pub struct Repeat(pub Vec<u8>);

impl Caller for Repeat {
    fn next(&mut self, request: &mut Vec<u8>) {
        request.extend_from_slice(&self.0);
    }

    fn answered(&mut self, _: &[u8]) {}
}

/// Requests answered in a second, by `server`, with one connection for each of `callers`.
pub fn rate<C: Caller>(server: SocketAddr, callers: &mut Vec<C>, span: Duration) -> f64 {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().event_interval(8).build().unwrap();
    let local = LocalSet::new();
    // The load never sleeps: waking it up would be charged to whichever server keeps it waiting.
    local.spawn_local(async {
        loop {
            tokio::task::yield_now().await;
        }
    });
    let all = std::mem::take(callers);
    let (answered, seconds, back) = local.block_on(&runtime, async move {
        let mut streams = Vec::new();
        for caller in all {
            let stream = TcpStream::connect(server).await.unwrap();
            stream.set_nodelay(true).unwrap();
            streams.push((stream, caller));
        }
        #[expect(clippy::disallowed_methods, reason = "a bench measures real time")]
        let start = Instant::now();
        let end = start + span;
        let tasks: Vec<_> = streams
            .into_iter()
            .map(|(stream, caller)| tokio::task::spawn_local(call(stream, caller, end)))
            .collect();
        let (mut answered, mut back) = (0u64, Vec::new());
        for task in tasks {
            let (count, caller) = task.await.unwrap();
            answered += count;
            back.push(caller);
        }
        (answered, start.elapsed().as_secs_f64(), back)
    });
    *callers = back;
    answered as f64 / seconds
}

async fn call<C: Caller>(mut stream: TcpStream, mut caller: C, end: Instant) -> (u64, C) {
    let (mut request, mut answer, mut count) = (Vec::new(), Vec::new(), 0);
    #[expect(clippy::disallowed_methods, reason = "a bench measures real time")]
    while Instant::now() < end {
        request.clear();
        caller.next(&mut request);
        stream.write_all(&request).await.unwrap();
        let body = read(&mut stream, &mut answer).await;
        caller.answered(&answer[body..]);
        count += 1;
    }
    (count, caller)
}

/// Reads one answer, which must be a success; answers where its body starts.
async fn read(stream: &mut TcpStream, answer: &mut Vec<u8>) -> usize {
    answer.clear();
    loop {
        assert!(stream.read_buf(answer).await.unwrap() > 0, "the server closed the connection");
        let Some(head) = answer.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
        let text = std::str::from_utf8(&answer[..head]).unwrap();
        assert!(text.starts_with("HTTP/1.1 2"), "{}", String::from_utf8_lossy(answer));
        let length = text
            .lines()
            .find_map(|line| {
                line.split_once(": ").filter(|(name, _)| name.eq_ignore_ascii_case("content-length"))
            })
            .map_or(0, |(_, length)| length.parse().unwrap());
        while answer.len() < head + 4 + length {
            assert!(stream.read_buf(answer).await.unwrap() > 0, "the server closed the connection");
        }
        return head + 4;
    }
}
