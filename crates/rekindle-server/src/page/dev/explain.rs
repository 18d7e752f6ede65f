//! `GET /page/explain`: what `rekindle explain` prints in the server's own environment, for spans that somebody tries.

use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use axum::response::Response;
use serde::Deserialize;
use serde_json::json;

use super::answer;
use crate::api::Problem;
use crate::explain::{Given, Life};

/// No span that means something is longer.
const LONGEST: usize = 64;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    access: Option<String>,
    idle: Option<String>,
    absolute: Option<String>,
    replay_window: Option<String>,
    #[serde(default)]
    ascii: bool,
}

pub(super) async fn explain(query: Result<Query<Asked>, QueryRejection>) -> Result<Response, Problem> {
    let Query(Asked { access, idle, absolute, replay_window, ascii }) = query
        .map_err(|_| Problem::invalid("known are access, idle, absolute, replay_window and ascii=true"))?;
    let given = [&access, &idle, &absolute, &replay_window];
    if given.into_iter().flatten().any(|span| span.len() > LONGEST) {
        return Err(Problem::invalid("a span is a text such as 5m or 1h 30m"));
    }
    let given = Given { access, idle, absolute, replay_window };
    // The command's own words: they name keys and where they were set, and no value.
    let config = given.laid_over(None).map_err(|error| Problem::invalid(error.to_string()))?;
    let life = Life::of(config.policy());
    Ok(answer(&json!({ "life": life, "text": life.told(config.policy(), ascii) })))
}
