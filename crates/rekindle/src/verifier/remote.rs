//! Requests to whoever issues the tokens: bounded in time and size, and to no other address than was given.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Url;
use reqwest::header::{AUTHORIZATION, HeaderValue};
use rustls_platform_verifier::BuilderVerifierExt as _;

use super::SourceError;

/// No longer than this for a connection.
const CONNECT: Duration = Duration::from_secs(1);

/// One address. Cheap to clone.
#[derive(Clone)]
pub(super) struct Remote {
    client: reqwest::Client,
    url: Url,
    authorization: Option<HeaderValue>,
}

impl fmt::Debug for Remote {
    /// Without the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remote").field("url", &self.url.as_str()).finish_non_exhaustive()
    }
}

impl Remote {
    pub(super) fn new(url: &str) -> Result<Self, SourceError> {
        let address = || SourceError::Address(url.to_owned());
        let url: Url = url.parse().map_err(|_| address())?;
        if !matches!(url.scheme(), "http" | "https") || !url.username().is_empty() {
            return Err(address());
        }
        let client = reqwest::Client::builder()
            // The key goes where it was meant to go, and keys come from nowhere else.
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .connect_timeout(CONNECT)
            .tls_backend_preconfigured(tls(url.scheme() == "https")?)
            .build()
            .map_err(|error| SourceError::Tls(last_cause(&error)))?;
        Ok(Self { client, url, authorization: None })
    }

    pub(super) fn with_api_key(self, key: &str) -> Result<Self, SourceError> {
        let mut value = HeaderValue::from_str(&format!("Bearer {key}"))
            .ok()
            .filter(|value| value.to_str().is_ok())
            .ok_or(SourceError::ApiKey)?;
        value.set_sensitive(true);
        Ok(Self { authorization: Some(value), ..self })
    }

    /// The body of a 200, no longer than `longest` bytes, in no more than `timeout`.
    pub(super) async fn get(
        &self,
        query: &[(&str, &str)],
        longest: usize,
        timeout: Duration,
    ) -> Result<String, SourceError> {
        let mut url = self.url.clone();
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let mut request = self.client.get(url).timeout(timeout);
        if let Some(authorization) = &self.authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        let mut response = request.send().await.map_err(|error| unreachable(&error))?;
        let status = response.status().as_u16();
        if status != 200 {
            return Err(SourceError::Status(status));
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| unreachable(&error))? {
            body.extend_from_slice(&chunk);
            if body.len() > longest {
                return Err(SourceError::Unreadable(format!("it is longer than {longest} bytes")));
            }
        }
        String::from_utf8(body).map_err(|_| SourceError::Unreadable("it is not UTF-8".to_owned()))
    }
}

/// With a provider of its own: a library does not choose one for the process that it is part of.
fn tls(needed: bool) -> Result<rustls::ClientConfig, SourceError> {
    let failed = |error: rustls::Error| SourceError::Tls(error.to_string());
    let builder =
        rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(failed)?;
    // A container without any certificate can still ask a neighbour over plain HTTP.
    Ok(match needed {
        true => builder.with_platform_verifier().map_err(failed)?.with_no_client_auth(),
        false => builder.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth(),
    })
}

fn unreachable(error: &reqwest::Error) -> SourceError {
    if error.is_timeout() { SourceError::TimedOut } else { SourceError::Unreachable(last_cause(error)) }
}

/// What went wrong on the way, without the address.
fn last_cause(error: &reqwest::Error) -> String {
    let mut text = String::new();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = error.to_string();
        cause = error.source();
    }
    if text.is_empty() { "the connection broke".to_owned() } else { text }
}
