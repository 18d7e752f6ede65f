//! `/v1/admin/sessions`: opened by a back end that did its own login, looked at, ended.

use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::response::Response;
use rekindle::core::{Device, Reason, Seconds, Session, SessionId, Status, Timestamp};
use rekindle::engine::Login;
use rekindle::error::Failure;
use rekindle::token::Claims;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::openapi::schema::{AdditionalProperties, ObjectBuilder, Schema, Type};
use utoipa::{IntoParams, ToSchema};

use super::{ApiKey, ApiKeyProblems};
use crate::accounts::State as AccountState;
use crate::api::answer::{self, TokensBody};
use crate::api::body::Body;
use crate::api::login::DEFAULT_CLIENT;
use crate::api::problem::{Problem, ProblemBody};
use crate::api::request::{Member, Text, request};
use crate::app::AppState;

request! {
    /// A session for somebody who has logged in elsewhere.
    OpenRequest {
        /// Whose it is. Constant for a user, and never given to another.
        subject: Text<256>,
        /// What goes into the access tokens besides.
        claims: Option<Claims>,
        /// Which application it is for; `default` where it does not say.
        client_id: Option<Text<64>>,
        /// What the session is called in the list of devices.
        device: Option<Text<64>>,
        /// Shorter lives than the policy's.
        lifetimes: Option<Lifetimes>,
    }
}

impl Member for Option<Claims> {
    fn take(body: &mut Body, name: &str) -> Result<Self, Problem> {
        let Some(claims) = body.object(name)? else { return Ok(None) };
        let claims = Claims::parse(claims.get());
        claims.map(Some).map_err(|error| Problem::invalid(format!("`{name}`: {error}")))
    }

    fn schema() -> Schema {
        let free = AdditionalProperties::FreeForm(true);
        ObjectBuilder::new().additional_properties(Some(free)).build().into()
    }
}

/// In seconds, from now on.
pub(crate) struct Lifetimes {
    idle: Option<Seconds>,
    absolute: Option<Seconds>,
}

impl Member for Option<Lifetimes> {
    fn take(body: &mut Body, name: &str) -> Result<Self, Problem> {
        let Some(sent) = body.object(name)? else { return Ok(None) };
        let sent: Body = serde_json::from_str(sent.get())
            .map_err(|_| Problem::invalid(format!("`{name}` must be an object")))?;
        let mut sent = sent.only(&["idle", "absolute"])?;
        let mut life = |name: &str| match sent.number(name)? {
            Some(0) => Err(Problem::invalid(format!("`{name}` must be at least a second"))),
            life => Ok(life.map(Seconds)),
        };
        Ok(Some(Lifetimes { idle: life("idle")?, absolute: life("absolute")? }))
    }

    fn schema() -> Schema {
        let seconds =
            || ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1)).maximum(Some(u32::MAX));
        ObjectBuilder::new()
            .property("idle", seconds())
            .property("absolute", seconds())
            .additional_properties(Some(AdditionalProperties::FreeForm(false)))
            .build()
            .into()
    }
}

/// One session, as an operator sees it.
#[derive(Serialize, ToSchema)]
struct Shown {
    id: String,
    subject: String,
    client_id: String,
    /// `active`, or why it ended.
    status: &'static str,
    #[schema(value_type = Object)]
    claims: Box<RawValue>,
    device: String,
    created_at: u64,
    last_seen_at: u64,
    refresh_expires_in: u64,
    session_expires_in: u64,
}

impl Shown {
    fn new(session: Session, now: Timestamp) -> Self {
        // A deadline that nobody has noticed yet is one all the same.
        let status = match session.status {
            Status::Active if now >= session.absolute_until => "expired_absolute",
            Status::Active if now >= session.idle_until => "expired_idle",
            Status::Active => "active",
            ended => Failure::from(ended).reason().unwrap_or("unknown"),
        };
        Self {
            id: session.id.to_string(),
            status,
            claims: RawValue::from_string(session.claims).unwrap_or_else(|_| RawValue::NULL.to_owned()),
            device: session.device.label,
            created_at: session.auth_time.as_unix(),
            last_seen_at: session.device.last_seen.as_unix(),
            refresh_expires_in: session.idle_until.since(now).0,
            session_expires_in: session.absolute_until.since(now).0,
            subject: session.subject,
            client_id: session.client_id,
        }
    }
}

