//! What an HTTP answer says, by the shape of the endpoint.

use cookie::Cookie;
use reqwest::Url;
use reqwest::header::{CONTENT_TYPE, HeaderMap, LOCATION, RETRY_AFTER, SET_COOKIE};
use serde_json::Value;
use zeroize::Zeroizing;

use super::endpoint::{Answer, Credential, Failure};
use super::shape::{Place, Shape, fits};

/// An answer, read to its end.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Zeroizing<Vec<u8>>,
}

impl Reply {
    /// What it says to who presented `held`; a login presents nothing.
    pub(super) fn answer(&self, shape: &Shape, held: Option<&Credential>) -> Answer {
        match self.status {
            200..300 => self.tokens(shape, held),
            300..400 => Answer::Failed(Failure::Redirect(self.target())),
            409 | 425 | 429 | 503 => Answer::Later(self.status),
            400..500 => Answer::Refused(self.status),
            status => Answer::Failed(Failure::Status(status)),
        }
    }

    /// The same for a logout, whose success has no tokens.
    pub(super) fn acknowledgement(&self, shape: &Shape) -> Answer {
        match self.status {
            200..300 => Answer::Done,
            _ => self.answer(shape, None),
        }
    }

    /// How long it asks to be left alone, in seconds.
    pub(super) fn retry_after(&self) -> Option<u64> {
        let told = matches!(self.status, 429 | 503);
        self.headers.get(RETRY_AFTER).filter(|_| told)?.to_str().ok()?.trim().parse().ok()
    }

    pub(super) fn cookies(&self) -> impl Iterator<Item = Cookie<'static>> {
        self.headers.get_all(SET_COOKIE).iter().filter_map(|value| {
            let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
            Cookie::parse(text).ok()
        })
    }

    pub(super) fn is_html(&self) -> bool {
        let content_type =
            self.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        content_type.starts_with("text/html") || self.body.trim_ascii_start().starts_with(b"<")
    }

    fn target(&self) -> String {
        let location = self.headers.get(LOCATION).and_then(|value| value.to_str().ok()).unwrap_or("nowhere");
        // A query may carry a token.
        match Url::options().base_url(Url::parse("http://same-host").ok().as_ref()).parse(location) {
            Ok(url) if url.host_str() == Some("same-host") => url.path().to_owned(),
            Ok(url) => format!("{}://{}{}", url.scheme(), url.host_str().unwrap_or_default(), url.path()),
            Err(_) => "nowhere".to_owned(),
        }
    }

    fn tokens(&self, shape: &Shape, held: Option<&Credential>) -> Answer {
        if self.is_html() {
            return Answer::Failed(Failure::Html(self.status));
        }
        let jar = self.jar(held);
        if let Place::Cookie(pattern) = &shape.place {
            let in_jar = |pattern: &str| jar.iter().rev().find(|(name, _)| fits(pattern, name)).cloned();
            let Some((_, refresh)) = in_jar(pattern) else {
                return Answer::Failed(Failure::NoToken(self.status));
            };
            let access = shape.access.iter().find_map(|name| in_jar(name)).map(|(_, access)| access);
            return Answer::Granted(Credential { refresh, access, member: None, jar });
        }
        let Ok(body) = serde_json::from_slice::<Value>(&self.body) else {
            return Answer::Failed(Failure::NotJson(self.status));
        };
        let access = find(&body, &shape.access).map(|(_, token)| token);
        let refresh = find(&body, &shape.refresh).map(|(name, token)| (token, Some(name)));
        // An endpoint that does not rotate leaves the refresh token out: it stays what it is.
        let stays = held.filter(|_| access.is_some());
        match refresh.or_else(|| stays.map(|held| (held.refresh.clone(), held.member.clone()))) {
            Some((refresh, member)) => Answer::Granted(Credential { refresh, access, member, jar }),
            None => Answer::Failed(Failure::NoToken(self.status)),
        }
    }

    /// What a browser holds after this answer. Paths and domains are left aside: one endpoint is talked to.
    fn jar(&self, held: Option<&Credential>) -> Vec<(String, Zeroizing<String>)> {
        let mut jar = held.map(|held| held.jar.clone()).unwrap_or_default();
        for cookie in self.cookies() {
            jar.retain(|(name, _)| name != cookie.name());
            let cleared = cookie.value().is_empty() || cookie.max_age().is_some_and(|age| !age.is_positive());
            if !cleared {
                jar.push((cookie.name().to_owned(), Zeroizing::new(cookie.value().to_owned())));
            }
        }
        jar
    }
}

