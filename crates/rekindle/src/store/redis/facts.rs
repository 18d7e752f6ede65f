//! What a Redis says of itself when it is opened, and what follows from it.

use ::redis::cmd;

use super::OpenError;
use super::address::Address;
use super::link::Link;
use crate::store::{Durability, Survives};

/// Of all primaries, the worst.
pub(super) struct Facts {
    pub(super) durability: Durability,
    /// The oldest.
    pub(super) version: String,
    /// That sessions may be evicted, and that was accepted.
    pub(super) evicts: bool,
}

/// Looks at every primary.
///
/// # Errors
/// Where one is too old, or would evict sessions.
pub(super) async fn look(link: &Link, address: &Address) -> Result<Facts, OpenError> {
    let infos: Vec<String> = link.ask_primaries(cmd("INFO")).await?;
    if infos.is_empty() {
        return Err(OpenError::Refused("no primary says what it is (INFO)".to_owned()));
    }
    let mut facts =
        Facts { durability: lasting(Survives::MachineLoss), version: String::new(), evicts: false };
    let mut oldest = (u32::MAX, u32::MAX);
    for info in &infos {
        let info = Info(info);
        let version = info.version();
        if version < (7, 0) {
            return Err(OpenError::Refused(format!(
                "Redis 7.0 or later is needed, this is {}",
                info.text("redis_version")
            )));
        }
        if version < oldest {
            oldest = version;
            facts.version = info.name();
        }
        let policy = info.text("maxmemory_policy");
        facts.evicts |= policy != "noeviction";
        if facts.evicts && !address.accepts_eviction {
            return Err(OpenError::Refused(evicting(policy)));
        }
    }
    if address.aof && oldest < (7, 2) {
        let why = "aof=wait needs Redis 7.2 (WAITAOF); before, appendfsync always keeps every write";
        return Err(OpenError::Refused(why.to_owned()));
    }
    facts.durability = durability(link, address, &infos, facts.evicts).await;
    Ok(facts)
}

fn evicting(policy: &str) -> String {
    format!(
        "its maxmemory-policy is {policy}: when its memory is full it would throw sessions away, and log their users out. \
         Set it to noeviction (redis-cli CONFIG SET maxmemory-policy noeviction, and the same in redis.conf), or accept \
         that with ?evicting=accept"
    )
}

/// What each kind of write outlives. Where Redis does not say how it flushes (`CONFIG` may be forbidden), the worst is
/// assumed.
async fn durability(link: &Link, address: &Address, infos: &[String], evicts: bool) -> Durability {
    if evicts {
        return lasting(Survives::Nothing);
    }
    let mut read = cmd("CONFIG");
    read.arg("GET").arg("appendfsync");
    let flushes: Vec<Vec<String>> = link.ask_primaries(read).await.unwrap_or_default();
    let keeps_log = infos.iter().all(|info| Info(info).text("aof_enabled") == "1");
    let flushes: Vec<&str> = flushes.iter().filter_map(|pair| pair.get(1)).map(String::as_str).collect();
    let one = match flushes.as_slice() {
        all if !keeps_log || all.len() < infos.len() || all.contains(&"no") => Survives::Nothing,
        all if all.iter().all(|flush| *flush == "always") => Survives::PowerLoss,
        _ => Survives::ButLastSeconds,
    };
    let awaited = match (address.replicas > 0, address.aof) {
        (true, _) => Survives::MachineLoss,
        (false, true) => Survives::PowerLoss,
        (false, false) => one,
    };
    Durability { rotation: one, login: awaited.max(one), revocation: awaited.max(one) }
}

const fn lasting(survives: Survives) -> Durability {
    Durability { rotation: survives, login: survives, revocation: survives }
}

/// The text of `INFO`: lines of `name:value`.
struct Info<'a>(&'a str);

impl<'a> Info<'a> {
    fn text(&self, name: &str) -> &'a str {
        let value = |line: &'a str| line.strip_prefix(name)?.strip_prefix(':');
        self.0.lines().find_map(value).unwrap_or_default()
    }

    /// Valkey says which Redis it is compatible with.
    fn version(&self) -> (u32, u32) {
        let mut parts = self.text("redis_version").split('.').map(|part| part.parse().unwrap_or(0));
        (parts.next().unwrap_or(0), parts.next().unwrap_or(0))
    }

    fn name(&self) -> String {
        match self.text("valkey_version") {
            "" => format!("Redis {}", self.text("redis_version")),
            valkey => format!("Valkey {valkey}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_info_is_read_by_line() {
        let info = Info(
            "# Server\r\nredis_version:7.0.15\r\nredis_mode:cluster\r\n# Memory\r\nmaxmemory_policy:noeviction\r\n",
        );
        assert_eq!((info.version(), info.name()), ((7, 0), "Redis 7.0.15".to_owned()));
        assert_eq!(info.text("maxmemory_policy"), "noeviction");
        assert_eq!(Info("redis_version:7.2.4\r\nvalkey_version:8.1.0").name(), "Valkey 8.1.0");
    }
}
