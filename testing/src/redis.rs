//! Redis, alone, with a replica, or as a cluster.

mod replica;

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use crate::process::Process;
use crate::{Done, folder, free_port, until};

/// A server of its own.
pub struct Redis {
    folder: PathBuf,
    port: u16,
    /// Where the nodes of a cluster talk to each other.
    bus: u16,
    settings: Vec<(String, String)>,
    process: Option<Process>,
}

impl Redis {
    /// A new one called `name`, running, with `settings` as `redis.conf` has them. It writes nothing to disk unless they say
    /// so.
    ///
    /// # Errors
    /// Where it does not start.
    pub fn start(name: &str, settings: &[(&str, &str)]) -> Result<Self, String> {
        let settings =
            settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let mut redis =
            Self { folder: folder(name)?, port: free_port()?, bus: free_port()?, settings, process: None };
        redis.start_again()?;
        Ok(redis)
    }

    /// Starts it after its end, on the same port and data. Returns when it answers and has loaded what it kept.
    ///
    /// # Errors
    /// Where it does not start.
    pub fn start_again(&mut self) -> Done {
        let mut server = Command::new("redis-server");
        server.args(["--bind", "127.0.0.1", "--port", &self.port.to_string(), "--dir"]).arg(&self.folder);
        server.args(["--save", "", "--repl-diskless-sync-delay", "0", "--maxmemory-policy", "noeviction"]);
        server.args(["--cluster-announce-ip", "127.0.0.1", "--cluster-port", &self.bus.to_string()]);
        for (name, value) in &self.settings {
            server.arg(format!("--{name}")).args(value.split(' '));
        }
        let log = self.folder.join("log");
        self.process = Some(Process::start(&server, "KILL", &log)?);
        until(Duration::from_secs(30), || {
            self.ask("PING").is_ok_and(|answer| answer.starts_with("+PONG") || answer.starts_with("-NOAUTH"))
        })
        .map_err(|error| format!("redis-server (of the package redis-server) {error}: {}", self.log()))
    }

    /// Its last words.
    pub fn log(&self) -> String {
        let text = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        text.lines().rev().take(8).collect::<Vec<_>>().join("\n")
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        if let Some(process) = self.process.take() {
            process.end("KILL");
        }
    }

    /// The process, while it runs.
    pub fn process(&self) -> Option<&Process> {
        self.process.as_ref()
    }

    /// Its port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// `redis://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Sets what `redis.conf` would, now and for all its next starts.
    ///
    /// # Errors
    /// Where it refuses.
    pub fn configure(&mut self, name: &str, value: &str) -> Done {
        self.settings.retain(|(other, _)| other != name);
        self.settings.push((name.to_owned(), value.to_owned()));
        let answer = self.ask(&format!("CONFIG SET {name} {value}"))?;
        if answer.starts_with("+OK") { Ok(()) } else { Err(answer) }
    }

    /// How many bytes its log of writes has (`appendonly yes`).
    ///
    /// # Errors
    /// Where it keeps none.
    pub fn logged(&self) -> Result<u64, String> {
        fs::metadata(self.log_of_writes()?).map(|log| log.len()).map_err(|error| error.to_string())
    }

    /// Cuts the log of writes to its first `bytes`, while it does not run: a loss of power takes what the disk had not been
    /// given yet.
    ///
    /// # Errors
    /// Where it keeps none.
    pub fn cut(&self, bytes: u64) -> Done {
        let log = fs::File::options().write(true).open(self.log_of_writes()?);
        log.and_then(|log| log.set_len(bytes)).map_err(|error| error.to_string())
    }

    fn log_of_writes(&self) -> Result<PathBuf, String> {
        let files = fs::read_dir(self.folder.join("appendonlydir")).map_err(|error| error.to_string())?;
        let mut logs: Vec<_> = files.flatten().map(|file| file.path()).collect();
        logs.retain(|path| path.to_str().is_some_and(|path| path.ends_with(".incr.aof")));
        logs.pop().filter(|_| logs.is_empty()).ok_or_else(|| "it has no log, or several".to_owned())
    }

    /// Waits until this replica has all that its primary had.
    ///
    /// # Errors
    /// Where that takes half a minute.
    pub fn linked(&self) -> Done {
        let linked = |info: String| {
            info.contains("master_link_status:up") && info.contains("master_sync_in_progress:0")
        };
        until(Duration::from_secs(30), || self.ask("INFO replication").is_ok_and(linked))
    }

