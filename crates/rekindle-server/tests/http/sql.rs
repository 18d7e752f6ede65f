//! Accounts in the application's own user table: here Django's, on SQLite, as its migrations make it.

use std::path::PathBuf;
use std::sync::Arc;

use rekindle::engine::Login;
use rekindle::entropy::SystemEntropy;
use rekindle_server::accounts::{Claims, HashingOptions, SqlAccounts};
use rekindle_server::config::{Config, Environment};
use serde_json::json;
use tempfile::TempDir;

use crate::support::{Node, World};

on_every_store!(
    the_users_of_an_application_log_in_and_stay,
    whoever_is_switched_off_ends_at_the_next_refresh,
    a_database_that_is_away_ends_nothing,
    claims_of_another_system_stay_beside_those_of_the_table,
    a_login_that_hashes_anew_stands,
    a_password_is_changed_in_the_application,
);

struct App {
    path: PathBuf,
    _dir: TempDir,
}

impl App {
    /// `ada` with `correct horse`, `nil` with no usable password, `eve` switched off.
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let app = Self { path: dir.path().join("db.sqlite3"), _dir: dir };
        let hash = "pbkdf2_sha256$1000$salt$boRToEKoQr22LeDTyHDsEkHpDsDOTyWJq16HknEiweU=";
        app.run(&format!(
            r#"CREATE TABLE "auth_user" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "password" varchar(128) NOT NULL,
                 "last_login" datetime NULL, "is_superuser" bool NOT NULL DEFAULT 0, "username" varchar(150) NOT NULL UNIQUE,
                 "email" varchar(254) NOT NULL DEFAULT '', "is_active" bool NOT NULL DEFAULT 1);
               INSERT INTO auth_user (id, username, password, email) VALUES (7, 'ada', '{hash}', 'ada@example.com');
               INSERT INTO auth_user (id, username, password) VALUES (8, 'nil', '!gEjVc4xvx49hJBURyBj3Hfur');
               INSERT INTO auth_user (id, username, password, is_active) VALUES (9, 'eve', '{hash}', 0);"#
        ));
        app
    }

    fn run(&self, sql: &str) {
        rusqlite::Connection::open(&self.path).unwrap().execute_batch(sql).unwrap();
    }

    async fn node(&self, world: &World, more: &str) -> Node {
        let text = format!(
            "[accounts]\nkind = 'sql'\nsql_url = 'sqlite:{}'\nsql_preset = 'django'\n{more}",
            self.path.display()
        );
        let config = Config::from_bytes("c", text.as_bytes(), &Environment::default()).unwrap();
        let entropy = Arc::new(SystemEntropy);
        let accounts = SqlAccounts::new(&config.accounts, &HashingOptions::default(), entropy).unwrap();
        world.node_with(world.clock.clone(), Arc::new(accounts)).await
    }
}

async fn claims(node: &Node, access: &str) -> serde_json::Value {
    node.signed_in("GET", "/v1/session", access).await.json()["claims"].clone()
}

async fn the_users_of_an_application_log_in_and_stay(world: World) {
    let app = App::new();
    let node = app.node(&world, "sql_claims = ['email', 'is_superuser']").await;
    let login = node.login().await;
    assert_eq!(world.row(&login).await.subject, "7");
    assert_eq!(
        claims(&node, &login.access).await,
        json!({"email": "ada@example.com", "is_superuser": false})
    );
    for (username, password) in [
        ("ada", "correct house"),
        ("nobody", "correct horse"),
        ("nil", "correct horse"),
        ("eve", "correct horse"),
    ] {
        assert_eq!(
            node.try_login(username, password).await.outcome(),
            "401 invalid_credentials",
            "{username}"
        );
    }
    app.run("UPDATE auth_user SET email = 'ada@example.org', is_superuser = 1 WHERE id = 7");
    world.clock.advance(3);
    let next = node.refresh(&login.refresh).await;
    assert_eq!(claims(&node, &next.access).await, json!({"email": "ada@example.org", "is_superuser": true}));
}

