//! What the package had retired before the switch stays retired.

use std::path::Path;

use axum::http::StatusCode;
use rekindle::clock::Clock as _;
use rusqlite::Connection;
use serde_json::json;

use crate::server::Server;
use crate::token::sign;

const JTI: &str = "0123456789abcdef0123456789abcdef";

/// The tables of `rest_framework_simplejwt.token_blacklist`, as its migrations leave them in SQLite.
fn tables(path: &Path) -> Connection {
    let database = Connection::open(path).unwrap();
    database
        .execute_batch(
            "CREATE TABLE token_blacklist_outstandingtoken (id integer PRIMARY KEY AUTOINCREMENT, token text NOT NULL,
               created_at datetime, expires_at datetime NOT NULL, user_id integer, jti varchar(255) NOT NULL UNIQUE);
             CREATE TABLE token_blacklist_blacklistedtoken (id integer PRIMARY KEY AUTOINCREMENT,
               blacklisted_at datetime NOT NULL, token_id bigint NOT NULL UNIQUE);",
        )
        .unwrap();
    database
}

async fn server(path: &Path) -> Server {
    let sections = format!(
        "[accounts]\nsql_url = 'sqlite:{}'\n[dialects.simplejwt]\nROTATE_REFRESH_TOKENS = true\nblacklist_query = 'package'\n",
        path.display()
    );
    Server::with(&sections).await
}

fn old(server: &Server, jti: &str) -> String {
    let iat = server.clock.now().as_unix() - 10;
    sign(&json!({"token_type": "refresh", "exp": iat + 86_400, "iat": iat, "jti": jti, "user_id": "42"}))
}

#[tokio::test]
async fn a_token_in_the_packages_blacklist_is_not_taken_over() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("db.sqlite3");
    let database = tables(&path);
    for (id, jti) in [(1, JTI), (2, "another")] {
        let row = "INSERT INTO token_blacklist_outstandingtoken VALUES (?1, 't', NULL, '2030-01-01', 42, ?2)";
        database.execute(row, rusqlite::params![id, jti]).unwrap();
    }
    database.execute("INSERT INTO token_blacklist_blacklistedtoken VALUES (1, '2026-01-01', 1)", []).unwrap();
    let server = server(&path).await;
    let refresh = async |jti| server.post("/api/token/refresh/", json!({"refresh": old(&server, jti)})).await;
    assert_eq!(refresh(JTI).await.told(), (401, "Token is blacklisted".into()));
    assert_eq!(refresh("another").await.status, 200);
    assert_eq!(refresh("of no row").await.status, 200, "issued before the blacklist was installed");
}

/// A database that is away is no reason to log anybody out, nor to let a retired token in.
#[tokio::test]
async fn while_the_blacklist_cannot_be_asked_the_client_is_told_to_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let server = server(&folder.path().join("not there")).await;
    let answer = server.post("/api/token/refresh/", json!({"refresh": old(&server, JTI)})).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.headers.contains_key("retry-after"));
    let login = server.log_in("/api/token/").await.text("refresh");
    assert_eq!(
        server.post("/api/token/refresh/", json!({"refresh": login})).await.status,
        200,
        "ours is not asked about"
    );
}