    /// Sends one command in a line, words between spaces, and answers the raw reply.
    ///
    /// # Errors
    /// Where it does not answer.
    pub fn ask(&self, command: &str) -> Result<String, String> {
        let failed = |error: std::io::Error| error.to_string();
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).map_err(failed)?;
        stream.set_read_timeout(Some(Duration::from_secs(5))).map_err(failed)?;
        stream.write_all(format!("{command}\r\n").as_bytes()).map_err(failed)?;
        let mut answer = Vec::new();
        let mut part = [0; 65536];
        loop {
            let read = stream.read(&mut part).map_err(failed)?;
            answer.extend_from_slice(&part[..read]);
            if read == 0 || is_whole(&answer) {
                return Ok(String::from_utf8_lossy(&answer).into_owned());
            }
        }
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.kill();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Whether a reply has all of its first bulk string or line.
fn is_whole(answer: &[u8]) -> bool {
    let Some(end) = answer.windows(2).position(|two| two == b"\r\n") else { return false };
    match answer.first() {
        Some(b'$') => {
            let length = std::str::from_utf8(&answer[1..end]).ok().and_then(|text| text.parse::<i64>().ok());
            length.is_none_or(|length| length < 0 || answer.len() as i64 >= end as i64 + 2 + length + 2)
        }
        _ => true,
    }
}

/// Masters, and a replica of each if asked for.
pub struct Cluster {
    /// The masters first, then the replicas in the same order.
    pub nodes: Vec<Redis>,
    masters: usize,
}

impl Cluster {
    /// A new cluster of `masters`, all slots served, with `replicas` of each.
    ///
    /// # Errors
    /// Where it does not come up.
    pub fn start(
        name: &str,
        masters: usize,
        replicas: usize,
        settings: &[(&str, &str)],
    ) -> Result<Self, String> {
        let mut all = vec![("cluster-enabled", "yes")];
        // A replica shall take over soon. Where there is none, a master that a busy disk holds up is still a master.
        if replicas > 0 {
            all.push(("cluster-node-timeout", "2000"));
        }
        all.extend_from_slice(settings);
        let mut nodes = Vec::new();
        for nth in 0..masters * (1 + replicas) {
            nodes.push(Redis::start(&format!("{name}-{nth}"), &all)?);
        }
        let mut create = Command::new("redis-cli");
        create.args(["--cluster", "create"]);
        create.args(nodes.iter().map(|node| format!("127.0.0.1:{}", node.port)));
        create.args(["--cluster-replicas", &replicas.to_string(), "--cluster-yes"]);
        let output =
            create.output().map_err(|error| format!("redis-cli (of the package redis-tools): {error}"))?;
        if !output.status.success() {
            return Err(format!("no cluster: {}", String::from_utf8_lossy(&output.stdout)));
        }
        let cluster = Self { nodes, masters };
        cluster.settled()?;
        // It would take over all the same, with nothing.
        cluster.nodes[masters..].iter().try_for_each(Redis::linked)?;
        Ok(cluster)
    }

    /// Waits until every node that runs says that all slots are served.
    ///
    /// # Errors
    /// Where that takes half a minute.
    pub fn settled(&self) -> Done {
        until(Duration::from_secs(30), || {
            self.nodes
                .iter()
                .filter(|node| node.process.is_some())
                .all(|node| node.ask("CLUSTER INFO").is_ok_and(|info| info.contains("cluster_state:ok")))
        })
    }

    /// Waits until the node at `nth` is a master, and all that run know it.
    ///
    /// # Errors
    /// Where that takes half a minute.
    pub fn led_by(&self, nth: usize) -> Done {
        let knows = |node: &Redis| {
            let nodes = node.ask("CLUSTER NODES")?;
            let at = format!("127.0.0.1:{}@", self.nodes[nth].port);
            Ok::<_, String>(nodes.lines().any(|line| line.contains(&at) && line.contains("master")))
        };
        until(Duration::from_secs(30), || {
            let mut running = self.nodes.iter().filter(|node| node.process.is_some());
            running.all(|node| knows(node).is_ok_and(|knows| knows))
        })
    }

    /// `redis+cluster://…` of all nodes.
    pub fn url(&self) -> String {
        let nodes: Vec<_> = self.nodes.iter().map(|node| format!("127.0.0.1:{}", node.port)).collect();
        format!("redis+cluster://{}", nodes.join(","))
    }

    /// How many masters it began with.
    pub fn masters(&self) -> usize {
        self.masters
    }
}
