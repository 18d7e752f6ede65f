//! Keys, and tokens that are signed with them.

use std::time::Duration;

use rekindle::clock::Clock as _;
use rekindle::core::{Generation, Seconds, SessionId, Timestamp};
use rekindle::entropy::SystemEntropy;
use rekindle::error::Failure;
use rekindle::token::{
    AccessClaims, AccessToken, Algorithm, Expected, JwkSet, KeySet, SigningKey, TokenError, sign_access,
};
use rekindle::verifier::{Builder, Verifier};

use crate::support::ManualClock;

pub const ISSUER: &str = "https://auth.example.com";
pub const AUDIENCE: &str = "https://api.example.com";
/// How long tokens live.
pub const LIFE: Seconds = Seconds(300);

pub fn expected() -> Expected {
    Expected::new(ISSUER, [AUDIENCE.to_owned()])
}

pub fn verifier(clock: &std::sync::Arc<ManualClock>) -> Builder {
    Verifier::builder(expected()).clock(clock.clone())
}

pub fn key(id: &str, algorithm: Algorithm) -> SigningKey {
    let material = SigningKey::generate(algorithm, &SystemEntropy).unwrap();
    SigningKey::from_material(Some(id), algorithm, &material).unwrap()
}

pub fn eddsa(id: &str) -> SigningKey {
    key(id, Algorithm::EdDsa)
}

pub fn set(keys: &[&SigningKey]) -> KeySet {
    KeySet::new(keys.iter().map(|key| key.verifying_key().clone())).unwrap()
}

/// The text of a JWK Set.
pub fn published(keys: &[&SigningKey]) -> String {
    JwkSet { keys: keys.iter().map(|key| key.verifying_key().jwk().unwrap().clone()).collect() }.to_json()
}

pub fn session(number: u8) -> SessionId {
    SessionId([number; 16])
}

/// A token of the session of this number, whose login was when it was issued.
pub fn token_at(key: &SigningKey, number: u8, issued_at: Timestamp) -> String {
    sign_access(key, &claims(number, issued_at, &[AUDIENCE.to_owned()])).unwrap()
}

pub fn token(key: &SigningKey, number: u8, clock: &ManualClock) -> String {
    token_at(key, number, clock.now())
}

pub fn claims(number: u8, issued_at: Timestamp, audience: &[String]) -> AccessClaims<'_> {
    AccessClaims {
        issuer: ISSUER,
        audience,
        subject: "ada",
        client_id: "web",
        issued_at,
        expires_at: issued_at + LIFE,
        token_id: "t",
        session: session(number),
        generation: Generation(1),
        auth_time: issued_at,
        extra: "{}",
    }
}

/// `ok`, or the failure's code with its status.
pub fn outcome<T: std::borrow::Borrow<AccessToken>>(
    verified: Result<T, Failure>,
) -> Result<SessionId, (&'static str, u16)> {
    verified.map(|token| token.borrow().session()).map_err(|failure| (failure.code(), failure.status()))
}

pub const UNAVAILABLE: Result<SessionId, (&str, u16)> = Err(("unavailable", 503));
pub const EXPIRED: Result<SessionId, (&str, u16)> = Err(("token_expired", 401));
pub const ENDED: Result<SessionId, (&str, u16)> = Err(("session_ended", 401));

/// Waits for something that another task brings about.
pub async fn until(condition: impl Fn() -> bool) {
    let waiting = async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), waiting).await.expect("it does not come about");
}

pub fn is_unknown_key<T>(verified: Result<T, Failure>) -> bool {
    matches!(verified, Err(Failure::TokenInvalid(TokenError::UnknownKey)))
}
