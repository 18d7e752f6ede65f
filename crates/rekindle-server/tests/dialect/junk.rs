//! Whatever is sent to a dialect is answered, by no 500, and ends nobody's session.

use axum::body::Body;
use axum::http::Request;
use proptest::prelude::*;
use rekindle::clock::Clock as _;
use rekindle_server::accounts::DEMO_SUBJECT;
use serde_json::{Value, json};

use crate::server::Server;
use crate::token::{read, sign};

const ALL: &str = "[dialects.simplejwt]\nROTATE_REFRESH_TOKENS = true\n[dialects.drf-jwt]\n\
                   [dialects.flask-jwt-extended]\nJWT_TOKEN_LOCATION = ['headers', 'cookies', 'json', 'query_string']\n\
                   [dialects.tymon]\n";

const PATHS: [&str; 14] = [
    "/api/token/",
    "/api/token/refresh/",
    "/api/token/verify/",
    "/api/token/blacklist/",
    "/api-token-auth/",
    "/api-token-refresh/",
    "/api-token-verify/",
    "/api-token-blacklist/",
    "/login",
    "/refresh",
    "/logout",
    "/api/auth/login",
    "/api/auth/refresh",
    "/api/auth/logout",
];

const TYPES: [&str; 6] = [
    "application/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=b",
    "multipart/form-data",
    "text/plain",
    "",
];

/// A value of whatever kind, small or absurd.
fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        prop_oneof![Just(0_u64), Just(u64::MAX), Just(1 << 53), Just(253_402_300_800)].prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        Just(Value::Null),
        "[ -~]{0,12}|\\PC{0,6}|\u{0}".prop_map(Value::from),
        prop::collection::vec(any::<u8>().prop_map(Value::from), 0..3).prop_map(Value::from),
    ]
}

/// A token signed with the application's own secret, with claims nobody would write.
fn signed() -> impl Strategy<Value = String> {
    let names = prop::sample::select(vec![
        "token_type",
        "type",
        "exp",
        "iat",
        "nbf",
        "jti",
        "user_id",
        "sub",
        "username",
        "sid",
        "gen",
        "orig_iat",
        "refresh_exp",
        "csrf",
        "fresh",
        "prv",
        "aud",
        "iss",
        "client_id",
        "name",
    ]);
    let kind = prop::sample::select(vec!["refresh", "access", "sliding"]);
    (prop::collection::hash_map(names, value(), 0..6), kind, any::<bool>()).prop_map(|(claims, kind, sound)| {
        let mut all = json!({
            "token_type": kind, "type": kind, "exp": 1_800_050_000, "iat": 1_799_999_990, "jti": "x", "user_id": "7",
            "sub": "7", "username": "eve", "orig_iat": 1_799_999_000, "refresh_exp": 1_800_050_000,
        });
        if !sound {
            all = json!({});
        }
        for (name, value) in claims {
            all[name] = value;
        }
        sign(&all)
    })
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    let names = || {
        prop::sample::select(vec!["username", "password", "refresh", "token", "email", "access_token", "x"])
    };
    let token = signed().prop_flat_map(|token| {
        let length = token.len();
        (Just(token), 0..=length, any::<bool>())
            .prop_map(|(token, cut, whole)| if whole { token } else { token[..cut].to_owned() })
    });
    let token = token.boxed();
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..80),
        prop::collection::hash_map(names(), value(), 0..4)
            .prop_map(|body| json!(body).to_string().into_bytes()),
        (names(), token.clone()).prop_map(|(name, token)| json!({ name: token }).to_string().into_bytes()),
        (names(), token).prop_map(|(name, token)| format!("{name}={token}").into_bytes()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn junk_is_answered_and_ends_nothing(
        requests in prop::collection::vec(
            (prop::sample::select(PATHS.to_vec()), prop::sample::select(TYPES.to_vec()), body(), signed()),
            30,
        )
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let server = Server::with(ALL).await;
            let token = server.log_in("/api/token/").await.text("refresh");
            prop_assert_eq!(server.clock.now().as_unix(), 1_800_000_000);
            for (path, kind, body, bearer) in requests {
                let request = Request::post(path)
                    .header("content-type", kind)
                    .header("authorization", format!("Bearer {bearer}"))
                    .header("cookie", format!("refresh_token_cookie={bearer}; access_token_cookie={bearer}"));
                // No 500: that is looked at there.
                server.send(request.body(Body::from(body)).unwrap()).await;
            }
            server.clock.advance(200);
            let answer = server.post("/api/token/refresh/", json!({ "refresh": token })).await;
            prop_assert_eq!(answer.status.as_u16(), 200);
            prop_assert_eq!(&read(&answer.text("access"))["user_id"], DEMO_SUBJECT);
            Ok(())
        })?;
    }
}
