//! `rekindle explain`.

use rekindle::token::{Algorithm, SigningKey};

use crate::process::Process;
use crate::{json, piped, printed, refused};

#[test]
fn the_life_of_a_login_is_drawn_and_told() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    assert_eq!(printed(folder, &["explain"]).trim_end(), include_str!("explain.txt").trim_end());
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), 0, "it opens nothing");
    assert!(printed(folder, &["explain", "--ascii"]).is_ascii());

    let life = json(folder, &["explain", "--access", "1h", "--replay-window", "off", "--idle", "30d"]);
    assert_eq!(
        (&life["access"], &life["replay_window"], &life["idle"]),
        (&3600.into(), &0.into(), &2_592_000.into())
    );
    let told = printed(folder, &["explain", "--idle", "30d"]);
    assert!(told.contains("Used or not, 30d."), "{told}");
    let (code, said) = refused(folder, &["explain", "--access", "10s", "--replay-window", "9s"]);
    assert_eq!(code, 2);
    assert!(said.contains("lifetimes.access: --access") && said.contains(": --replay-window"), "{said}");
    // A window that nobody asked for makes room by itself.
    let short = json(folder, &["explain", "--access", "10s"]);
    assert_eq!((&short["replay_window"], &short["refresh_after_to"]), (&4.into(), &5.into()));
    assert!(printed(folder, &["explain", "--access", "10s"]).contains("next one, 5s after the last"));
}

/// What makes heads hurt with one token that renews itself: how long one may be away, and how long it can go on.
#[test]
fn the_life_of_a_login_through_a_dialect_is_drawn_and_told() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let secret = "shared_secret = 'a secret of the application, long enough'";
    let text = format!(
        "[keys]\n{secret}\n[dialects.drf-jwt]\n[dialects.simplejwt]\nROTATE_REFRESH_TOKENS = true\n[dialects.tymon]\n"
    );
    std::fs::write(folder.join("rekindle.toml"), text).unwrap();
    let explain =
        |dialect: &str| printed(folder, &["explain", "--config", "rekindle.toml", "--dialect", dialect]);
    let drf = explain("drf-jwt");
    assert!(drf.contains("Used at least every 5m: 7d. Left alone: 5m."), "{drf}");
    assert!(drf.contains("Token stolen: not noticed."), "{drf}");
    let simple = explain("simplejwt");
    assert!(
        simple.contains("Used at least every 1d: 30d.") && simple.contains("noticed within three"),
        "{simple}"
    );
    assert!(explain("tymon").contains("Used or not, 14d."));
    let (_, said) = refused(folder, &["explain", "--config", "rekindle.toml", "--dialect", "flask"]);
    assert!(said.contains("it mounts simplejwt, drf-jwt, tymon"), "{said}");
    assert!(refused(folder, &["explain", "--dialect", "tymon"]).1.contains("mounts no dialect"));
}

