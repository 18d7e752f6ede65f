//! `POST /v1/login`: a password becomes a session.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use rekindle::core::{Reason, Session};
use rekindle::engine::Login;
use utoipa::ToSchema;

use super::answer::{self, TokensBody};
use super::body::Body;
use super::device::device;
use super::openapi::problems;
use super::problem::{Code, Problem};
use crate::accounts::{self, MAX_PASSWORD, MAX_USERNAME, Password, Verdict};
use crate::app::AppState;

/// Which application logs in, where it does not say.
const DEFAULT_CLIENT: &str = "default";

problems!(LoginProblems: InvalidRequest, InvalidCredentials, Forbidden, Unavailable);

/// For the document alone.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the body is read member by member")]
struct LoginRequest {
    #[schema(min_length = 1, max_length = 256)]
    username: String,
    #[schema(min_length = 1, max_length = 1024)]
    password: String,
    #[schema(min_length = 1, max_length = 64)]
    client_id: Option<String>,
    #[schema(min_length = 1, max_length = 64)]
    device: Option<String>,
    #[schema(pattern = "^header$")]
    transport: Option<String>,
    remember: Option<bool>,
}

#[utoipa::path(
    post, path = "/v1/login", tag = "session", request_body = LoginRequest,
    responses((status = 200, body = TokensBody), LoginProblems)
)]
pub(crate) async fn login(
    State(app): State<AppState>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let mut body = body.only(&["username", "password", "client_id", "device", "transport", "remember"])?;
    let username = body.required_text("username", MAX_USERNAME)?;
    let password: Password = body.required_text("password", MAX_PASSWORD)?.into();
    let client_id = body.text("client_id", 64)?.unwrap_or_else(|| DEFAULT_CLIENT.to_owned());
    let label = body.text("device", 64)?;
    let remember = body.flag("remember")?.unwrap_or(true);
    if body.text("transport", 64)?.is_some_and(|transport| transport != "header") {
        return Err(Problem::invalid("this server has the transport `header` and no other"));
    }

    let Verdict::Verified(account) = app.accounts.verify(&username, password).await? else {
        return Err(Problem::new(Code::InvalidCredentials));
    };
    let login = Login {
        subject: account.subject,
        client_id,
        claims: account.claims,
        device: device(label, &headers),
        idle: (!remember).then_some(app.short_idle),
        absolute: None,
    };
    let tokens = app.engine.open(login).await?;
    still_stands(&app, &tokens.session, account.credential_version).await?;
    Ok(answer::tokens(tokens, app.clock.now()))
}

/// Looks at the account once more, now that its session can be seen: a change of the password, or of the
/// account's state, that happened between the check and here has ended every session but this one.
async fn still_stands(app: &AppState, session: &Session, credential_version: u64) -> Result<(), Problem> {
    let (reason, problem) = match app.accounts.state(&session.subject).await {
        Ok(accounts::State::Elsewhere) => return Ok(()),
        Ok(accounts::State::Active { credential_version: now, .. }) if now == credential_version => {
            return Ok(());
        }
        Ok(accounts::State::Active { .. }) => {
            (Reason::PasswordChanged, Problem::new(Code::InvalidCredentials))
        }
        Ok(accounts::State::Disabled | accounts::State::Gone) => {
            (Reason::UserDisabled, Problem::new(Code::InvalidCredentials))
        }
        Err(error) => (Reason::Revoked, error.into()),
    };
    // Nobody holds its tokens yet. Where this fails too, what remains is a session without a holder.
    app.engine.revoke(session.id, reason).await?;
    Err(problem)
}
