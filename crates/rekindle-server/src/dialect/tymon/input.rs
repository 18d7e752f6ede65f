//! What a request says, as Laravel and the package's parsers read it.

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use serde_json::Value;

use crate::dialect::request::Whole;

pub(super) struct Input {
    pub(super) headers: HeaderMap,
    /// The first `token` of the address.
    token: Option<String>,
    /// JSON or a form, as Laravel takes both for the same.
    body: Value,
}

impl Input {
    pub(super) fn of(request: Whole) -> Self {
        let form = || {
            let pairs: Vec<(String, String)> = serde_urlencoded::from_bytes(&request.body).unwrap_or_default();
            Value::Object(pairs.into_iter().map(|(name, value)| (name, Value::String(value))).collect())
        };
        let body = serde_json::from_slice(&request.body).unwrap_or_else(|_| form());
        Self { token: request.in_query("token"), body, headers: request.headers }
    }

    /// A text of the body; an empty one where there is none.
    pub(super) fn text(&self, name: &str) -> String {
        self.body[name].as_str().unwrap_or_default().to_owned()
    }

    /// The package's order: header, address, body.
    pub(super) fn token(&self) -> Option<String> {
        let in_address = || self.token.clone();
        let in_body = || Some(self.text("token"));
        in_header(&self.headers).or_else(in_address).or_else(in_body).filter(|token| !token.is_empty())
    }
}

/// What stands after the last `bearer`, in whatever case, up to a comma.
pub(super) fn in_header(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let at = value.to_ascii_lowercase().rfind("bearer")?;
    let rest = value[at + "bearer".len()..].split(',').next().unwrap_or_default().trim();
    (!rest.is_empty()).then(|| rest.to_owned())
}
