//! `rekindle probe`: a report card for any refresh endpoint.
//!
//! [`options`] makes an endpoint and a plan of what is typed; [`client`] speaks to it in the [`shape`] that a preset
//! says; the [`experiments`] are functions over what can be done with an endpoint, and know no HTTP; [`card`] says what
//! they found.

mod card;
mod client;
mod endpoint;
mod experiments;
mod finding;
mod gate;
mod hosts;
mod lab;
mod options;
mod pace;
mod plan;
mod presets;
mod progress;
mod reading;
mod request;
mod sessions;
mod shape;
#[cfg(test)]
mod tests;

pub(super) use options::Probe;

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use rekindle::clock::{Clock as _, SystemClock};
use tokio::task::JoinSet;

use super::output::Output;
use crate::when::moment;
use card::Card;
use client::{Http, Seen};
use endpoint::Credential;
use experiments::{headers, junk};
use finding::Finding;
use lab::Lab;
use options::Asked;
use pace::{POLITE, Pace};
use plan::{Experiment, LeftOut, Plan, Wanted};
use progress::Progress;
use request::Requests;
use sessions::{First, Sessions};

/// What shells say of a program that SIGINT ended.
const INTERRUPTED: i32 = 130;

pub(super) fn run(probe: Probe, output: Output) -> anyhow::Result<()> {
    let asked = probe.read()?;
    // One thread: so little work that racers on several would not be closer together.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (strict, file) = (asked.strict, asked.card.clone());
    let card = runtime.block_on(probed(asked, Progress::new(output.is_json())))?;
    if let Some(file) = file {
        fs::write(&file, format!("{}\n", card.text()))
            .with_context(|| format!("cannot write {}", file.display()))?;
    }
    output.show(&card, Card::text)?;
    if card.interrupted {
        std::process::exit(INTERRUPTED);
    }
    if strict && !card.promise_holds {
        bail!("--strict: not every line is ok");
    }
    Ok(())
}

async fn probed(mut asked: Asked, progress: Progress) -> anyhow::Result<Card> {
    let here = asked.addresses.are_here();
    let wanted = Wanted {
        trials: asked.trials,
        quick: asked.quick,
        elsewhere: !here,
        can_sign_out: asked.addresses.logout.is_some(),
    };
    let pace = Pace::new(if here { Duration::ZERO } else { POLITE });
    let requests = Requests::new(asked.shape, asked.addresses.clone(), asked.account.take())?;
    let http = Arc::new(Http::new(requests, pace, asked.timeout)?);
    let lab = Lab::new(http.clone(), asked.pause);
    announce(progress, &asked.addresses, here);

    // Until there is something to show, Ctrl-C is the end.
    let (first, sessions) = tokio::select! {
        opened = opened(&mut asked.sessions, &lab, wanted, asked.addresses.verify.is_some(), progress) => opened?,
        _ = tokio::signal::ctrl_c() => std::process::exit(INTERRUPTED),
    };
    let plan = Plan::of(wanted, sessions.len());
    let number = sessions.len();
    let sessions_wanted = Plan::sessions(wanted);
    if number < sessions_wanted {
        progress.tell(&format!(
            "{number} of {sessions_wanted} sessions are to be had, so some experiments are smaller or left out"
        ));
    }
    let waits = if asked.quick { 3 } else { asked.pause.as_secs() * 4 + 5 };
    progress
        .tell(&format!("{number} sessions are open; this takes some {waits} s, nearly all of it waiting"));

    let (mut findings, mut left_out, interrupted) = all(&lab, plan, sessions, progress).await;
    findings.extend(seen(&http.seen(), &first, asked.addresses.refresh.scheme() == "https"));
    findings.sort_by_key(|finding| plan::place(finding.experiment));
    left_out.sort_by_key(|left| plan::place(left.experiment));
    let date = moment(SystemClock.now());
    Ok(Card {
        url: shown(&asked.addresses.refresh),
        preset: asked.preset.name.to_owned(),
        date: date.split('T').next().unwrap_or_default().to_owned(),
        version: env!("CARGO_PKG_VERSION"),
        quick: asked.quick,
        interrupted,
        pause_seconds: asked.pause.as_secs(),
        sessions: number,
        sessions_wanted,
        promise_holds: !interrupted && findings.iter().all(Finding::is_ok),
        findings,
        left_out,
    })
}

