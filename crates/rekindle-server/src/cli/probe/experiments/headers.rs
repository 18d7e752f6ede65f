//! What comes with the tokens: whether caches keep them, and how cookies are guarded.

use cookie::{Cookie, SameSite};

use crate::cli::probe::finding::{Finding, Verdict};
use crate::cli::probe::reading::Reply;

/// RFC 6749 section 5.1: answers with tokens must not be stored.
pub(in crate::cli::probe) fn cache(login: Option<&Reply>, refresh: Option<&Reply>) -> Finding {
    let finding = Finding::new("cache_headers", "caches told to keep out");
    let told = |reply: &Reply| {
        let values = reply.headers.get_all("cache-control").iter();
        values
            .filter_map(|value| value.to_str().ok())
            .any(|value| value.to_ascii_lowercase().contains("no-store"))
    };
    let (login, refresh) = (login.map(told), refresh.map(told));
    let missing: Vec<&str> = [("the login", login), ("the refresh", refresh)]
        .into_iter()
        .filter_map(|(name, told)| (told == Some(false)).then_some(name))
        .collect();
    let finding = finding.number("login_no_store", login).number("refresh_no_store", refresh);
    if login.is_none() && refresh.is_none() {
        return finding.unknown("no answer with tokens was seen");
    }
    finding
        .found_if(
            !missing.is_empty(),
            Verdict::Weak,
            "Caches: without Cache-Control: no-store a proxy or a browser may keep tokens, and hand out old ones.",
        )
        .summed_up(match missing.as_slice() {
            [] => "Cache-Control: no-store".to_owned(),
            who => format!("no Cache-Control: no-store from {}", who.join(" and ")),
        })
}

/// The cookies that hold `tokens`.
pub(in crate::cli::probe) fn cookies(replies: &[&Reply], tokens: &[&str], https: bool) -> Finding {
    let finding = Finding::new("cookie_flags", "flags of cookies");
    let mut cookies: Vec<Cookie<'_>> = Vec::new();
    for cookie in replies.iter().flat_map(|reply| reply.cookies()) {
        let holds = tokens.contains(&cookie.value());
        if holds && !cookies.iter().any(|known| known.name() == cookie.name()) {
            cookies.push(cookie);
        }
    }
    let flags = |cookie: &Cookie<'_>| {
        serde_json::json!({
            "name": cookie.name(),
            "http_only": cookie.http_only().unwrap_or(false),
            "secure": cookie.secure().unwrap_or(false),
            "same_site": cookie.same_site().map(|same_site| same_site.to_string()),
            "path": cookie.path(),
        })
    };
    let finding = finding.number("cookies", cookies.iter().map(flags).collect::<Vec<_>>());
    if cookies.is_empty() {
        return finding.summed_up("none: tokens are in the body");
    }
    let readable = cookies.iter().any(|cookie| !cookie.http_only().unwrap_or(false));
    let in_clear = https && cookies.iter().any(|cookie| !cookie.secure().unwrap_or(false));
    // Browsers treat a cookie that says nothing as Lax, some of them only after two minutes.
    let from_anywhere =
        cookies.iter().any(|cookie| matches!(cookie.same_site(), None | Some(SameSite::None)));
    let said: Vec<String> = cookies.iter().map(|cookie| described(cookie)).collect();
    finding
        .found_if(
            readable,
            Verdict::Weak,
            "Cookies without HttpOnly: one injected script takes the session along.",
        )
        .found_if(
            in_clear,
            Verdict::Weak,
            "Cookies without Secure: a request in clear shows the token to the network.",
        )
        .found_if(
            from_anywhere,
            Verdict::Weak,
            "Cookies without SameSite: other sites can make the browser refresh or act, where nothing else keeps them out.",
        )
        .summed_up(said.join("; "))
}

/// `name: HttpOnly, SameSite=Lax, Path=/`.
fn described(cookie: &Cookie<'_>) -> String {
    let mut flags = Vec::new();
    for (name, set) in [("HttpOnly", cookie.http_only()), ("Secure", cookie.secure())] {
        if set.unwrap_or(false) {
            flags.push(name.to_owned());
        }
    }
    flags.extend(cookie.same_site().map(|same_site| format!("SameSite={same_site}")));
    flags.extend(cookie.path().map(|path| format!("Path={path}")));
    let flags = if flags.is_empty() { "no flags".to_owned() } else { flags.join(", ") };
    format!("{}: {flags}", cookie.name())
}

#[cfg(test)]
mod tests {
    use zeroize::Zeroizing;

    use super::*;

    fn reply(headers: &[(&'static str, &'static str)]) -> Reply {
        let headers =
            headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        Reply { status: 200, headers, body: Zeroizing::default() }
    }

    #[test]
    fn an_answer_that_may_be_kept_is_found() {
        let (kept, not) =
            (reply(&[("cache-control", "max-age=0")]), reply(&[("cache-control", "No-Store, private")]));
        assert!(cache(Some(&not), Some(&not)).is_ok());
        let finding = cache(Some(&not), Some(&kept));
        assert_eq!(finding.verdicts, [Verdict::Weak]);
        assert_eq!(finding.summary, "no Cache-Control: no-store from the refresh");
        assert_eq!(cache(None, None).verdicts, [Verdict::Unknown]);
    }

    #[test]
    fn only_cookies_with_tokens_are_judged() {
        let tokens = ["t"];
        let good = reply(&[
            ("set-cookie", "r=t; HttpOnly; Secure; SameSite=Lax; Path=/v1"),
            ("set-cookie", "csrf=x"),
        ]);
        let finding = cookies(&[&good], &tokens, true);
        assert!(finding.is_ok(), "{finding:?}");
        assert_eq!(finding.summary, "r: HttpOnly, Secure, SameSite=Lax, Path=/v1");
        let bare = reply(&[("set-cookie", "r=t")]);
        let finding = cookies(&[&bare], &tokens, true);
        assert_eq!((finding.means.len(), finding.summary.as_str()), (3, "r: no flags"));
        assert_eq!(cookies(&[&bare], &tokens, false).means.len(), 2);
        assert!(cookies(&[&bare], &[], true).is_ok());
    }
}
