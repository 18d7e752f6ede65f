//! Accounts that an application keeps: asked over HTTP, at login and at every refresh that writes.

use async_trait::async_trait;
use rekindle::token::Claims;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{Accounts, AccountsError, Extent, Password, State, Verdict, Verified, flaw};
use crate::webhook::Webhook;

/// As in `/v1/admin/sessions`.
const MAX_SUBJECT: usize = 256;

/// Asks an application for its users. Whatever goes wrong on the way says nothing of them.
#[derive(Clone, Debug)]
pub struct WebhookAccounts {
    verify: Webhook,
    state: Webhook,
}

impl WebhookAccounts {
    /// Accounts behind `webhook`. Anybody may try to log in, as many as like to; those that are signed in, and refresh,
    /// do not wait behind them.
    pub fn new(webhook: Webhook) -> Self {
        Self { verify: webhook.apart(), state: webhook }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct VerifyAnswer {
    verdict: Word,
    subject: Option<String>,
    claims: Option<Box<RawValue>>,
    credential_version: Option<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Word {
    Verified,
    Denied,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StateAnswer {
    state: Standing,
    claims: Option<Box<RawValue>>,
    credential_version: Option<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Standing {
    Active,
    Disabled,
    Gone,
}

#[async_trait]
impl Accounts for WebhookAccounts {
    async fn verify(&self, username: &str, password: Password) -> Result<Verdict, AccountsError> {
        #[derive(Serialize)]
        struct Question<'a> {
            username: &'a str,
            password: &'a str,
        }
        let question = Question { username, password: password.reveal() };
        let answer: VerifyAnswer =
            self.verify.ask("/verify", &question).await.map_err(AccountsError::unavailable)?;
        match answer.verdict {
            Word::Denied => Ok(Verdict::Denied),
            Word::Verified => {
                let subject = answer.subject.filter(|subject| flaw(subject, MAX_SUBJECT).is_none());
                let subject = subject.ok_or_else(|| {
                    AccountsError::unavailable("the webhook's `subject` must have 1 to 256 characters")
                })?;
                let claims = read(answer.claims)?;
                let credential_version = answer.credential_version.unwrap_or_default();
                Ok(Verdict::Verified(Verified { subject, claims, credential_version }))
            }
        }
    }

    async fn state(&self, subject: &str) -> Result<State, AccountsError> {
        #[derive(Serialize)]
        struct Question<'a> {
            subject: &'a str,
        }
        let question = Question { subject };
        let answer: StateAnswer =
            self.state.ask("/state", &question).await.map_err(AccountsError::unavailable)?;
        Ok(match answer.state {
            Standing::Disabled => State::Disabled,
            Standing::Gone => State::Gone,
            Standing::Active => State::Active {
                claims: read(answer.claims)?,
                extent: Extent::Whole,
                credential_version: answer.credential_version.unwrap_or_default(),
            },
        })
    }
}

fn read(claims: Option<Box<RawValue>>) -> Result<Claims, AccountsError> {
    match claims {
        None => Ok(Claims::default()),
        Some(claims) => Claims::parse(claims.get()).map_err(AccountsError::unavailable),
    }
}
