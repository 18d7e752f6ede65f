use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use rekindle::clock::SystemClock;
use rekindle::entropy::SystemEntropy;
use rekindle::store::sqlite::{Options, SqliteStore};
use rekindle_testing::postgres::Postgres;
use tempfile::TempDir;

use super::*;

fn options(memory_kib: u32) -> BuiltinOptions {
    BuiltinOptions {
        hashing: HashingOptions { memory_kib, passes: 1, ..HashingOptions::default() },
        clock: Arc::new(SystemClock),
        entropy: Arc::new(SystemEntropy),
    }
}

/// Runs each of these with accounts in a file, and in a PostgreSQL.
macro_rules! wherever_they_are_kept {
    ($($name:ident),+ $(,)?) => {
        mod file {$(
            #[tokio::test]
            async fn $name() {
                super::$name(&super::Place::file()).await;
            }
        )+}

        mod postgres {$(
            #[tokio::test]
            #[ignore = "starts PostgreSQL: cargo xtask test --only stores"]
            async fn $name() {
                super::$name(&super::Place::database().await).await;
            }
        )+}
    };
}

wherever_they_are_kept! {
    an_account_logs_in_with_its_password_in_any_ascii_case_of_its_name,
    a_subject_is_a_random_uuid_of_version_4,
    a_name_belongs_to_one_account,
    a_new_password_raises_the_credential_version,
    a_disabled_account_is_denied_and_says_so_only_to_the_server,
    a_weak_hash_is_replaced_at_login_without_ending_other_sessions,
    a_rehash_never_undoes_a_change_of_the_password,
    accounts_are_listed_by_name_and_outlive_the_process,
    a_name_or_password_that_no_login_could_send_is_refused,
    an_unknown_name_is_hashed_for_too,
    a_password_is_changed_by_whoever_knows_it,
    an_account_is_enabled_changed_and_removed,
}

/// Where a session store is, and accounts can be.
enum Place {
    File(TempDir),
    Database(PostgresStore),
}

impl Place {
    /// A file as the session store leaves it.
    fn file() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("test.db");
        SqliteStore::open(&path, &Options::default(), &SystemEntropy, Arc::new(SystemClock)).unwrap();
        Self::File(dir)
    }

    /// A database of a server that all tests share.
    async fn database() -> Self {
        static SERVER: LazyLock<Postgres> = LazyLock::new(|| Postgres::start("accounts", &[]).unwrap());
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("accounts{}", COUNT.fetch_add(1, Ordering::SeqCst));
        SERVER.create_database(&name).unwrap();
        let address = SERVER.url(&name).parse().unwrap();
        let (entropy, clock) = (Arc::new(SystemEntropy), Arc::new(SystemClock));
        Self::Database(PostgresStore::open(&address, entropy, clock).await.unwrap())
    }

    fn open(&self, options: BuiltinOptions) -> Builtin {
        match self {
            Self::File(dir) => Builtin::open(&dir.path().join("test.db"), options).unwrap(),
            Self::Database(store) => Builtin::beside(store, options).unwrap(),
        }
    }

    fn builtin(&self) -> Builtin {
        self.open(options(64))
    }
}

