//! A token is held to what a verifier expects, whatever its keys come from.

use rekindle::clock::Clock as _;
use rekindle::core::Seconds;
use rekindle::error::Failure;
use rekindle::token::{AccessClaims, SigningKey, TokenError, sign_access};

use super::world::{AUDIENCE, EXPIRED, LIFE, claims, eddsa, expected, outcome, set, token, verifier};
use crate::support::ManualClock;

async fn refused(key: &SigningKey, clock: &std::sync::Arc<ManualClock>, text: &str) -> TokenError {
    let verifier = verifier(clock).keys(set(&[key])).caching(16).start().await.unwrap();
    match verifier.verify(text).await {
        Err(Failure::TokenInvalid(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_token_for_others_or_of_another_kind_is_refused() {
    let clock = ManualClock::new();
    let key = eddsa("k");
    let (own, other) = ([AUDIENCE.to_owned()], ["https://other.example".to_owned()]);
    let stranger = AccessClaims { issuer: "https://evil.example", ..claims(1, clock.now(), &own) };
    let text = sign_access(&key, &stranger).unwrap();
    assert_eq!(refused(&key, &clock, &text).await, TokenError::WrongIssuer);
    let text = sign_access(&key, &claims(1, clock.now(), &other)).unwrap();
    assert_eq!(refused(&key, &clock, &text).await, TokenError::WrongAudience);

    let good = token(&key, 1, &clock);
    let text = key.sign("JWT", &payload_of(&good)).unwrap();
    assert_eq!(refused(&key, &clock, &text).await, TokenError::WrongType, "an id token, say");
    assert_eq!(
        refused(&key, &clock, "junk").await.to_string(),
        "the token is malformed: a token has three parts"
    );
    let text = token(&eddsa("k"), 1, &clock);
    assert_eq!(refused(&key, &clock, &text).await, TokenError::BadSignature);
}

fn payload_of(token: &str) -> Vec<u8> {
    use base64::Engine as _;
    let payload = token.split('.').nth(1).unwrap();
    base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload).unwrap()
}

#[tokio::test]
async fn a_token_ends_at_its_end_and_with_leeway_that_much_later() {
    let clock = ManualClock::new();
    let key = eddsa("k");
    let strict = verifier(&clock).keys(set(&[&key])).start().await.unwrap();
    let lenient = rekindle::Verifier::builder(expected().with_leeway(Seconds(30)));
    let lenient = lenient.clock(clock.clone()).keys(set(&[&key])).caching(16).start().await.unwrap();
    let text = token(&key, 1, &clock);
    clock.advance(LIFE.0 - 1);
    strict.verify(&text).await.unwrap();
    lenient.verify(&text).await.unwrap();
    clock.advance(1);
    assert_eq!(outcome(strict.verify(&text).await), EXPIRED);
    clock.advance(29);
    lenient.verify(&text).await.unwrap();
    clock.advance(1);
    assert_eq!(outcome(lenient.verify(&text).await), EXPIRED);
}
