//! The file: whose it is, how old it is, how large it gets.

use rekindle::core::{Reason, Seconds, Status, Timestamp};
use rekindle::store::sqlite::{OpenError, SqliteStore, Synchronous};
use rekindle::store::{Change, ChangeKind, Commit, KeyringDocument, Store, Survives};

use super::world::{NOW, World, insert, rotated, session};

#[test]
fn another_programs_database_is_refused_and_left_alone() {
    let world = World::new();
    let other = world.raw();
    other.execute_batch("CREATE TABLE auth_user (id INTEGER); PRAGMA user_version = 1").unwrap();
    drop(other);
    let before = std::fs::read(world.path()).unwrap();
    let error = world.try_open().err().expect("somebody else's file was opened");
    assert!(matches!(error, OpenError::Foreign { .. }), "{error}");
    assert!(error.to_string().contains("is not a Rekindle database"), "{error}");
    assert_eq!(std::fs::read(world.path()).unwrap(), before);
}

#[test]
fn a_file_that_is_no_database_is_refused_and_left_alone() {
    let world = World::new();
    let text = "# not a database\n".repeat(300);
    std::fs::write(world.path(), &text).unwrap();
    let error = world.try_open().err().expect("a text was opened");
    assert!(error.to_string().contains("not an SQLite file"), "{error}");
    assert_eq!(std::fs::read_to_string(world.path()).unwrap(), text);
}

#[test]
fn a_newer_schema_is_refused_with_both_versions() {
    let world = World::new();
    drop(world.open());
    world.raw().pragma_update(None, "user_version", 99).unwrap();
    let error = world.try_open().err().expect("a newer file was opened");
    assert!(matches!(error, OpenError::Newer { found: 99, known: 2, .. }), "{error:?}");
    assert!(error.to_string().contains("schema version 99, and this Rekindle reads up to 2"), "{error}");
}

/// Two servers started at once on an empty folder: one of them read the file's marks while the other was making
/// it, and took it for another program's.
#[test]
fn many_may_create_the_file_at_once() {
    for _ in 0..20 {
        let world = World::new();
        let barrier = std::sync::Barrier::new(8);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    barrier.wait();
                    world.try_open().unwrap();
                });
            }
        });
    }
}

#[test]
fn a_folder_that_is_not_there_is_an_error_with_the_path() {
    let mut options = rekindle::store::sqlite::Options::default();
    options.queue = 1;
    let opened = rekindle::store::sqlite::SqliteStore::open(
        "/nonexistent/rekindle.db",
        &options,
        &rekindle::entropy::SystemEntropy,
        std::sync::Arc::new(super::world::Standing),
    );
    let error = opened.err().expect("a folder that is not there was opened");
    assert!(error.to_string().contains("/nonexistent/rekindle.db"), "{error}");
}

/// `fixtures/sqlite-v1.db` was written as `write_fixture` says, by the first schema, which had no row 4. It must stay
/// readable by every later version, so it never changes; a new schema version adds a file of its own.
#[tokio::test]
async fn a_file_of_schema_version_1_stays_readable() {
    let (_world, store) = fixture("sqlite-v1.db");
    holds_what_was_written(&store, &[]).await;
    assert_eq!(store.purge(NOW + Seconds::days(31), 10).await.unwrap().rows, 3);
}

#[tokio::test]
async fn a_file_of_schema_version_2_stays_readable() {
    let (_world, store) = fixture("sqlite-v2.db");
    let retired = store.load(session(4, "bob").id).await.unwrap().unwrap().0;
    let (issued_before, from) = (NOW + Seconds(180), NOW + Seconds(211));
    assert_eq!((retired.retired_before, retired.retired_from), (issued_before, from));
    let told = Change { session: retired.id, kind: ChangeKind::RefuseBefore { issued_before, from } };
    holds_what_was_written(&store, &[told]).await;
    assert_eq!(store.purge(NOW + Seconds::days(31), 10).await.unwrap().rows, 4);
}

