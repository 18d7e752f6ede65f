//! Rows that nobody should have written.

use rekindle::core::{Generation, Reason, Session, SessionId, Timestamp};
use rekindle::store::{Commit, Insert, Revoke, Store, StoreError, Version};

use super::world::{World, insert, rotated, session};

#[tokio::test]
async fn a_row_that_cannot_be_read_is_an_error_and_no_more() {
    for damage in [
        "status = 99",
        "status = -1",
        "seed = x'00'",
        "seed = zeroblob(17)",
        "issued_at = -5",
        "version = -1",
        "latest = 3",
        "floor_gap = 9223372036854775807",
        "label = CAST(x'ff' AS TEXT)",
    ] {
        let world = World::new();
        let store = world.open();
        let damaged = insert(&store, 1).await;
        let sound = insert(&store, 2).await;
        world.raw().execute_batch(&format!("UPDATE sessions SET {damage} WHERE id = 1")).unwrap();

        let loaded = store.load(damaged.id).await;
        assert!(matches!(loaded, Err(StoreError::Unreadable(_))), "{damage}: {loaded:?}");
        assert!(matches!(store.scan(None, 10).await, Err(StoreError::Unreadable(_))), "{damage}");
        assert_eq!(store.load(sound.id).await.unwrap().unwrap().0, sound);
        assert_eq!(store.commit(Version(1), &rotated(&damaged)).await.unwrap(), Commit::Conflict);
        // Whoever wants to be rid of it, can.
        let _ = store.revoke(damaged.id, Reason::Revoked).await.unwrap();
        assert_eq!(
            store.purge(damaged.absolute_until + rekindle::core::Seconds(1), 10).await.unwrap().rows,
            2
        );
    }
}

#[tokio::test]
async fn an_id_of_another_length_is_unreadable() {
    let world = World::new();
    let store = world.open();
    insert(&store, 1).await;
    world.raw().execute_batch("UPDATE sessions SET sid = x'0102'").unwrap();
    assert!(matches!(store.scan(None, 10).await, Err(StoreError::Unreadable(_))));
    world.raw().execute_batch("UPDATE sessions SET sid = zeroblob(16)").unwrap();
    let zero = store.load(SessionId([0; 16])).await.unwrap();
    assert!(zero.is_some());
}

#[tokio::test]
async fn subjects_with_the_same_hash_are_told_apart() {
    let world = World::new();
    let store = world.open();
    let alice = session(1, "alice");
    let mallory = session(2, "mallory");
    for row in [&alice, &mallory] {
        assert_eq!(store.insert(row).await.unwrap(), Insert::Inserted);
    }
    let same =
        "UPDATE sessions SET subject_hash = (SELECT subject_hash FROM sessions WHERE subject = 'alice')";
    assert_eq!(world.raw().execute(same, []).unwrap(), 2);
    assert_eq!(store.list("alice").await.unwrap(), [alice]);
}

#[tokio::test]
async fn numbers_beyond_an_integer_column_are_refused_and_harm_nothing() {
    let world = World::new();
    let store = world.open();
    let login = insert(&store, 1).await;
    let huge = Session { issued_at: Timestamp::from_unix(u64::MAX), ..rotated(&login) };
    let (_, version) = store.load(login.id).await.unwrap().unwrap();
    assert!(matches!(store.commit(version, &huge).await, Err(StoreError::Unavailable(_))));
    let mut huge = session(2, "alice");
    huge.lineage.latest = Generation(u64::MAX);
    assert!(matches!(store.insert(&huge).await, Err(StoreError::Unavailable(_))));
    assert_eq!(store.commit(version, &rotated(&login)).await.unwrap(), Commit::Applied);
    assert_eq!(store.revoke(login.id, Reason::Revoked).await.unwrap(), Revoke::Revoked);
}
