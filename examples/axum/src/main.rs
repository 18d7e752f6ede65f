//! Signed-in users in an axum application: the engine is in this process, and there is no server beside it.

mod app;
mod pages;
mod problem;
mod sessions;
#[cfg(test)]
mod tests;
mod users;
mod visitor;

use std::env::var;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::sync::Arc;

use anyhow::Context as _;
use rekindle::clock::SystemClock;
use rekindle::core::{Policy, Seconds, Settings};
use rekindle::entropy::{Entropy as _, SystemEntropy};
use rekindle::store::sqlite::{Options, SqliteStore};
use rekindle::token::Algorithm;
use rekindle::{Engine, KeyRing, MasterKey};

use crate::app::App;
use crate::users::Users;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let public_url = var("PUBLIC_URL").unwrap_or("http://localhost:8888".to_owned());
    let port: u16 = var("PORT").unwrap_or("8000".to_owned()).parse().context("PORT")?;

    fs::create_dir_all("data")?;
    let clock = Arc::new(SystemClock);
    let store = SqliteStore::open("data/sessions.db", &Options::default(), &SystemEntropy, clock.clone())?;
    let store = Arc::new(store);
    let keys =
        KeyRing::open(store.clone(), master_key()?, Algorithm::EdDsa, clock.clone(), &SystemEntropy).await?;
    let users = Arc::new(Users::example()?);
    let engine = Engine::builder(store, keys)
        .policy(policy()?)
        .issuer(&public_url)
        .audience(vec![public_url.clone()])
        .hook(users.clone())
        .build();

    let app = App::new(engine.clone(), users, clock, &public_url);
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
    axum::serve(listener, app::router(app)).with_graceful_shutdown(stopped()).await?;
    // A browser that went away has begun something all the same.
    engine.quiesce().await;
    Ok(())
}

/// What wraps the keys in the store: a copy of the database without this file opens nothing.
fn master_key() -> anyhow::Result<MasterKey> {
    const FILE: &str = "data/master.key";
    if !fs::exists(FILE)? {
        let mut secret = [0; 32];
        SystemEntropy.fill(&mut secret);
        // Nobody else may read it, not even for a moment.
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(FILE)?.write_all(&secret)?;
    }
    let secret: [u8; 32] = fs::read(FILE)?.try_into().ok().context("data/master.key has not 32 bytes")?;
    Ok(MasterKey::new(&secret))
}

/// The defaults are five minutes, and half a minute in which a second request with the same token gets the same answer.
fn policy() -> anyhow::Result<Policy> {
    let seconds = |name: &str, usual: Seconds| match var(name) {
        Ok(text) => text.parse().map(Seconds).with_context(|| name.to_owned()),
        Err(_) => Ok(usual),
    };
    let mut settings = Settings::default();
    settings.access = seconds("ACCESS_SECONDS", settings.access)?;
    settings.replay_window = Some(seconds("REPLAY_WINDOW_SECONDS", Seconds(30))?);
    settings.renewal_threshold = Seconds(settings.access.0 / 3);
    Ok(Policy::new(settings)?)
}

async fn stopped() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else { return };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}
