//! The key ring document, the epochs of subjects, and which form all this has.

use ::redis::cmd;
use rekindle_core::Timestamp;

use super::keys::epoch_shard_of;
use super::{OpenError, RedisStore, script};
use crate::store::{KeyringCommit, KeyringDocument, StoreError};

/// The form that this version writes.
const FORMAT: &str = "1";

impl RedisStore {
    /// # Errors
    /// Where a later version has written here.
    pub(super) async fn mark(&self) -> Result<(), OpenError> {
        let found: Option<String> =
            self.link.ask(cmd("SET").arg(self.keys.format()).arg(FORMAT).arg("NX").arg("GET")).await?;
        match found.as_deref() {
            None | Some(FORMAT) => Ok(()),
            Some(other) => Err(OpenError::Refused(format!(
                "what is kept there has the form {other}, of a later version of Rekindle: this version knows {FORMAT}"
            ))),
        }
    }

    pub(super) async fn read_keyring(&self) -> Result<KeyringDocument, StoreError> {
        let found: (Option<u64>, Option<Vec<u8>>) =
            self.link.ask(cmd("HMGET").arg(self.keys.keyring()).arg("version").arg("bytes")).await?;
        Ok(KeyringDocument { version: found.0.unwrap_or(0), bytes: found.1.unwrap_or_default() })
    }

    pub(super) async fn write_keyring(
        &self,
        version: u64,
        bytes: &[u8],
    ) -> Result<KeyringCommit, StoreError> {
        let call = script::keyring().key(self.keys.keyring()).argument(version.to_string()).argument(bytes);
        let written: bool = self.run_durably(&call).await?;
        Ok(if written { KeyringCommit::Applied } else { KeyringCommit::Conflict })
    }

    pub(super) async fn read_epoch(&self, subject: &str) -> Result<Timestamp, StoreError> {
        let found: Option<u64> =
            self.link.ask(cmd("HGET").arg(self.keys.epochs(subject)).arg(subject)).await?;
        Ok(found.map_or(Timestamp::ZERO, Timestamp::from_unix))
    }

    pub(super) async fn raise_epoch(&self, subject: &str, epoch: Timestamp) -> Result<(), StoreError> {
        let call = script::raise()
            .key(self.keys.epochs(subject))
            .argument(subject)
            .argument(epoch.as_unix().to_string());
        self.run_durably(&call).await
    }

    /// By shard, and in each by subject.
    pub(super) async fn scan_epochs(
        &self,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<(String, Timestamp)>, StoreError> {
        let limit = limit.max(1);
        let first = after.map_or(0, epoch_shard_of);
        let mut found = Vec::new();
        for shard in first..=u8::MAX {
            let all: Vec<(String, u64)> =
                self.link.ask(cmd("HGETALL").arg(self.keys.epoch_shard(shard))).await?;
            let mut own: Vec<_> = all
                .into_iter()
                .filter(|(subject, _)| shard > first || after.is_none_or(|after| subject.as_str() > after))
                .map(|(subject, epoch)| (subject, Timestamp::from_unix(epoch)))
                .collect();
            own.sort_unstable();
            found.append(&mut own);
            if found.len() >= limit {
                break;
            }
        }
        found.truncate(limit);
        Ok(found)
    }
}
