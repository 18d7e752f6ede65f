//! What belongs to all sessions: the key ring and the epochs of subjects.

use rekindle_core::Timestamp;

use super::trial::{Answered, Dice, Trial, workers};
use crate::store::{KeyringCommit, KeyringDocument};

/// The document changes on its present version only, and keeps every byte.
pub async fn keyring_is_compared_and_swapped(trial: Trial) {
    let store = &*trial.store;
    let empty = KeyringDocument { version: 0, bytes: Vec::new() };
    assert_eq!(store.keyring().await.answered(), empty);
    assert_eq!(store.commit_keyring(1, b"too early").await.answered(), KeyringCommit::Conflict);
    assert_eq!(store.keyring().await.answered(), empty);

    let bytes: Vec<u8> = (0..=255).cycle().take(70_000).collect();
    assert_eq!(store.commit_keyring(0, &bytes).await.answered(), KeyringCommit::Applied);
    assert_eq!(store.keyring().await.answered(), KeyringDocument { version: 1, bytes });
    for other in [0, 2, u64::MAX >> 2] {
        assert_eq!(store.commit_keyring(other, b"late").await.answered(), KeyringCommit::Conflict);
    }
    assert_eq!(store.commit_keyring(1, b"").await.answered(), KeyringCommit::Applied);
    assert_eq!(store.keyring().await.answered(), KeyringDocument { version: 2, bytes: Vec::new() });
}

/// A hundred nodes that each add their line: none is lost.
pub async fn a_hundred_keyring_writers_lose_nothing(trial: Trial) {
    const WORKERS: usize = 100;
    workers(WORKERS, |nth| {
        let store = trial.store.clone();
        async move {
            for _ in 0..=WORKERS {
                let KeyringDocument { version, mut bytes } = store.keyring().await.answered();
                bytes.push(nth as u8);
                tokio::task::yield_now().await;
                if store.commit_keyring(version, &bytes).await.answered() == KeyringCommit::Applied {
                    return;
                }
            }
            // Each conflict is another one's success.
            assert_eq!(nth, usize::MAX, "conflicts without anybody's success");
        }
    })
    .await;
    let KeyringDocument { version, mut bytes } = trial.store.keyring().await.answered();
    bytes.sort_unstable();
    assert_eq!(version, WORKERS as u64);
    assert_eq!(bytes, (0..WORKERS as u8).collect::<Vec<_>>());
}

/// A subject's epoch is the highest that was set, and no reader ever sees it fall.
pub async fn subject_epochs_only_rise(trial: Trial) {
    let at = Timestamp::from_unix;
    let store = &*trial.store;
    assert_eq!(store.subject_epoch("alice").await.answered(), Timestamp::ZERO);
    store.set_subject_epoch("alice", at(500)).await.answered();
    store.set_subject_epoch("alice", at(499)).await.answered();
    store.set_subject_epoch("Alice", at(7)).await.answered();
    store.set_subject_epoch("", at(3)).await.answered();
    assert_eq!(store.subject_epoch("alice").await.answered(), at(500));
    assert_eq!(store.subject_epoch("Alice").await.answered(), at(7));
    assert_eq!(store.subject_epoch("").await.answered(), at(3));
    assert_eq!(store.subject_epoch("alice ").await.answered(), Timestamp::ZERO);

    let mut all = Vec::new();
    loop {
        let after = all.last().map(|(subject, _): &(String, Timestamp)| subject.clone());
        let page = store.subject_epochs(after.as_deref(), 2).await.answered();
        assert!(page.len() <= 2);
        if page.is_empty() {
            break;
        }
        all.extend(page);
    }
    all.sort_unstable();
    let told = [("", 3), ("Alice", 7), ("alice", 500)];
    assert_eq!(all, told.map(|(subject, epoch)| (subject.to_owned(), at(epoch))));

    let highest = workers(100, |nth| {
        let store = trial.store.clone();
        async move {
            let mut dice = Dice(nth as u64);
            let mut highest = Timestamp::ZERO;
            for _ in 0..5 {
                let epoch = at(1_000 + dice.below(1 << 40));
                store.set_subject_epoch("alice", epoch).await.answered();
                highest = highest.max(epoch);
                let seen = store.subject_epoch("alice").await.answered();
                assert!(seen >= highest, "{seen:?} after {highest:?} was acknowledged");
                highest = highest.max(seen);
            }
            highest
        }
    })
    .await;
    assert_eq!(Some(store.subject_epoch("alice").await.answered()), highest.into_iter().max());
}
