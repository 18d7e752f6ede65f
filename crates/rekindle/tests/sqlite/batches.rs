//! The queue before the disk.

use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use rekindle::core::{Session, Timestamp};
use rekindle::store::{Commit, Insert, Store, StoreError};

use tokio::task::JoinSet;

use super::world::{NOW, World, insert, rotated, session};

/// Starts a call and goes away.
async fn begin<T>(mut call: std::pin::Pin<Box<dyn Future<Output = T> + Send + '_>>) {
    let _ = std::future::poll_fn(|context| Poll::Ready(call.as_mut().poll(context).is_ready())).await;
}

#[tokio::test]
async fn dropping_the_store_finishes_what_waits() {
    let world = World::new();
    let store = world.open();
    for nth in 0..1_000 {
        begin(store.insert(&session(nth, "alice"))).await;
    }
    drop(store);
    assert_eq!(world.open().list("alice").await.unwrap().len(), 1_000);
}

#[tokio::test]
async fn a_command_that_fails_spoils_no_other_of_its_batch() {
    let world = World::new();
    let store = Arc::new(world.open());
    let login = insert(&store, 0).await;
    let (_, version) = store.load(login.id).await.unwrap().unwrap();

    // While a neighbour holds the file, everything gathers in one batch.
    let neighbour = world.raw();
    neighbour.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut calls = JoinSet::new();
    for nth in 1..=40 {
        let mut row = session(nth, "alice");
        if nth % 2 == 0 {
            row.issued_at = Timestamp::from_unix(u64::MAX);
        }
        let store = store.clone();
        calls.spawn(async move { (nth, store.insert(&row).await) });
    }
    let bad_end = Session { bumped_at: NOW, claims: "{}".into(), ..rotated(&login) };
    let committed = tokio::spawn({
        let store = store.clone();
        async move { store.commit(version, &bad_end).await }
    });
    tokio::task::yield_now().await;
    neighbour.execute_batch("COMMIT").unwrap();

    while let Some(call) = calls.join_next().await {
        let (nth, answer) = call.unwrap();
        match answer {
            Ok(insert) => assert!(insert == Insert::Inserted && nth % 2 == 1),
            Err(error) => assert!(nth % 2 == 0, "{nth}: {error}"),
        }
    }
    assert_eq!(committed.await.unwrap().unwrap(), Commit::Applied);
    assert_eq!(store.list("alice").await.unwrap().len(), 20);
}

#[tokio::test]
async fn a_full_queue_is_unavailable_and_passes() {
    let mut world = World::new();
    world.options.queue = 4;
    world.options.patience = Duration::from_millis(20);
    let store = Arc::new(world.open());
    let neighbour = world.raw();
    neighbour.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut calls = JoinSet::new();
    for nth in 0..400 {
        let store = store.clone();
        calls.spawn(async move { store.insert(&session(nth, "alice")).await });
    }
    // A batch is with the thread, of dozens at most; four wait; for all others there is no place.
    for _ in 0..40 {
        let answer = calls.join_next().await.unwrap().unwrap();
        let error = answer.unwrap_err().to_string();
        assert!(error.contains("the queue is full"), "{error}");
    }
    neighbour.execute_batch("COMMIT").unwrap();
    let mut inserted = 0;
    while let Some(answer) = calls.join_next().await {
        inserted += usize::from(answer.unwrap().is_ok());
    }
    assert!(inserted > 0, "those that had a place were written");
    insert(&store, 10_000).await;
}

#[tokio::test]
async fn a_neighbour_that_never_lets_go_is_unavailable_not_a_hang() {
    let mut world = World::new();
    world.options.busy_timeout = Duration::from_millis(20);
    let store = world.open();
    let login = insert(&store, 1).await;
    let neighbour = world.raw();
    neighbour.execute_batch("BEGIN IMMEDIATE").unwrap();
    let (row, version) = store.load(login.id).await.unwrap().unwrap();
    let answer = store.commit(version, &rotated(&row)).await;
    assert!(matches!(answer, Err(StoreError::Unavailable(_))), "{answer:?}");
    neighbour.execute_batch("COMMIT").unwrap();
    assert_eq!(store.load(login.id).await.unwrap().unwrap(), (row.clone(), version));
    assert_eq!(store.commit(version, &rotated(&row)).await.unwrap(), Commit::Applied);
}

#[tokio::test]
async fn a_full_file_refuses_growth_and_keeps_refreshing() {
    let mut world = World::new();
    world.options.max_pages = Some(40);
    let store = Arc::new(world.open());
    let first = insert(&store, 0).await;
    let mut inserted = 1;
    let error = loop {
        match store.insert(&session(inserted, "alice")).await {
            Ok(_) => inserted += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(error, StoreError::Unavailable(_)) && inserted > 100, "{inserted}: {error}");
    assert_eq!(store.load(session(inserted, "alice").id).await.unwrap(), None);

    // In one batch with inserts that fail, refreshes go on: they are in place.
    let neighbour = world.raw();
    neighbour.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut calls = JoinSet::new();
    for nth in 0..10 {
        let store = store.clone();
        calls.spawn(async move {
            let long = "x".repeat(20_000);
            let refused = store.insert(&session(50_000 + nth, &long)).await;
            assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
        });
    }
    let refresh = tokio::spawn({
        let (store, first) = (store.clone(), first.clone());
        async move {
            let (row, version) = store.load(first.id).await.unwrap().unwrap();
            store.commit(version, &rotated(&row)).await
        }
    });
    tokio::task::yield_now().await;
    neighbour.execute_batch("COMMIT").unwrap();
    while let Some(call) = calls.join_next().await {
        call.unwrap();
    }
    assert_eq!(refresh.await.unwrap().unwrap(), Commit::Applied);
    assert_eq!(store.load(first.id).await.unwrap().unwrap().0, rotated(&first));

    // Room made by a purge is used again.
    let all_ended = first.absolute_until + rekindle::core::Seconds(1);
    assert_eq!(store.purge(all_ended, 50).await.unwrap().rows, 50);
    insert(&store, 60_000).await;
}
