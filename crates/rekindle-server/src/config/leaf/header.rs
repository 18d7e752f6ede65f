//! Headers, by name.

use std::fmt;
use std::str::FromStr;

use axum::http;

/// The name of a header, as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderName {
    written: String,
    name: http::HeaderName,
}

impl HeaderName {
    /// As it is sent.
    pub fn name(&self) -> &http::HeaderName {
        &self.name
    }
}

/// `Authorization`.
impl Default for HeaderName {
    fn default() -> Self {
        Self { written: "Authorization".to_owned(), name: http::header::AUTHORIZATION }
    }
}

impl FromStr for HeaderName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // What carries meaning for proxies and browsers is not to carry a token.
        const TAKEN: [&str; 9] = [
            "cache-control",
            "connection",
            "content-length",
            "content-type",
            "location",
            "set-cookie",
            "transfer-encoding",
            "vary",
            "www-authenticate",
        ];
        let read = text.parse().ok().filter(|name: &http::HeaderName| !TAKEN.contains(&name.as_str()));
        let written = text.to_owned();
        read.map(|name| Self { written, name }).ok_or_else(|| {
            "write the name of a header that has no other use, such as Authorization".to_owned()
        })
    }
}

impl fmt::Display for HeaderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

/// A header that says who makes a request, and the claim that stands in it: `Remote-User: sub`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityHeader {
    header: HeaderName,
    claim: String,
}

impl IdentityHeader {
    /// Who it is, and which session.
    pub(crate) fn usual() -> Vec<Self> {
        let usual = [("remote-user", "Remote-User", "sub"), ("remote-session", "Remote-Session", "sid")];
        let header = |(name, written, claim): (&'static str, &str, &str)| Self {
            header: HeaderName { written: written.to_owned(), name: http::HeaderName::from_static(name) },
            claim: claim.to_owned(),
        };
        usual.map(header).into()
    }

    /// Its name.
    pub fn name(&self) -> &http::HeaderName {
        self.header.name()
    }

    /// A member of the access token's claims.
    pub fn claim(&self) -> &str {
        &self.claim
    }
}

impl FromStr for IdentityHeader {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "write a header and a claim, such as \"Remote-User: sub\"".to_owned();
        let (header, claim) = text.split_once(':').ok_or_else(wrong)?;
        let (header, claim) = (header.parse()?, claim.trim().to_owned());
        // Two in one text: the second header would never be sent.
        if claim.is_empty() || claim.contains(',') { Err(wrong()) } else { Ok(Self { header, claim }) }
    }
}

impl fmt::Display for IdentityHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.header, self.claim)
    }
}
