//! `rekindle store copy` between real stores, with a real server on each in turn.

use std::path::Path;
use std::process::Command;

use rekindle_testing::postgres::Postgres;
use rekindle_testing::redis::{Cluster, Redis};

use super::client::Client;
use super::holder::Holder;
use super::process::Process;

const MASTER: &str = "5f0c2f2b3c0d4a6f8e1b7a9c5d3e2f1a0b9c8d7e6f5a4b3c2d1e0f9a8b7c6d5e";

fn variables<'a>(store: &'a str, master: &'a str) -> [(&'a str, &'a str); 4] {
    [
        ("REKINDLE__STORE", store),
        ("REKINDLE__DATA_DIR", "."),
        ("REKINDLE__KEYS__MASTER_FILE", master),
        ("REKINDLE__LIFETIMES__REPLAY_WINDOW", "off"),
    ]
}

/// What `rekindle store …` printed.
fn store(folder: &Path, master: &str, arguments: &[&str]) -> Result<String, String> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rekindle"));
    command.arg("store").args(arguments).current_dir(folder).envs(variables("sqlite:rekindle.db", master));
    let output = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
}

/// Around all stores and back: the same people are signed in at the end, and who signed out is signed out.
#[test]
#[ignore = "starts Redis, a cluster and PostgreSQL: cargo xtask test --only stores"]
fn sessions_move_from_store_to_store() {
    let folder = tempfile::tempdir().unwrap();
    let master = folder.path().join("master.key");
    std::fs::write(&master, MASTER).unwrap();
    let master = master.display().to_string();
    let redis = Redis::start("moving", &[]).unwrap();
    let cluster = Cluster::start("moving-cluster", 3, 0, &[]).unwrap();
    let postgres = Postgres::start("moving", &[]).unwrap();
    postgres.create_database("sessions").unwrap();
    let [first, last] = ["sqlite:rekindle.db", "sqlite:back.db"].map(str::to_owned);
    let stops = [first, redis.url(), cluster.url(), postgres.url("sessions"), last];

    let serve = |at: &str| Process::start(folder.path(), &["dev"], &variables(at, &master));
    let mut server = serve(&stops[0]);
    let mut client = Client::connect(server.address).unwrap();
    let mut holders: Vec<Holder> = (0..40).map(|_| Holder::log_in(&mut client).unwrap()).collect();
    let mut gone = holders.pop().unwrap();
    gone.log_out(&mut client).unwrap();

    for pair in stops.windows(2) {
        std::fs::write(folder.path().join("to"), &pair[1]).unwrap();
        let copy = || store(folder.path(), &master, &["copy", &pair[0], "@to"]);
        let said = copy().unwrap();
        assert!(
            said.contains(&format!("{} copied", holders.len() + 1)) && said.contains("key ring: copied"),
            "{said}"
        );
        // Some go on while the other store is filled.
        for (nth, holder) in holders.iter_mut().enumerate() {
            assert!(nth % 2 == 0 || holder.refresh(&mut client, nth % 3 == 0).unwrap());
        }
        holders.push(Holder::log_in(&mut client).unwrap());
        server.stop();
        let said = copy().unwrap();
        assert!(said.contains("1 copied, ") && said.contains("key ring: there already"), "{said}");

        server = serve(&pair[1]);
        client = Client::connect(server.address).unwrap();
        for holder in &mut holders {
            assert!(
                holder.refresh(&mut client, false).unwrap(),
                "{holder:?} was logged out by a move to {}",
                pair[1]
            );
        }
        assert!(!gone.is_alive(&mut client).unwrap(), "revived by a move to {}", pair[1]);
    }
    let status = store(folder.path(), &master, &["status", "--json"]).unwrap();
    assert!(status.contains("\"program\": \"SQLite 3."), "{status}");

    let said = store(folder.path(), &master, &["copy", &stops[1], &stops[1]]).unwrap_err();
    assert!(said.contains("are one store"), "{said}");
    let said = store(folder.path(), &master, &["copy", "memory:", &stops[1]]).unwrap_err();
    assert!(said.contains("no other one reaches it"), "{said}");
    let said = store(folder.path(), &master, &["copy", "sqlite:nowhere.db", &stops[1]]).unwrap_err();
    assert!(said.contains("there is no store at"), "{said}");
}

/// Whoever logs in with a password of ours goes on doing so, and is not taken for gone at the next refresh.
#[test]
#[ignore = "starts Redis and PostgreSQL: cargo xtask test --only stores"]
fn builtin_accounts_go_along() {
    let folder = tempfile::tempdir().unwrap();
    let master = folder.path().join("master.key");
    std::fs::write(&master, MASTER).unwrap();
    let master = master.display().to_string();
    let (redis, postgres) =
        (Redis::start("accounts", &[]).unwrap(), Postgres::start("accounts", &[]).unwrap());
    postgres.create_database("sessions").unwrap();
    let (first, second) = ("sqlite:rekindle.db", postgres.url("sessions"));
    std::fs::write(folder.path().join("rekindle.toml"), "public_url = 'http://localhost'\n").unwrap();
    let user = |at: &str, arguments: &str| {
        let program = env!("CARGO_BIN_EXE_rekindle");
        let line = format!("printf 'correct horse' | {program} user {arguments} --config rekindle.toml");
        let mut shell = Command::new("sh");
        shell.args(["-c", &line]).current_dir(folder.path()).envs(variables(at, &master));
        let output = shell.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    let serve = |at: &str| {
        Process::start(folder.path(), &["serve", "--config", "rekindle.toml"], &variables(at, &master))
    };
    user(first, "add ada --password-stdin");
    user(first, "add bob --password-stdin");
    let mut server = serve(first);
    let mut client = Client::connect(server.address).unwrap();
    let mut ada = Holder::log_in_as(&mut client, "ada", "correct horse").unwrap();
    let said = store(folder.path(), &master, &["copy", first, &redis.url()]).unwrap_err();
    assert!(said.contains("no room for them"), "{said}");
    let said = store(folder.path(), &master, &["copy", first, &second]).unwrap();
    assert!(said.contains("accounts: 2") && !said.contains("only there"), "{said}");
    user(first, "remove bob");
    server.stop();
    let said = store(folder.path(), &master, &["copy", first, &second]).unwrap();
    assert!(said.contains("accounts: 1") && said.contains("only there: bob"), "{said}");

    let server = serve(&second);
    let mut client = Client::connect(server.address).unwrap();
    assert!(ada.refresh(&mut client, false).unwrap(), "ada was logged out");
    assert!(Holder::log_in_as(&mut client, "ada", "correct horse").is_ok());
}
