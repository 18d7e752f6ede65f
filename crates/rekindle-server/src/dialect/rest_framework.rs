//! Django REST framework's way with requests: bodies, fields, and the words for what is wrong with them.

use axum::body::Bytes;
use axum::extract::Request;
use axum::http::header::{ALLOW, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use http_body_util::BodyExt as _;
use rekindle::core::Seconds;
use serde::Serialize;
use serde::ser::{SerializeMap as _, Serializer};
use serde_json::Value;

use super::refusal::Refusal;
use crate::api::{Code, Problem};
use crate::json::Members;

/// What the package's 401 carry.
pub(crate) const CHALLENGE: &str = "Bearer realm=\"api\"";

/// `{"detail": …}`, with a code where the package has one.
#[derive(Serialize)]
pub(crate) struct Detail<'a> {
    pub(crate) detail: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) code: Option<&'static str>,
}

impl<'a> Detail<'a> {
    pub(crate) const fn of(detail: &'a str) -> Self {
        Self { detail, code: None }
    }
}

/// What is wrong with each field, in the order of the fields.
#[derive(Default)]
pub(crate) struct FieldErrors(Vec<(String, String)>);

impl FieldErrors {
    /// The value, or an empty one that is not used: the errors say so.
    pub(crate) fn take<T: Default>(&mut self, name: &str, read: Result<T, String>) -> T {
        read.unwrap_or_else(|error| {
            self.0.push((name.to_owned(), error));
            T::default()
        })
    }

    /// # Errors
    /// 400, if there are any.
    pub(crate) fn refuse(self) -> Result<(), Refusal> {
        if self.0.is_empty() { Ok(()) } else { Err(Refusal::invalid(StatusCode::BAD_REQUEST, &self)) }
    }
}

impl Serialize for FieldErrors {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, error) in &self.0 {
            map.serialize_entry(name, &[error])?;
        }
        map.end()
    }
}

/// `{"non_field_errors": […]}`.
#[derive(Serialize)]
pub(crate) struct NonField<'a> {
    pub(crate) non_field_errors: [&'a str; 1],
}

/// The fields of a request: JSON, or a form.
pub(crate) struct Fields(Vec<(String, Value)>);

impl Fields {
    /// # Errors
    /// 400 and 415 as the framework says them; the parser's own words differ.
    pub(crate) async fn of(headers: &HeaderMap, request: Request) -> Result<Self, Refusal> {
        let named = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let named = named.to_owned();
        let Ok(collected) = request.into_body().collect().await else {
            return Err(bad("The body broke off."));
        };
        let bytes = collected.to_bytes();
        if bytes.is_empty() {
            return Ok(Self(Vec::new()));
        }
        let essence = named.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match essence.as_str() {
            "application/json" => Self::json(&bytes),
            "application/x-www-form-urlencoded" => serde_urlencoded::from_bytes(&bytes)
                .map(|pairs: Vec<(String, String)>| {
                    Self(pairs.into_iter().map(|(name, value)| (name, Value::String(value))).collect())
                })
                .map_err(|_| bad("The body is no form.")),
            "multipart/form-data" => Self::multipart(&named, bytes).await,
            _ => {
                let shown: String = named.chars().filter(|c| !c.is_control()).take(100).collect();
                let detail = format!("Unsupported media type \"{shown}\" in request.");
                Err(Refusal::invalid(StatusCode::UNSUPPORTED_MEDIA_TYPE, &Detail::of(&detail)))
            }
        }
    }

    /// What `FormData` sends.
    async fn multipart(content_type: &str, body: Bytes) -> Result<Self, Refusal> {
        let boundary = multer::parse_boundary(content_type)
            .map_err(|_| bad("Multipart form parse error - Invalid boundary in multipart: None"))?;
        let whole = tokio_stream::once(Ok::<_, std::convert::Infallible>(body));
        let mut parts = multer::Multipart::new(whole, boundary);
        let mut fields = Vec::new();
        loop {
            let broken = |_| bad("Multipart form parse error");
            let Some(part) = parts.next_field().await.map_err(broken)? else { return Ok(Self(fields)) };
            let name = part.name().unwrap_or_default().to_owned();
            // A file is none of the fields.
            if part.file_name().is_none() {
                fields.push((name, Value::String(part.text().await.map_err(broken)?)));
            }
        }
    }

