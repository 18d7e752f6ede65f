//! Tokens of the package from before the switch: nobody is logged out by it.

use rekindle::clock::Clock as _;
use serde_json::{Value, json};

use crate::server::{Answer, Server};
use crate::token::{read, sign};

const ROTATING: &str = "[dialects.simplejwt]\nROTATE_REFRESH_TOKENS = true\n";
/// Somebody whose account is the application's.
const SUBJECT: &str = "42";
const KEEPING: &str = "[dialects.simplejwt]\n";

/// A refresh token as the package has issued it `ago` seconds ago.
fn old(server: &Server, ago: u64, jti: &str) -> Value {
    let iat = server.clock.now().as_unix() - ago;
    json!({"token_type": "refresh", "exp": iat + 86_400, "iat": iat, "jti": jti, "user_id": SUBJECT, "team": "blue"})
}

async fn refresh(server: &Server, token: &str) -> Answer {
    server.post("/api/token/refresh/", json!({ "refresh": token })).await
}

#[tokio::test]
async fn an_old_token_becomes_one_session_however_often_it_comes() {
    let server = Server::with(ROTATING).await;
    let token = sign(&old(&server, 1000, "a"));
    let one = || refresh(&server, &token);
    let racers: [Answer; 4] = tokio::join!(one(), one(), one(), one()).into();
    assert!(racers.iter().all(|answer| answer.status == 200 && answer.body == racers[0].body));
    assert_eq!(server.sessions_of(SUBJECT).await, 1);
    let claims = read(&racers[0].text("access"));
    assert_eq!((claims["user_id"].as_str(), claims["team"].as_str()), (Some(SUBJECT), Some("blue")));

    // The answer was lost: the token is that of the session's first generation, and comes again much later.
    server.clock.advance(4000);
    let late = refresh(&server, &token).await;
    assert_eq!(late.status, 200);
    assert_eq!(server.sessions_of(SUBJECT).await, 1);
    // Once a successor is used, it is dead; later still, it is theft.
    server.clock.advance(100);
    let newer = refresh(&server, &late.text("refresh")).await.text("refresh");
    server.clock.advance(100);
    assert_eq!(refresh(&server, &token).await.told(), (401, "Token is blacklisted".into()));
    assert_eq!(refresh(&server, &newer).await.status, 401);
}

#[tokio::test]
async fn without_rotation_an_old_token_goes_on_to_its_own_end_in_many_places() {
    let server = Server::with(KEEPING).await;
    let token = sign(&old(&server, 80_000, "a"));
    for _ in 0..6 {
        server.clock.advance(1000);
        assert_eq!(refresh(&server, &token).await.status, 200);
    }
    assert_eq!(server.sessions_of(SUBJECT).await, 1);
    server.clock.advance(400);
    assert_eq!(refresh(&server, &token).await.told(), (401, "Token is expired".into()));
}

#[tokio::test]
async fn revoking_a_subject_bars_what_is_not_adopted_yet_and_nothing_newer() {
    let server = Server::with(ROTATING).await;
    let before = sign(&old(&server, 10, "a"));
    server.revoke_all_of(SUBJECT).await;
    assert_eq!(refresh(&server, &before).await.told(), (401, "Token is blacklisted".into()));
    server.clock.advance(10);
    assert_eq!(refresh(&server, &sign(&old(&server, 1, "b"))).await.status, 200);
}

#[tokio::test]
async fn an_old_token_can_be_logged_out_before_it_is_adopted() {
    let server = Server::with(ROTATING).await;
    let token = sign(&old(&server, 10, "a"));
    let blacklist = async || server.post("/api/token/blacklist/", json!({ "refresh": token })).await.told();
    assert_eq!(blacklist().await, (200, String::new()));
    assert_eq!(blacklist().await, (401, "Token is blacklisted".into()));
    assert_eq!(refresh(&server, &token).await.told(), (401, "Token is blacklisted".into()));
}

/// While some requests still reach the package, it rotates a token of ours: it copies our claims into one of its own.
#[tokio::test]
async fn what_the_package_made_of_our_token_is_adopted_unless_its_session_has_ended() {
    let server = Server::with(ROTATING).await;
    let login = server.log_in("/api/token/").await;
    let mut copied = read(&login.text("refresh"));
    copied["jti"] = "0123456789abcdef0123456789abcdef".into();
    let token = sign(&copied);
    let next = refresh(&server, &token).await;
    assert_eq!(next.status, 200);
    assert_ne!(read(&next.text("refresh"))["sid"], copied["sid"], "a session of its own");

    server.post("/api/token/blacklist/", json!({ "refresh": login.text("refresh") })).await;
    copied["jti"] = "fedcba9876543210fedcba9876543210".into();
    assert_eq!(refresh(&server, &sign(&copied)).await.told(), (401, "Token is blacklisted".into()));
}

/// A store that was wiped has forgotten who was signed out. Its tokens are ours, not the package's.
#[tokio::test]
async fn a_token_of_ours_whose_row_is_gone_is_not_taken_for_one_of_the_package() {
    let folder = tempfile::tempdir().unwrap();
    let master = folder.path().join("master.key");
    std::fs::write(&master, "5a".repeat(32)).unwrap();
    let keys = format!("master_file = '{}'\n", master.display());
    let before = Server::with(&format!("{keys}{ROTATING}")).await;
    let token = before.log_in("/api/token/").await.text("refresh");
    let wiped = Server::with(&format!("{keys}{ROTATING}")).await;
    assert_eq!(refresh(&wiped, &token).await.told(), (401, "Token is invalid".into()));
    let blacklist = wiped.post("/api/token/blacklist/", json!({ "refresh": token })).await;
    assert_eq!(blacklist.told(), (401, "Token is invalid".into()));
}

#[tokio::test]
async fn adoption_can_be_over() {
    let server = Server::with("[dialects.simplejwt]\nROTATE_REFRESH_TOKENS = true\nadopt = false\n").await;
    assert_eq!(
        refresh(&server, &sign(&old(&server, 10, "a"))).await.told(),
        (401, "Token is invalid".into())
    );
}

/// The session outlives neither the token that it was made of nor is it forgotten before that: else it would be adopted anew.
#[tokio::test]
async fn an_ended_session_is_not_adopted_again_while_its_token_lives() {
    let server =
        Server::with("[dialects.simplejwt]\nROTATE_REFRESH_TOKENS = true\nREFRESH_TOKEN_LIFETIME = '1h'\n")
            .await;
    let mut claims = old(&server, 10, "a");
    claims["exp"] = (server.clock.now().as_unix() + 90 * 86_400).into();
    let token = sign(&claims);
    assert_eq!(refresh(&server, &token).await.status, 200);
    server.revoke_all_of(SUBJECT).await;
    for _ in 0..8 {
        server.clock.advance(10 * 86_400);
        server.node.engine.purge().await.unwrap();
        assert_eq!(refresh(&server, &token).await.status, 401);
    }
}
