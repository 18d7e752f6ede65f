//! Requests that another site makes a browser send: its cookies come along, its user's wish does not.

use http::header::{HeaderMap, ORIGIN};

use super::Browsers;

/// The request may be another site's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forgery;

/// Lets a request through that changes something and whose cookies count.
///
/// `Sec-Fetch-Site` is the browser's own word and no page can set it (Fetch Metadata Request Headers, section 2.3).
/// `none` means that the user typed the address or opened a bookmark, which sends no such request. Where neither it nor
/// `Origin` is there, as in a program that keeps a jar, a header of one's own proves that it was no form: a page of another
/// origin cannot add one without asking first (Fetch, section 3.2).
///
/// # Errors
/// [`Forgery`].
pub fn check(headers: &HeaderMap, browsers: &Browsers) -> Result<(), Forgery> {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let site = text("sec-fetch-site");
    let origin = text(ORIGIN.as_str());
    let fine = match (site, origin) {
        (Some("same-origin"), _) => true,
        (Some("same-site"), _) if browsers.trust_same_site => true,
        (_, Some(origin)) => browsers.trusts(origin),
        (Some(_), None) => false,
        (None, None) => text("rekindle") == Some("1"),
    };
    if fine { Ok(()) } else { Err(Forgery) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passes(trust_same_site: bool, headers: &[(&'static str, &str)]) -> bool {
        let browsers = Browsers::at("https://example.com").trusting_same_site(trust_same_site);
        let browsers = browsers.trusting(["https://app.example.net".to_owned()]);
        let headers =
            headers.iter().map(|(name, value)| (http::HeaderName::from_static(name), value.parse().unwrap()));
        check(&headers.collect(), &browsers).is_ok()
    }

    #[test]
    fn own_pages_and_those_that_are_named_pass() {
        assert!(passes(false, &[("sec-fetch-site", "same-origin")]));
        assert!(passes(false, &[("origin", "https://example.com")]));
        assert!(passes(false, &[("sec-fetch-site", "cross-site"), ("origin", "https://app.example.net")]));
        assert!(passes(true, &[("sec-fetch-site", "same-site"), ("origin", "https://old.example.com")]));
        assert!(passes(false, &[("rekindle", "1")]));
    }

    #[test]
    fn other_sites_do_not() {
        let refused: [&[(&str, &str)]; 10] = [
            &[],
            &[("rekindle", "0")],
            &[("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "none")],
            &[("sec-fetch-site", "same-site")],
            &[("sec-fetch-site", "cross-site"), ("rekindle", "1")],
            &[("origin", "null")],
            &[("origin", "null"), ("rekindle", "1")],
            &[("origin", "https://example.com.evil.example")],
            &[("origin", "http://example.com")],
        ];
        for headers in refused {
            assert!(!passes(false, headers), "{headers:?}");
        }
        assert!(!passes(true, &[("sec-fetch-site", "cross-site")]));
    }
}
