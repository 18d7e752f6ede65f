//! `POST /v1/refresh`: a refresh token becomes the next one.

use axum::extract::State;
use axum::response::Response;

use super::answer::{self, TokensBody};
use super::openapi::problems;
use super::problem::Problem;
use super::request::{Text, Token, request, required_token};
use crate::app::AppState;

problems!(RefreshProblems: InvalidRequest, TokenMissing, SessionEnded, Superseded, Unavailable);

request! {
    /// A refresh token for the next.
    RefreshRequest {
        /// The one to exchange.
        refresh_token: Option<Token>,
        /// Which application refreshes: the one that logged in.
        client_id: Option<Text<64>>,
    }
}

#[utoipa::path(
    post, path = "/v1/refresh", tag = "session", request_body = RefreshRequest,
    responses((status = 200, body = TokensBody), RefreshProblems)
)]
pub(crate) async fn refresh(
    State(app): State<AppState>,
    request: RefreshRequest,
) -> Result<Response, Problem> {
    let token = required_token(request.refresh_token)?;
    let client_id = request.client_id.as_ref().map(|id| id.0.as_str());
    let tokens = app.engine.refresh(&token.0, client_id).await?;
    Ok(answer::tokens(tokens, app.clock.now()))
}
