//! The proxy does what it says, to connections that are there and to new ones.

use std::io::{ErrorKind, Read as _, Result, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use rekindle_testing::proxy::{Mode, Proxy};

/// Answers every byte with itself, counts them, and keeps what it sees of ends.
struct Echo {
    port: u16,
    received: Arc<AtomicU64>,
    ended: mpsc::Receiver<()>,
}

fn echo() -> Echo {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (received, (tell, ended)) = (Arc::new(AtomicU64::new(0)), mpsc::channel());
    let count = Arc::clone(&received);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (count, tell) = (Arc::clone(&count), tell.clone());
            std::thread::spawn(move || {
                let mut byte = [0];
                while matches!((&stream).read(&mut byte), Ok(1)) {
                    count.fetch_add(1, SeqCst);
                    let _ = (&stream).write_all(&byte);
                }
                let _ = tell.send(());
                // An end that was seen is not answered by an end: the other half stays open.
                let _ = (&stream).write_all(b"!");
                let _ = (&stream).read(&mut byte);
            });
        }
    });
    Echo { port, received, ended }
}

fn connect(proxy: &Proxy) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", proxy.port())).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream
}

fn exchange(stream: &mut TcpStream) -> Result<u8> {
    stream.write_all(b"x")?;
    let mut byte = [0];
    stream.read_exact(&mut byte)?;
    Ok(byte[0])
}

fn is_gone(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset | ErrorKind::BrokenPipe)
}

/// A connection of before the mode, and one of after.
fn two(proxy: &Proxy, mode: Mode) -> [TcpStream; 2] {
    let mut before = connect(proxy);
    assert_eq!(exchange(&mut before).unwrap(), b'x');
    proxy.set(mode);
    [before, connect(proxy)]
}

#[test]
fn bytes_pass_and_are_late() {
    let echo = echo();
    let proxy = Proxy::start(echo.port).unwrap();
    for mut stream in two(&proxy, Mode::Delay(Duration::from_millis(50))) {
        #[expect(clippy::disallowed_methods, reason = "the delay is real")]
        let start = Instant::now();
        assert_eq!(exchange(&mut stream).unwrap(), b'x');
        assert!(start.elapsed() >= Duration::from_millis(100), "there and back");
    }
    assert_eq!((proxy.connections() <= 2, proxy.accepted()), (true, 2));
}

#[test]
fn what_is_dropped_is_gone_and_its_connection_never_goes_on() {
    let echo = echo();
    let proxy = Proxy::start(echo.port).unwrap();
    let mut streams = two(&proxy, Mode::Drop);
    for stream in &mut streams {
        stream.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
        let error = exchange(stream).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{error}");
    }
    proxy.set(Mode::Pass);
    for stream in &mut streams {
        assert!(is_gone(&exchange(stream).unwrap_err()));
    }
    assert_eq!(exchange(&mut connect(&proxy)).unwrap(), b'x');
    assert_eq!(echo.received.load(SeqCst), 2, "one before, one after");
}

#[test]
fn a_reset_is_one() {
    let echo = echo();
    let proxy = Proxy::start(echo.port).unwrap();
    for mut stream in two(&proxy, Mode::Reset) {
        let error = exchange(&mut stream).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    }
    assert_eq!(echo.received.load(SeqCst), 1);
}

#[test]
fn an_answer_is_lost_and_its_request_is_not() {
    let echo = echo();
    let proxy = Proxy::start(echo.port).unwrap();
    for mut stream in two(&proxy, Mode::LoseAnswers) {
        assert!(is_gone(&exchange(&mut stream).unwrap_err()));
    }
    assert_eq!(echo.received.load(SeqCst), 3);
}

#[test]
fn one_direction_closes_and_the_other_stays() {
    let echo = echo();
    let proxy = Proxy::start(echo.port).unwrap();
    let mut stream = connect(&proxy);
    assert_eq!(exchange(&mut stream).unwrap(), b'x');
    proxy.set(Mode::CloseTowardsStore);
    echo.ended.recv_timeout(Duration::from_secs(10)).unwrap();
    let mut last = [0];
    stream.read_exact(&mut last).unwrap();
    assert_eq!(last, *b"!", "the store still answers");

    proxy.set(Mode::Pass);
    let mut stream = connect(&proxy);
    assert_eq!(exchange(&mut stream).unwrap(), b'x');
    proxy.set(Mode::CloseTowardsServer);
    assert!(is_gone(&exchange(&mut stream).unwrap_err()));
    stream.write_all(b"yz").unwrap();
    drop(stream);
    echo.ended.recv_timeout(Duration::from_secs(10)).unwrap();
    assert_eq!(echo.received.load(SeqCst), 5, "what it sent after its answers ended has arrived");
}

#[test]
fn nobody_is_let_in() {
    let echo = echo();
    let proxy = Proxy::start(echo.port).unwrap();
    for mut stream in two(&proxy, Mode::Refuse) {
        assert!(is_gone(&exchange(&mut stream).unwrap_err()));
    }
    proxy.set(Mode::Pass);
    assert_eq!(exchange(&mut connect(&proxy)).unwrap(), b'x');
}
