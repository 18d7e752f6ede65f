//! Bytes that are no request at all.

/// Each with the name of its place; `%` stands for the secret.
pub const NO_REQUESTS: [(&str, &str); 12] = [
    ("bytes that are no HTTP", "%\r\n\r\n"),
    ("a line without an end", "GET /%"),
    ("a head without a version", "GET /%\r\n\r\n"),
    ("a head of another version", "GET /% HTTP/9.9\r\nhost: a\r\n\r\n"),
    ("a path that is none", "GET /<%> HTTP/1.1\r\nhost: a\r\n\r\n"),
    ("a line that is no header", "GET / HTTP/1.1\r\nhost: a\r\n%\r\n\r\n"),
    ("a header with a control character", "GET / HTTP/1.1\r\nhost: a\r\ncookie: rk-r=%\u{1}\r\n\r\n"),
    ("a length that is none", "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: %\r\n\r\n"),
    ("a chunk that is none", "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n%\r\n"),
    ("two hosts", "GET / HTTP/1.1\r\nhost: %\r\nhost: %\r\nconnection: close\r\n\r\n"),
    ("a user in the host", "GET / HTTP/1.1\r\nhost: ada:%@a\r\nconnection: close\r\n\r\n"),
    ("the first bytes of TLS", "\u{16}\u{3}\u{1}%"),
];

/// Each with its place, for `secret`; and two that are too long.
pub fn no_requests(secret: &mut impl FnMut(&str) -> String) -> Vec<(String, Vec<u8>)> {
    let mut all: Vec<_> = NO_REQUESTS
        .into_iter()
        .map(|(name, bytes)| (name.to_owned(), bytes.replace('%', &secret(name)).into_bytes()))
        .collect();
    for (name, line, times) in [
        ("a head that is too long", "cookie: rk-r.abcdefgh=%\r\n", 600),
        ("too many headers", "%: 1\r\n", 200),
    ] {
        let line = line.replace('%', &secret(name)).repeat(times);
        all.push((name.to_owned(), format!("GET / HTTP/1.1\r\nhost: a\r\n{line}\r\n").into_bytes()));
    }
    all
}
