//! Whatever a client sends gets a documented answer, and changes nothing.

use std::net::SocketAddr;

use crate::support::{Response, Tokens, World, http};

on_every_store!(random_requests_get_documented_answers, junk_refresh_tokens_cost_no_store_call);

/// A seeded generator (xorshift64*): a failing run can be repeated.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    fn bytes(&mut self, longest: usize) -> Vec<u8> {
        (0..self.below(longest + 1)).map(|_| self.next() as u8).collect()
    }

    /// Changes `bytes` in one to four places.
    fn mutate(&mut self, bytes: &mut Vec<u8>) {
        for _ in 0..=self.below(4) {
            let at = self.below(bytes.len() + 1);
            match self.below(5) {
                0 if at < bytes.len() => bytes[at] ^= 1 << self.below(8),
                1 if at < bytes.len() => drop(bytes.remove(at)),
                2 => bytes.insert(at, self.next() as u8),
                3 => bytes.truncate(at),
                _ => {
                    let piece = bytes[..self.below(bytes.len() + 1)].to_vec();
                    bytes.splice(at..at, piece);
                }
            }
        }
    }

    /// A token that looks like `token` and is another one.
    fn counterfeit(&mut self, token: &str) -> String {
        const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let mut text = token.to_owned();
        while text == token {
            let at = self.below(text.len());
            match self.below(5) {
                0 => text.truncate(at),
                1 => text.push(char::from(*self.pick(ALPHABET))),
                2 => text.insert(at, char::from(*self.pick(ALPHABET))),
                3 => text.push_str(self.pick::<&str>(&["=", "\u{0}", " ", ".", "é", "%3D", "rkrt1_"])),
                _ => {
                    // Also the last character, whose low bits no byte needs.
                    let at = if self.one_in(4) { text.len() - 1 } else { at };
                    let other = char::from(*self.pick(ALPHABET)).to_string();
                    text.replace_range(at..=at, &other);
                }
            }
        }
        text
    }
}

const PATHS: [&str; 9] = [
    "/v1/login",
    "/v1/refresh",
    "/v1/logout",
    "/v1/session",
    "/v1/sessions",
    "/v1/sessions/0123456789abcdef0123456789abcdef",
    "/.well-known/jwks.json",
    "/healthz",
    "/readyz",
];