#[test]
fn a_token_is_explained_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let data = folder.join("data").display().to_string();
    let settings = [
        ("REKINDLE__DATA_DIR", data.as_str()),
        ("REKINDLE__ISSUER", "https://a.example"),
        ("REKINDLE__LOG__LEVEL", "error"),
    ];
    let server = Process::start(folder, &["dev"], &settings);
    let login = post(&server, "/v1/login", r#"{"username":"demo","password":"demo-password"}"#);
    let [refresh, access] =
        ["refresh_token", "access_token"].map(|name| login[name].as_str().unwrap().to_owned());
    let explain = |token: &str| {
        let output = piped(folder, &["explain", "--token", "-"], token);
        assert!(output.status.success(), "{output:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(!text.contains(token.trim()), "a token is never printed");
        text
    };
    for _ in 0..2 {
        let text = explain(&refresh);
        assert!(text.starts_with("a refresh token\n"), "{text}");
        assert!(text.contains("generation    1; confirmed 0, newest 1"), "{text}");
        assert!(text.contains("again (Replay)"), "{text}");
    }
    // The command goes by its own configuration: this server's issuer is in its environment alone.
    let text = explain(&access);
    assert!(
        text.starts_with("an access token (JWT)\n") && text.contains("issuer        https://a.example"),
        "{text}"
    );
    assert!(text.contains("token_invalid"), "{text}");
    let config = folder.join("r.toml");
    std::fs::write(&config, "issuer = 'https://a.example'\naudience = ['https://a.example']").unwrap();
    let with = ["explain", "--config", "r.toml", "--token"];
    let text = printed(folder, &[&with[..], &[&access]].concat());
    assert!(text.contains("It is accepted here"), "{text}");

    // 204 has no body.
    post(&server, "/v1/logout", &format!(r#"{{"refresh_token":"{refresh}"}}"#));
    assert!(explain(&refresh).contains("(session_ended, logged_out)"));
    let text = printed(folder, &[&with[..], &[&access]].concat());
    assert!(text.contains("(session_ended, logged_out)"), "{text}");
    let (start, _) = refresh.split_at(refresh.len() - 4);
    assert!(explain(&format!("{start}AAAA")).contains("(session_ended, unknown)"));
    assert!(explain("junk").starts_with("no token\n"));
    assert!(explain("eyJhbGciOiJub25lIn0.e30.").contains("token_invalid"));
}

#[test]
fn a_token_of_a_dialect_is_explained() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let data = folder.join("data").display().to_string();
    let secret = "a secret of at least thirty-two bytes";
    let settings = [
        ("REKINDLE__DATA_DIR", data.as_str()),
        ("REKINDLE__KEYS__SHARED_SECRET", secret),
        ("REKINDLE__DIALECTS__SIMPLEJWT__ROTATE_REFRESH_TOKENS", "true"),
        ("REKINDLE__LOG__LEVEL", "error"),
    ];
    let server = Process::start(folder, &["dev"], &settings);
    let login = post(&server, "/api/token/", r#"{"username":"demo","password":"demo-password"}"#);
    let [refresh, access] = ["refresh", "access"].map(|name| login[name].as_str().unwrap().to_owned());
    let explain = |secret: &str, token: &str| {
        let config = format!(
            "data_dir = '{data}'\n[keys]\nshared_secret = '{secret}'\n[dialects.simplejwt]\nROTATE_REFRESH_TOKENS = true\n"
        );
        std::fs::write(folder.join("r.toml"), config).unwrap();
        let output = piped(folder, &["explain", "--config", "r.toml", "--token", "-"], token);
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    for (token, kind) in [(&refresh, "refresh"), (&access, "access")] {
        let text = explain(secret, token);
        assert!(text.starts_with("a token of a dialect (JWT)\ndialect       simplejwt\n"), "{text}");
        assert!(text.contains(&format!("type          {kind}\n")), "{text}");
        assert!(text.contains("generation    1; confirmed 0, newest 1\n"), "{text}");
        assert!(text.ends_with("Its signature holds. Its session lives.\n"), "{text}");
    }
    let key = SigningKey::from_material(Some("k"), Algorithm::Hs256, secret.as_bytes()).unwrap().unnamed();
    let old =
        key.sign("JWT", br#"{"token_type":"refresh","exp":1000000000,"user_id":"7","jti":"a"}"#).unwrap();
    let text = explain(secret, &old);
    assert!(text.starts_with("a token of the package's own (JWT)\n"), "{text}");
    assert!(text.contains("it is past its end. It names no session"), "{text}");
    let text = explain("another secret of at least thirty-two bytes", &refresh);
    assert!(text.contains("is the secret the application's?"), "{text}");
    post(&server, "/api/token/blacklist/", &format!(r#"{{"refresh":"{refresh}"}}"#));
    assert!(explain(secret, &access).ends_with("Its session has ended (logged_out).\n"));
}

fn post(server: &Process, path: &str, body: &str) -> serde_json::Value {
    use std::io::{Read as _, Write as _};
    let mut stream = std::net::TcpStream::connect(server.address).unwrap();
    let head = "host: a\r\nconnection: close\r\ncontent-type: application/json";
    write!(stream, "POST {path} HTTP/1.1\r\n{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap_or_default()
}
