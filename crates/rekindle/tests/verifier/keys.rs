//! Keys over HTTP: a rotation that nobody notices, and an issuer that does not answer.

use std::time::Duration;

use axum::http::StatusCode;
use rekindle::Verifier;
use rekindle::token::Algorithm;
use rekindle::verifier::{LOOK_AGAIN, SourceError, StartError};

use super::issuer::Issuer;
use super::world::{
    UNAVAILABLE, eddsa, is_unknown_key, key, outcome, published, session, token, until, verifier,
};

use crate::support::ManualClock;

#[tokio::test]
async fn a_new_key_is_looked_for_when_it_is_met_and_the_request_waits_for_it() {
    let clock = ManualClock::new();
    let (old, new) = (eddsa("old"), eddsa("new"));
    let issuer = Issuer::publishing(&[&old]).await;
    let verifier = verifier(&clock).keys_from_url(&issuer.url()).start().await.unwrap();
    assert_eq!(outcome(verifier.verify(&token(&old, 1, &clock)).await), Ok(session(1)));

    issuer.publish(&[&old, &new]);
    clock.advance(LOOK_AGAIN.0);
    let rotated = token(&new, 2, &clock);
    assert!(is_unknown_key(verifier.verify_now(&rotated)), "nobody was asked");
    // A hundred at once: all are served, after one request.
    let waiting = (0..100).map(|_| {
        let (verifier, rotated) = (verifier.clone(), rotated.clone());
        tokio::spawn(async move { outcome(verifier.verify(&rotated).await) })
    });
    for served in waiting.collect::<Vec<_>>() {
        assert_eq!(served.await.unwrap(), Ok(session(2)));
    }
    assert_eq!(issuer.asked(), 2);
    assert_eq!(outcome(verifier.verify(&token(&old, 1, &clock)).await), Ok(session(1)), "both are in force");
}

#[tokio::test]
async fn a_key_that_is_withdrawn_verifies_no_more_after_the_next_load() {
    let clock = ManualClock::new();
    let (old, new) = (eddsa("old"), eddsa("new"));
    let issuer = Issuer::publishing(&[&old]).await;
    let verifier = verifier(&clock).keys_from_url(&issuer.url()).start().await.unwrap();
    issuer.publish(&[&new]);
    clock.advance(LOOK_AGAIN.0);
    verifier.verify(&token(&new, 2, &clock)).await.unwrap();
    assert!(is_unknown_key(verifier.verify(&token(&old, 1, &clock)).await));
}

#[tokio::test]
async fn a_flood_of_unknown_keys_costs_the_issuer_one_request_in_a_while() {
    let clock = ManualClock::new();
    let known = eddsa("known");
    let issuer = Issuer::publishing(&[&known]).await;
    let verifier = verifier(&clock).keys_from_url(&issuer.url()).start().await.unwrap();
    for second in 0..2 * LOOK_AGAIN.0 {
        for number in 0..20 {
            let junk = token(&eddsa(&format!("junk-{second}-{number}")), 1, &clock);
            assert!(is_unknown_key(verifier.verify(&junk).await));
        }
        clock.advance(1);
    }
    // At the start, and once in each span after it.
    assert_eq!(issuer.asked(), 2);
}

#[tokio::test]
async fn an_issuer_that_is_down_leaves_the_keys_in_force_and_unknown_ones_unavailable() {
    let clock = ManualClock::new();
    let (old, new) = (eddsa("old"), eddsa("new"));
    let issuer = Issuer::publishing(&[&old]).await;
    let verifier = verifier(&clock).keys_from_url(&issuer.url()).start().await.unwrap();
    for (status, body, why) in [
        (StatusCode::INTERNAL_SERVER_ERROR, String::new(), "it answered with status 500"),
        (StatusCode::PARTIAL_CONTENT, published(&[&new]), "it answered with status 206"),
        (StatusCode::OK, "<html>".to_owned(), "the key set is not usable"),
        (StatusCode::OK, published(&[]), "there is no key in it that can be used here"),
        (
            StatusCode::OK,
            " ".repeat(1024 * 1024),
            "its answer cannot be read: it is longer than 262144 bytes",
        ),
    ] {
        issuer.answers(status, &body);
        clock.advance(LOOK_AGAIN.0);
        assert_eq!(outcome(verifier.verify(&token(&new, 2, &clock)).await), UNAVAILABLE);
        assert_eq!(outcome(verifier.verify(&token(&new, 2, &clock)).await), UNAVAILABLE, "not asked again");
        assert_eq!(outcome(verifier.verify(&token(&old, 1, &clock)).await), Ok(session(1)));
        let failure = verifier.key_status().failure.unwrap().to_string();
        assert!(failure.starts_with(why), "{failure}");
    }
    assert_eq!(issuer.asked(), 6);
    issuer.publish(&[&old, &new]);
    clock.advance(LOOK_AGAIN.0);
    assert_eq!(outcome(verifier.verify(&token(&new, 2, &clock)).await), Ok(session(2)));
    assert!(verifier.key_status().failure.is_none());
}

#[tokio::test]
async fn an_issuer_that_hangs_is_given_up() {
    let clock = ManualClock::new();
    let (old, new) = (eddsa("old"), eddsa("new"));
    let issuer = Issuer::publishing(&[&old]).await;
    let verifier = verifier(&clock).keys_from_url(&issuer.url()).start().await.unwrap();
    issuer.close();
    clock.advance(LOOK_AGAIN.0);
    // Time that nobody works in passes at once.
    tokio::time::pause();
    let began = tokio::time::Instant::now();
    assert_eq!(outcome(verifier.verify(&token(&new, 2, &clock)).await), UNAVAILABLE);
    assert!(began.elapsed() < Duration::from_secs(6));
    assert!(matches!(*verifier.key_status().failure.unwrap(), SourceError::TimedOut));
}

