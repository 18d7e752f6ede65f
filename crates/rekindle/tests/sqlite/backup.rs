//! Copies of the file, made while it is written.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use rekindle::core::Session;
use rekindle::entropy::SystemEntropy;
use rekindle::store::sqlite::{BackupError, Options, SqliteStore, backup};
use rekindle::store::{Commit, Scan, Store};

use super::world::{Standing, World, insert, rotated};

fn names(world: &World) -> Vec<String> {
    let folder = fs::read_dir(world.path().parent().unwrap()).unwrap();
    let mut names: Vec<_> = folder.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Every write here is of a pair: a copy that has one half of a pair is not of one moment. And the one pair that was
/// acknowledged before the copy began is in it.
#[tokio::test(flavor = "multi_thread")]
async fn a_copy_is_of_one_moment_under_load() {
    let world = World::new();
    let store = world.open();
    let mut rows: Vec<Session> = Vec::new();
    for nth in 0..200 {
        rows.push(insert(&store, nth).await);
    }
    let other = world.raw();
    other.busy_timeout(std::time::Duration::from_secs(10)).unwrap();
    other.execute_batch("CREATE TABLE pairs (half TEXT NOT NULL, nth INTEGER NOT NULL)").unwrap();
    other.execute_batch("INSERT INTO pairs VALUES ('left', 0), ('right', 0)").unwrap();
    let (stop, mut stopped) = tokio::sync::oneshot::channel::<()>();
    let written = Arc::new(AtomicUsize::new(0));
    let writes = Arc::clone(&written);
    let pairs = tokio::task::spawn_blocking(move || {
        while stopped.try_recv().is_err() {
            let nth = writes.fetch_add(1, Relaxed) + 1;
            other
                .execute_batch(&format!(
                    "BEGIN IMMEDIATE; INSERT INTO pairs VALUES ('left', {nth}); \
                     INSERT INTO pairs VALUES ('right', {nth}); COMMIT"
                ))
                .unwrap();
        }
    });
    let rotating = tokio::spawn(async move {
        let mut rotations = 0;
        for round in 0..40 {
            let row = &mut rows[round * 3 % 200];
            let (_, version) = store.load(row.id).await.unwrap().unwrap();
            *row = rotated(row);
            assert!(matches!(store.commit(version, row).await.unwrap(), Commit::Applied));
            rotations += 1;
        }
        rotations
    });
    let mut copies = 0;
    while copies < 5 || written.load(Relaxed) <= 5 {
        let (from, to) = (world.path(), world.path().with_file_name(format!("{copies}.db")));
        let bytes = tokio::task::spawn_blocking(move || backup(from, to)).await.unwrap().unwrap();
        assert!(bytes > 4096);
        copies += 1;
    }
    assert_eq!(rotating.await.unwrap(), 40);
    stop.send(()).unwrap();
    pairs.await.unwrap();

    for copy in 0..copies {
        let path = world.path().with_file_name(format!("{copy}.db"));
        let raw = rusqlite::Connection::open(&path).unwrap();
        let count = |half: &str| -> i64 {
            raw.query_row("SELECT count(*) FROM pairs WHERE half = ?1", [half], |row| row.get(0)).unwrap()
        };
        assert_eq!(count("left"), count("right"));
        assert!(count("left") >= 1);
        drop(raw);
        let copied =
            SqliteStore::open(&path, &Options::default(), &SystemEntropy, Arc::new(Standing)).unwrap();
        let Scan { sessions, .. } = copied.scan(None, 1000).await.unwrap();
        assert_eq!(sessions.len(), 200);
    }
}

#[tokio::test]
async fn a_copy_is_one_private_file_and_opens_where_nothing_can_be_written() {
    let world = World::new();
    let store = world.open();
    insert(&store, 1).await;
    let to = world.path().with_file_name("copy.db");
    let bytes = backup(world.path(), &to).unwrap();
    assert_eq!(names(&world), ["copy.db", "rekindle.db", "rekindle.db-shm", "rekindle.db-wal"]);
    let metadata = fs::metadata(&to).unwrap();
    assert_eq!(metadata.len(), bytes);
    #[cfg(unix)]
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o777, 0o600);
    // `immutable`: as if the medium were read-only. A file in WAL mode needs its log there, and says so.
    let uri = format!("file:{}?immutable=1", to.display());
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY | rusqlite::OpenFlags::SQLITE_OPEN_URI;
    let raw = rusqlite::Connection::open_with_flags(uri, flags).unwrap();
    let sessions: i64 = raw.query_row("SELECT count(*) FROM sessions", [], |row| row.get(0)).unwrap();
    assert_eq!(sessions, 1);
    assert_eq!(fs::read(&to).unwrap()[18..20], [1, 1], "not in WAL mode");
}

#[tokio::test]
async fn nothing_is_replaced_and_nothing_is_left_behind() {
    let world = World::new();
    let store = world.open();
    insert(&store, 1).await;
    let to = world.path().with_file_name("copy.db");
    fs::write(&to, "the last good one").unwrap();
    let error = backup(world.path(), &to).unwrap_err();
    assert!(matches!(error, BackupError::Exists { .. }), "{error}");
    assert!(error.to_string().contains("name another file"), "{error}");
    assert_eq!(fs::read_to_string(&to).unwrap(), "the last good one");

    let error = backup(world.path(), world.path().with_file_name("absent").join("copy.db")).unwrap_err();
    assert!(matches!(error, BackupError::Unwritable { .. }), "{error}");
    assert_eq!(names(&world), ["copy.db", "rekindle.db", "rekindle.db-shm", "rekindle.db-wal"]);
}

#[test]
fn what_is_no_store_is_refused_and_not_created() {
    let world = World::new();
    let to = world.path().with_file_name("copy.db");
    let error = backup(world.path(), &to).unwrap_err();
    assert!(error.to_string().contains("unable to open database file"), "{error}");
    assert_eq!(names(&world), [""; 0]);
    fs::write(world.path(), "").unwrap();
    assert!(backup(world.path(), &to).unwrap_err().to_string().contains("an empty file"));
    world.raw().execute_batch("CREATE TABLE theirs (id INTEGER)").unwrap();
    assert!(backup(world.path(), &to).unwrap_err().to_string().contains("is not a Rekindle database"));
    fs::write(world.path(), "# not a database\n".repeat(300)).unwrap();
    assert!(backup(world.path(), &to).unwrap_err().to_string().contains("not an SQLite file"));
    assert_eq!(names(&world), ["rekindle.db"]);
}

/// A page that was overwritten: the copy would look like a good backup until the day it is needed.
#[tokio::test]
async fn a_damaged_store_is_noticed() {
    let world = World::new();
    let store = world.open();
    for nth in 0..500 {
        insert(&store, nth).await;
    }
    drop(store);
    let mut bytes = fs::read(world.path()).unwrap();
    let page = bytes.len() / 4096 / 2 * 4096;
    bytes[page..page + 4096].fill(0xff);
    fs::write(world.path(), bytes).unwrap();
    let error = backup(world.path(), world.path().with_file_name("copy.db")).unwrap_err();
    assert!(matches!(error, BackupError::Damaged { .. }), "{error}");
    assert!(error.to_string().contains("keep the last good backup"), "{error}");
    assert_eq!(names(&world), ["rekindle.db"]);
}
