//! `POST /oauth2/introspect` (RFC 7662): whether a token is good now, by its session's row.

use axum::extract::State;
use axum::response::Response;
use rekindle::core::{Refresh, Session};
use rekindle::error::Failure;
use serde_json::{Map, Value, json};

use super::{AnyTokenForm, Form};
use crate::api::admin::{ApiKey, ApiKeyProblems};
use crate::api::answer;
use crate::api::problem::Problem;
use crate::app::AppState;

#[utoipa::path(
    post, path = "/oauth2/introspect", tag = "oauth2", security(("api_key" = [])),
    request_body(content = AnyTokenForm, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "`active`, and what the token says if it is", body = Object), ApiKeyProblems)
)]
pub(crate) async fn introspect(
    State(app): State<AppState>,
    _: ApiKey,
    form: Form,
) -> Result<Response, Problem> {
    let token = form.token()?;
    let found = match app.engine.peek(token, None).await {
        Ok(peek) => match peek.outcome {
            Refresh::Replay | Refresh::Rotate { .. } | Refresh::Renew(_) => {
                refresh_token(&app, &peek.session)
            }
            _ => None,
        },
        Err(Failure::SessionEnded(_)) => access_token(&app, token).await?,
        Err(failure) => return Err(failure.into()),
    };
    // Why it is not good is nobody's business but its holder's (RFC 7662 section 2.2).
    Ok(answer::json(&found.unwrap_or_else(|| Map::from_iter([("active".to_owned(), false.into())]))))
}

async fn access_token(app: &AppState, token: &str) -> Result<Option<Map<String, Value>>, Problem> {
    match app.engine.authenticate(token).await {
        Ok((token, _)) => {
            let Ok(mut members) = serde_json::from_str::<Map<_, _>>(token.payload()) else { return Ok(None) };
            members.insert("active".to_owned(), true.into());
            members.insert("token_type".to_owned(), "Bearer".into());
            Ok(Some(members))
        }
        Err(Failure::SessionEnded(_) | Failure::TokenInvalid(_) | Failure::TokenExpired) => Ok(None),
        Err(failure) => Err(failure.into()),
    }
}

fn refresh_token(app: &AppState, session: &Session) -> Option<Map<String, Value>> {
    let mut members: Map<_, _> = serde_json::from_str(&session.claims).ok()?;
    let own = json!({
        "active": true,
        "token_type": "refresh_token",
        "iss": app.engine.issuer(),
        "sub": session.subject,
        "client_id": session.client_id,
        "sid": session.id.to_string(),
        "auth_time": session.auth_time.as_unix(),
        "iat": session.issued_at.as_unix(),
        "exp": session.idle_until.as_unix(),
    });
    members.extend(own.as_object()?.clone());
    Some(members)
}
