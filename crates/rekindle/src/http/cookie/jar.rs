//! What a request's `Cookie` headers hold of ours.

use std::fmt;

use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};

use super::{Slot, names};
use crate::http::Browsers;

/// More cookies of one kind are not looked at: each genuine one costs a read of its row. A jar has one or two; the
/// rest was put there by somebody who wants the reads.
const MOST: usize = 16;

/// The cookies of ours, in the order in which they were sent. Nothing is proved yet.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Jar {
    /// Access tokens.
    pub access: Vec<(Slot, String)>,
    /// Refresh tokens.
    pub refresh: Vec<(Slot, String)>,
}

impl fmt::Debug for Jar {
    /// Without the tokens.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let slots =
            |cookies: &[(Slot, String)]| cookies.iter().map(|(slot, _)| slot.clone()).collect::<Vec<_>>();
        f.debug_struct("Jar")
            .field("access", &slots(&self.access))
            .field("refresh", &slots(&self.refresh))
            .finish()
    }
}

impl Jar {
    /// Those of a request.
    pub fn of(headers: &HeaderMap, browsers: &Browsers) -> Self {
        let (access, refresh) = names(browsers);
        let mut jar = Self::default();
        // A browser sends all cookies in one line, and what an application keeps in its own need not be ASCII: one
        // pair that is no text must not hide the others.
        let lines = headers.get_all(COOKIE).iter().map(HeaderValue::as_bytes);
        for pair in lines.flat_map(|line| line.split(|byte| *byte == b';')) {
            let Ok(pair) = std::str::from_utf8(pair) else { continue };
            let Some((name, value)) = pair.trim_matches(' ').split_once('=') else { continue };
            let found = [(access, &mut jar.access), (refresh, &mut jar.refresh)];
            for (prefix, cookies) in found {
                if let Some(slot) = name.strip_prefix(prefix).and_then(Slot::parse)
                    && cookies.len() < MOST
                    && !value.is_empty()
                {
                    cookies.push((slot, value.to_owned()));
                }
            }
        }
        jar
    }

    /// Whether there is none of ours.
    pub fn is_empty(&self) -> bool {
        self.access.is_empty() && self.refresh.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jar(url: &str, lines: &[&str]) -> Jar {
        let headers = lines.iter().map(|line| (COOKIE, line.parse().unwrap())).collect();
        Jar::of(&headers, &Browsers::at(url))
    }

    #[test]
    fn ours_are_found_among_others() {
        let jar = jar(
            "https://a.example",
            &[
                "x=1; __Host-rk-a.AAAAaaa0=tok; theme=dark",
                "__Secure-rk-r.AAAAaaa0=ref;__Secure-rk-r.bbbbBBB-=other",
            ],
        );
        let slot = |text: &str| Slot::parse(text).unwrap();
        assert_eq!(jar.access, [(slot("AAAAaaa0"), "tok".to_owned())]);
        assert_eq!(
            jar.refresh,
            [(slot("AAAAaaa0"), "ref".to_owned()), (slot("bbbbBBB-"), "other".to_owned())]
        );
    }

    /// `document.cookie = "name=Zoë"` is sent as UTF-8, or as whatever the page's encoding was.
    #[test]
    fn a_cookie_of_the_applications_that_is_not_ascii_hides_none_of_ours() {
        for foreign in ["name=Zoë".as_bytes(), b"name=Zo\xeb", b"rk-r.AAAAaaa0=\xff", b"\xff"] {
            let line = [foreign, b"; rk-a.AAAAaaa0=tok; rk-r.AAAAaaa0=ref"].concat();
            let headers = HeaderMap::from_iter([(COOKIE, HeaderValue::from_bytes(&line).unwrap())]);
            let jar = Jar::of(&headers, &Browsers::at("http://a.example"));
            assert_eq!((jar.access.len(), jar.refresh.len()), (1, 1), "{}", foreign.escape_ascii());
        }
    }

    /// Without its prefix anybody on the network, or another host of the domain, may have put it there.
    #[test]
    fn plain_names_count_for_nothing_where_there_is_https() {
        assert!(jar("https://a.example", &["rk-a.AAAAaaa0=tok; rk-r.AAAAaaa0=ref"]).is_empty());
        assert!(jar("https://a.example", &["__Secure-rk-a.AAAAaaa0=tok"]).is_empty());
        assert!(!jar("http://a.example", &["rk-a.AAAAaaa0=tok"]).is_empty());
    }

    #[test]
    fn junk_is_left_where_it_is() {
        for line in [
            "rk-a.=x",
            "rk-a.short=x",
            "rk-a.toolong99=x",
            "rk-a.AAAAaa,0=x",
            "rk-a.AAAAaaa0",
            ";;=;",
            "rk-r.AAAAaaa0=",
        ] {
            assert!(jar("http://a.example", &[line]).is_empty(), "{line}");
        }
        let many = "rk-r.AAAAaaa0=x;".repeat(1000);
        assert_eq!(jar("http://a.example", &[&many]).refresh.len(), MOST);
    }
}
