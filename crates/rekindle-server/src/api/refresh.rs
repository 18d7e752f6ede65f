//! `POST /v1/refresh`: a refresh token becomes the next one.

use axum::extract::State;
use axum::response::Response;

use super::answer;
use super::body::{Body, required_token};
use super::problem::Problem;
use crate::app::AppState;

pub(crate) async fn refresh(State(app): State<AppState>, body: Body) -> Result<Response, Problem> {
    let mut body = body.only(&["refresh_token", "client_id"])?;
    let client_id = body.text("client_id", 64)?;
    let token = required_token(body.token("refresh_token")?)?;
    let tokens = app.engine.refresh(&token, client_id.as_deref()).await?;
    Ok(answer::tokens(tokens, app.clock.now()))
}
