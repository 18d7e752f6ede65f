//! `rekindle health`, beside a server and without one.

use std::net::TcpListener;
use std::process::Command;

use crate::process::Process;
use crate::refused;

#[test]
fn a_server_says_whether_it_can_do_its_work() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let free = || TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free().local_addr().unwrap().to_string();
    let variables = [("REKINDLE__STORE", "memory:"), ("REKINDLE__ADMIN_LISTEN", &*address)];
    let health = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rekindle"));
        command.args(["health"]).current_dir(folder).envs(variables).output().unwrap()
    };
    let absent = health();
    assert_eq!(absent.status.code(), Some(1));
    let said = String::from_utf8(absent.stderr).unwrap();
    assert!(said.starts_with(&format!("rekindle: no server answers on {address}: ")), "{said}");

    let server = Process::start(folder, &["dev"], &variables);
    let ready = health();
    assert!(ready.status.success(), "{ready:?}");
    assert_eq!(String::from_utf8(ready.stdout).unwrap(), format!("{address}: ready\n"));
    drop(server);

    // Something else has the port.
    let other = TcpListener::bind(&address).unwrap();
    let thread = std::thread::spawn(move || drop(other.accept()));
    assert_eq!(health().status.code(), Some(1));
    thread.join().unwrap();
    std::fs::write(folder.join("r.toml"), "listen = '127.0.0.1:0'").unwrap();
    let (code, said) = refused(folder, &["health", "--config", "r.toml"]);
    assert_eq!(code, 2);
    assert!(said.contains("only the server knows"), "{said}");
}
