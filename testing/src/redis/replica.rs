//! A Redis that follows another, or comes to lead.

use std::time::Duration;

use super::{Redis, until};
use crate::Done;

impl Redis {
    /// A new one that follows the one at `primary`, a port of 127.0.0.1, and has all that it had.
    ///
    /// # Errors
    /// Where it does not start.
    pub fn replica(name: &str, primary: u16, settings: &[(&str, &str)]) -> Result<Self, String> {
        let follows = format!("127.0.0.1 {primary}");
        let replica = Self::start(name, &[&[("replicaof", follows.as_str())], settings].concat())?;
        replica.linked()?;
        Ok(replica)
    }

    /// Starts it after its end, following the one at `primary` from now on.
    ///
    /// # Errors
    /// Where it does not start.
    pub fn start_again_behind(&mut self, primary: u16) -> Done {
        self.settings.retain(|(name, _)| name != "replicaof");
        self.settings.push(("replicaof".to_owned(), format!("127.0.0.1 {primary}")));
        self.start_again()?;
        self.linked()
    }

    /// Makes it a primary, with what it has. Whoever it followed goes on as well, and knows nothing of it.
    ///
    /// # Errors
    /// Where it refuses.
    pub fn promote(&mut self) -> Done {
        self.settings.retain(|(name, _)| name != "replicaof");
        let answer = self.ask("REPLICAOF NO ONE")?;
        if answer.starts_with("+OK") { Ok(()) } else { Err(answer) }
    }

    /// Whether it is a primary.
    ///
    /// # Errors
    /// Where it does not answer.
    pub fn is_primary(&self) -> Result<bool, String> {
        self.ask("INFO replication").map(|info| info.contains("role:master"))
    }

    /// The port of the primary that it follows; `None` for a primary.
    ///
    /// # Errors
    /// Where it does not answer.
    pub fn follows(&self) -> Result<Option<u16>, String> {
        let info = self.ask("INFO replication")?;
        Ok(value(&info, "master_port").and_then(|port| port.parse().ok()))
    }

    /// Waits until it has all that `primary` has written by now.
    ///
    /// # Errors
    /// Where that takes half a minute.
    pub fn caught_up(&self, primary: &Self) -> Done {
        let offset = |redis: &Self| {
            let info = redis.ask("INFO replication")?;
            let offset = value(&info, "master_repl_offset").and_then(|offset| offset.parse::<u64>().ok());
            offset.ok_or_else(|| "it does not say how far it is".to_owned())
        };
        let target = offset(primary)?;
        until(Duration::from_secs(30), || offset(self).is_ok_and(|has| has >= target))
    }
}

fn value<'a>(info: &'a str, name: &str) -> Option<&'a str> {
    info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
}
