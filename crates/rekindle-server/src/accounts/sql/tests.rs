//! On SQLite, with tables as the frameworks make them. PostgreSQL, and the frameworks themselves, are the business of
//! `cargo xtask test --only accounts`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rekindle::entropy::SystemEntropy;
use tempfile::TempDir;

use super::*;
use crate::accounts::Claims;
use crate::config::SqlPreset;

mod queries;
mod rehash;

/// Of `correct horse`, cheap.
const DJANGO: &str = "pbkdf2_sha256$1000$salt$boRToEKoQr22LeDTyHDsEkHpDsDOTyWJq16HknEiweU=";

fn table(sql: &str) -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("app.db");
    rusqlite::Connection::open(&path).unwrap().execute_batch(sql).unwrap();
    (dir, path)
}

fn django() -> (TempDir, PathBuf) {
    table(&format!(
        "CREATE TABLE auth_user (id integer PRIMARY KEY, password varchar(128) NOT NULL, username varchar(150) UNIQUE \
         NOT NULL, email varchar(254), is_staff bool NOT NULL DEFAULT 0, is_active bool NOT NULL DEFAULT 1);
         INSERT INTO auth_user (id, username, password, email) VALUES
           (7, 'ada', '{DJANGO}', 'ada@example.com'), (8, 'nil', '!unusable', NULL), (9, 'odd', 'md5$a$b', NULL),
           (10, 'dear', 'pbkdf2_sha256$99999999$salt$boRToEKoQr22LeDTyHDsEkHpDsDOTyWJq16HknEiweU=', NULL);
         INSERT INTO auth_user (id, username, password, is_active) VALUES (11, 'eve', '{DJANGO}', 0);"
    ))
}

fn settings(path: &Path, preset: Option<SqlPreset>) -> config::Accounts {
    let sql_url = Some(format!("sqlite:{}", path.display()).parse().unwrap());
    config::Accounts { sql_url, sql_preset: preset, ..config::Accounts::default() }
}

fn open(settings: &config::Accounts) -> SqlAccounts {
    SqlAccounts::new(settings, &HashingOptions::default(), Arc::new(SystemEntropy)).unwrap()
}

async fn login(accounts: &SqlAccounts, username: &str, password: &str) -> Option<Verified> {
    match accounts.verify(username, password.into()).await.unwrap() {
        Verdict::Verified(found) => Some(found),
        Verdict::Denied => None,
    }
}

fn version(state: &State) -> u64 {
    match state {
        State::Active { credential_version, .. } => *credential_version,
        other => panic!("{other:?}"),
    }
}

fn write(path: &Path, sql: &str) {
    rusqlite::Connection::open(path).unwrap().execute_batch(sql).unwrap();
}

fn stored(path: &Path, id: i64) -> String {
    let raw = rusqlite::Connection::open(path).unwrap();
    raw.query_row("SELECT password FROM auth_user WHERE id = ?1", [id], |row| row.get(0)).unwrap()
}

