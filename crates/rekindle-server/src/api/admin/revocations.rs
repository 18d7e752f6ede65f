//! `GET /v1/revocations`: what verifiers elsewhere must refuse, as soon as it is known.
//!
//! As short as it can be: what no access token can still be alive for is purged from the store.

use std::time::Duration;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::Response;
use rekindle::engine::{Change, ChangeKind};
use rekindle::error::Failure;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{ApiKey, ApiKeyProblems};
use crate::api::answer;
use crate::api::problem::Problem;
use crate::app::AppState;

/// How many entries an answer has at most.
const PAGE: usize = 5_000;

/// The longest wait, in seconds: well below the time that an answer may take.
const LONGEST_WAIT: u64 = 5;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct After {
    /// The `cursor` of the last answer; without it, all that still matters.
    #[param(nullable = false, pattern = "^[0-9a-f]{16}-(0|[1-9][0-9]{0,18})$")]
    after: Option<String>,
    /// For how many seconds to wait for the first entry, where there is none yet.
    #[param(nullable = false, maximum = 5)]
    wait: Option<u64>,
}

/// What access tokens to refuse, from the moment of the answer on.
#[derive(Serialize, ToSchema)]
struct Revocations {
    /// Where to go on.
    cursor: String,
    /// This is all that is known here, from its beginning: the cursor was of another store, too old, or there was none.
    restarted: bool,
    /// There is more already.
    more: bool,
    /// How long the answer waited before it last looked, in milliseconds: it is true as of that moment.
    waited_ms: u64,
    /// For how many seconds an entry matters, counted from when it was learned.
    keep: u64,
    entries: Vec<Entry>,
}

/// One session of which access tokens are refused: all of them, or those of before.
#[derive(Serialize, ToSchema)]
struct Entry {
    sid: String,
    /// Only those whose `iat` is earlier: the session lives, and its client can refresh.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    refuse_before: Option<u64>,
    /// And only from this moment on.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    from: Option<u64>,
}

impl From<Change> for Entry {
    fn from(change: Change) -> Self {
        let (refuse_before, from) = match change.kind {
            ChangeKind::Ended => (None, None),
            ChangeKind::RefuseBefore { issued_before, from } => {
                (Some(issued_before.as_unix()), Some(from.as_unix()).filter(|from| *from > 0))
            }
        };
        Self { sid: change.session.to_string(), refuse_before, from }
    }
}

#[utoipa::path(
    get, path = "/v1/revocations", tag = "verifiers", security(("api_key" = [])), params(After),
    responses((status = 200, body = Revocations), ApiKeyProblems)
)]
pub(crate) async fn follow(
    State(app): State<AppState>,
    _: ApiKey,
    query: Result<Query<After>, QueryRejection>,
) -> Result<Response, Problem> {
    let wrong = || Problem::invalid("`after` must be the `cursor` of an answer, `wait` at most 5 seconds");
    let Query(After { after, wait }) = query.map_err(|_| wrong())?;
    // One of another store is fine, and starts anew.
    let after = after.map(|text| text.parse().map_err(|_| wrong())).transpose()?;
    let wait = wait.unwrap_or_default();
    if wait > LONGEST_WAIT {
        return Err(wrong());
    }
    let news = app.engine.changes_since(after, PAGE, Duration::from_secs(wait)).await;
    let news = news.map_err(Failure::from)?;
    Ok(answer::json(&Revocations {
        cursor: news.changes.next.to_string(),
        restarted: news.changes.restarted,
        more: news.more,
        waited_ms: news.waited.as_millis().try_into().unwrap_or(u64::MAX),
        keep: app.engine.changes_matter_for().0,
        entries: news.changes.entries.into_iter().map(Entry::from).collect(),
    }))
}
