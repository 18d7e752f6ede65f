//! Several servers on one store, each a process of its own.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering::SeqCst};
use std::time::Duration;

use super::process::{Process, program};
use super::wire::{Answer, Line};

/// Longer than anything that is no hang.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Where each of them listens; 0 while it is away.
pub type Ports = Arc<Vec<AtomicU16>>;

pub struct Fleet {
    folder: tempfile::TempDir,
    /// One for each server: the way may differ.
    addresses: Vec<String>,
    settings: Vec<(&'static str, &'static str)>,
    processes: Vec<Option<Process>>,
    pub ports: Ports,
}

impl Fleet {
    /// A server for each of `addresses`, with the same keys and issuer.
    pub fn start(addresses: Vec<String>, settings: &[(&'static str, &'static str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let key = folder.path().join("master.key");
        std::fs::write(&key, "0123456789abcdef".repeat(4)).unwrap();
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
        let ports = Arc::new(addresses.iter().map(|_| AtomicU16::new(0)).collect());
        let processes = addresses.iter().map(|_| None).collect();
        let mut fleet = Self { folder, addresses, settings: settings.to_vec(), processes, ports };
        for nth in 0..fleet.len() {
            fleet.start_again(nth);
        }
        fleet
    }

    /// `count` servers on one address, where every refresh rotates, and every rotation is a write that must not be lost.
    pub fn on(address: String, count: usize) -> Self {
        Self::start(vec![address; count], &ROTATING)
    }

    pub fn len(&self) -> usize {
        self.addresses.len()
    }

    pub fn start_again(&mut self, nth: usize) {
        let folder = self.of(nth);
        std::fs::create_dir_all(&folder).unwrap();
        let process = Process::start(&folder, &["dev"], &self.variables(nth));
        self.ports[nth].store(process.address.port(), SeqCst);
        self.processes[nth] = Some(process);
    }

    /// Runs `rekindle ARGUMENTS` on the machine of the `nth`.
    pub fn command(&self, nth: usize, arguments: &[&str]) -> String {
        let mut command = Command::new(program());
        command.args(arguments).current_dir(self.of(nth)).envs(self.variables(nth));
        let output = command.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn variables(&self, nth: usize) -> Vec<(&str, &str)> {
        let mut variables = vec![
            ("REKINDLE__STORE", self.addresses[nth].as_str()),
            ("REKINDLE__DATA_DIR", "."),
            ("REKINDLE__ISSUER", "https://auth.example.com"),
            ("REKINDLE__KEYS__MASTER_FILE", "../master.key"),
            ("REKINDLE__WORKERS", "2"),
        ];
        variables.extend_from_slice(&self.settings);
        variables
    }

    /// Where the `nth` listens.
    pub fn port(&self, nth: usize) -> u16 {
        self.ports[nth].load(SeqCst)
    }

    /// The process of the `nth`, which runs.
    pub fn process(&self, nth: usize) -> &Process {
        self.processes[nth].as_ref().unwrap()
    }

    pub fn kill_9(&mut self, nth: usize) {
        // The clients learn of it from their connections, and are spared attempts at a port that may have gone to others.
        if let Some(mut process) = self.processes[nth].take() {
            process.kill_9();
        }
        self.ports[nth].store(0, SeqCst);
    }

    /// Clients go to the others from now on, while it still answers.
    pub fn take_out(&self, nth: usize) {
        self.ports[nth].store(0, SeqCst);
    }

    /// `SIGTERM`, and waits until it has ended by itself.
    pub fn stop(&mut self, nth: usize) {
        if let Some(mut process) = self.processes[nth].take() {
            process.stop();
        }
        self.ports[nth].store(0, SeqCst);
    }

    /// Asks every server the same, at once, and waits for all answers.
    pub fn ask_all(&self, path: &str) -> Vec<Answer> {
        std::thread::scope(|scope| {
            let ask = |nth| scope.spawn(move || Line::connect(self.port(nth), PATIENCE)?.get(path));
            let asked: Vec<_> = (0..self.len()).map(ask).collect();
            asked.into_iter().map(|asked| asked.join().unwrap().unwrap()).collect()
        })
    }

    /// How many lines of all logs have `text` in them.
    pub fn said(&self, text: &str) -> u64 {
        let logs = (0..self.len()).map(|nth| std::fs::read_to_string(self.of(nth).join("stderr.log")));
        logs.map(|log| log.unwrap().lines().filter(|line| line.contains(text)).count() as u64).sum()
    }

    /// The folder of the `nth`.
    pub fn of(&self, nth: usize) -> PathBuf {
        self.folder.path().join(nth.to_string())
    }
}

/// With the window off.
pub const ROTATING: [(&str, &str); 1] = [("REKINDLE__LIFETIMES__REPLAY_WINDOW", "off")];