async fn whoever_is_switched_off_ends_at_the_next_refresh(world: World) {
    let app = App::new();
    let node = app.node(&world, "").await;
    let (off, gone) = (node.login().await, node.login().await);
    app.run("UPDATE auth_user SET is_active = 0 WHERE id = 7");
    // Inside the replay window nothing is written, and nobody asked.
    assert_eq!(node.try_refresh(&off.refresh).await.status, 200);
    world.clock.advance(3);
    assert_eq!(node.try_refresh(&off.refresh).await.outcome(), "401 session_ended user_disabled");
    app.run("DELETE FROM auth_user WHERE id = 7");
    assert_eq!(node.try_refresh(&gone.refresh).await.outcome(), "401 session_ended user_disabled");
}

async fn a_database_that_is_away_ends_nothing(world: World) {
    let app = App::new();
    let node = app.node(&world, "").await;
    let mut tokens = node.login().await;
    let ready = async || node.send("GET", "/readyz", &[], "").await;
    assert_eq!(ready().await.status, 200);
    let away = app.path.with_extension("away");
    std::fs::rename(&app.path, &away).unwrap();
    world.clock.advance(3);
    for _ in 0..3 {
        assert_eq!(node.try_refresh(&tokens.refresh).await.outcome(), "503 unavailable");
        assert_eq!(node.try_login("ada", "correct horse").await.outcome(), "503 unavailable");
        assert_eq!(node.try_login("nobody", "correct horse").await.outcome(), "503 unavailable");
        let answer = ready().await;
        assert_eq!((answer.status, answer.text("detail").as_str()), (503, "the accounts cannot be asked"));
    }
    // What needs no account goes on.
    assert_eq!(node.signed_in("GET", "/v1/session", &tokens.access).await.status, 200);
    std::fs::rename(&away, &app.path).unwrap();
    world.clock.advance(1);
    assert_eq!(ready().await.status, 200);
    tokens = node.refresh(&tokens.refresh).await;
    assert_eq!(world.row(&tokens).await.subject, "7");
    node.login().await;
}

async fn claims_of_another_system_stay_beside_those_of_the_table(world: World) {
    let app = App::new();
    let node = app.node(&world, "sql_claims = ['email']").await;
    let frozen = r#"{"team":"blue","email":"old@example.com","limit":123456789012345678901234567890}"#;
    let opened = Login { claims: Claims::parse(frozen).unwrap(), ..Login::new("7") };
    let opened = node.engine.open(opened).await.unwrap();
    world.clock.advance(3);
    let next = node.refresh(&opened.refresh_token).await;
    let row = world.row(&next).await;
    assert_eq!(row.claims, frozen.replace("old@example.com", "ada@example.com"));
}

async fn a_login_that_hashes_anew_stands(world: World) {
    let app = App::new();
    let node = app.node(&world, "sql_rehash = 'on'").await;
    let login = node.login().await;
    let raw = rusqlite::Connection::open(&app.path).unwrap();
    let stored = || -> String {
        raw.query_row("SELECT password FROM auth_user WHERE id = 7", [], |row| row.get(0)).unwrap()
    };
    let new = stored();
    assert!(new.starts_with("pbkdf2_sha256$1000000$"), "{new}");
    node.login().await;
    assert_eq!(stored(), new);
    world.clock.advance(3);
    node.refresh(&login.refresh).await;
}

async fn a_password_is_changed_in_the_application(world: World) {
    let app = App::new();
    let node = app.node(&world, "").await;
    let login = node.login().await;
    let authorization = format!("Bearer {}", login.access);
    let headers = [("authorization", authorization.as_str()), ("content-type", "application/json")];
    let body = r#"{"old":"correct horse","new":"another horse"}"#;
    assert_eq!(node.send("POST", "/v1/password", &headers, body).await.outcome(), "403 forbidden");
}