/// A request that may be anything but a genuine one.
fn request(random: &mut Random, tokens: &Tokens) -> Vec<u8> {
    let mut path = (*random.pick(&PATHS)).as_bytes().to_vec();
    if random.one_in(4) {
        random.mutate(&mut path);
    }
    if random.one_in(20) {
        path = [b"/".to_vec(), random.bytes(3_000)].concat();
    }
    let refresh = random.counterfeit(&tokens.refresh);
    let access = random.counterfeit(&tokens.access);
    let text = |value: &str| serde_json::to_string(value).unwrap();
    let mut body = match random.below(7) {
        0 => format!(r#"{{"refresh_token":{}}}"#, text(&refresh)).into_bytes(),
        1 => format!(r#"{{"username":"ada","password":{}}}"#, text(&refresh)).into_bytes(),
        2 => format!(r#"{{"refresh_token":{}}}"#, text(&access)).into_bytes(),
        3 => b"[{\"a\":".repeat(random.below(2_000)),
        4 => random.bytes(400),
        5 => "x".repeat(random.below(40_000)).into_bytes(),
        _ => Vec::new(),
    };
    if random.one_in(2) {
        random.mutate(&mut body);
    }
    let mut head = Vec::new();
    let method =
        if random.one_in(3) { &"POST" } else { random.pick(&["GET", "DELETE", "PUT", "HEAD", "X!", ""]) };
    head.extend_from_slice(method.as_bytes());
    head.push(b' ');
    head.extend_from_slice(&path);
    head.extend_from_slice(b" HTTP/1.1\r\nconnection: close\r\n");
    if !random.one_in(50) {
        head.extend_from_slice(b"host: test\r\n");
    }
    if random.one_in(2) {
        let scheme = random.pick(&["Bearer", "bearer", "Basic", "Bearer ", ""]);
        head.extend_from_slice(
            format!("authorization: {scheme} {}\r\n", access.replace(['\0', 'é'], "")).as_bytes(),
        );
    }
    for _ in 0..random.below(4) {
        let names: [&str; 8] = [
            "content-type",
            "authorization",
            "user-agent",
            "content-encoding",
            "accept",
            "cookie",
            "expect",
            "te",
        ];
        head.extend_from_slice(random.pick(&names).as_bytes());
        head.extend_from_slice(b": ");
        let mut value = random.bytes(60);
        if !random.one_in(10) {
            value.retain(|byte| *byte >= b' ' && *byte != 0x7f);
        }
        head.extend_from_slice(&value);
        head.extend_from_slice(b"\r\n");
    }
    if random.one_in(2) {
        head.extend_from_slice(b"content-type: application/json\r\n");
    }
    match random.below(10) {
        0 => head.extend_from_slice(b"transfer-encoding: chunked\r\n"),
        1 => head.extend_from_slice(format!("content-length: {}\r\n", random.below(100_000)).as_bytes()),
        2 => head.extend_from_slice(b"content-length: -1\r\n"),
        _ => head.extend_from_slice(format!("content-length: {}\r\n", body.len()).as_bytes()),
    }
    head.extend_from_slice(b"\r\n");
    head.extend_from_slice(&body);
    if random.one_in(20) {
        random.mutate(&mut head);
    }
    head
}

/// What docs/http.md says an answer can be.
fn is_documented(answer: &Response) -> Result<(), String> {
    if answer.status < 400 {
        return if [200, 204].contains(&answer.status) { Ok(()) } else { Err("status".into()) };
    }
    if answer.body.is_empty() && answer.header("content-type").is_none() {
        // What is no HTTP never reaches a handler.
        return if [400, 414, 431].contains(&answer.status) { Ok(()) } else { Err("a bare answer".into()) };
    }
    if answer.header("content-type") != Some("application/problem+json") {
        return Err("content type".into());
    }
    if answer.header("cache-control") != Some("no-store") {
        return Err("cache control".into());
    }
    if answer.header("www-authenticate").is_some() != (answer.status == 401) {
        return Err("challenge".into());
    }
    if answer.header("allow").is_some() != (answer.status == 405) {
        return Err("allow".into());
    }
    if answer.body.is_empty() {
        // HEAD.
        return Ok(());
    }
    let json = answer.json();
    if json["status"] != answer.status {
        return Err("the status in the body".into());
    }
    let code = json["code"].as_str().unwrap_or_default();
    let codes: &[&str] = match answer.status {
        400 | 404 | 405 | 413 | 415 => &["invalid_request"],
        401 => &["invalid_credentials", "token_missing", "token_invalid", "session_ended"],
        _ => return Err("status".into()),
    };
    if codes.contains(&code) { Ok(()) } else { Err(format!("code {code}")) }
}

async fn everything(world: &World) -> String {
    format!("{:?}", world.store.scan(None, 1_000).await.unwrap().sessions)
}

/// `Some(answer)`, or `None` for a connection closed on something that is no request.
async fn check(address: SocketAddr, seed: u64, bytes: &[u8]) -> Option<Response> {
    let answer = http::raw(address, bytes).await?;
    if let Err(what) = is_documented(&answer) {
        panic!("{what} in the answer to request {seed}: {answer:?}\n{}", String::from_utf8_lossy(bytes));
    }
    Some(answer)
}

async fn random_requests_get_documented_answers(world: World) {
    let node = world.node().await;
    let tokens = node.login().await;
    world.clock.advance(3);
    let before = everything(&world).await;
    let (mut answered, mut by_status) = (0, std::collections::BTreeMap::new());
    const REQUESTS: u64 = 3_000;
    for seed in 1..=REQUESTS {
        let bytes = request(&mut Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)), &tokens);
        if let Some(answer) = check(node.address, seed, &bytes).await {
            answered += 1;
            *by_status.entry(answer.status).or_insert(0) += 1;
        }
    }
    assert!(answered > REQUESTS * 9 / 10, "only {answered} answers");
    for status in [200, 204, 400, 401, 404, 405, 413, 415] {
        assert!(by_status.contains_key(&status), "no {status} among {by_status:?}");
    }
    assert_eq!(everything(&world).await, before);
    assert_eq!(node.signed_in("GET", "/v1/session", &tokens.access).await.status, 200);
    node.refresh(&tokens.refresh).await;
}

/// I12: junk is refused before anything is asked of the store. Only who holds a genuine token can have its row
/// read, by spoiling the tag that hangs on the row's own seed; and that writes nothing.
async fn junk_refresh_tokens_cost_no_store_call(world: World) {
    const SECOND_TAG: usize = 22;
    let node = world.node().await;
    let tokens = node.login().await;
    world.clock.advance(3);
    let before = everything(&world).await;
    let calls = node.probe.calls();
    let mut random = Random(20_261_120);
    let (front, tag) = tokens.refresh.split_at(tokens.refresh.len() - SECOND_TAG);
    for round in 0..1_000 {
        let token = match round % 3 {
            0 => String::from_utf8_lossy(&random.bytes(120)).into_owned(),
            _ => random.counterfeit(front) + tag,
        };
        let body = serde_json::json!({ "refresh_token": token }).to_string();
        let refused = node.post("/v1/refresh", &body).await.outcome();
        let expected = if token.is_empty() { "401 token_missing" } else { "401 session_ended unknown" };
        assert_eq!(refused, expected, "{token:?}");
        if !token.is_empty() {
            assert_eq!(node.post("/v1/logout", &body).await.status, 204, "{token:?}");
        }
    }
    assert_eq!(node.probe.calls(), calls);

    for _ in 0..200 {
        let body =
            serde_json::json!({ "refresh_token": front.to_owned() + &random.counterfeit(tag) }).to_string();
        assert_eq!(node.post("/v1/refresh", &body).await.outcome(), "401 session_ended unknown", "{body}");
        assert_eq!(node.post("/v1/logout", &body).await.status, 204, "{body}");
    }
    assert!(node.probe.calls() <= calls + 400, "one read each at most");
    assert_eq!(everything(&world).await, before);
    node.refresh(&tokens.refresh).await;
}