fn roles(role: &str) -> Claims {
    Claims::parse(&format!(r#"{{"role":"{role}"}}"#)).unwrap()
}

async fn verified(accounts: &Builtin, username: &str, password: &str) -> Option<Verified> {
    match accounts.verify(username, password.into()).await.unwrap() {
        Verdict::Verified(found) => Some(found),
        Verdict::Denied => None,
    }
}

async fn an_account_logs_in_with_its_password_in_any_ascii_case_of_its_name(place: &Place) {
    let accounts = place.builtin();
    let subject = accounts.add("alice", "correct horse".into(), roles("editor")).await.unwrap();
    let found = verified(&accounts, "Alice", "correct horse").await.unwrap();
    assert_eq!(found, Verified { subject, claims: roles("editor"), credential_version: 1 });
    assert_eq!(verified(&accounts, "alice", "Correct horse").await, None);
    assert_eq!(verified(&accounts, "alicia", "correct horse").await, None);
}

async fn a_subject_is_a_random_uuid_of_version_4(place: &Place) {
    let accounts = place.builtin();
    let first = accounts.add("a", "p".into(), Claims::default()).await.unwrap();
    let second = accounts.add("b", "p".into(), Claims::default()).await.unwrap();
    assert_ne!(first, second);
    for subject in [first, second] {
        let groups: Vec<&str> = subject.split('-').collect();
        assert_eq!(groups.iter().map(|group| group.len()).collect::<Vec<_>>(), [8, 4, 4, 4, 12]);
        assert!(groups[2].starts_with('4') && groups[3].starts_with(['8', '9', 'a', 'b']), "{subject}");
    }
}

async fn a_name_belongs_to_one_account(place: &Place) {
    let accounts = place.builtin();
    accounts.add("alice", "one".into(), Claims::default()).await.unwrap();
    let again = accounts.add("ALICE", "two".into(), Claims::default()).await;
    assert!(matches!(again, Err(AccountsError::Exists)));
    assert!(verified(&accounts, "alice", "one").await.is_some());
}

async fn a_new_password_raises_the_credential_version(place: &Place) {
    let accounts = place.builtin();
    let subject = accounts.add("alice", "old".into(), Claims::default()).await.unwrap();
    assert_eq!(accounts.update("alice", Update::Password("new".into())).await.unwrap(), subject);
    assert_eq!(verified(&accounts, "alice", "old").await, None);
    assert_eq!(verified(&accounts, "alice", "new").await.unwrap().credential_version, 2);
    let state = accounts.state(&subject).await.unwrap();
    assert_eq!(
        state,
        State::Active { claims: Claims::default(), extent: Extent::Whole, credential_version: 2 }
    );
    let unknown = accounts.update("bob", Update::Password("new".into())).await;
    assert!(matches!(unknown, Err(AccountsError::Unknown)));
}

async fn a_disabled_account_is_denied_and_says_so_only_to_the_server(place: &Place) {
    let accounts = place.builtin();
    let subject = accounts.add("alice", "p".into(), Claims::default()).await.unwrap();
    assert_eq!(accounts.update("alice", Update::Disable).await.unwrap(), subject);
    assert_eq!(verified(&accounts, "alice", "p").await, None);
    assert_eq!(accounts.state(&subject).await.unwrap(), State::Disabled);
    assert_eq!(accounts.state("nobody").await.unwrap(), State::Gone);
}

async fn a_weak_hash_is_replaced_at_login_without_ending_other_sessions(place: &Place) {
    let weak = place.open(options(64));
    weak.add("alice", "p".into(), Claims::default()).await.unwrap();

    let strong = place.open(options(128));
    assert_eq!(verified(&strong, "alice", "p").await.unwrap().credential_version, 1);
    let stored = strong.kept.by_username("alice").await.unwrap().unwrap();
    assert!(stored.password.contains("m=128,"), "{}", stored.password);
    assert_eq!(stored.credential_version, 1);
    assert!(verified(&strong, "alice", "p").await.is_some());
}

async fn a_rehash_never_undoes_a_change_of_the_password(place: &Place) {
    let accounts = place.builtin();
    accounts.add("alice", "old".into(), Claims::default()).await.unwrap();
    let before = accounts.kept.by_username("alice").await.unwrap().unwrap();
    accounts.update("alice", Update::Password("new".into())).await.unwrap();
    accounts.strengthen(&before, "old".into()).await.unwrap();
    assert!(verified(&accounts, "alice", "new").await.is_some());
    assert_eq!(verified(&accounts, "alice", "old").await, None);
}

async fn accounts_are_listed_by_name_and_outlive_the_process(place: &Place) {
    for name in ["bob", "Carol", "alice", "Zoë"] {
        place.builtin().add(name, "p".into(), roles(name)).await.unwrap();
    }
    let listed = place.builtin().list().await.unwrap();
    let names: Vec<_> = listed.iter().map(|account| account.username.as_str()).collect();
    assert_eq!(names, ["alice", "bob", "Carol", "Zoë"]);
    assert!(listed.iter().all(|account| account.claims == roles(&account.username) && !account.disabled));
    assert!(listed.iter().all(|account| account.created_at.since(SystemClock.now()).0 == 0));
}

#[tokio::test]
async fn accounts_of_a_newer_schema_are_refused() {
    let Place::File(dir) = Place::file() else { unreachable!() };
    let path = dir.path().join("test.db");
    Builtin::open(&path, options(64)).unwrap();
    let raw = rusqlite::Connection::open(&path).unwrap();
    raw.execute("UPDATE meta SET value = 2 WHERE key = 'accounts_schema'", []).unwrap();
    let refused = Builtin::open(&path, options(64)).err().unwrap();
    assert!(refused.to_string().contains("schema 2"), "{refused}");
}

#[tokio::test]
async fn accounts_and_sessions_share_the_file_in_the_order_store_first() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("test.db");
    assert!(Builtin::open(&path, options(64)).is_err());
    assert!(!path.exists(), "accounts do not make the file");
    std::fs::write(&path, "").unwrap();
    let refused = Builtin::open(&path, options(64)).err().unwrap();
    assert!(refused.to_string().contains("store must open its file"), "{refused}");

    let Place::File(dir) = Place::file() else { unreachable!() };
    let path = dir.path().join("test.db");
    let accounts = Builtin::open(&path, options(64)).unwrap();
    accounts.add("alice", "p".into(), Claims::default()).await.unwrap();
    SqliteStore::open(&path, &Options::default(), &SystemEntropy, Arc::new(SystemClock)).unwrap();
    assert!(verified(&accounts, "alice", "p").await.is_some());
}

async fn a_name_or_password_that_no_login_could_send_is_refused(place: &Place) {
    let accounts = place.builtin();
    for (name, password) in [("", "p"), ("a\tb", "p"), ("a", ""), ("a", "p\n")] {
        let refused = accounts.add(name, password.into(), Claims::default()).await;
        assert!(matches!(refused, Err(AccountsError::Unusable(_))), "{name:?} {password:?}");
    }
    accounts.add("a", "p".into(), Claims::default()).await.unwrap();
    let refused = accounts.update("a", Update::Password("x".repeat(1025).as_str().into())).await;
    assert!(matches!(refused, Err(AccountsError::Unusable(_))));
}

/// Who is not there, or may not log in, costs the same work as a wrong password: each needs a turn to hash, and
/// there is none.
async fn an_unknown_name_is_hashed_for_too(place: &Place) {
    let mut options = options(64);
    (options.hashing.at_once, options.hashing.wait) = (1, std::time::Duration::ZERO);
    let accounts = place.open(options);
    for name in ["here", "disabled"] {
        accounts.add(name, "p".into(), Claims::default()).await.unwrap();
    }
    accounts.update("disabled", Update::Disable).await.unwrap();
    let _turn = accounts.hasher.occupy();
    for name in ["here", "disabled", "nobody"] {
        let waits = accounts.verify(name, "wrong".into()).await;
        assert!(matches!(waits, Err(AccountsError::Overloaded)), "{name}");
    }
}

async fn a_password_is_changed_by_whoever_knows_it(place: &Place) {
    let accounts = place.builtin();
    let subject = accounts.add("alice", "first".into(), Claims::default()).await.unwrap();
    let change =
        async |old: &str, new: &str| accounts.change_password(&subject, old.into(), new.into()).await;
    assert_eq!(change("wrong", "second").await.unwrap(), Change::Denied);
    assert_eq!(change("first", "second").await.unwrap(), Change::Changed);
    // The answer was lost: asked again, it is as wished.
    assert_eq!(change("first", "second").await.unwrap(), Change::Changed);
    assert_eq!(change("first", "third").await.unwrap(), Change::Denied);
    let version = async || match accounts.state(&subject).await.unwrap() {
        State::Active { credential_version, .. } => credential_version,
        other => panic!("{other:?}"),
    };
    assert_eq!(version().await, 2);
    // Two at once with the same old password: one wins.
    let (a, b) = tokio::join!(change("second", "a"), change("second", "b"));
    let answers = [a.unwrap(), b.unwrap()];
    assert_eq!(answers.iter().filter(|change| **change == Change::Changed).count(), 1, "{answers:?}");
    assert_eq!(version().await, 3);
    assert!(matches!(
        change("a", &"x".repeat(1025)).await,
        Err(AccountsError::Unusable(_)) | Ok(Change::Denied)
    ));
    assert_eq!(accounts.change_password("nobody", "a".into(), "b".into()).await.unwrap(), Change::Denied);
}

async fn an_account_is_enabled_changed_and_removed(place: &Place) {
    let accounts = place.builtin();
    let subject = accounts.add("alice", "first".into(), Claims::default()).await.unwrap();
    let update = async |update| accounts.update("Alice", update).await;
    assert_eq!(update(Update::Disable).await.unwrap(), subject);
    assert_eq!(accounts.state(&subject).await.unwrap(), State::Disabled);
    assert_eq!(accounts.change_password(&subject, "first".into(), "b".into()).await.unwrap(), Change::Denied);
    assert_eq!(update(Update::Enable).await.unwrap(), subject);
    let claims = Claims::parse(r#"{"role":"editor"}"#).unwrap();
    assert_eq!(update(Update::Claims(claims.clone())).await.unwrap(), subject);
    assert_eq!(
        accounts.state(&subject).await.unwrap(),
        State::Active { claims, extent: Extent::Whole, credential_version: 1 }
    );
    assert_eq!(update(Update::Remove).await.unwrap(), subject);
    assert_eq!(accounts.state(&subject).await.unwrap(), State::Gone);
    assert!(matches!(update(Update::Enable).await, Err(AccountsError::Unknown)));
    // The name is free, and whoever takes it is somebody else.
    assert_ne!(accounts.add("alice", "first".into(), Claims::default()).await.unwrap(), subject);
}
