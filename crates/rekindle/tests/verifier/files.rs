//! Keys from a file.

use std::time::Duration;

use rekindle::verifier::{LOOK_AGAIN, SourceError, StartError};

use super::world::{UNAVAILABLE, eddsa, is_unknown_key, outcome, published, session, token, until, verifier};
use crate::support::ManualClock;

#[tokio::test(start_paused = true)]
async fn a_file_is_read_again_when_a_key_is_missing_and_now_and_then() {
    let clock = ManualClock::new();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("jwks.json");
    let (old, new) = (eddsa("old"), eddsa("new"));
    let missing = verifier(&clock).keys_from_file(&file).start().await.unwrap_err();
    assert!(matches!(missing, StartError::Keys(SourceError::File(_))));

    std::fs::write(&file, published(&[&old])).unwrap();
    let verifier = verifier(&clock).keys_from_file(&file).start().await.unwrap();
    assert_eq!(outcome(verifier.verify(&token(&old, 1, &clock)).await), Ok(session(1)));
    assert!(is_unknown_key(verifier.verify(&token(&new, 2, &clock)).await));

    // Half a file is none: what was read before stays in force.
    clock.advance(LOOK_AGAIN.0);
    std::fs::write(&file, &published(&[&new])[..40]).unwrap();
    assert_eq!(outcome(verifier.verify(&token(&new, 2, &clock)).await), UNAVAILABLE);
    assert_eq!(outcome(verifier.verify(&token(&old, 1, &clock)).await), Ok(session(1)));

    clock.advance(LOOK_AGAIN.0);
    std::fs::write(&file, published(&[&new])).unwrap();
    assert_eq!(outcome(verifier.verify(&token(&new, 2, &clock)).await), Ok(session(2)));
    assert!(is_unknown_key(verifier.verify(&token(&old, 1, &clock)).await), "it was withdrawn");

    std::fs::write(&file, published(&[&old])).unwrap();
    let read_at = verifier.key_status().read_at;
    clock.advance(300);
    tokio::time::advance(Duration::from_secs(300)).await;
    until(|| verifier.key_status().read_at != read_at).await;
    assert_eq!(outcome(verifier.verify_now(&token(&old, 1, &clock))), Ok(session(1)));
}
