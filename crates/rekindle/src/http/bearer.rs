//! The token in `Authorization: Bearer` (RFC 6750 section 2.1).

use http::HeaderMap;
use http::header::AUTHORIZATION;

/// `Authorization` was sent twice: which of the two another program on the way believed, nobody knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Repeated;

/// The bearer token that was sent; `None` where there is none, or another scheme.
///
/// # Errors
/// [`Repeated`].
pub fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Repeated> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(Repeated);
    }
    // A value that is not text is no token of ours either; the authority says so.
    let value = value.to_str().unwrap_or("Bearer \u{fffd}");
    let (scheme, token) = value.split_once(' ').unwrap_or((value, ""));
    let token = token.trim_matches(' ');
    Ok((scheme.eq_ignore_ascii_case("Bearer") && !token.is_empty()).then_some(token))
}
