//! `rekindle dev` and `rekindle serve`.

use std::net::SocketAddr;

use anyhow::Context as _;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use super::{print, reload, service};
use crate::accounts::{DEMO_PASSWORD, DEMO_USERNAME};
use crate::config::{Checked, StoreAt};
use crate::node::{Ambient, Mode, Node};
use crate::serve::{Listener, Stopped, serve_counting as serve_on};
use crate::telemetry;
use crate::tls::Certificates;

pub(super) fn dev(mut config: Checked) -> anyhow::Result<()> {
    // Whoever tries it out, or loads it, is to meet the protocol and not the rates.
    config.lift_rates();
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
    // A terminal that is closed ends what was started for trying out.
    let hangup = (mode == Mode::Serve).then(|| signal(SignalKind::hangup())).transpose()?;
    let certificates = Certificates::open(&config.tls)?;
    let tls = certificates.as_ref().map(Certificates::protocol).transpose()?;

    let listener = bind(config.listen.0, "--listen IP:PORT or REKINDLE__LISTEN").await?;
    let bound = listener.local_addr()?;
    let admin = bind(config.admin_listen(bound), "admin_listen or REKINDLE__ADMIN_LISTEN").await?;
    let admin_bound = admin.local_addr()?;
    let node = Node::open(config, mode, bound, Ambient::default()).await?;
    let listener = Listener::new(listener, tls.clone());
    // What stays on this machine needs no TLS, and whoever asks there has no name to check the certificate by.
    let admin = Listener::new(admin, tls.filter(|_| !admin_bound.ip().is_loopback()));
    print(&format!("listening on {}://{bound}", listener.scheme()));
    print(&format!("for operators on {}://{admin_bound}", admin.scheme()));
    if mode == Mode::Dev {
        introduce(config, bound);
    }
    tracing::info!(address = %bound, admin = %admin_bound, store = %config.store, "listening");
    let Node { engine, router, admin: admin_router, monitoring, .. } = node;
    tokio::spawn(reload::follow(certificates, monitoring.metrics.clone(), hangup));
    service::ready();

    let (stopping, stopped) = watch::channel(false);
    let stop = |mut stopped: watch::Receiver<bool>| async move {
        let _ = stopped.wait_for(|stopped| *stopped).await;
    };
    let limits = &config.limits;
    let delay = limits.shutdown_delay.map(|delay| delay.0);
    let watched = monitoring.clone();
    tokio::spawn(async move {
        let mut again = async || {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        };
        again().await;
        // From here on /readyz says so, and whoever shares out requests turns to other servers.
        watched.stopping();
        service::stopping();
        tracing::info!("stopping: requests that have begun are finished; a second signal stops at once");
        if let Some(delay) = delay {
            tokio::select! {
                () = tokio::time::sleep(delay) => {}
                () = again() => std::process::exit(1),
            }
        }
        watched.events.close();
        let _ = stopping.send(true);
        again().await;
        std::process::exit(1);
    });
    let (for_all, for_operators) =
        (monitoring.metrics.traffic("public"), monitoring.metrics.traffic("operators"));
    let (public, operators) = tokio::join!(
        serve_on(listener, router, limits.clone(), for_all, stop(stopped.clone())),
        serve_on(admin, admin_router, limits.clone(), for_operators, stop(stopped)),
    );
    // Writes whose callers have gone away were begun all the same.
    let quiet = tokio::time::timeout(limits.shutdown_timeout.0, engine.quiesce()).await;
    if let Some(alerts) = monitoring.events.alerts() {
        let _ = tokio::time::timeout(limits.shutdown_timeout.0, alerts.finish()).await;
    }
    if [public, operators].contains(&Stopped::CutOff) || quiet.is_err() {
        tracing::warn!("stopped with requests still running; their clients will ask again");
    } else {
        tracing::info!("stopped");
    }
    Ok(())
}

async fn bind(address: SocketAddr, mend: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .with_context(|| format!("cannot listen on {address}; choose another address with {mend}"))
}

fn introduce(config: &Checked, bound: SocketAddr) {
    let url = config.public_url(bound);
    let json = "-H 'content-type: application/json'";
    let place = match (&config.store, config.store_file()) {
        (StoreAt::Memory, _) => "kept in memory, and gone with this process".to_owned(),
        (_, Some(file)) => format!("kept in {}", file.display()),
        (store, None) => format!("kept in {store}"),
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
