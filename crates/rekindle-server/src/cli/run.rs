//! `rekindle dev` and `rekindle serve`.

use std::net::SocketAddr;

use anyhow::Context as _;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use super::print;
use crate::accounts::{DEMO_PASSWORD, DEMO_USERNAME};
use crate::config::Checked;
use crate::node::{Ambient, Mode, Node};
use crate::serve::{Stopped, serve as serve_on};
use crate::telemetry;

pub(super) fn dev(config: Checked) -> anyhow::Result<()> {
    run(&config, Mode::Dev)
}

pub(super) fn serve(config: Checked) -> anyhow::Result<()> {
    run(&config, Mode::Serve)
}

fn run(config: &Checked, mode: Mode) -> anyhow::Result<()> {
    telemetry::start(&config.log);
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    if let Some(workers) = config.workers {
        runtime.worker_threads(workers.get());
    }
    runtime.enable_all().build()?.block_on(until_stopped(config, mode))
}

async fn until_stopped(config: &Checked, mode: Mode) -> anyhow::Result<()> {
    // Before anything is opened: a signal during the start is a wish to stop, too.
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;

    let listen = config.listen.0;
    let listener = TcpListener::bind(listen).await.with_context(|| {
        format!("cannot listen on {listen}; choose another address with --listen IP:PORT or REKINDLE__LISTEN")
    })?;
    let bound = listener.local_addr()?;
    let node = Node::open(config, mode, bound, Ambient::default()).await?;
    print(&format!("listening on http://{bound}"));
    if mode == Mode::Dev {
        introduce(config, bound);
    }
    tracing::info!(address = %bound, store = %config.store, "listening");

    let stop = async {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping: requests that have begun are finished; a second signal stops at once");
        tokio::spawn(async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            std::process::exit(1);
        });
    };
    let Node { engine, router, .. } = node;
    let stopped = serve_on(listener, router, config.limits.clone(), stop).await;
    // Writes whose callers have gone away were begun all the same.
    let quiet = tokio::time::timeout(config.limits.shutdown_timeout.0, engine.quiesce()).await;
    if stopped == Stopped::CutOff || quiet.is_err() {
        tracing::warn!("stopped with requests still running; their clients will ask again");
    } else {
        tracing::info!("stopped");
    }
    Ok(())
}

fn introduce(config: &Checked, bound: SocketAddr) {
    let url = config.public_url(bound);
    let json = "-H 'content-type: application/json'";
    let place = match config.store_file() {
        Some(file) => format!("kept in {}", file.display()),
        None => "kept in memory, and gone with this process".to_owned(),
    };
    print(&format!(
        "\n\
         For trying out, {place}. User `{DEMO_USERNAME}`, password `{DEMO_PASSWORD}`.\n\
         Open {url}/ in a browser, or sign in and refresh by hand:\n\
         \n\
         \x20 curl -s {url}/v1/login {json} -d '{{\"username\":\"{DEMO_USERNAME}\",\"password\":\"{DEMO_PASSWORD}\"}}'\n\
         \x20 curl -s {url}/v1/refresh {json} -d '{{\"refresh_token\":\"PASTE IT HERE\"}}'\n"
    ));
    if !bound.ip().is_loopback() {
        tracing::warn!("everybody knows the demo account, and other machines can reach it");
    }
}
