//! Two servers on one file: they share it correctly, because neither remembers anything.

use std::sync::Barrier;

use super::client::Client;
use super::holder::Holder;
use super::process::Process;

/// Both start on an empty folder at once: one of them makes the master key, the file and the key ring.
fn pair(folder: &std::path::Path, window: &str) -> [Process; 2] {
    let variables = [
        ("REKINDLE__STORE", "sqlite:rekindle.db"),
        ("REKINDLE__DATA_DIR", "."),
        ("REKINDLE__ISSUER", "https://auth.example.com"),
        ("REKINDLE__LIFETIMES__REPLAY_WINDOW", window),
    ];
    let barrier = Barrier::new(2);
    let start = || {
        barrier.wait();
        Process::start(folder, &["dev"], &variables)
    };
    std::thread::scope(|scope| {
        let (one, two) = (scope.spawn(start), scope.spawn(start));
        [one.join().unwrap(), two.join().unwrap()]
    })
}

#[test]
fn a_session_of_one_goes_on_at_the_other_and_ends_at_both() {
    let folder = tempfile::tempdir().unwrap();
    let servers = pair(folder.path(), "off");
    let mut clients = servers.each_ref().map(|server| Client::connect(server.address).unwrap());
    let mut holder = Holder::log_in(&mut clients[0]).unwrap();
    for turn in 0..100 {
        assert!(holder.refresh(&mut clients[turn % 2], false).unwrap());
    }
    assert_eq!(holder.acknowledged, 101);
    holder.log_out(&mut clients[0]).unwrap();
    assert!(!holder.is_alive(&mut clients[1]).unwrap(), "ended at once for the other server, too");
}

#[test]
fn races_across_both_take_one_step() {
    let folder = tempfile::tempdir().unwrap();
    let servers = pair(folder.path(), "2s");
    let mut client = Client::connect(servers[0].address).unwrap();
    let holders: Vec<Holder> = (0..50).map(|_| Holder::log_in(&mut client).unwrap()).collect();
    // Past the window of the logins, so that the first of the racers has to write. These are processes with
    // the system's clock.
    let (_never, timer) = std::sync::mpsc::channel::<()>();
    let _ = timer.recv_timeout(std::time::Duration::from_secs(4));
    for first in holders {
        let answers = race(&servers, &first);
        assert!(answers.iter().all(|racer| racer.acknowledged == 2), "{answers:?}");
        assert!(answers.windows(2).all(|pair| pair[0].token == pair[1].token), "{answers:?}");
    }
}

/// Eight at once with the same token, half of them at each server.
fn race(servers: &[Process; 2], first: &Holder) -> Vec<Holder> {
    let barrier = Barrier::new(8);
    std::thread::scope(|scope| {
        let racers: Vec<_> = (0..8)
            .map(|n| {
                let (address, mut racer, barrier) = (servers[n % 2].address, first.clone(), &barrier);
                scope.spawn(move || {
                    let mut client = Client::connect(address).unwrap();
                    barrier.wait();
                    assert!(racer.refresh(&mut client, false).unwrap());
                    racer
                })
            })
            .collect();
        racers.into_iter().map(|racer| racer.join().unwrap()).collect()
    })
}