/// A request that is given up must not take the load with it that others wait for.
#[tokio::test]
async fn a_client_that_hangs_up_does_not_end_the_load() {
    let clock = ManualClock::new();
    let (old, new) = (eddsa("old"), eddsa("new"));
    let issuer = Issuer::publishing(&[&old]).await;
    let verifier = verifier(&clock).keys_from_url(&issuer.url()).start().await.unwrap();
    issuer.publish(&[&new]);
    issuer.close();
    clock.advance(LOOK_AGAIN.0);
    let rotated = token(&new, 2, &clock);
    let hasty = tokio::spawn({
        let (verifier, rotated) = (verifier.clone(), rotated.clone());
        async move { verifier.verify(&rotated).await }
    });
    until(|| issuer.asked() == 2).await;
    hasty.abort();
    assert!(hasty.await.unwrap_err().is_cancelled());
    let patient = tokio::spawn(async move { outcome(verifier.verify(&rotated).await) });
    issuer.open();
    assert_eq!(patient.await.unwrap(), Ok(session(2)));
    assert_eq!(issuer.asked(), 2);
}

#[tokio::test]
async fn what_cannot_be_used_in_a_set_is_left_out() {
    let clock = ManualClock::new();
    let keys = [
        key("ed", Algorithm::EdDsa),
        key("p256", Algorithm::Es256),
        key("rsa", Algorithm::Rs256),
        key("pss", Algorithm::Ps256),
    ];
    let issuer = Issuer::publishing(&keys.each_ref()).await;
    let mut document: serde_json::Value = serde_json::from_str(&published(&keys.each_ref())).unwrap();
    let list = document["keys"].as_array_mut().unwrap();
    let mut encrypting = list[0].clone();
    encrypting["use"] = "enc".into();
    encrypting["kid"] = "enc".into();
    let mut vague = list[2].clone();
    vague.as_object_mut().unwrap().remove("alg");
    vague["kid"] = "vague".into();
    list.extend([
        encrypting,
        vague,
        serde_json::json!({"kty": "EC", "crv": "P-521", "kid": "p521", "x": "AA", "y": "AA"}),
        serde_json::json!({"kty": "AKP", "alg": "ML-DSA-44", "kid": "pq", "pub": "AA"}),
        serde_json::json!({"kty": "OKP", "crv": "Ed25519", "alg": "HS256", "kid": "mixed", "x": "AA"}),
        serde_json::json!("no object"),
    ]);
    issuer.answers(StatusCode::OK, &document.to_string());
    let verifier = verifier(&clock).keys_from_url(&issuer.url()).start().await.unwrap();
    for key in &keys {
        assert_eq!(outcome(verifier.verify_now(&token(key, 1, &clock))), Ok(session(1)), "{}", key.id());
    }
    for id in ["enc", "vague", "p521", "pq", "mixed"] {
        assert!(is_unknown_key(verifier.verify_now(&token(&eddsa(id), 1, &clock))), "{id}");
    }
}

async fn start(url: &str) -> StartError {
    verifier(&ManualClock::new()).keys_from_url(url).start().await.unwrap_err()
}

#[tokio::test]
async fn a_start_without_keys_says_what_is_wrong() {
    let issuer = Issuer::publishing(&[&eddsa("k")]).await;
    let unused = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    assert!(matches!(start(&issuer.moved_url()).await, StartError::Keys(SourceError::Status(302))));
    let nobody = start(&format!("http://{unused}/jwks.json")).await;
    assert!(matches!(nobody, StartError::Keys(SourceError::Unreachable(_))), "{nobody:?}");
    let plain = start(&issuer.url().replace("http:", "https:")).await;
    assert!(matches!(plain, StartError::Keys(SourceError::Unreachable(_))), "{plain:?}");
    for url in ["jwks.json", "file:///etc/passwd", "http://user:secret@127.0.0.1/jwks.json"] {
        assert!(matches!(start(url).await, StartError::Keys(SourceError::Address(_))), "{url}");
    }
    issuer.answers(StatusCode::OK, r#"{"keys":[]}"#);
    assert!(matches!(start(&issuer.url()).await, StartError::NoUsableKey));
    issuer.answers(StatusCode::OK, r#"{"keys":{}}"#);
    assert!(matches!(start(&issuer.url()).await, StartError::Keys(SourceError::Keys(_))));
    let none = Verifier::builder(super::world::expected()).start().await.unwrap_err();
    assert!(matches!(none, StartError::NoKeys));
}

/// Nobody sends a token of a key that was withdrawn: the load that nobody asked for finds out.
#[tokio::test]
async fn keys_are_read_again_by_themselves_as_long_as_one_clone_is_left() {
    let clock = ManualClock::new();
    let (old, new) = (eddsa("old"), eddsa("new"));
    let issuer = Issuer::publishing(&[&old]).await;
    let started = verifier(&clock).keys_from_url(&issuer.url()).reload_every(Duration::from_millis(1));
    let verifier = started.start().await.unwrap();
    let clone = verifier.clone();
    issuer.publish(&[&new]);
    drop(verifier);
    until(|| clone.verify_now(&token(&new, 2, &clock)).is_ok()).await;
    assert!(is_unknown_key(clone.verify_now(&token(&old, 1, &clock))));
}
