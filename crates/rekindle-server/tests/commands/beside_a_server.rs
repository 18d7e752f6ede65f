//! Commands beside a server that runs on the same store.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::path::Path;

use serde_json::Value;

use crate::process::Process;
use crate::{json, piped, printed, refused, rekindle};

/// A server of `rekindle dev`, which the commands without `--config` are about.
fn server(folder: &Path) -> Process {
    let data = folder.join("data").display().to_string();
    Process::start(folder, &["dev"], &[("REKINDLE__DATA_DIR", &data), ("REKINDLE__LOG__LEVEL", "error")])
}

fn post(server: &Process, path: &str, body: &str) -> (u16, Value) {
    let mut stream = TcpStream::connect(server.address).unwrap();
    let length = body.len();
    write!(
        stream,
        "POST {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\n\r\n{body}"
    )
    .unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head[9..12].parse().unwrap(), serde_json::from_str(body).unwrap_or_default())
}

fn login(server: &Process, name: &str, password: &str) -> (u16, Value) {
    post(server, "/v1/login", &format!(r#"{{"username":"{name}","password":"{password}","device":"Phone"}}"#))
}

fn refresh(server: &Process, login: &Value) -> (u16, Value) {
    let token = login["refresh_token"].as_str().unwrap();
    post(server, "/v1/refresh", &format!(r#"{{"refresh_token":"{token}"}}"#))
}

fn reason(answer: &(u16, Value)) -> &str {
    answer.1["reason"].as_str().unwrap_or_default()
}

#[test]
fn accounts_change_under_a_running_server() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let server = server(folder);
    let added = piped(folder, &["user", "add", "ada", "--password-stdin", "--json"], "correct horse\n");
    let added: Value = serde_json::from_slice(&added.stdout).unwrap();
    assert_eq!(added["username"], "ada");
    let taken = piped(folder, &["user", "add", "Ada", "--password-stdin"], "x\n");
    assert_eq!(String::from_utf8_lossy(&taken.stderr), "rekindle: there is an account called Ada already\n");

    let (status, first) = login(&server, "ada", "correct horse");
    assert_eq!(status, 200);
    let changed = piped(folder, &["user", "password", "ada", "--password-stdin"], "battery staple\n");
    assert_eq!(String::from_utf8_lossy(&changed.stdout), "ada: new password; sessions ended: 1\n");
    assert_eq!(reason(&refresh(&server, &first)), "password_changed");
    assert_eq!(login(&server, "ada", "correct horse").0, 401);

    let (_, second) = login(&server, "ada", "battery staple");
    assert_eq!(printed(folder, &["user", "claims", "ada", r#"{"role":"editor"}"#]), "ada: new claims\n");
    let next = refresh(&server, &second);
    assert_eq!(next.0, 200, "told of new claims, not signed out");
    let disabled = json(folder, &["user", "disable", "ada"]);
    assert_eq!((&disabled["subject"], &disabled["sessions_ended"]), (&added["subject"], &1.into()));
    assert_eq!(reason(&refresh(&server, &next.1)), "user_disabled");
    assert_eq!(login(&server, "ada", "battery staple").0, 401);
    let list = json(folder, &["user", "list"]);
    assert_eq!((&list[1]["username"], &list[1]["disabled"]), (&"ada".into(), &true.into()));
    assert_eq!(list[1]["claims"]["role"], "editor");
    assert_eq!(printed(folder, &["user", "enable", "ada"]), "ada: enabled\n");
    assert_eq!(login(&server, "ada", "battery staple").0, 200);
    assert_eq!(printed(folder, &["user", "remove", "ada"]), "ada: removed; sessions ended: 1\n");

    let (code, said) = refused(folder, &["user", "disable", "ada"]);
    assert_eq!(
        (code, said.as_str()),
        (1, "rekindle: there is no account called ada; `rekindle user list` shows them\n")
    );
    let (_, said) = refused(folder, &["user", "remove", "demo"]);
    assert_eq!(said, "rekindle: the demo account cannot be changed\n");
    let (_, said) = refused(folder, &["user", "claims", "demo", "role"]);
    assert!(said.starts_with("rekindle: CLAIMS: "), "{said}");
}

#[test]
fn sessions_are_seen_and_ended() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let server = server(folder);
    let logins: Vec<Value> = (0..4).map(|_| login(&server, "demo", "demo-password").1).collect();
    let id = |login: &Value| login["session_id"].as_str().unwrap().to_owned();
    let subject = json(folder, &["session", "show", &id(&logins[0])])["subject"].as_str().unwrap().to_owned();

    let list = json(folder, &["session", "list", "--subject", &subject]);
    assert_eq!(list.as_array().unwrap().len(), 4);
    assert!(list.as_array().unwrap().iter().all(|row| row["status"] == "active" && row["device"] == "Phone"));
    let text = printed(folder, &["session", "list", "--limit", "2"]);
    assert_eq!(text.lines().count(), 4, "{text}");
    assert!(text.ends_with("there are more: raise --limit\n"));

    assert_eq!(
        printed(folder, &["session", "revoke", &id(&logins[0]), &id(&logins[0])]),
        "sessions ended: 1\n"
    );
    assert_eq!(reason(&refresh(&server, &logins[0])), "revoked");
    assert_eq!(refresh(&server, &logins[1]).0, 200);
    let said = printed(folder, &["session", "revoke", "--subject", "demo"]);
    assert!(said.starts_with("sessions ended: 0; demo is no subject"), "{said}");
    let none = "0".repeat(32);
    let (code, said) = refused(folder, &["session", "revoke", &none]);
    assert_eq!((code, said), (1, format!("rekindle: there is no session {none}; sessions ended: 0\n")));
    let (code, said) = refused(folder, &["session", "revoke", "junk"]);
    assert_eq!(code, 2);
    assert!(said.contains("a session id is 32 lower-case hexadecimal digits"), "{said}");
    // All of them only where that is said twice.
    assert_eq!(refused(folder, &["session", "revoke", "--all"]).0, 2);
    assert_eq!(refused(folder, &["session", "revoke"]).0, 2);
    assert_eq!(json(folder, &["session", "revoke", "--all", "--yes"])["sessions_ended"], 3);
    for login in &logins {
        assert_eq!(reason(&refresh(&server, login)), "revoked");
    }
    assert_eq!(json(folder, &["store", "status"])["sessions_ended"], 4);
    let (_, again) = login(&server, "demo", "demo-password");
    assert_eq!(json(folder, &["session", "revoke", "--subject", &subject])["sessions_ended"], 1);
    assert_eq!(reason(&refresh(&server, &again)), "revoked");
}

/// No request fails while the keys change, and tokens of before go on.
#[test]
fn keys_are_rotated_under_load() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let server = server(folder);
    let mut clients: Vec<Value> = (0..4).map(|_| login(&server, "demo", "demo-password").1).collect();
    for round in 0..40 {
        if round % 10 == 5 {
            let staged = json(folder, &["key", "rotate"]);
            assert!(staged["mints_from"].as_u64().unwrap() > 0);
        }
        for client in &mut clients {
            let (status, next) = refresh(&server, client);
            assert_eq!(status, 200, "{next}");
            *client = next;
        }
    }
    let keys = json(folder, &["key", "list"]);
    let states: Vec<_> = keys.as_array().unwrap().iter().map(|key| key["state"].as_str().unwrap()).collect();
    assert_eq!(states.iter().filter(|state| **state == "mints").count(), 2, "one of each kind");
    assert_eq!(states.iter().filter(|state| **state == "staged").count(), 8);
    assert_eq!(json(folder, &["key", "retire"])["keys_retired"], 0);
}

#[test]
fn api_keys_are_shown_once() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    // Before the first start as well: whoever installs a server prepares its back ends.
    let key = printed(folder, &["key", "api", "add", "shop"]);
    assert_eq!((key.len(), &key[..6]), (50, "rkak1_"));
    let _server = server(folder);
    assert_eq!(json(folder, &["key", "api", "list"])[0]["name"], "shop");
    assert!(!printed(folder, &["key", "api", "list"]).contains(key.trim()));
    let explained = printed(folder, &["explain", "--token", key.trim()]);
    assert!(explained.contains("the API key \"shop\""), "{explained}");
    let (code, said) = refused(folder, &["key", "api", "add", "shop"]);
    assert_eq!((code, said.as_str()), (1, "rekindle: there is an API key of that name already\n"));
    assert_eq!(printed(folder, &["key", "api", "remove", "shop"]), "removed shop\n");
    assert_eq!(
        refused(folder, &["key", "api", "remove", "shop"]).1,
        "rekindle: there is no API key of that name\n"
    );
    assert_eq!(json(folder, &["key", "api", "list"]), serde_json::json!([]));
}

/// Looking creates nothing; what cannot be reached is said, with the mend.
#[test]
fn commands_that_have_nothing_to_look_at_say_so() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for command in [["session", "list"], ["key", "list"], ["store", "status"], ["user", "list"]] {
        let (code, said) = refused(folder, &command);
        assert_eq!(code, 1);
        assert!(said.contains("there is no store at") && said.contains("at its first start"), "{said}");
    }
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), 0);
    std::fs::write(folder.join("r.toml"), "store = 'memory:'").unwrap();
    let (_, said) = refused(folder, &["session", "list", "--config", "r.toml"]);
    assert!(said.contains("no other process reaches it"), "{said}");
    let (code, said) = refused(folder, &["user", "list", "--config", "r.toml"]);
    assert_eq!(
        (code, said.as_str()),
        (2, "rekindle: accounts.kind is \"none\": this server keeps no accounts\n")
    );
    let (code, said) = refused(folder, &["session", "list", "--config", "absent.toml"]);
    assert_eq!(code, 2);
    assert!(said.contains("cannot read absent.toml"), "{said}");
}

/// Whoever reads has read enough.
#[test]
fn a_closed_pipe_is_no_error() {
    let folder = tempfile::tempdir().unwrap();
    let command = format!("'{}' explain | true; exit ${{PIPESTATUS:-0}}", env!("CARGO_BIN_EXE_rekindle"));
    let output =
        std::process::Command::new("sh").args(["-c", &command]).current_dir(folder.path()).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert!(rekindle(folder.path(), &["explain"]).status.success());
}