/// Finds out whether it can be probed, and opens as many sessions as there will be experiments for.
async fn opened(
    sessions: &mut Sessions,
    lab: &Lab,
    wanted: Wanted,
    verifies: bool,
    progress: Progress,
) -> anyhow::Result<(First, Vec<Credential>)> {
    let first = sessions.first(lab).await?;
    if verifies && lab.endpoint.admits(&first.refreshed).await != Some(true) {
        bail!("the address of --verify does not let a live access token in: name another, or leave it out");
    }
    let number = sessions.count().unwrap_or_else(|| Plan::sessions(wanted));
    progress.tell(&format!("it works; opening {number} sessions"));
    Ok((first, sessions.open(lab, Plan::sessions(wanted), !wanted.elsewhere).await?))
}

/// Runs all experiments at the same time, and the control when they are over. Ctrl-C leaves out what is not over.
async fn all(
    lab: &Lab,
    plan: Plan,
    sessions: Vec<Credential>,
    progress: Progress,
) -> (Vec<Finding>, Vec<LeftOut>, bool) {
    let (mut findings, mut left_out) = (Vec::new(), plan.left_out);
    let (mut running, mut under_way) = (JoinSet::new(), Vec::new());
    let mut sessions = sessions.into_iter();
    let mut control = None;
    for (experiment, share) in plan.shares {
        let own: Vec<Credential> = sessions.by_ref().take(share).collect();
        under_way.push(experiment.name());
        if experiment == Experiment::Control {
            control = Some(own);
            continue;
        }
        let lab = lab.clone();
        running.spawn(async move { experiment.run(&lab, own).await });
    }
    under_way.push("junk");
    let alone = lab.clone();
    running.spawn(async move { junk::run(&alone).await });

    let interrupt = tokio::signal::ctrl_c();
    tokio::pin!(interrupt);
    let interrupted = loop {
        let finding = tokio::select! {
            _ = &mut interrupt => break true,
            finding = next(&mut running, &mut control, lab) => finding,
        };
        let Some(finding) = finding else { break false };
        progress.tell(&format!("{}: {}", finding.title, finding.summary));
        under_way.retain(|name| *name != finding.experiment);
        findings.push(finding);
    };
    running.abort_all();
    left_out.extend(under_way.into_iter().map(|experiment| LeftOut {
        experiment,
        why: if interrupted { "stopped by Ctrl-C" } else { "it ended without an answer" }.to_owned(),
    }));
    (findings, left_out, interrupted)
}

/// The next finding. The control comes last; then there is none.
async fn next(
    running: &mut JoinSet<Finding>,
    control: &mut Option<Vec<Credential>>,
    lab: &Lab,
) -> Option<Finding> {
    while let Some(finished) = running.join_next().await {
        if let Ok(finding) = finished {
            return Some(finding);
        }
    }
    let own = control.clone()?;
    let finding = Experiment::Control.run(lab, own).await;
    *control = None;
    Some(finding)
}

/// What came along with the first tokens.
fn seen(seen: &Seen, first: &First, https: bool) -> [Finding; 2] {
    let (login, refresh) = (seen.login.as_ref(), seen.refresh.as_ref());
    let mut tokens = Vec::new();
    for session in [&first.opened, &first.refreshed] {
        tokens.push(session.refresh.as_str());
        tokens.extend(session.access.as_ref().map(|access| access.as_str()));
    }
    let replies: Vec<_> = login.into_iter().chain(refresh).collect();
    [headers::cache(login, refresh), headers::cookies(&replies, &tokens, https)]
}

fn announce(progress: Progress, addresses: &hosts::Addresses, here: bool) {
    let url = shown(&addresses.refresh);
    if here {
        progress.tell(&format!("probing {url}"));
        return;
    }
    progress.tell(&format!(
        "probing {url}, which is another machine: at most 8 requests at once, otherwise at most 4 a second, and some 150 \
         in all. Ctrl-C stops at once"
    ));
    if addresses.refresh.scheme() == "http" {
        progress.tell("its connection is not encrypted: the test account's password can be read on the way");
    }
}

/// An address without its query, which may hold a key.
fn shown(url: &reqwest::Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    url.to_string()
}
