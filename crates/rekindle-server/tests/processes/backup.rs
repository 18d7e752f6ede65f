//! The recipe of docs/operations.md: a backup made under load, restored on another machine.

use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use serde_json::{Value, json};

use super::client::Client;
use super::holder::Holder;
use super::process::Process;

const CLIENTS: usize = 6;

fn start(folder: &Path) -> Process {
    // With the window off every refresh rotates, and falls behind the copy.
    let variables = [("REKINDLE__DATA_DIR", "."), ("REKINDLE__LIFETIMES__REPLAY_WINDOW", "off")];
    Process::start(folder, &["dev"], &variables)
}

fn rekindle(folder: &Path, arguments: &[&str]) -> Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rekindle"));
    command.args(arguments).arg("--json").current_dir(folder).env("REKINDLE__DATA_DIR", ".");
    let output = command.output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn reason(client: &mut Client, holder: &Holder) -> String {
    let (status, answer) = client.post("/v1/refresh", &json!({"refresh_token": holder.token})).unwrap();
    assert_eq!(status, 401, "{answer}");
    answer["reason"].as_str().unwrap().to_owned()
}

#[test]
fn a_backup_under_load_is_restored_elsewhere_and_logs_nobody_out() {
    let (home, away) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut server = start(home.path());
    let mut client = Client::connect(server.address).unwrap();
    let mut leaver = Holder::log_in(&mut client).unwrap();

    let stop = Arc::new(AtomicBool::new(false));
    let (ring, bell) = mpsc::channel();
    let threads: Vec<_> = (0..CLIENTS)
        .map(|name| {
            let (stop, ring, address) = (Arc::clone(&stop), ring.clone(), server.address);
            std::thread::spawn(move || {
                let mut client = Client::connect(address).unwrap();
                let mut holder = Holder::log_in(&mut client).unwrap();
                while !stop.load(SeqCst) {
                    assert!(holder.refresh(&mut client, false).unwrap());
                    ring.send(name).unwrap();
                }
                holder
            })
        })
        .collect();
    let each_refreshes_again = || {
        let mut left = [3; CLIENTS];
        while left.iter().any(|left| *left > 0) {
            let name: usize = bell.recv_timeout(Duration::from_secs(60)).expect("clients at work");
            left[name] = i32::max(left[name] - 1, 0);
        }
        while bell.try_recv().is_ok() {}
    };
    each_refreshes_again();
    let copy = away.path().join("rekindle.db").display().to_string();
    let copied = rekindle(home.path(), &["store", "backup", &copy]);
    assert!(copied["bytes"].as_u64().unwrap() > 4096);
    each_refreshes_again();
    each_refreshes_again();
    leaver.log_out(&mut client).unwrap();
    let late = Holder::log_in(&mut client).unwrap();
    stop.store(true, SeqCst);
    let mut holders: Vec<Holder> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
    server.kill_9();

    // The machine is gone. What is left: the copy, and the master key that was kept apart.
    std::fs::copy(home.path().join("master.key"), away.path().join("master.key")).unwrap();
    drop(home);
    let server = start(away.path());
    let mut client = Client::connect(server.address).unwrap();
    for holder in &mut holders {
        assert!(holder.refresh(&mut client, false).unwrap(), "{holder:?} was logged out");
        assert!(holder.refresh(&mut client, false).unwrap(), "{holder:?} was logged out");
    }
    let log = std::fs::read_to_string(away.path().join("stderr.log")).unwrap();
    assert_eq!(
        log.matches("store_rollback_detected").count(),
        CLIENTS,
        "all of them were ahead of the copy:\n{log}"
    );

    // What the recipe warns of.
    assert_eq!(reason(&mut client, &late), "unknown", "who signed in since signs in again");
    assert!(leaver.refresh(&mut client, false).unwrap(), "who signed out since is signed in again");
    let ended = rekindle(away.path(), &["session", "revoke", "--all", "--yes"]);
    assert_eq!(ended["sessions_ended"], CLIENTS + 1);
    for holder in holders.iter().chain([&leaver]) {
        assert_eq!(reason(&mut client, holder), "revoked");
    }
}
