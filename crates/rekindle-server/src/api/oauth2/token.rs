//! `POST /oauth2/token` (RFC 6749 section 6): the refresh of programs written for OAuth 2.0.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::{Form, TokenErrors, TokenForm};
use crate::api::answer::{self, TokensBody};
use crate::api::problem::{Problem, oauth_error};
use crate::api::refresh::exchange;
use crate::app::AppState;
use crate::rates::ClientAddress;

#[utoipa::path(
    post, path = "/oauth2/token", tag = "oauth2",
    request_body(content = TokenForm, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, body = TokensBody), TokenErrors)
)]
pub(crate) async fn token(
    State(app): State<AppState>,
    client: ClientAddress,
    form: Result<Form, Problem>,
) -> Response {
    match exchanged(&app, client, form).await {
        Ok(response) => response,
        Err(problem) => problem.oauth(),
    }
}

async fn exchanged(
    app: &AppState,
    client: ClientAddress,
    form: Result<Form, Problem>,
) -> Result<Response, Problem> {
    app.rates.refresh(client)?;
    let form = form?;
    match form.one("grant_type")? {
        Some("refresh_token") => {}
        None => return Err(Problem::invalid("`grant_type` is missing")),
        Some(_) => {
            let known = Some("the only grant type here is refresh_token");
            return Ok(oauth_error(StatusCode::BAD_REQUEST, "unsupported_grant_type", known, None));
        }
    }
    let token = form.one("refresh_token")?.ok_or_else(|| Problem::invalid("`refresh_token` is missing"))?;
    let tokens = exchange(app, token, form.one("client_id")?).await?;
    Ok(answer::tokens(tokens, app.clock.now()))
}