/// A copy of the file, opened.
fn fixture(name: &str) -> (World, SqliteStore) {
    let world = World::new();
    let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/");
    std::fs::copy(format!("{fixtures}{name}"), world.path()).unwrap();
    let store = world.open();
    (world, store)
}

/// The rows 1 to 3, and in the feed what came of them, then `more`.
async fn holds_what_was_written(store: &dyn Store, more: &[Change]) {
    let refreshed = rotated(&rotated(&session(1, "zażółć 👩‍👧")));
    let (row, version) = store.load(refreshed.id).await.unwrap().unwrap();
    assert_eq!(row, refreshed);
    let ended = store.load(session(2, "alice").id).await.unwrap().unwrap().0;
    assert_eq!(ended.status, Status::Revoked(Reason::Theft));
    let bumped = store.load(session(3, "alice").id).await.unwrap().unwrap().0;
    assert_eq!(bumped.bumped_at, NOW + Seconds(9));
    assert_eq!(store.list("alice").await.unwrap(), std::slice::from_ref(&bumped));
    assert_eq!(store.subject_epoch("alice").await.unwrap(), Timestamp::from_unix(1_700_000_000));
    let ring = KeyringDocument { version: 2, bytes: b"second".to_vec() };
    assert_eq!(store.keyring().await.unwrap(), ring);
    let told = store.changes_since(None, 10).await.unwrap().entries;
    let bump = ChangeKind::RefuseBefore { issued_before: NOW + Seconds(9), from: Timestamp::ZERO };
    let first =
        [Change { session: ended.id, kind: ChangeKind::Ended }, Change { session: bumped.id, kind: bump }];
    assert_eq!(told, [&first, more].concat());
    assert_eq!(store.commit(version, &rotated(&refreshed)).await.unwrap(), Commit::Applied);
}

/// An old file, migrated, has the schema of a new one.
#[test]
fn a_migrated_file_has_the_schema_of_a_new_one() {
    let schema = |world: &World| {
        drop(world.open());
        let conn = world.raw();
        let mut select =
            conn.prepare("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY name").unwrap();
        let rows = select.query_map([], |row| {
            let text = |at| row.get::<_, Option<String>>(at);
            Ok((text(0)?, text(1)?, text(2)?, text(3)?))
        });
        rows.unwrap().map(Result::unwrap).collect::<Vec<_>>()
    };
    let old = World::new();
    std::fs::copy(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/sqlite-v1.db"), old.path()).unwrap();
    let new = schema(&World::new());
    assert!(new.len() > 8);
    assert_eq!(schema(&old), new);
}

/// What wrote the newest fixture, run here so that it stays true.
#[tokio::test]
async fn the_fixture_can_be_written_again() {
    let world = World::new();
    let store = world.open();
    write_fixture(&store).await;
    drop(store);
    let target = world.path().with_extension("fixture");
    world.raw().execute("VACUUM INTO ?1", [target.to_str().unwrap()]).unwrap();
    let size = std::fs::metadata(&target).unwrap().len();
    assert!(size < 100_000, "too large to check in: {size}");
    if let Some(path) = std::env::var_os("REKINDLE_WRITE_FIXTURE") {
        std::fs::copy(target, path).unwrap();
    }
}

async fn write_fixture(store: &dyn Store) {
    let mut rows = vec![session(1, "zażółć 👩‍👧"), session(2, "alice"), session(3, "alice"), session(4, "bob")];
    for row in &rows {
        let _ = store.insert(row).await.unwrap();
    }
    let _ = store.revoke(rows[1].id, Reason::Theft).await.unwrap();
    rows[2].bumped_at = NOW + Seconds(9);
    (rows[3].retired_before, rows[3].retired_from) = (NOW + Seconds(180), NOW + Seconds(211));
    for next in [rotated(&rows[0]), rotated(&rotated(&rows[0])), rows[2].clone(), rows[3].clone()] {
        let (_, version) = store.load(next.id).await.unwrap().unwrap();
        assert_eq!(store.commit(version, &next).await.unwrap(), Commit::Applied);
    }
    store.set_subject_epoch("alice", Timestamp::from_unix(1_700_000_000)).await.unwrap();
    let _ = store.commit_keyring(0, b"first").await.unwrap();
    let _ = store.commit_keyring(1, b"second").await.unwrap();
}

/// At most 350 bytes for the reference session, and a refresh adds nothing.
#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_small_and_refreshes_are_in_place() {
    const SESSIONS: u32 = 2_000;
    let mut world = World::new();
    world.options.synchronous = Synchronous::Normal;
    let size = |world: &World| std::fs::metadata(world.path()).unwrap().len();
    let store = std::sync::Arc::new(world.open());
    drive(&store, SESSIONS, 0).await;
    drop(store);
    let filled = size(&world);
    assert!(filled <= 350 * u64::from(SESSIONS), "{} bytes a session", filled / u64::from(SESSIONS));

    // Past generation 128, where a number grows from one byte to two.
    let store = std::sync::Arc::new(world.open());
    drive(&store, SESSIONS, 130).await;
    drop(store);
    assert_eq!(size(&world), filled);
}

