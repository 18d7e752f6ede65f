//! Secrets in every field of the dialects' endpoints, and the secret that an application shares.

use serde_json::{Value, json};

use super::super::process::Process;
use super::marks::Marks;
use super::request::{Kind, Request, exchange, json_of};

/// Where a token is asked for, and the member with the name of the user.
const LOGINS: [(&str, &str); 4] = [
    ("/api/token/", "username"),
    ("/api-token-auth/", "username"),
    ("/login", "username"),
    ("/api/auth/login", "email"),
];

/// Where a token is sent, and in which member.
const TAKE_TOKENS: [(&str, &str); 10] = [
    ("/api/token/refresh/", "refresh"),
    ("/api/token/verify/", "token"),
    ("/api/token/blacklist/", "refresh"),
    ("/api-token-refresh/", "token"),
    ("/api-token-verify/", "token"),
    ("/api-token-blacklist/", "token"),
    ("/refresh", "refresh_token"),
    ("/logout", "access_token"),
    ("/api/auth/refresh", "token"),
    ("/api/auth/logout", "token"),
];

#[test]
fn nothing_that_was_sent_to_a_dialect_is_told_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut marks = Marks::default();
    let shared = marks.secret("the shared secret");
    let settings = [
        ("REKINDLE__KEYS__SHARED_SECRET", shared.as_str()),
        ("REKINDLE__DIALECTS__SIMPLEJWT__ROTATE_REFRESH_TOKENS", "true"),
        ("REKINDLE__DIALECTS__DRF_JWT__JWT_AUTH_COOKIE", "jwt"),
        (
            "REKINDLE__DIALECTS__FLASK_JWT_EXTENDED__JWT_TOKEN_LOCATION",
            "['json', 'headers', 'cookies', 'query_string']",
        ),
        ("REKINDLE__DIALECTS__TYMON__TTL", "1h"),
        ("REKINDLE__DATA_DIR", "data"),
        ("REKINDLE__LOG__LEVEL", "trace"),
    ];
    let mut process = Process::start(folder.path(), &["dev"], &settings);
    let post = |path: &str, body: Value, change: &dyn Fn(&mut Request)| {
        let mut request = Request::new("POST", path);
        request.raw(Kind::Json.name(), body.to_string());
        change(&mut request);
        exchange(process.address, &request.bytes())
    };
    let mut handed_out = Vec::new();
    for (path, name) in LOGINS {
        let good = json!({ name: "demo", "password": "demo-password" });
        let answer = json_of(&post(path, good, &|_| {}));
        handed_out.extend(
            answer
                .as_object()
                .unwrap()
                .values()
                .filter_map(Value::as_str)
                .filter(|text| text.len() > 40)
                .map(str::to_owned),
        );
        for member in [name, "password"] {
            let mut body = json!({ name: "demo", "password": "demo-password" });
            let secret = marks.secret(format!("{path} {member}"));
            body[member] = secret.into();
            let what = format!("{path} {member}");
            marks.assert_not_answered(&what, &post(path, body, &|_| {}));
        }
    }
    assert_eq!(handed_out.len(), 6);
    handed_out.iter().for_each(|token| marks.token(token));
    for (path, member) in TAKE_TOKENS {
        for token in &handed_out {
            let answer = post(path, json!({ member: token }), &|_| {});
            let answer = json_of(&answer);
            let tokens =
                answer.as_object().into_iter().flat_map(|members| members.values()).filter_map(Value::as_str);
            tokens.filter(|text| text.len() > 100).for_each(|token| marks.token(token));
        }
        let secrets =
            ["body", "header", "cookie", "query"].map(|place| marks.secret(format!("{path} {place}")));
        let [body, header, cookie, query] = &secrets;
        let sign_in = |request: &mut Request| {
            request.set("authorization", format!("Bearer {header}"));
            request.set("cookie", format!("access_token_cookie={cookie}; refresh_token_cookie={cookie}"));
            request.query("token", query);
        };
        marks.assert_not_answered(path, &post(path, json!({ member: body }), &sign_in));
        marks.assert_not_answered(path, &post(path, json!({ "x": body }), &sign_in));
    }
    let mut metrics = Request::new("GET", "/metrics");
    metrics.set("authorization", "Bearer nobody");
    marks.assert_hidden("the operator's side", &exchange(process.operators, &metrics.bytes()));
    process.stop();
    let said = |file: &str| std::fs::read_to_string(folder.path().join(file)).unwrap();
    let log = said("stderr.log");
    marks.assert_hidden("the log", &log);
    marks.assert_hidden("standard output", &said("stdout.log"));
    for word in ["opened", "login_failed", "answered", "/api/auth/refresh"] {
        assert!(log.contains(word), "no {word} in the log");
    }
    for start in ["eyJ", "Bearer "] {
        assert!(!log.contains(start), "{start}");
    }
}
