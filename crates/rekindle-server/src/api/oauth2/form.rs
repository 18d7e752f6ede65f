//! The form body of an OAuth 2.0 request (RFC 6749 section 3.2, appendix B).

use axum::extract::{FromRequest, Request};
use axum::http::header::CONTENT_TYPE;
use http_body_util::BodyExt as _;

use crate::api::Problem;

/// The parameters that have a value. Those that nobody knows are ignored, as the RFC wants.
pub(crate) struct Form(Vec<(String, String)>);

impl Form {
    /// A parameter; one that was sent twice is refused: which of the two another program on the way believed,
    /// nobody knows.
    pub(crate) fn one(&self, name: &str) -> Result<Option<&str>, Problem> {
        let mut values = self.0.iter().filter(|(known, _)| known == name);
        let first = values.next().map(|(_, value)| value.as_str());
        if values.next().is_some() {
            return Err(Problem::invalid(format!("`{name}` was sent twice")));
        }
        Ok(first)
    }

    /// The parameter `token` of RFC 7009 and RFC 7662.
    pub(crate) fn token(&self) -> Result<&str, Problem> {
        self.one("token")?.ok_or_else(|| Problem::invalid("`token` is missing"))
    }
}

impl<S: Sync> FromRequest<S> for Form {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let (head, body) = request.into_parts();
        let named = head.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let essence = named.split(';').next().unwrap_or_default().trim();
        if !essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return Err(Problem::unsupported_media_type(
                "send a form: `Content-Type: application/x-www-form-urlencoded`",
            ));
        }
        let Ok(collected) = body.collect().await else { return Err(Problem::invalid("the body broke off")) };
        let pairs: Vec<(String, String)> = serde_urlencoded::from_bytes(&collected.to_bytes())
            .map_err(|_| Problem::invalid("the body is no form"))?;
        Ok(Self(pairs.into_iter().filter(|(_, value)| !value.is_empty()).collect()))
    }
}