/// Inserts sessions, or refreshes each of them so many times; a hundred callers at once.
async fn drive(store: &std::sync::Arc<rekindle::store::sqlite::SqliteStore>, sessions: u32, refreshes: u32) {
    let mut tasks = tokio::task::JoinSet::new();
    for worker in 0..100 {
        let store = store.clone();
        tasks.spawn(async move {
            for nth in (worker..sessions).step_by(100) {
                if refreshes == 0 {
                    insert(&store, nth).await;
                }
                for turn in 0..u64::from(refreshes) {
                    let id = session(nth, "").id;
                    let (row, version) = store.load(id).await.unwrap().unwrap();
                    let mut next = rotated(&row);
                    next.issued_at = row.issued_at + Seconds(200 + turn);
                    next.confirmed_at = next.issued_at;
                    assert_eq!(store.commit(version, &next).await.unwrap(), Commit::Applied);
                }
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
}

#[tokio::test]
async fn a_refresh_touches_no_index() {
    let world = World::new();
    let store = world.open();
    let login = insert(&store, 1).await;
    let raw = world.raw();
    // What SQLite itself says: the refresh's statement opens one b-tree for writing, the table's.
    let sql = "EXPLAIN UPDATE sessions SET version = 2, latest = 3, claims = '', idle_until = 4 \
               WHERE sid = x'00' AND version = 1 AND status = 0 AND bumped_at >= 0";
    let mut explain = raw.prepare(sql).unwrap();
    let opcodes = explain.query_map([], |row| row.get::<_, String>(1)).unwrap();
    let writes = opcodes.filter(|opcode| matches!(opcode.as_deref(), Ok("IdxInsert" | "IdxDelete"))).count();
    assert_eq!(writes, 0);
    assert_eq!(store.load(login.id).await.unwrap().unwrap().0, login);
}

#[tokio::test]
async fn the_mode_decides_what_a_rotation_outlives() {
    let mut world = World::new();
    assert_eq!(world.open().durability().rotation, Survives::PowerLoss);
    world.options.synchronous = Synchronous::Normal;
    let durability = world.open().durability();
    assert_eq!(durability.rotation, Survives::ProcessKill);
    assert_eq!((durability.login, durability.revocation), (Survives::PowerLoss, Survives::PowerLoss));
}

#[cfg(unix)]
#[test]
fn the_file_and_its_log_are_the_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::new();
    let _store = world.open();
    for suffix in ["", "-wal", "-shm"] {
        let mut name = world.path().into_os_string();
        name.push(suffix);
        let mode = std::fs::metadata(&name).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name:?}");
    }
}