#[tokio::test]
async fn a_user_of_the_table_logs_in() {
    let (_dir, path) = django();
    let mut settings = settings(&path, Some(SqlPreset::Django));
    settings.sql_claims = ["username", "email", "is_staff"].map(str::to_owned).into();
    let accounts = open(&settings);
    accounts.look().await.unwrap();
    let found = login(&accounts, "ada", "correct horse").await.unwrap();
    assert_eq!(found.subject, "7");
    assert_eq!(found.claims.as_str(), r#"{"username":"ada","email":"ada@example.com","is_staff":false}"#);
    let state = accounts.state("7").await.unwrap();
    let Verified { claims, credential_version, .. } = found;
    assert_eq!(state, State::Active { claims, credential_version, extent: Extent::Members });
    write(&path, "UPDATE auth_user SET email = NULL, is_staff = 1 WHERE id = 7");
    let State::Active { claims, .. } = accounts.state("7").await.unwrap() else { panic!() };
    assert_eq!(claims.as_str(), r#"{"username":"ada","email":null,"is_staff":true}"#);
}

#[tokio::test]
async fn whoever_may_not_is_denied_whatever_the_reason() {
    let (_dir, path) = django();
    let accounts = open(&settings(&path, Some(SqlPreset::Django)));
    for (username, password) in [
        ("ada", "correct house"),
        ("Ada", "correct horse"),
        ("nobody", "correct horse"),
        ("nil", "correct horse"),
        ("nil", "!unusable"),
        ("odd", "correct horse"),
        ("eve", "correct horse"),
        ("' OR '1'='1", "correct horse"),
    ] {
        assert_eq!(login(&accounts, username, password).await, None, "{username} {password}");
    }
    let dear = accounts.verify("dear", "correct horse".into()).await.unwrap_err().to_string();
    assert!(dear.contains("the password hash of 10 cannot be checked: its number of iterations"), "{dear}");
    assert_eq!(accounts.state("11").await.unwrap(), State::Disabled);
    for gone in ["12", "x", "", "7.5", "7 OR 1"] {
        assert_eq!(accounts.state(gone).await.unwrap(), State::Gone, "{gone}");
    }
}

/// Each needs a turn to hash, and there is none.
#[tokio::test]
async fn whoever_is_denied_is_hashed_for() {
    let (_dir, path) = django();
    let hashing = HashingOptions { at_once: 1, wait: Duration::ZERO, ..HashingOptions::default() };
    let settings = settings(&path, Some(SqlPreset::Django));
    let accounts = SqlAccounts::new(&settings, &hashing, Arc::new(SystemEntropy)).unwrap();
    let _turn = accounts.checks.occupy();
    for username in ["ada", "nobody", "nil", "odd", "eve"] {
        let waits = accounts.verify(username, "wrong".into()).await;
        assert!(matches!(waits, Err(AccountsError::Overloaded)), "{username}");
    }
}

/// A user whose password nobody knows could otherwise make every guess at others dearer.
#[tokio::test]
async fn the_cost_of_a_guess_is_learnt_from_those_that_were_right() {
    let (_dir, path) = table("CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, password TEXT)");
    let accounts = open(&settings(&path, Some(SqlPreset::Laravel)));
    let usual = accounts.checks.costliest().work();
    let dearer =
        "$argon2id$v=19$m=65536,t=6,p=1$eU1mZVh4Uy5YRzhPdHlSbQ$vJPbTo3fdU86QuWDGKPWgNUTgEvoSKPfO+8pq6cwDTc";
    write(&path, &format!("INSERT INTO users VALUES (1, 'a', '{dearer}')"));
    assert_eq!(login(&accounts, "a", "correct horse").await, None);
    assert_eq!(accounts.checks.costliest().work(), usual);
    let right =
        "$argon2id$v=19$m=65536,t=6,p=1$MUpPRjVaN3FsZDZ4SWpMaA$SRrkpDhmzmXcrr1/Yw1C9zVhYoa1TnuLSjogVhsYyTs";
    write(&path, &format!("UPDATE users SET password = '{right}'"));
    login(&accounts, "a", "correct horse").await.unwrap();
    let learnt = accounts.checks.costliest().work();
    assert!(learnt > usual, "{learnt:?} {usual:?}");
    login(&accounts, "nobody", "correct horse").await;
    assert_eq!(accounts.checks.costliest().work(), learnt);
}

#[tokio::test]
async fn whatever_goes_wrong_says_nothing_of_the_user() {
    let (dir, path) = django();
    let accounts = open(&settings(&path, Some(SqlPreset::Django)));
    let unavailable = async || {
        let state = accounts.state("7").await;
        let login = accounts.verify("ada", "correct horse".into()).await;
        assert!(
            matches!(login, Err(AccountsError::Unavailable(_) | AccountsError::Misconfigured(_))),
            "{login:?}"
        );
        assert!(accounts.look().await.is_err());
        state.unwrap_err().to_string()
    };
    accounts.state("7").await.unwrap();
    let away = dir.path().join("away.db");
    std::fs::rename(&path, &away).unwrap();
    assert!(unavailable().await.contains("cannot be reached"));
    std::fs::write(&path, "this is no database, but a text of some length and more").unwrap();
    assert!(unavailable().await.contains("not a database"));
    std::fs::write(&path, "").unwrap();
    assert!(unavailable().await.contains("no such table: auth_user"));
    // Back again: found without a restart, although connections to the old one are kept.
    std::fs::rename(&away, &path).unwrap();
    version(&accounts.state("7").await.unwrap());
    write(&path, "ALTER TABLE auth_user RENAME COLUMN is_active TO active");
    assert!(unavailable().await.contains("no such column: \"is_active\""));
}

/// The application's writers hold the file for a moment.
#[tokio::test]
async fn a_lock_is_waited_for_and_then_passes() {
    let (_dir, path) = django();
    let accounts = open(&settings(&path, Some(SqlPreset::Django)));
    let writer = rusqlite::Connection::open(&path).unwrap();
    writer.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let locked = accounts.state("7").await.unwrap_err();
    assert!(matches!(locked, AccountsError::Unavailable(_)), "{locked}");
    writer.execute_batch("COMMIT").unwrap();
    version(&accounts.state("7").await.unwrap());
}

/// What an application in WAL mode has not yet moved into the file is seen, while it writes.
#[tokio::test]
async fn a_file_in_wal_mode_is_read_while_it_is_written() {
    let (_dir, path) = django();
    let writer = rusqlite::Connection::open(&path).unwrap();
    writer
        .execute_batch("PRAGMA journal_mode = WAL; BEGIN; UPDATE auth_user SET is_active = 0 WHERE id = 7")
        .unwrap();
    let accounts = open(&settings(&path, Some(SqlPreset::Django)));
    version(&accounts.state("7").await.unwrap());
    writer.execute_batch("COMMIT").unwrap();
    assert_eq!(accounts.state("7").await.unwrap(), State::Disabled);
    drop(writer);
    assert_eq!(accounts.state("7").await.unwrap(), State::Disabled);
}

#[tokio::test]
async fn a_file_is_opened_to_be_read_alone() {
    let (_dir, path) = django();
    let mut settings = settings(&path, None);
    settings.sql_login =
        Some("UPDATE auth_user SET email = :username RETURNING id AS subject, password".to_owned());
    settings.sql_state = Some("SELECT id AS subject, password FROM auth_user WHERE id = :subject".to_owned());
    let refused = open(&settings).verify("ada", "x".into()).await.unwrap_err();
    assert!(refused.to_string().contains("readonly"), "{refused}");
}

#[tokio::test]
async fn another_stored_hash_is_another_number() {
    let (_dir, path) = django();
    let accounts = open(&settings(&path, Some(SqlPreset::Django)));
    let before = version(&accounts.state("7").await.unwrap());
    assert_eq!(before, version(&accounts.state("7").await.unwrap()));
    write(&path, "UPDATE auth_user SET password = '!locked' WHERE id = 7");
    assert_ne!(before, version(&accounts.state("7").await.unwrap()));
}

#[tokio::test]
async fn claims_that_no_token_can_carry_are_not_left_out_in_silence() {
    let (_dir, path) = django();
    let mut settings = settings(&path, Some(SqlPreset::Django));
    settings.sql_claims = vec!["email".to_owned()];
    let accounts = open(&settings);
    write(&path, &format!("UPDATE auth_user SET email = '{}' WHERE id = 7", "x".repeat(5000)));
    let error = accounts.state("7").await.unwrap_err();
    assert!(error.to_string().contains("the claims of 7: "), "{error}");
    assert!(Claims::parse(r#"{"email":"x"}"#).is_ok());
}
