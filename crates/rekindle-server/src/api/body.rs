//! The JSON body of a request: one flat object of known members.
//!
//! Members that an endpoint does not know are refused by name. RFC 6749 lets a server ignore what it does not
//! know; here a misspelt `remember` would silently keep somebody signed in on a shared computer for a month,
//! and a misspelt `refresh_token` would look like a logout.

use axum::extract::{FromRequest, Request};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http_body_util::BodyExt as _;
use serde::Deserialize;
use serde_json::error::Category;
use serde_json::value::RawValue;

use super::problem::Problem;
use crate::accounts::flaw;
use crate::json::Members;

/// The members of the body, in the order they were sent. No body at all has no members.
#[derive(Default, Deserialize)]
#[serde(from = "Members")]
pub(crate) struct Body(Vec<(String, Box<RawValue>)>);

impl From<Members> for Body {
    fn from(Members(members): Members) -> Self {
        Self(members)
    }
}

impl Body {
    /// Refuses members that are not `known`, and members sent twice.
    pub(crate) fn only(self, known: &[&str]) -> Result<Self, Problem> {
        for (index, (name, _)) in self.0.iter().enumerate() {
            if !known.contains(&name.as_str()) {
                let shown: String = name.chars().take(40).collect();
                let known = known.join("`, `");
                return Err(Problem::invalid(format!(
                    "the member `{shown}` is unknown here; known: `{known}`"
                )));
            }
            if self.0[..index].iter().any(|(earlier, _)| earlier == name) {
                return Err(Problem::invalid(format!("the member `{name}` was sent twice")));
            }
        }
        Ok(self)
    }

    /// A text of 1 to `limit` characters without control characters; `None` where it is absent or null.
    pub(crate) fn text(&mut self, name: &str, limit: usize) -> Result<Option<String>, Problem> {
        let Some(text) = self.any_text(name)? else { return Ok(None) };
        if let Some(flaw) = flaw(&text, limit) {
            return Err(Problem::invalid(format!("`{name}` {flaw}")));
        }
        Ok(Some(text))
    }

    /// Like [`text`](Self::text), and it must be there.
    pub(crate) fn required_text(&mut self, name: &str, limit: usize) -> Result<String, Problem> {
        self.text(name, limit)?.ok_or_else(|| Problem::invalid(format!("`{name}` is missing")))
    }

    /// A token: whatever text it is, the engine judges it. An empty one is none.
    pub(crate) fn token(&mut self, name: &str) -> Result<Option<String>, Problem> {
        Ok(self.any_text(name)?.filter(|token| !token.is_empty()))
    }

    /// `true` or `false`; `None` where it is absent or null.
    pub(crate) fn flag(&mut self, name: &str) -> Result<Option<bool>, Problem> {
        self.read(name, "true or false")
    }

    /// A whole number; `None` where it is absent or null.
    pub(crate) fn number(&mut self, name: &str) -> Result<Option<u64>, Problem> {
        self.read(name, "a whole number of seconds")
    }

    /// An object as it was sent; `None` where it is absent or null.
    pub(crate) fn object(&mut self, name: &str) -> Result<Option<Box<RawValue>>, Problem> {
        match self.take(name) {
            Some(value) if !value.get().starts_with('{') => {
                Err(Problem::invalid(format!("`{name}` must be an object")))
            }
            value => Ok(value),
        }
    }

    fn any_text(&mut self, name: &str) -> Result<Option<String>, Problem> {
        self.read(name, "a string")
    }

    fn read<T: serde::de::DeserializeOwned>(&mut self, name: &str, what: &str) -> Result<Option<T>, Problem> {
        let read = self.take(name).map(|value| serde_json::from_str(value.get())).transpose();
        read.map_err(|_| Problem::invalid(format!("`{name}` must be {what}")))
    }

    fn take(&mut self, name: &str) -> Option<Box<RawValue>> {
        let index = self.0.iter().position(|(member, value)| member == name && value.get() != "null")?;
        Some(self.0.swap_remove(index).1)
    }
}

impl<S: Sync> FromRequest<S> for Body {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let (head, body) = request.into_parts();
        // The accept loop lets a request through with its body whole and within its limits.
        let Ok(collected) = body.collect().await else { return Err(Problem::invalid("the body broke off")) };
        let bytes = collected.to_bytes();
        if bytes.is_empty() {
            return Ok(Self::default());
        }
        check_type(&head.headers)?;
        serde_json::from_slice(&bytes).map_err(|error| {
            // The parser's own message may quote what was sent.
            let (line, column) = (error.line(), error.column());
            Problem::invalid(match error.classify() {
                Category::Data => "the body must be a JSON object".to_owned(),
                _ => format!("the body is not JSON: see line {line}, column {column}"),
            })
        })
    }
}

/// Only JSON under its own name: a form on another site cannot send that without asking first.
fn check_type(headers: &HeaderMap) -> Result<(), Problem> {
    let named = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = named.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/json") {
        return Err(Problem::unsupported_media_type(
            "send the body as JSON, with `Content-Type: application/json`",
        ));
    }
    if headers.get(CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
        return Err(Problem::unsupported_media_type("the body must not be compressed"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Body {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_member_is_what_it_was_sent_as() {
        assert_eq!(read(r#"{"a":"\u0062"}"#).text("a", 9), Ok(Some("b".to_owned())));
        assert_eq!(read(r#"{"a":null}"#).text("a", 9), Ok(None));
        assert_eq!(read(r#"{"a":true}"#).flag("a"), Ok(Some(true)));
        // The last two are serde_json's own names.
        for other in [
            "1",
            "1.5",
            "-1",
            "[]",
            "{}",
            r#"["b"]"#,
            r#"{"$serde_json::private::RawValue":"\"b\""}"#,
            r#"{"$serde_json::private::RawValue":"true"}"#,
        ] {
            let json = format!(r#"{{"a":{other}}}"#);
            assert!(read(&json).text("a", 9).is_err(), "{other}");
            assert!(read(&json).flag("a").is_err(), "{other}");
        }
    }
}
