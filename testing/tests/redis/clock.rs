//! Servers are compared with the store's clock.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering::SeqCst};

use rekindle::clock::{Clock, SystemClock};
use rekindle::core::Timestamp;
use rekindle::engine::Login;
use rekindle::entropy::SystemEntropy;
use rekindle::store::redis::RedisStore;
use rekindle::token::Algorithm;
use rekindle::{Engine, Failure, KeyRing, MasterKey};
use rekindle_testing::redis::Redis;

/// The system's, off by some seconds.
struct Off(AtomicI64);

impl Clock for Off {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix(SystemClock.now().as_unix().saturating_add_signed(self.0.load(SeqCst)))
    }
}

#[tokio::test]
async fn a_server_whose_clock_is_wrong_does_not_serve() {
    let redis = Redis::start("clock", &[]).unwrap();
    let clock = Arc::new(Off(AtomicI64::new(0)));
    let store = RedisStore::open(&redis.url().parse().unwrap(), Arc::new(SystemEntropy), clock.clone())
        .await
        .unwrap();
    let store = Arc::new(store);
    let keys = KeyRing::open(
        store.clone(),
        MasterKey::new(&[1; 32]),
        Algorithm::EdDsa,
        clock.clone(),
        &SystemEntropy,
    );
    let engine = Engine::builder(store, keys.await.unwrap()).clock(clock.clone()).build();
    let session = engine.open(Login::new("alice")).await.unwrap().session;
    engine.keys().rotate(Algorithm::EdDsa, &SystemEntropy).await.unwrap();

    // Half of the window of 30 s is borne, in either direction; a second more is what whole seconds cannot tell.
    for (off, serves) in
        [(13, true), (17, false), (0, true), (-13, true), (-17, false), (90 * 86_400, false), (1, true)]
    {
        clock.0.store(off, SeqCst);
        assert_eq!(engine.check_clock().await.is_ok(), serves, "{off} s");
        // Weeks ahead, the key that signed the session's tokens would have outlived them all.
        engine.look_after().await;
        assert_eq!(engine.keys().keys().len(), 4, "a key was retired by a wrong clock");
        let answer = engine.session(session.id).await;
        match answer {
            Ok(found) => assert!(serves && found.is_some(), "{off} s"),
            Err(Failure::Unavailable(why)) => assert!(!serves, "{off} s: {why}"),
            Err(other) => panic!("{other}"),
        }
    }
}
