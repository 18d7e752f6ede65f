//! Requests to an application: JSON, signed, bounded in time and size.
//!
//! Signed as Standard Webhooks have it (version 1.0.0, "Signature scheme"): `webhook-signature: v1,` and base64 of
//! HMAC-SHA-256 over `id.timestamp.body`, so that libraries for it in many languages can check who asks.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rekindle::clock::Clock;
use rekindle::entropy::Entropy;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::Semaphore;

use crate::config::{PublicUrl, Secret};

/// An answer is a verdict and a few claims.
const LONGEST_ANSWER: usize = 64 * 1024;

/// How many requests are under way at once. An application that hangs holds no more than these, each for no longer than
/// the timeout; the others are told to come back.
const AT_ONCE: usize = 64;

/// Why an application could not be asked. Never shows what was sent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WebhookError {
    /// It took too long, or too many are waiting for it.
    #[error("the webhook did not answer in time")]
    TimedOut,
    /// No connection, or it broke.
    #[error("the webhook cannot be reached: {0}")]
    Unreachable(String),
    /// Another status than 200.
    #[error("the webhook answered with status {0}")]
    Status(u16),
    /// 200, and something else than was agreed.
    #[error("the webhook's answer cannot be read: {0}")]
    Unreadable(String),
}

/// Where to ask, and how to sign. Cheap to clone.
#[derive(Clone)]
pub struct Webhook {
    client: reqwest::Client,
    url: Arc<str>,
    key: hmac::Key,
    timeout: Duration,
    at_once: Arc<Semaphore>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhook").field("url", &self.url).finish_non_exhaustive()
    }
}

impl Webhook {
    /// A webhook at `url`; requests go to paths below it.
    ///
    /// # Errors
    /// Where the system's certificates cannot be loaded.
    pub fn new(
        url: &PublicUrl,
        secret: &Secret,
        timeout: Duration,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, WebhookError> {
        // Another caller in this process may have chosen it already: the same one.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let client = reqwest::Client::builder()
            // A password goes where the configuration says, and nowhere else.
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .timeout(timeout)
            .build()
            .map_err(|error| unreachable(&error))?;
        Ok(Self {
            client,
            url: url.as_str().into(),
            key: hmac::Key::new(hmac::HMAC_SHA256, secret.reveal().as_bytes()),
            timeout,
            at_once: Arc::new(Semaphore::new(AT_ONCE)),
            clock,
            entropy,
        })
    }

    /// The same application, asked in turns of its own.
    #[must_use]
    pub fn apart(&self) -> Self {
        Self { at_once: Arc::new(Semaphore::new(AT_ONCE)), ..self.clone() }
    }

    /// Posts `body` to `path` and reads the answer.
    ///
    /// # Errors
    /// [`WebhookError`]; nothing is then known.
    pub async fn ask<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, WebhookError> {
        let answer = self.post(&self.id(), path, body).await?;
        serde_json::from_slice(&answer).map_err(|error| {
            // The parser's own message may quote what was answered.
            WebhookError::Unreadable(format!("line {}, column {}", error.line(), error.column()))
        })
    }

    /// Posts `body` to `path` under `id`; the answer's status is all that counts. Whoever tells something again does so
    /// under the same id, so that the application can see that it knows it already.
    ///
    /// # Errors
    /// [`WebhookError`]; it may have arrived all the same.
    pub async fn tell(&self, id: &str, path: &str, body: &impl Serialize) -> Result<(), WebhookError> {
        self.post(id, path, body).await.map(drop)
    }

    async fn post(&self, id: &str, path: &str, body: &impl Serialize) -> Result<Vec<u8>, WebhookError> {
        let body = serde_json::to_vec(body).map_err(|error| WebhookError::Unreadable(error.to_string()))?;
        // Waiting for a turn is part of the time.
        tokio::time::timeout(self.timeout, self.exchange(id, path, body))
            .await
            .unwrap_or(Err(WebhookError::TimedOut))
    }

    async fn exchange(&self, id: &str, path: &str, body: Vec<u8>) -> Result<Vec<u8>, WebhookError> {
        let _turn = self.at_once.acquire().await.map_err(|_| WebhookError::TimedOut)?;
        let timestamp = self.clock.now().as_unix().to_string();
        let signature = self.sign(id, &timestamp, &body);
        let mut response = self
            .client
            .post(format!("{}{path}", self.url))
            .header("content-type", "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", timestamp)
            .header("webhook-signature", signature)
            .body(body)
            .send()
            .await
            .map_err(|error| unreachable(&error))?;
        let status = response.status().as_u16();
        if !(200..300).contains(&status) {
            return Err(WebhookError::Status(status));
        }
        let mut answer = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| unreachable(&error))? {
            answer.extend_from_slice(&chunk);
            if answer.len() > LONGEST_ANSWER {
                return Err(WebhookError::Unreadable("it is longer than 64 KiB".to_owned()));
            }
        }
        Ok(answer)
    }

    fn id(&self) -> String {
        let mut bytes = [0; 16];
        self.entropy.fill(&mut bytes);
        bytes.iter().fold("msg_".to_owned(), |id, byte| format!("{id}{byte:02x}"))
    }

    fn sign(&self, id: &str, timestamp: &str, body: &[u8]) -> String {
        let mut context = hmac::Context::with_key(&self.key);
        for part in [id.as_bytes(), b".", timestamp.as_bytes(), b".", body] {
            context.update(part);
        }
        format!("v1,{}", STANDARD.encode(context.sign()))
    }
}

/// What went wrong on the way, without the address: it may name hosts, but never what was sent.
fn unreachable(error: &reqwest::Error) -> WebhookError {
    if error.is_timeout() {
        return WebhookError::TimedOut;
    }
    let mut text = String::new();
    let mut cause: Option<&dyn std::error::Error> = std::error::Error::source(error);
    while let Some(error) = cause {
        text = error.to_string();
        cause = error.source();
    }
    WebhookError::Unreachable(if text.is_empty() { "the connection broke".to_owned() } else { text })
}
