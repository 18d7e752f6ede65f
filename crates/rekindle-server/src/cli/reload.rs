//! What changes while the server runs: the certificate. The keys of tokens come from the store by themselves, and
//! everything else needs a restart.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::Signal;
use tokio::time::{MissedTickBehavior, interval};

use super::service;
use crate::monitoring::Metrics;
use crate::tls::{Certificates, Renewal};
use crate::when::moment;

/// How often the files are looked at. Whoever cannot wait sends SIGHUP.
const EVERY: Duration = Duration::from_secs(5);

/// Follows the certificate's files for as long as the server runs; `hangup` asks for a look at once.
pub(super) async fn follow(
    certificates: Option<Arc<Certificates>>,
    metrics: Metrics,
    mut hangup: Option<Signal>,
) {
    if let Some(certificates) = &certificates {
        tell(certificates, &metrics);
    }
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let asked = tokio::select! {
            _ = ticks.tick(), if certificates.is_some() => false,
            () = next(&mut hangup) => true,
        };
        if asked {
            service::reloading();
        }
        if let Some(certificates) = &certificates {
            look(certificates, &metrics, asked).await;
        }
        if asked {
            tracing::info!("reloaded: the certificate is read again, other settings need a restart");
            service::ready();
        }
    }
}

async fn next(hangup: &mut Option<Signal>) {
    if let Some(hangup) = hangup
        && hangup.recv().await.is_some()
    {
        return;
    }
    pending().await
}

fn tell(certificates: &Certificates, metrics: &Metrics) {
    if let Some(expires) = certificates.expires() {
        metrics.certificate_expires(expires);
    }
}

async fn look(certificates: &Arc<Certificates>, metrics: &Metrics, asked: bool) {
    let reading = Arc::clone(certificates);
    // The disk may hang, and requests are not to wait for it.
    match tokio::task::spawn_blocking(move || reading.renew(asked)).await {
        Ok(Renewal::Same) | Err(_) => {}
        Ok(Renewal::Renewed) => {
            let expires = certificates.expires().map(moment).unwrap_or_default();
            tracing::info!(expires, "a new certificate is in use");
            tell(certificates, metrics);
        }
        Ok(Renewal::Refused(error)) => {
            let expires = certificates.expires().map(moment).unwrap_or_default();
            tracing::error!(%error, expires, "the new certificate cannot be used; the old one stays in use");
        }
    }
}
