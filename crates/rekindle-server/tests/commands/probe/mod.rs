//! `rekindle probe`: on a real server, and on endpoints that are wrong in one way each.

mod site;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

use crate::piped;
use crate::process::Process;
use site::{SECRET, Site, Wrong};

/// Runs `rekindle probe`; `input` is the password, or the tokens.
fn probe(url: &str, arguments: &[&str], input: &str) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let output = piped(folder.path(), &[&["probe", url], arguments].concat(), input);
    for told in [&output.stdout, &output.stderr] {
        assert!(!String::from_utf8_lossy(told).contains(SECRET), "a token was printed: {output:?}");
    }
    output
}

const BY_LOGIN: [&str; 8] =
    ["--user", "ada", "--password-file", "-", "--login", "/login", "--logout", "/logout"];

/// The quick probe of a site, as JSON.
fn card(site: &Site, arguments: &[&str]) -> Value {
    let arguments = [&BY_LOGIN[..], &["--quick", "--trials", "4", "--json"], arguments].concat();
    let output = probe(&site.url(), &arguments, "right\n");
    assert!(output.status.success(), "{output:?}");
    assert!(output.stderr.is_empty(), "nobody watches: {output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn verdicts(card: &Value, experiment: &str) -> Vec<String> {
    let findings = card["findings"].as_array().unwrap();
    let finding = findings.iter().find(|finding| finding["experiment"] == experiment);
    let finding = finding.unwrap_or_else(|| panic!("there is no {experiment} in {card}"));
    finding["verdicts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|verdict| verdict.as_str().unwrap().to_owned())
        .collect()
}

fn said(output: &Output) -> (Option<i32>, String) {
    (output.status.code(), String::from_utf8(output.stderr.clone()).unwrap())
}

fn login(server: &Process) -> String {
    let mut stream = TcpStream::connect(server.address).unwrap();
    let body = r#"{"username":"demo","password":"demo-password"}"#;
    write!(
        stream,
        "POST /v1/login HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let tokens: Value = serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap();
    tokens["refresh_token"].as_str().unwrap().to_owned()
}

#[test]
fn a_real_server_passes() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let server = Process::start(folder, &["dev"], &[("REKINDLE__STORE", "memory:")]);
    let origin = format!("http://{}", server.address);
    for preset in ["rekindle", "rekindle-cookie", "generic"] {
        let url = if preset == "generic" { format!("{origin}/v1/refresh") } else { origin.clone() };
        let mut arguments =
            vec!["--preset", preset, "--user", "demo", "--password-file", "-", "--quick", "--strict"];
        arguments.extend(["--trials", "6", "--card", "card.txt"]);
        if preset == "generic" {
            arguments.extend(["--login", "/v1/login", "--logout", "/v1/logout", "--verify", "/v1/session"]);
        }
        let output = piped(folder, &[&["probe", &url], &arguments[..]].concat(), "demo-password\n");
        assert!(output.status.success(), "{output:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(std::fs::read_to_string(folder.join("card.txt")).unwrap(), text);
        assert!(
            text.starts_with(&format!("Report card of {origin}/v1/refresh\npreset {preset}, ")),
            "{text}"
        );
        assert!(
            text.contains("in 6 of 6 trials") && text.contains("theft: --quick makes no pauses"),
            "{text}"
        );
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(told.contains(" s  2 clients at once: everybody may go on with the same token"), "{told}");
        let cookies = text.lines().find(|line| line.starts_with("flags of cookies")).unwrap();
        assert_eq!(cookies.contains("HttpOnly, SameSite=Lax"), preset == "rekindle-cookie", "{text}");
    }
}

/// The presets of other systems find in their dialects what the protocol promises.
#[test]
fn dialects_pass_by_the_presets_of_their_originals() {
    const SECRET_KEY: (&str, &str) =
        ("REKINDLE__KEYS__SHARED_SECRET", "a secret of at least thirty-two bytes, for tests");
    let sections = |settings: &[(&'static str, &'static str)]| {
        [&[("REKINDLE__STORE", "memory:"), SECRET_KEY][..], settings].concat()
    };
    let by_header = sections(&[
        ("REKINDLE__DIALECTS__SIMPLEJWT__ROTATE_REFRESH_TOKENS", "true"),
        ("REKINDLE__DIALECTS__DRF_JWT__PACKAGE", "styria"),
        ("REKINDLE__DIALECTS__FLASK_JWT_EXTENDED__LOGIN", "/login"),
        ("REKINDLE__DIALECTS__TYMON__PREFIX", "/api/auth"),
    ]);
    let otherwise = sections(&[
        ("REKINDLE__DIALECTS__SIMPLEJWT__VIEWS", "sliding"),
        ("REKINDLE__DIALECTS__FLASK_JWT_EXTENDED__JWT_TOKEN_LOCATION", "cookies"),
    ]);
    for (settings, presets) in [
        (by_header, &["simplejwt", "drf-jwt", "flask-jwt-extended", "tymon"][..]),
        (otherwise, &["simplejwt-sliding", "flask-jwt-extended-cookie"]),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let server = Process::start(folder.path(), &["dev"], &settings);
        let origin = format!("http://{}", server.address);
        for preset in presets {
            let arguments = ["--user", "demo", "--password-file", "-", "--quick", "--trials", "4", "--json"];
            let output = probe(&origin, &[&["--preset", preset], &arguments[..]].concat(), "demo-password\n");
            assert!(output.status.success(), "{preset}: {output:?}");
            let card: Value = serde_json::from_slice(&output.stdout).unwrap();
            for experiment in
                ["race_2", "race_8", "race_32", "lost_1", "late_answer", "cache_headers", "junk", "control"]
            {
                assert_eq!(verdicts(&card, experiment), ["ok"], "{preset}: {card:#}");
            }
            if *preset != "simplejwt-sliding" {
                assert_eq!(verdicts(&card, "logout_race"), ["ok"], "{preset}: {card:#}");
            }
        }
    }
}

/// With few tokens, what matters most is tried, and the rest is named.
#[test]
fn tokens_will_do_where_nobody_can_sign_in() {
    let folder = tempfile::tempdir().unwrap();
    let server = Process::start(folder.path(), &["dev"], &[("REKINDLE__STORE", "memory:")]);
    let origin = format!("http://{}", server.address);
    let tokens = format!("{}\n\n{}\n", login(&server), login(&server));
    let arguments = ["--preset", "rekindle", "--refresh-token-file", "-", "--pause", "0s", "--json"];
    let output = probe(&origin, &arguments, &tokens);
    assert!(
        output.status.success() && !String::from_utf8_lossy(&output.stdout).contains("rkrt1_"),
        "{output:?}"
    );
    let card: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&card["sessions"], &card["preset"], &card["promise_holds"]),
        (&json!(2), &json!("rekindle"), &json!(true))
    );
    assert_eq!(
        (verdicts(&card, "race_2"), verdicts(&card, "lost_1")),
        (vec!["ok".to_owned()], vec!["ok".to_owned()])
    );
    let left = card["left_out"].as_array().unwrap();
    let why = left.iter().find(|left| left["experiment"] == "theft").unwrap()["why"].as_str().unwrap();
    assert_eq!((left.len(), why), (10, "needs 1 of the 2 sessions, and others came first"));
}

#[test]
fn what_is_wrong_is_found() {
    let forks = card(&Site::start(Wrong::Forks), &[]);
    for race in ["race_2", "race_8", "race_32"] {
        assert!(verdicts(&forks, race).contains(&"forks".to_owned()), "{forks:#}");
    }
    assert_eq!(verdicts(&forks, "late_answer"), ["forks"]);
    assert_eq!(verdicts(&forks, "cache_headers"), ["weak"]);
    assert_eq!(verdicts(&forks, "junk"), ["ok"]);
    assert_eq!(forks["promise_holds"], false);
    let once = card(&Site::start(Wrong::SingleUse), &[]);
    assert_eq!(
        (verdicts(&once, "race_2"), verdicts(&once, "lost_1")),
        (vec!["logs_out".to_owned()], vec!["logs_out".to_owned()])
    );
    let race = &once["findings"][0];
    assert_eq!((&race["numbers"]["refused_trials"], &race["numbers"]["live_most"]), (&json!(4), &json!(1)));
    assert_eq!(verdicts(&once, "cookie_flags"), ["ok"]);
    assert_eq!(verdicts(&once, "control"), ["ok"]);
    let forgets = card(&Site::start(Wrong::LogoutDoesNothing), &[]);
    assert_eq!(verdicts(&forgets, "logout_race"), ["outlives_logout"]);
    let bare = card(&Site::start(Wrong::BareCookies), &["--token-in", "cookie"]);
    assert_eq!(
        (verdicts(&bare, "cookie_flags"), verdicts(&bare, "junk")),
        (vec!["weak".to_owned()], vec!["weak".to_owned()])
    );
    assert!(bare.to_string().contains("one injected script takes the session along"), "{bare:#}");
}

#[test]
fn findings_fail_only_where_that_is_asked_for() {
    let site = Site::start(Wrong::SingleUse);
    let arguments = [&BY_LOGIN[..], &["--quick", "--trials", "1"]].concat();
    assert_eq!(probe(&site.url(), &arguments, "right\n").status.code(), Some(0));
    let strict = probe(&site.url(), &[&arguments[..], &["--strict"]].concat(), "right\n");
    let (code, told) = said(&strict);
    assert_eq!(code, Some(1));
    assert!(told.ends_with("rekindle: --strict: not every line is ok\n"), "{told}");
    assert!(String::from_utf8_lossy(&strict.stdout).contains("logs people out"));
}

/// Said once, clearly, and nothing is probed.
#[test]
fn an_endpoint_that_cannot_be_probed_says_why() {
    let arguments = [&BY_LOGIN[..], &["--quick", "--timeout", "1s"]].concat();
    for (wrong, why) in [
        (Wrong::Page, "a web page (HTML) instead of JSON"),
        (Wrong::Fails, "status 500"),
        (Wrong::Redirects, "a redirect to /refresh/; redirects are not followed"),
        (Wrong::NoToken, "without a token that could be recognised"),
        (Wrong::Hangs, "no answer within 1 s"),
        (Wrong::OneSession, "signing in again ends the session before it"),
    ] {
        let site = Site::start(wrong);
        let (code, told) = said(&probe(&site.url(), &arguments, "right\n"));
        assert_eq!(code, Some(1), "{told}");
        let last = told.lines().last().unwrap();
        assert!(last.starts_with("rekindle: ") && last.contains(why), "{wrong:?}: {last}");
        assert!(site.refreshes() <= 4, "{wrong:?}: {}", site.refreshes());
    }
    let site = Site::start(Wrong::SingleUse);
    let of = |arguments: &[&str], password: &str| said(&probe(&site.url(), arguments, password));
    let (code, told) = of(&arguments, "wrong\n");
    assert!(code == Some(1) && told.contains("the login was refused (401)"), "{told}");
    let elsewhere = ["--user", "ada", "--password-file", "-", "--login", "/nowhere"];
    assert!(of(&elsewhere, "right\n").1.contains("there is nothing at the login address (404)"));
    let (_, told) = of(&[&arguments[..], &["--verify", "/nowhere"]].concat(), "right\n");
    assert!(told.contains("the address of --verify does not let a live access token in"), "{told}");
    let (_, told) = of(&["--refresh-token-file", "-"], "stale\n");
    assert!(told.contains("a fresh refresh token was refused (401)"), "{told}");
    assert!(of(&["--refresh-token-file", "-"], "\n").1.contains("there is no refresh token to begin with"));
    // Nobody listens there.
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (code, told) = said(&probe(&format!("http://{address}/refresh"), &arguments, "right\n"));
    assert!(
        code == Some(1) && told.contains("nobody answers at the login address: Connection refused"),
        "{told}"
    );
}

#[test]
fn an_endpoint_that_asks_for_patience_gets_it() {
    let site = Site::start(Wrong::PutsOff);
    let card = card(&site, &[]);
    assert_eq!(verdicts(&card, "control"), ["ok"]);
}

#[test]
fn what_is_asked_wrongly_is_refused_before_anything_is_sent() {
    let site = Site::start(Wrong::SingleUse);
    let url = site.url();
    let many = ["--user", "a", "--login", "/login", "--host", "example.com", "--trials", "11"];
    let cases: [(&str, &[&str], &str); 12] = [
        ("https://example.com/refresh", &many, "at most 10 on another machine"),
        ("http://example.com/refresh", &BY_LOGIN, "say so with --host example.com"),
        ("https://example.com/refresh", &["--user", "a", "--host", "www.example.com"], "another machine"),
        (&url, &["--user", "a", "--login", "https://example.com/login"], "say so with --host example.com"),
        ("refresh", &BY_LOGIN, "relative URL without a base"),
        (&url, &[], "--user"),
        (&url, &["--user", "a"], "name it with --login"),
        (&url, &["--user", "a", "--refresh-token-file", "-"], "cannot be used with"),
        (&url, &["--refresh-token-file", "-", "--token-in", "cookie"], "give --user"),
        (&url, &["--user", "a", "--login", "/login", "--trials", "0"], "0 is not in 1..=1000"),
        (&url, &["--user", "a", "--login", "/login", "--preset", "other"], "possible values"),
        (&url, &["--user", "a", "--login", "/login", "--header", "apikey"], "there is no : in it"),
    ];
    for (url, arguments, why) in cases {
        let (code, told) = said(&probe(url, arguments, "right\n"));
        assert!(code == Some(2) && told.contains(why), "{arguments:?}: {told}");
    }
    assert_eq!(site.refreshes(), 0);
    let (code, told) =
        said(&probe(&url, &["--user", "a", "--login", "/login", "--password-file", "absent"], ""));
    assert!(code == Some(1) && told.contains("cannot read absent"), "{told}");
    let (_, told) = said(&probe(&url, &["--user", "a", "--login", "/login"], ""));
    assert!(told.contains("there is no terminal to ask for the password"), "{told}");
}

/// Ctrl-C ends it at once, with what is known so far.
#[test]
fn an_interrupted_probe_shows_what_it_has() {
    let site = Site::start(Wrong::SingleUse);
    let mut child = Command::new(env!("CARGO_BIN_EXE_rekindle"))
        .args(["probe", &site.url(), "--trials", "1", "--pause", "1h"])
        .args(BY_LOGIN)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"right\n").unwrap();
    let mut told = BufReader::new(child.stderr.take().unwrap()).lines();
    let junk = told.find(|line| line.as_ref().unwrap().contains("junk instead of a token"));
    junk.unwrap().unwrap();
    let interrupt = format!("kill -INT {}", child.id());
    assert!(Command::new("sh").args(["-c", &interrupt]).status().unwrap().success());
    let mut card = String::new();
    child.stdout.take().unwrap().read_to_string(&mut card).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(
        card.contains("junk instead of a token") && card.contains("* race_2: stopped by Ctrl-C"),
        "{card}"
    );
    assert!(card.ends_with("Stopped before it was over: what is not above is not known.\n"), "{card}");
}
