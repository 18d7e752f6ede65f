//! A disk that fails under the real server: nothing is acknowledged, nobody is logged out, and it goes on.

use std::path::Path;
use std::process::Command;

use serde_json::json;

use super::client::Client;
use super::holder::Holder;
use super::process::Process;

/// The library that makes `fsync` and writes fail while a file exists; the SQLite store's tests use it too.
const SHIM: &str = include_str!("../../../rekindle/tests/sqlite/shim.c");

fn start(folder: &Path) -> Process {
    let [source, library] = ["shim.c", "shim.so"].map(|name| folder.join(name));
    std::fs::write(&source, SHIM).unwrap();
    let compiler = std::env::var_os("CC").unwrap_or_else(|| "cc".into());
    let built = Command::new(compiler)
        .args(["-shared", "-fPIC", "-o"])
        .args([&library, &source])
        .arg("-ldl")
        .status();
    assert!(built.expect("a C compiler").success());
    let text = |name: &str| folder.join(name).display().to_string();
    let variables = [
        ("LD_PRELOAD", &*library.display().to_string()),
        ("SHIM_EIO", &*text("eio")),
        ("SHIM_ENOSPC", &*text("enospc")),
        ("REKINDLE__DATA_DIR", "."),
        ("REKINDLE__LIFETIMES__REPLAY_WINDOW", "off"),
    ];
    Process::start(folder, &["dev"], &variables)
}

fn ready(client: &mut Client) -> (u16, serde_json::Value) {
    let (status, answer) = client.get("/readyz").unwrap();
    (status, answer["detail"].clone())
}

#[test]
fn a_failing_disk_is_503_and_logs_nobody_out() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = start(folder.path());
    let mut client = Client::connect(server.address).unwrap();
    let mut holder = Holder::log_in(&mut client).unwrap();
    for flag in ["eio", "enospc"] {
        let flag = folder.path().join(flag);
        assert!(holder.refresh(&mut client, false).unwrap());
        std::fs::write(&flag, "").unwrap();
        for (path, body) in [
            ("/v1/refresh", json!({"refresh_token": holder.token})),
            ("/v1/logout", json!({"refresh_token": holder.token})),
            ("/v1/login", json!({"username": "demo", "password": "demo-password"})),
        ] {
            let (status, answer) = client.post(path, &body).unwrap();
            assert_eq!((status, &answer["code"]), (503, &json!("unavailable")), "{path}: {answer}");
        }
        assert_eq!(ready(&mut client), (503, json!("the store cannot be written")), "{}", flag.display());
        std::fs::remove_file(&flag).unwrap();
        // Found out by itself: nobody is sent here meanwhile. Tried once a second, so the first question may be too soon.
        assert!((0..1_000_000).any(|_| ready(&mut client).0 == 200));
        // Without a restart.
        assert!(holder.refresh(&mut client, false).unwrap(), "{}", flag.display());
    }
    let acknowledged = holder.acknowledged;
    server.kill_9();

    let server = start(folder.path());
    assert!(holder.refresh(&mut Client::connect(server.address).unwrap(), false).unwrap());
    assert_eq!(holder.acknowledged, acknowledged + 1, "what was acknowledged was there");
}
