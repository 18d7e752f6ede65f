//! `POST /v1/login`: a password becomes a session.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use rekindle::core::Reason;
use rekindle::engine::Login;
use rekindle::http::cookie::{self, Jar, SetCookies};
use rekindle::http::csrf;
use utoipa::openapi::schema::Schema;

use super::answer::{self, TokensBody};
use super::body::Body;
use super::device::device;
use super::openapi::problems;
use super::problem::Problem;
use super::request::{Member, Text, one_of, request};
use crate::accounts::{MAX_PASSWORD, MAX_USERNAME, Password};
use crate::app::AppState;
use crate::rates::ClientAddress;
use crate::sign_in;

/// Which application logs in, where it does not say.
pub(crate) const DEFAULT_CLIENT: &str = "default";

problems!(LoginProblems: InvalidRequest, InvalidCredentials, CsrfRejected, Forbidden, RateLimited, Unavailable);

request! {
    /// A password for a session.
    LoginRequest {
        username: Text<MAX_USERNAME>,
        password: Text<MAX_PASSWORD>,
        /// Which application logs in; `default` where it does not say.
        client_id: Option<Text<64>>,
        /// What the session is called in the list of devices.
        device: Option<Text<64>>,
        transport: Option<Transport>,
        /// `false` on a shared computer.
        remember: Option<bool>,
    }
}

/// How the tokens travel.
pub(crate) enum Transport {
    /// In bodies and in the `Authorization` header.
    Header,
    /// In cookies that no script can read.
    Cookie,
}

impl Member for Option<Transport> {
    fn take(body: &mut Body, name: &str) -> Result<Self, Problem> {
        match body.text(name, 64)?.as_deref() {
            None => Ok(None),
            Some("header") => Ok(Some(Transport::Header)),
            Some("cookie") => Ok(Some(Transport::Cookie)),
            Some(_) => Err(Problem::invalid("`transport` is `header` or `cookie`")),
        }
    }

    fn schema() -> Schema {
        one_of(&["header", "cookie"])
    }
}

#[utoipa::path(
    post, path = "/v1/login", tag = "session", request_body = LoginRequest,
    responses((status = 200, body = TokensBody), LoginProblems)
)]
pub(crate) async fn login(
    State(app): State<AppState>,
    client: ClientAddress,
    headers: HeaderMap,
    request: LoginRequest,
) -> Result<Response, Problem> {
    let password: Password = request.password.0.into();
    let by_cookie = matches!(request.transport, Some(Transport::Cookie));
    if by_cookie {
        // Another site could otherwise sign its visitors in as somebody else, and out.
        csrf::check(&headers, &app.browsers).map_err(|_| Problem::forged())?;
    }

    let account = sign_in::check(&app, &request.username.0, password, client).await?;
    let login = Login {
        subject: account.subject,
        client_id: request.client_id.map_or_else(|| DEFAULT_CLIENT.to_owned(), |id| id.0),
        claims: account.claims,
        device: device(request.device.map(|label| label.0), &headers),
        idle: (request.remember == Some(false)).then_some(app.short_idle),
        absolute: None,
    };
    let cleared = if by_cookie { leave(&app, &headers).await? } else { SetCookies::new() };
    let tokens = sign_in::open(&app, &app.engine, login, account.credential_version).await?;
    if by_cookie {
        return answer::tokens_in_cookies(&app, tokens, cleared);
    }
    Ok(answer::tokens(tokens, app.clock.now()))
}

/// Ends every session that the jar presents, whoever's it is: this browser is somebody else's now, and whatever of the
/// old one is still on its way must find it ended.
async fn leave(app: &AppState, headers: &HeaderMap) -> Result<SetCookies, Problem> {
    let jar = Jar::of(headers, &app.browsers);
    let presented = cookie::presented(&app.engine, &jar).await?;
    let mut cleared = SetCookies::new();
    for (session, _) in presented.live {
        app.engine.revoke(session.id, Reason::LoggedOut).await?;
        cleared.extend(cookie::clear(session.id, &app.browsers));
    }
    for (session, _) in presented.ended {
        cleared.extend(cookie::clear(session, &app.browsers));
    }
    Ok(cleared)
}