/// A user's live sessions, the newest login first.
#[derive(Serialize, ToSchema)]
struct ShownList {
    sessions: Vec<Shown>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Whose {
    /// Whose sessions.
    #[param(required, nullable = false, min_length = 1)]
    subject: Option<String>,
}

#[utoipa::path(
    post, path = "/v1/admin/sessions", tag = "admin", security(("api_key" = [])), request_body = OpenRequest,
    responses((status = 200, body = TokensBody), ApiKeyProblems)
)]
pub(crate) async fn open(
    State(app): State<AppState>,
    _: ApiKey,
    request: OpenRequest,
) -> Result<Response, Problem> {
    let subject = request.subject.0;
    if matches!(app.accounts.state(&subject).await?, AccountState::Disabled | AccountState::Gone) {
        return Err(Problem::invalid(
            "`subject` has no account here, or a disabled one: its session would end at the first refresh; \
             a server whose accounts are elsewhere has accounts.kind = \"none\"",
        ));
    }
    let (idle, absolute) = request.lifetimes.map_or((None, None), |lives| (lives.idle, lives.absolute));
    let login = Login {
        subject,
        client_id: request.client_id.map_or_else(|| DEFAULT_CLIENT.to_owned(), |id| id.0),
        claims: request.claims.unwrap_or_default(),
        device: Device {
            label: request.device.map(|label| label.0).unwrap_or_default(),
            ..Device::default()
        },
        idle,
        absolute,
    };
    let tokens = app.engine.open(login).await?;
    Ok(answer::tokens(tokens, app.clock.now()))
}

#[utoipa::path(
    get, path = "/v1/admin/sessions", tag = "admin", security(("api_key" = [])), params(Whose),
    responses((status = 200, body = ShownList), ApiKeyProblems)
)]
pub(crate) async fn list(
    State(app): State<AppState>,
    _: ApiKey,
    whose: Result<Query<Whose>, QueryRejection>,
) -> Result<Response, Problem> {
    let subject = whose.ok().and_then(|Query(whose)| whose.subject).filter(|subject| !subject.is_empty());
    let subject = subject.ok_or_else(|| Problem::invalid("say whose sessions: `?subject=`"))?;
    let now = app.clock.now();
    let sessions = app.engine.list(&subject).await?;
    let sessions = sessions.into_iter().map(|session| Shown::new(session, now)).collect();
    Ok(answer::json(&ShownList { sessions }))
}

#[utoipa::path(
    get, path = "/v1/admin/sessions/{id}", tag = "admin", security(("api_key" = [])), params(("id" = String, Path)),
    responses(
        (status = 200, body = Shown),
        (status = 404, description = "`invalid_request`", body = ProblemBody, content_type = "application/problem+json"),
        ApiKeyProblems,
    )
)]
pub(crate) async fn show(
    State(app): State<AppState>,
    _: ApiKey,
    id: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    let session = app.engine.session(named(id)?).await?.ok_or_else(none)?;
    Ok(answer::json(&Shown::new(session, app.clock.now())))
}

/// Idempotent: one that has ended, or never was, is as wished.
#[utoipa::path(
    delete, path = "/v1/admin/sessions/{id}", tag = "admin", security(("api_key" = [])), params(("id" = String, Path)),
    responses(
        (status = 204, description = "it is over"),
        (status = 404, description = "`invalid_request`", body = ProblemBody, content_type = "application/problem+json"),
        ApiKeyProblems,
    )
)]
pub(crate) async fn end(
    State(app): State<AppState>,
    _: ApiKey,
    id: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    app.engine.revoke(named(id)?, Reason::Revoked).await?;
    Ok(answer::no_content())
}

fn named(id: Result<Path<String>, PathRejection>) -> Result<SessionId, Problem> {
    id.ok().and_then(|Path(id)| id.parse().ok()).ok_or_else(none)
}

fn none() -> Problem {
    Problem::not_found("there is no such session")
}
