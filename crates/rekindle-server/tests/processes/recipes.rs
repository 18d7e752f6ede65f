//! The backups of docs/operations.md for stores that are servers themselves: made under load, restored elsewhere.

use std::path::Path;
use std::process::Command;

use rekindle_testing::postgres::Postgres;
use rekindle_testing::redis::Redis;

use super::client::Client;
use super::holder::Holder;
use super::process::Process;

/// A server on the store at `at`.
fn serve(folder: &Path, at: &str) -> Process {
    let master = folder.join("master.key");
    if !master.exists() {
        std::fs::write(&master, "5f0c2f2b3c0d4a6f8e1b7a9c5d3e2f1a0b9c8d7e6f5a4b3c2d1e0f9a8b7c6d5e").unwrap();
    }
    let variables = [
        ("REKINDLE__STORE", at),
        ("REKINDLE__DATA_DIR", "."),
        ("REKINDLE__KEYS__MASTER_FILE", master.to_str().unwrap()),
        ("REKINDLE__LIFETIMES__REPLAY_WINDOW", "off"),
    ];
    Process::start(folder, &["dev"], &variables)
}

fn shell(line: &str) {
    let output = Command::new("sh").args(["-ec", line]).output().unwrap();
    assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Sessions that go on after the backup, and go on after it was restored: what they did in between heals.
fn survive(before: &str, backup: impl FnOnce(), after: impl FnOnce() -> String) {
    let folder = tempfile::tempdir().unwrap();
    let mut server = serve(folder.path(), before);
    let mut client = Client::connect(server.address).unwrap();
    let mut holders: Vec<Holder> = (0..30).map(|_| Holder::log_in(&mut client).unwrap()).collect();
    let turn = |client: &mut Client, holders: &mut [Holder]| {
        for holder in holders {
            assert!(holder.refresh(client, false).unwrap(), "{holder:?} was logged out");
        }
    };
    turn(&mut client, &mut holders);
    backup();
    turn(&mut client, &mut holders);
    turn(&mut client, &mut holders);
    server.stop();
    let server = serve(folder.path(), &after());
    turn(&mut Client::connect(server.address).unwrap(), &mut holders);
}

#[test]
#[ignore = "starts PostgreSQL: cargo xtask test --only stores"]
fn a_dump_of_postgres_is_restored() {
    let postgres = Postgres::start("dump", &[]).unwrap();
    postgres.create_database("sessions").unwrap();
    postgres.create_database("restored").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rekindle.dump").display().to_string();
    let [dump, restore] = ["pg_dump", "pg_restore"].map(|name| postgres.program(name).display().to_string());
    let (from, to) = (postgres.url("sessions"), postgres.url("restored"));
    survive(
        &from,
        || shell(&format!("{dump} --format=custom --schema=rekindle --file={file} '{from}'")),
        || {
            shell(&format!("{restore} --exit-on-error --dbname='{to}' {file}"));
            to.clone()
        },
    );
}

/// A Redis with a log ignores a snapshot at its start: it has to be read without one first.
#[test]
#[ignore = "starts Redis: cargo xtask test --only stores"]
fn a_snapshot_of_redis_is_restored() {
    let redis = Redis::start("snapshot", &[("appendonly", "yes")]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rekindle.rdb").display().to_string();
    let directory = folder.path().display().to_string();
    let restored = std::cell::OnceCell::new();
    survive(
        &redis.url(),
        || shell(&format!("redis-cli -p {} --rdb {file}", redis.port())),
        || {
            let settings =
                [("dir", directory.as_str()), ("dbfilename", "rekindle.rdb"), ("appendonly", "no")];
            let new = restored.get_or_init(|| Redis::start("restored", &settings).unwrap());
            assert!(new.ask("CONFIG SET appendonly yes").unwrap().starts_with("+OK"));
            new.url()
        },
    );
}
