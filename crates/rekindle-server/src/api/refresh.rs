//! `POST /v1/refresh`: a refresh token becomes the next one.

use axum::extract::State;
use axum::response::Response;
use utoipa::ToSchema;

use super::answer::{self, TokensBody};
use super::body::{Body, required_token};
use super::openapi::problems;
use super::problem::Problem;
use crate::app::AppState;

problems!(RefreshProblems: InvalidRequest, TokenMissing, SessionEnded, Superseded, Unavailable);

/// For the document alone.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the body is read member by member")]
struct RefreshRequest {
    #[schema(nullable = true)]
    refresh_token: Option<String>,
    #[schema(min_length = 1, max_length = 64)]
    client_id: Option<String>,
}

#[utoipa::path(
    post, path = "/v1/refresh", tag = "session", request_body = RefreshRequest,
    responses((status = 200, body = TokensBody), RefreshProblems)
)]
pub(crate) async fn refresh(State(app): State<AppState>, body: Body) -> Result<Response, Problem> {
    let mut body = body.only(&["refresh_token", "client_id"])?;
    let client_id = body.text("client_id", 64)?;
    let token = required_token(body.token("refresh_token")?)?;
    let tokens = app.engine.refresh(&token, client_id.as_deref()).await?;
    Ok(answer::tokens(tokens, app.clock.now()))
}
