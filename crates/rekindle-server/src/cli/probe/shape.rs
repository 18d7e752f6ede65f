//! What requests and answers of an endpoint look like: where tokens are, and what else belongs there.

use crate::accounts::Password;

/// How a body is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    Json,
    Form,
}

/// Where a request carries the refresh token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// In the body.
    Body,
    /// `Authorization: Bearer`.
    Bearer,
    /// In a cookie whose name fits; `*` stands for anything. Answers set it as well.
    Cookie(String),
}

/// By which token a logout is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    /// The refresh token, carried as in a refresh.
    Refresh,
    /// `Authorization: Bearer` with the access token.
    Access,
    /// The refresh token as `token` in the body (RFC 7009).
    Revocation,
}

/// Everything that differs between endpoints, besides their addresses.
#[derive(Clone, Debug)]
pub(super) struct Shape {
    pub(super) encoding: Encoding,
    pub(super) place: Place,
    /// The names that the refresh token may have in an answer; the first is what a request calls it, unless an answer
    /// has used another. `a.b` is `b` inside `a`.
    pub(super) refresh: Vec<String>,
    pub(super) access: Vec<String>,
    /// The members of a login.
    pub(super) user: String,
    pub(super) password: String,
    /// What else a refresh and a login have in their bodies.
    pub(super) with: Vec<(String, String)>,
    pub(super) login_with: Vec<(String, String)>,
    pub(super) headers: Vec<(String, String)>,
    /// A cookie whose value goes into a header, against forged requests.
    pub(super) double_submit: Option<(String, String)>,
    pub(super) logout: By,
    /// HTTP Basic, as OAuth clients say who they are (RFC 6749 section 2.3.1).
    pub(super) client: Option<(String, Password)>,
}

impl Shape {
    /// The name that a request gives the refresh token.
    pub(super) fn sent_as<'a>(&'a self, found: Option<&'a str>) -> &'a str {
        let name = found.or(self.refresh.first().map(String::as_str)).unwrap_or("refresh_token");
        name.rsplit('.').next().unwrap_or(name)
    }
}

/// Whether `name` fits `pattern`, in which `*` stands for anything.
pub(super) fn fits(pattern: &str, name: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else {
        return pattern == name;
    };
    let Some(name) = name.strip_prefix(start) else {
        return false;
    };
    (0..=name.len()).any(|at| name.get(at..).is_some_and(|tail| fits(rest, tail)))
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn names_of_cookies_may_vary() {
        assert!(fits("refresh", "refresh") && !fits("refresh", "refresh2"));
        assert!(fits("*rk-r.*", "rk-r.abcd1234") && fits("*rk-r.*", "__Secure-rk-r.abcd1234"));
        assert!(!fits("*rk-r.*", "__Host-rk-a.abcd1234") && fits("*", "") && fits("a*", "a"));
    }
}