    /// This field alone.
    pub(crate) fn one(name: &str, value: &str) -> Self {
        Self(vec![(name.to_owned(), Value::String(value.to_owned()))])
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(own, _)| own == name)
    }

    fn json(bytes: &[u8]) -> Result<Self, Refusal> {
        let value = match serde_json::from_slice::<Members>(bytes) {
            Ok(Members(members)) => {
                let read = |(name, value): (String, Box<serde_json::value::RawValue>)| {
                    serde_json::from_str(value.get()).ok().map(|value| (name, value))
                };
                return Ok(Self(members.into_iter().filter_map(read).collect()));
            }
            Err(_) => serde_json::from_slice::<Value>(bytes),
        };
        match value {
            Ok(other) => {
                let kind = match other {
                    Value::Null => "",
                    Value::Bool(_) => "bool",
                    Value::Number(number) if number.is_f64() => "float",
                    Value::Number(_) => "int",
                    Value::String(_) => "str",
                    Value::Array(_) => "list",
                    Value::Object(_) => "dict",
                };
                let error = match kind {
                    "" => "No data provided".to_owned(),
                    kind => format!("Invalid data. Expected a dictionary, but got {kind}."),
                };
                Err(Refusal::invalid(StatusCode::BAD_REQUEST, &NonField { non_field_errors: [&error] }))
            }
            Err(error) => {
                let (line, column) = (error.line(), error.column());
                Err(bad(&format!("JSON parse error - see line {line} column {column}")))
            }
        }
    }

    /// A `CharField`: trimmed, neither blank nor null. The last of several counts, as in Python.
    pub(crate) fn char(&self, name: &str) -> Result<String, String> {
        let value = self.0.iter().rev().find(|(own, _)| own == name).map(|(_, value)| value);
        let text = match value {
            None => return Err("This field is required.".to_owned()),
            Some(Value::Null) => return Err("This field may not be null.".to_owned()),
            Some(Value::String(text)) => text.trim().to_owned(),
            Some(Value::Number(number)) => number.to_string(),
            Some(_) => return Err("Not a valid string.".to_owned()),
        };
        match text {
            text if text.is_empty() => Err("This field may not be blank.".to_owned()),
            text if text.contains('\0') => Err("Null characters are not allowed.".to_owned()),
            text => Ok(text),
        }
    }
}

fn bad(detail: &str) -> Refusal {
    Refusal::invalid(StatusCode::BAD_REQUEST, &Detail::of(detail))
}

/// 405, and for OPTIONS what may be sent: browsers ask.
pub(crate) async fn method_not_allowed(request: Request) -> Response {
    // The framework answers OPTIONS everywhere, and says so.
    let allowed = [(ALLOW, "POST, OPTIONS")];
    if request.method() == axum::http::Method::OPTIONS {
        return (StatusCode::NO_CONTENT, allowed).into_response();
    }
    let method: String = request.method().as_str().chars().take(20).collect();
    let detail = format!("Method \"{method}\" not allowed.");
    (allowed, Refusal::invalid(StatusCode::METHOD_NOT_ALLOWED, &Detail::of(&detail))).into_response()
}

/// What may pass, and what no package knows: the same for all that stand on the framework. `None` for the rest, which each
/// says in its own words.
pub(crate) fn transient(problem: &Problem) -> Option<Refusal> {
    Some(match problem.code() {
        Code::RateLimited => {
            let Seconds(wait) = problem.retry_after().unwrap_or(Seconds(1));
            let unit = if wait == 1 { "second" } else { "seconds" };
            let detail = format!("Request was throttled. Expected available in {wait} {unit}.");
            Refusal::of(problem, StatusCode::TOO_MANY_REQUESTS, &Detail::of(&detail))
        }
        // The package has no word for a token that was replaced a moment ago. A client that reads its storage again finds the
        // newer one, and none logs anybody out for a 503.
        Code::Superseded | Code::Unavailable => {
            let wait = problem.retry_after().unwrap_or(Seconds(1));
            let detail = "Service temporarily unavailable, try again later.";
            Refusal::of(problem, StatusCode::SERVICE_UNAVAILABLE, &Detail::of(detail)).retry_after(wait)
        }
        Code::InvalidCredentials | Code::SessionEnded | Code::TokenInvalid | Code::TokenExpired => {
            return None;
        }
        _ => {
            let detail = "You do not have permission to perform this action.";
            Refusal::of(problem, problem.status(), &Detail::of(detail))
        }
    })
}
