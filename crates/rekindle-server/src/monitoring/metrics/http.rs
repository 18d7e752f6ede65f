//! Requests and what they were answered.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use axum::http::Method;
use metrics::{Counter, Gauge, Histogram};
use metrics_exporter_prometheus::PrometheusRecorder;
use tokio::time::Instant;

use super::family::{HTTP_DURATION, HTTP_IN_FLIGHT, PROBLEMS};
use super::{Held, Metrics};
use crate::api::{Asked, Told, problems};

/// What is asked of paths that are not there.
const NO_ROUTE: &str = "none";

pub(super) struct Http {
    in_flight: Gauge,
    problems: HashMap<(&'static str, u16), Counter>,
    /// By the router's own templates, and the methods below.
    durations: RwLock<HashMap<String, HashMap<&'static str, Histogram>>>,
}

impl Http {
    pub(super) fn new(recorder: &PrometheusRecorder) -> Self {
        let problem = |(code, status): (&'static str, u16)| {
            ((code, status), PROBLEMS.counter(recorder, &[code, &status.to_string()]))
        };
        Self {
            in_flight: HTTP_IN_FLIGHT.gauge(recorder, &[]),
            problems: problems().into_iter().map(problem).collect(),
            durations: RwLock::default(),
        }
    }
}

/// A request that is being answered, until it is dropped: because it was, because it took too long, or because the
/// client has hung up.
pub(crate) struct Request {
    duration: Histogram,
    began: Instant,
    _in_flight: Held,
}

impl Drop for Request {
    fn drop(&mut self) {
        self.duration.record(self.began.elapsed());
    }
}

impl Request {
    pub(crate) fn took(&self) -> Duration {
        self.began.elapsed()
    }
}

impl Metrics {
    /// A request has arrived. `route` is its template.
    pub(crate) fn request(&self, method: &Method, route: Option<&str>) -> Request {
        let duration = self.duration(method_name(method), route.unwrap_or(NO_ROUTE));
        Request { duration, began: Instant::now(), _in_flight: Held::new(&self.0.http.in_flight) }
    }

    fn duration(&self, method: &'static str, route: &str) -> Histogram {
        let known = self.0.http.durations.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(duration) = known.get(route).and_then(|methods| methods.get(method)) {
            return duration.clone();
        }
        drop(known);
        let duration = HTTP_DURATION.histogram(&self.0.recorder, &[method, route]);
        let mut known = self.0.http.durations.write().unwrap_or_else(PoisonError::into_inner);
        known.entry(route.to_owned()).or_default().entry(method).or_insert(duration).clone()
    }

    /// For those that are answered before a handler could.
    pub(super) fn problem(&self, code: &'static str, status: u16) -> Counter {
        match self.0.http.problems.get(&(code, status)) {
            Some(counter) => counter.clone(),
            None => PROBLEMS.counter(&self.0.recorder, &[code, &status.to_string()]),
        }
    }

    /// What it was answered, where that was no success.
    pub(crate) fn told(&self, asked: Option<Asked>, status: u16, told: Told) {
        let recorder = &self.0.recorder;
        // Sent on to the page for logging in: no success, and no problem.
        if status >= 400 {
            self.problem(told.code, status).increment(1);
        }
        match asked {
            Some(Asked::Refresh) => self.0.refreshes.add(recorder, refresh(told)),
            Some(Asked::Login) => self.0.logins.add(recorder, login(told)),
            None => {}
        }
    }

    /// A password opened a session.
    pub(crate) fn logged_in(&self) {
        self.0.logins.add(&self.0.recorder, "opened");
    }
}

fn login(told: Told) -> &'static str {
    match told.code {
        "invalid_credentials" => "invalid_credentials",
        "rate_limited" => "rate_limited",
        "unavailable" => "unavailable",
        _ => "rejected",
    }
}

fn refresh(told: Told) -> &'static str {
    match (told.code, told.reason) {
        ("session_ended", Some("theft_detected")) => "theft",
        ("session_ended", Some("expired_idle" | "expired_absolute")) => "expired",
        ("session_ended", Some("unknown") | None) => "unknown",
        ("session_ended", Some(_)) => "ended",
        ("superseded", _) => "superseded",
        ("rate_limited", _) => "rate_limited",
        ("unavailable", _) => "unavailable",
        _ => "rejected",
    }
}

/// Anybody may send a method of their own invention.
pub(crate) fn method_name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}
