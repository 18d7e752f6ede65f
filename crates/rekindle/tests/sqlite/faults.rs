//! A disk that fails: `fsync` answers EIO or does not return, writes answer ENOSPC, while a file exists.
//!
//! The test builds a small library, starts itself again under it, and looks at what the second process
//! acknowledged.

#![cfg(target_os = "linux")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use rekindle::core::{Generation, SessionId};
use rekindle::entropy::SystemEntropy;
use rekindle::store::sqlite::{Options, SqliteStore};
use rekindle::store::{Commit, Store, StoreError};

use super::world::{NOW, Standing, World, insert, rotated, session};

const SHIM: &str = include_str!("shim.c");

const SESSIONS: u32 = 20;

#[test]
fn a_failing_disk_acknowledges_nothing_and_heals() {
    if let Some(path) = std::env::var_os("SHIM_DATABASE") {
        // The second process.
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        return runtime.block_on(under_the_shim(Path::new(&path)));
    }
    let world = World::new();
    let folder = world.path().parent().unwrap().to_path_buf();
    let library = build(&folder);
    let status = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "sqlite::faults::a_failing_disk_acknowledges_nothing_and_heals", "--nocapture"])
        .env("LD_PRELOAD", library)
        .env("SHIM_DATABASE", world.path())
        .env("SHIM_EIO", folder.join("eio"))
        .env("SHIM_ENOSPC", folder.join("enospc"))
        .env("SHIM_HANG", folder.join("hang"))
        .status()
        .unwrap();
    assert!(status.success(), "the process under the shim failed");

    // What it acknowledged is there; it wrote down how much that was.
    let acknowledged: u64 = std::fs::read_to_string(folder.join("acknowledged")).unwrap().parse().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let store = world.open();
    for nth in 0..SESSIONS {
        let (row, _) = runtime.block_on(store.load(session(nth, "").id)).unwrap().unwrap();
        assert!(row.lineage.latest >= Generation(acknowledged), "{:?}", row.lineage);
    }
}

fn build(folder: &Path) -> PathBuf {
    let [source, library] = [folder.join("shim.c"), folder.join("shim.so")];
    std::fs::write(&source, SHIM).unwrap();
    let compiler = std::env::var_os("CC").unwrap_or_else(|| "cc".into());
    let built = Command::new(compiler)
        .args(["-shared", "-fPIC", "-o"])
        .arg(&library)
        .arg(&source)
        .arg("-ldl")
        .status();
    assert!(built.expect("a C compiler").success());
    library
}

async fn under_the_shim(path: &Path) {
    let folder = path.parent().unwrap();
    let mut options = Options::default();
    options.stall = Duration::from_millis(200);
    let store = SqliteStore::open(path, &options, &SystemEntropy, Arc::new(Standing)).unwrap();
    let store = Arc::new(store);
    for nth in 0..SESSIONS {
        insert(&store, nth).await;
    }
    let mut latest = refresh_all(&store).await.expect("a healthy disk");
    for flag in ["SHIM_EIO", "SHIM_ENOSPC", "SHIM_HANG"] {
        let hangs = flag == "SHIM_HANG";
        let flag = PathBuf::from(std::env::var_os(flag).unwrap());
        std::fs::write(&flag, "").unwrap();
        for _ in 0..3 {
            let answer = refresh_all(&store).await;
            assert!(answer.is_err(), "acknowledged while {} stood: {answer:?}", flag.display());
            // Who is only checked is served all the while.
            let (row, _) = store.load(session(0, "").id).await.unwrap().unwrap();
            assert!(row.lineage.latest >= latest);
        }
        std::fs::remove_file(&flag).unwrap();
        if hangs {
            // What was told "unavailable" while the disk hung is written now; this one waits behind it.
            while store.set_subject_epoch("behind", NOW).await.is_err() {}
        }
        // Without being opened again.
        let after = refresh_all(&store).await.expect("the disk is well again");
        assert!(after > latest);
        latest = after;
    }
    std::fs::write(folder.join("acknowledged"), latest.0.to_string()).unwrap();
}

/// Refreshes all sessions at once; the least generation acknowledged. An error only if all failed.
async fn refresh_all(store: &Arc<SqliteStore>) -> Result<Generation, StoreError> {
    let mut calls = tokio::task::JoinSet::new();
    for nth in 0..SESSIONS {
        let store = store.clone();
        calls.spawn(async move { refresh(&store, session(nth, "").id).await });
    }
    let mut answers = Vec::new();
    while let Some(answer) = calls.join_next().await {
        answers.push(answer.unwrap());
    }
    let refused = answers.iter().filter(|answer| answer.is_err()).count();
    assert!(refused == 0 || refused == answers.len(), "{refused} of {} refused", answers.len());
    answers.into_iter().try_fold(Generation(u64::MAX), |least, answer| answer.map(|latest| least.min(latest)))
}

async fn refresh(store: &SqliteStore, id: SessionId) -> Result<Generation, StoreError> {
    let (row, version) = store.load(id).await?.unwrap();
    let next = rotated(&row);
    match store.commit(version, &next).await? {
        Commit::Applied => Ok(next.lineage.latest),
        Commit::Conflict => unreachable!("nobody else refreshes it"),
    }
}
