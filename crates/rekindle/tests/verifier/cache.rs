//! Verified tokens that are kept: never longer than their end, their key and their session.

use std::sync::Arc;

use rekindle::token::Algorithm;
use rekindle::verifier::{LOOK_AGAIN, Refused};

use super::issuer::Issuer;
use super::scripted::Scripted;
use super::world::{
    ENDED, EXPIRED, LIFE, eddsa, is_unknown_key, key, outcome, session, set, token, verifier,
};
use crate::support::ManualClock;

#[tokio::test]
async fn a_token_that_is_sent_again_is_the_one_that_was_verified() {
    let clock = ManualClock::new();
    let key = eddsa("k");
    let verifier = verifier(&clock).keys(set(&[&key])).caching(16).start().await.unwrap();
    let text = token(&key, 1, &clock);
    let first = verifier.verify(&text).await.unwrap();
    assert!(Arc::ptr_eq(&first, &verifier.verify(&text).await.unwrap()));
    // Not another token, however much of it is the same.
    let (rest, signature) = text.rsplit_once('.').unwrap();
    let forged = format!("{}.{signature}", rest.replace(&rest[rest.len() - 9..], "AAAAAAAAA"));
    assert_eq!(forged.len(), text.len());
    assert_eq!(outcome(verifier.verify(&forged).await), Err(("token_invalid", 401)));
    assert!(Arc::ptr_eq(&first, &verifier.verify(&text).await.unwrap()));

    clock.advance(LIFE.0);
    assert_eq!(outcome(verifier.verify(&text).await), EXPIRED);
    assert_eq!(Arc::strong_count(&first), 1, "it is not kept any longer");
}

#[tokio::test]
async fn nothing_is_kept_of_symmetric_keys_nor_by_default() {
    let clock = ManualClock::new();
    for (key, kept) in [(key("secret", Algorithm::Hs256), 16), (eddsa("k"), 0)] {
        let verifier = verifier(&clock).keys(set(&[&key])).caching(kept).start().await.unwrap();
        let text = token(&key, 1, &clock);
        let first = verifier.verify(&text).await.unwrap();
        assert!(!Arc::ptr_eq(&first, &verifier.verify(&text).await.unwrap()));
    }
}

#[tokio::test]
async fn a_key_that_is_withdrawn_takes_its_tokens_along_and_the_others_are_verified_anew() {
    let clock = ManualClock::new();
    let (stays, goes, new) = (eddsa("stays"), eddsa("goes"), eddsa("new"));
    let issuer = Issuer::publishing(&[&stays, &goes]).await;
    let verifier = verifier(&clock).keys_from_url(&issuer.url()).caching(16).start().await.unwrap();
    let (kept, lost) = (token(&stays, 1, &clock), token(&goes, 2, &clock));
    let before = verifier.verify(&kept).await.unwrap();
    verifier.verify(&lost).await.unwrap();

    issuer.publish(&[&stays, &new]);
    clock.advance(LOOK_AGAIN.0);
    verifier.verify(&token(&new, 3, &clock)).await.unwrap();
    assert!(is_unknown_key(verifier.verify(&lost).await));
    let after = verifier.verify(&kept).await.unwrap();
    assert!(!Arc::ptr_eq(&before, &after));
    assert!(Arc::ptr_eq(&after, &verifier.verify(&kept).await.unwrap()));

    // A load that brings nothing new costs no signature.
    clock.advance(LOOK_AGAIN.0);
    assert!(is_unknown_key(verifier.verify(&lost).await));
    assert_eq!(issuer.asked(), 3);
    assert!(Arc::ptr_eq(&after, &verifier.verify(&kept).await.unwrap()));
}

#[tokio::test(start_paused = true)]
async fn a_revoked_session_is_refused_although_its_token_is_kept() {
    let clock = ManualClock::new();
    let key = eddsa("k");
    let feed = Scripted::new();
    let builder = verifier(&clock).keys(set(&[&key])).caching(16).revocations(feed.clone());
    let verifier = builder.start().await.unwrap();
    let text = token(&key, 1, &clock);
    assert_eq!(outcome(verifier.verify(&text).await), Ok(session(1)));
    feed.tell(&[(1, Refused::Ended)]).await;
    assert_eq!(outcome(verifier.verify(&text).await), ENDED);
}
