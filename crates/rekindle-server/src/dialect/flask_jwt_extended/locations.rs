//! Where a token is: `view_decorators.py`, location by location.

use axum::http::header::CONTENT_TYPE;
use axum::http::HeaderMap;
use serde_json::Value;

use super::errors::Said;
use super::settings::{Location, Settings};
use crate::dialect::cookie;
use crate::dialect::request::Whole;

/// Which token is looked for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Access,
    Refresh,
}

impl Kind {
    /// What the documentation's logout says of it.
    pub(super) const fn revoked(self) -> &'static str {
        match self {
            Self::Access => "Access token revoked",
            Self::Refresh => "Refresh token revoked",
        }
    }
}

/// A token, and the header that has to repeat its `csrf` claim, where it came as a cookie.
pub(super) struct Found {
    pub(super) token: String,
    pub(super) csrf_header: Option<String>,
}

/// The first location that has one. What is there and no token is final; what is missing is not.
pub(super) fn find(settings: &Settings, kind: Kind, sent: &Whole) -> Result<Found, Said> {
    let mut missing = Vec::new();
    for location in &settings.JWT_TOKEN_LOCATION {
        let found = match location {
            Location::Headers => in_headers(settings, &sent.headers)?,
            Location::Cookies => in_cookies(settings, kind, sent)?,
            Location::Json => in_json(settings, kind, sent)?,
            Location::QueryString => in_query(settings, sent)?,
        };
        match found {
            Ok(found) => return Ok(found),
            Err(text) => missing.push(text),
        }
    }
    let text = match missing.as_slice() {
        [one] => one.clone(),
        several => {
            let names: Vec<String> = settings.JWT_TOKEN_LOCATION.iter().map(ToString::to_string).collect();
            let names = match names.as_slice() {
                [all @ .., last] if !all.is_empty() => format!("{} or {last}", all.join(", ")),
                all => all.join(""),
            };
            format!("Missing JWT in {names} ({})", several.join("; "))
        }
    };
    Err((401, text))
}

/// A token, or what is missing.
type Looked = Result<Found, String>;

fn plain(token: String) -> Looked {
    Ok(Found { token, csrf_header: None })
}

fn in_headers(settings: &Settings, headers: &HeaderMap) -> Result<Looked, Said> {
    let (name, kind) = (&settings.JWT_HEADER_NAME, &settings.JWT_HEADER_TYPE);
    let value = headers.get(name.as_str()).and_then(|value| value.to_str().ok()).unwrap_or_default().trim();
    if value.is_empty() {
        return Ok(Err(format!("Missing {name} Header")));
    }
    if kind.is_empty() {
        return match value.split_whitespace().collect::<Vec<_>>().as_slice() {
            [token] => Ok(plain((*token).to_owned())),
            _ => Err((422, format!("Bad {name} header. Expected '{name}: <JWT>'"))),
        };
    }
    // A proxy may have joined several headers to one.
    let mut of_kind = value.split(',').map(str::trim).filter(|part| part.split_whitespace().next() == Some(kind));
    let (Some(own), None) = (of_kind.next(), of_kind.next()) else {
        return Ok(Err(format!("Missing '{kind}' type in '{name}' header. Expected '{name}: {kind} <JWT>'")));
    };
    match own.split_whitespace().collect::<Vec<_>>().as_slice() {
        [_, token] => Ok(plain((*token).to_owned())),
        _ => Err((422, format!("Bad {name} header. Expected '{name}: {kind} <JWT>'"))),
    }
}

fn in_cookies(settings: &Settings, kind: Kind, sent: &Whole) -> Result<Looked, Said> {
    let (name, csrf) = match kind {
        Kind::Access => (&settings.JWT_ACCESS_COOKIE_NAME, &settings.JWT_ACCESS_CSRF_HEADER_NAME),
        Kind::Refresh => (&settings.JWT_REFRESH_COOKIE_NAME, &settings.JWT_REFRESH_CSRF_HEADER_NAME),
    };
    let token = cookie::sent(&sent.headers, name).filter(|token| !token.is_empty());
    let Some(token) = token else { return Ok(Err(format!("Missing cookie \"{name}\""))) };
    let guarded = settings.JWT_COOKIE_CSRF_PROTECT
        && settings.JWT_CSRF_METHODS.iter().any(|method| method == sent.method.as_str());
    // Before the token is looked at.
    if guarded && sent.headers.get(csrf.as_str()).is_none_or(|value| value.is_empty()) {
        return Err((401, "Missing CSRF token".to_owned()));
    }
    Ok(Ok(Found { token, csrf_header: guarded.then(|| csrf.clone()) }))
}

fn in_json(settings: &Settings, kind: Kind, sent: &Whole) -> Result<Looked, Said> {
    let typed = sent.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = typed.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/json") {
        return Ok(Err("Invalid content-type. Must be application/json.".to_owned()));
    }
    let name = match kind {
        Kind::Access => &settings.JWT_JSON_KEY,
        Kind::Refresh => &settings.JWT_REFRESH_JSON_KEY,
    };
    let missing = || Err(format!("Missing \"{name}\" key in json data."));
    let body: Value = serde_json::from_slice(&sent.body).unwrap_or(Value::Null);
    match body.get(name) {
        Some(Value::String(token)) if !token.is_empty() => Ok(plain(token.clone())),
        _ => Ok(missing()),
    }
}

fn in_query(settings: &Settings, sent: &Whole) -> Result<Looked, Said> {
    let (name, prefix) = (&settings.JWT_QUERY_STRING_NAME, &settings.JWT_QUERY_STRING_VALUE_PREFIX);
    let Some(value) = sent.in_query(name).filter(|value| !value.is_empty()) else {
        return Ok(Err(format!("Missing '{name}' query paramater")));
    };
    match value.strip_prefix(prefix.as_str()) {
        Some(token) => Ok(plain(token.to_owned())),
        None => Err((422, format!("Invalid value for query parameter '{name}'. Expected the value to start with '{prefix}'"))),
    }
}
