//! Places in the head of a request.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::super::document::Operation;
use super::super::marks::Told;
use super::{Place, place};

/// Before and after the secret in `Authorization`.
const AUTHORIZATIONS: [(&str, &str); 9] = [
    ("Bearer ", ""),
    ("Bearer rkrt1_", ""),
    ("Bearer rkak1_", "abc"),
    ("Bearer eyJhbGciOiJFZERTQSIsInR5cCI6ImF0K2p3dCJ9.e30.", ""),
    ("Bearer eyJhbGciOiJub25lIn0.", ".x"),
    ("bearer a ", " b"),
    ("Digest username=\"ada\", response=\"", "\""),
    ("", ""),
    ("Token token=", ", nonce=1"),
];

const COOKIES: [&str; 9] = [
    "rk-a.abcdefgh",
    "rk-r.abcdefgh",
    "__Host-rk-a.abcdefgh",
    "__Secure-rk-a.abcdefgh",
    "__Secure-rk-r.abcdefgh",
    "rk-r",
    "session",
    "csrftoken",
    "remember_token",
];

/// Headers that carry secrets somewhere, or that this server reads.
const HEADERS: [&str; 27] = [
    "accept",
    "accept-language",
    "content-type",
    "content-encoding",
    "origin",
    "referer",
    "user-agent",
    "host",
    "if-none-match",
    "last-event-id",
    "proxy-authorization",
    "rekindle",
    "sec-fetch-site",
    "sec-fetch-mode",
    "access-control-request-headers",
    "traceparent",
    "baggage",
    "via",
    "x-api-key",
    "x-auth-token",
    "x-csrf-token",
    "x-xsrf-token",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-original-uri",
    "x-request-id",
    "expect",
];

pub(super) fn credentials() -> Vec<Place> {
    let mut places = Vec::new();
    for (before, after) in AUTHORIZATIONS {
        places.push(place(format!("authorization: {before}…{after}"), move |request, secret| {
            request.set("authorization", format!("{before}{secret}{after}"));
        }));
    }
    for (name, pair) in [("a password", "ada:SECRET"), ("a name", "SECRET:x"), ("no colon", "SECRET")] {
        places.push(place(format!("authorization: Basic, {name}"), move |request, secret| {
            let pair = STANDARD.encode(pair.replace("SECRET", secret));
            request.set("authorization", format!("Basic {pair}"));
        }));
    }
    places.extend([
        place("authorization, twice", |request, secret| {
            request.add("authorization", format!("Bearer {secret}"));
        }),
        place("authorization, no UTF-8", |request, secret| {
            request.set("authorization", [b"Bearer \xff", secret.as_bytes(), b"\xc3\x28"].concat());
        }),
        place("authorization, too long", |request, secret| {
            request.set("authorization", format!("Bearer {}", secret.repeat(300)));
        }),
        place("the name of a cookie", |request, secret| request.set("cookie", format!("{secret}=1"))),
        place("a cookie without a name", |request, secret| request.set("cookie", secret)),
        place("a cookie, no UTF-8", |request, secret| {
            request.set("cookie", [b"rk-r.abcdefgh=\xff", secret.as_bytes()].concat());
        }),
        place("a hundred cookies", |request, secret| {
            let jar: Vec<_> = (0..100).map(|n| format!("rk-r.abcde{n:03}=rkrt1_{secret}")).collect();
            request.set("cookie", jar.join("; "));
        }),
    ]);
    for cookie in COOKIES {
        places.push(place(format!("cookie {cookie}"), move |request, secret| {
            request.set("cookie", format!("a=b; {cookie}={secret}; c=d"));
        }));
    }
    places
}

pub(super) fn others() -> Vec<Place> {
    let mut places: Vec<_> = HEADERS
        .into_iter()
        .map(|name| place(format!("header {name}"), move |request, secret| request.set(name, secret)))
        .collect();
    places.push(place("the name of a header", |request, secret| request.set(secret, "1")));
    places.push(place("the method", |request, secret| secret.clone_into(&mut request.method)));
    places
}

pub(super) fn targets(operation: &Operation) -> Vec<Place> {
    let mut places = vec![
        place("the path, below", |request, secret| {
            request.target = format!("{}/{secret}", request.target.split('?').next().unwrap_or_default());
        }),
        place("the path, instead", |request, secret| request.target = format!("/{secret}")),
        place("the path, of another host, with a user", |request, secret| {
            request.target = format!("http://ada:{secret}@{secret}{}", request.target);
        }),
        place("the name in a query", |request, secret| request.query(secret, "1")),
        place("a query, no UTF-8", |request, secret| request.query("%ff", &format!("%c3%28{secret}%zz"))),
    ];
    for name in ["access_token", "token", "refresh_token", "password", "api_key", "client_secret", "code"] {
        places.push(place(format!("query {name}"), move |request, secret| request.query(name, secret)));
    }
    for (kind, name) in operation.parameters.clone() {
        let path = operation.path.clone();
        // Whoever is sent on is told where to.
        let told = if operation.path == "/v1/continue" { Told::InAnswers } else { Told::Never };
        places.push(match kind.as_str() {
            "path" => place(format!("path {{{name}}}"), move |request, secret| {
                request.target = path.replace(&format!("{{{name}}}"), secret);
            }),
            "query" => place(format!("query {name}"), move |request, secret| {
                request.target = format!("{path}?{name}=/{secret}");
            })
            .told(told),
            _ => place(format!("header {name}"), move |request, secret| request.set(&name, secret)),
        });
    }
    places
}