/// The first of `names` that `body` has, at the top or inside of what answers are often wrapped in.
fn find(body: &Value, names: &[String]) -> Option<(String, Zeroizing<String>)> {
    const WRAPPED: [&str; 5] = ["", "data.", "tokens.", "session.", "result."];
    for wrapper in WRAPPED {
        for name in names {
            let path = format!("{wrapper}{name}");
            let value = path.split('.').try_fold(body, |value, part| value.get(part));
            if let Some(token) = value.and_then(Value::as_str).filter(|token| !token.is_empty()) {
                return Some((path, Zeroizing::new(token.to_owned())));
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::probe::presets::named;

    fn reply(status: u16, headers: &[(&'static str, &'static str)], body: &str) -> Reply {
        let headers =
            headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        Reply { status, headers, body: Zeroizing::new(body.as_bytes().to_vec()) }
    }

    fn shape(preset: &str) -> Shape {
        named(preset).unwrap().shape()
    }

    #[test]
    fn tokens_are_found_where_the_preset_says() {
        let answer = reply(200, &[], r#"{"access":"a","refresh":"r"}"#).answer(&shape("simplejwt"), None);
        let held = answer.granted().unwrap().clone();
        assert_eq!((held.refresh.as_str(), held.member.as_deref()), ("r", Some("refresh")));
        // Without rotation the answer has an access token only.
        let answer = reply(200, &[], r#"{"access":"b"}"#).answer(&shape("simplejwt"), Some(&held));
        assert_eq!(answer.granted().unwrap().refresh.as_str(), "r");
        assert_eq!(
            reply(200, &[], r#"{"access":"b"}"#).answer(&shape("simplejwt"), None),
            Answer::Failed(Failure::NoToken(200))
        );
        let wrapped = reply(201, &[], r#"{"data":{"refreshToken":"r","accessToken":"a"}}"#);
        let held = wrapped.answer(&shape("generic"), None).granted().unwrap().clone();
        assert_eq!(held.member.as_deref(), Some("data.refreshToken"));
        assert_eq!(shape("generic").sent_as(held.member.as_deref()), "refreshToken");
    }

    #[test]
    fn cookies_are_kept_as_a_browser_keeps_them() {
        let shape = shape("rekindle-cookie");
        let set = [("set-cookie", "rk-a.x=1; Path=/"), ("set-cookie", "rk-r.x=2; Path=/v1; HttpOnly")];
        let held = reply(200, &set, "{}").answer(&shape, None).granted().unwrap().clone();
        assert_eq!(held.refresh.as_str(), "2");
        let cleared = reply(200, &[("set-cookie", "rk-r.x=; Max-Age=0")], "{}").answer(&shape, Some(&held));
        assert_eq!(cleared, Answer::Failed(Failure::NoToken(200)));
        let again = reply(200, &[("set-cookie", "rk-r.x=3")], "{}").answer(&shape, Some(&held));
        assert_eq!(again.granted().unwrap().jar.len(), 2);
    }

    #[test]
    fn what_is_no_answer_is_said() {
        let shape = shape("generic");
        let said =
            |status, headers: &[_], body| reply(status, headers, body).answer(&shape, None).to_string();
        assert_eq!(said(401, &[], ""), "401");
        assert_eq!(said(500, &[], ""), "status 500");
        assert!(said(200, &[("content-type", "text/html")], "hello").contains("HTML"));
        assert!(said(200, &[], " <!doctype html>").contains("HTML"));
        assert!(said(200, &[], "token").contains("not JSON"));
        assert!(said(301, &[("location", "/r/?token=secret")], "").contains("a redirect to /r/;"));
        assert!(
            said(302, &[("location", "https://x.example/in?a=b")], "").contains("to https://x.example/in;")
        );
        assert_eq!(reply(409, &[], "").answer(&shape, None), Answer::Later(409));
        assert_eq!(reply(503, &[("retry-after", "7")], "").retry_after(), Some(7));
        assert_eq!(reply(200, &[("retry-after", "7")], "").retry_after(), None);
        assert_eq!(reply(503, &[("retry-after", "Fri, 31 Dec 1999 23:59:59 GMT")], "").retry_after(), None);
    }
}
