//! What the next process finds.

use std::collections::HashSet;

use rekindle_core::{Reason, Status, Timestamp};

use super::trial::{Answered, Trial, rotated};
use crate::store::{Commit, Insert, KeyringCommit, KeyringDocument, Revoke, Stats, Survives};

/// A store that claims to outlive its process has everything when it is opened again.
pub async fn reopening_keeps_everything(trial: Trial) {
    let claims = trial.store.durability();
    let Some(reopen) = &trial.reopen else {
        let most = claims.rotation.max(claims.login).max(claims.revocation);
        assert_eq!(most, Survives::Nothing, "it claims to survive and does not say how it is opened again");
        return;
    };
    let [kept, revoked, purged] =
        [trial.login("alice").await, trial.login("alice").await, trial.login("alice").await];
    let kept = trial.change(kept.id, |session| *session = rotated(session)).await;
    trial.revoke(revoked.id).await;
    let ended = trial.row(revoked.id).await;
    let (_, version) = trial.row(kept.id).await;
    let cursor = trial.store.changes_since(None, 10).await.answered().next;
    trial.revoke(purged.id).await;
    trial.store.set_subject_epoch("alice", Timestamp::from_unix(500)).await.answered();
    assert_eq!(trial.store.commit_keyring(0, b"ring").await.answered(), KeyringCommit::Applied);

    let reopen = reopen();
    drop(trial.store);
    let store = reopen.await;
    assert_eq!(store.load(kept.id).await.answered(), Some((kept.clone(), version)));
    assert_eq!(store.load(revoked.id).await.answered(), Some(ended));
    assert_eq!(store.list("alice").await.answered(), std::slice::from_ref(&kept));
    assert_eq!(store.stats().await.answered(), Stats { active: 1, ended: 2 });
    assert_eq!(store.subject_epoch("alice").await.answered(), Timestamp::from_unix(500));
    assert_eq!(store.keyring().await.answered(), KeyringDocument { version: 1, bytes: b"ring".to_vec() });
    assert_eq!(store.durability(), claims);

    // The feed goes on or starts again; what was not seen comes either way.
    let page = store.changes_since(Some(cursor), 10).await.answered();
    let told: HashSet<_> = page.entries.iter().map(|change| change.session).collect();
    assert!(told.contains(&purged.id));
    assert!(!page.restarted || told.contains(&revoked.id), "restarted without what was known before");

    // And it can be written.
    assert_eq!(store.insert(&kept).await.answered(), Insert::Exists);
    assert_eq!(store.commit(version, &rotated(&kept)).await.answered(), Commit::Applied);
    assert_eq!(store.revoke(kept.id, Reason::Theft).await.answered(), Revoke::Revoked);
    let status = store.load(kept.id).await.answered().map(|(row, _)| row.status);
    assert_eq!(status, Some(Status::Revoked(Reason::Theft)));
}
