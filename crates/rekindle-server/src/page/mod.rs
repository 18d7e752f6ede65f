//! The page at `/` of `rekindle dev`: signs in, refreshes, races, loses an answer, steals.
//!
//! Plain files, embedded; nothing is loaded from elsewhere, and the policy below makes sure of it.

use axum::Router;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::routing::get;
use rekindle::core::{Policy, SUPERSEDED_SPAN};

/// A page that handles tokens runs its own script and talks to its own server, and to nobody else.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const JSON: &str = "application/json";
const JS: &str = "text/javascript; charset=utf-8";

/// The page and its files, for a server that follows `policy`.
pub fn router(policy: &Policy) -> Router {
    // The page explains what it sees by it. 0: no window, every refresh rotates.
    let numbers = format!(
        r#"{{"access":{},"replay_window":{},"superseded":{}}}"#,
        policy.access.0,
        policy.replay_window.unwrap_or_default().0,
        SUPERSEDED_SPAN.0
    );
    Router::new()
        .route("/page/policy.json", get(|| async { file(JSON, numbers) }))
        .route("/", get(|| async { file(HTML, include_str!("index.html")) }))
        .route("/page/style.css", get(|| async { file(CSS, include_str!("style.css")) }))
        .route("/page/main.js", get(|| async { file(JS, include_str!("main.js")) }))
        .route("/page/steps.js", get(|| async { file(JS, include_str!("steps.js")) }))
        .route("/page/view.js", get(|| async { file(JS, include_str!("view.js")) }))
}

fn file<T>(kind: &'static str, text: T) -> ([(HeaderName, &'static str); 5], T) {
    let headers = [
        (CONTENT_TYPE, kind),
        (CONTENT_SECURITY_POLICY, POLICY),
        (CACHE_CONTROL, "no-store"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
    ];
    (headers, text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use axum::http::{Request, StatusCode};
    use tower::Service as _;

    const FILES: [&str; 5] = [
        include_str!("index.html"),
        include_str!("style.css"),
        include_str!("main.js"),
        include_str!("steps.js"),
        include_str!("view.js"),
    ];

    /// What stands in quotes and looks like one of our paths.
    fn named() -> impl Iterator<Item = String> {
        let quoted = FILES.iter().flat_map(|file| file.split('"'));
        quoted.filter_map(|text| match text.strip_prefix("./") {
            Some(module) if module.ends_with(".js") => Some(format!("/page/{module}")),
            _ => text.starts_with("/page/").then(|| text.to_owned()),
        })
    }

    #[tokio::test]
    async fn every_file_that_a_file_names_is_served_under_the_policy() {
        let paths: std::collections::BTreeSet<_> = named().chain(["/".to_owned()]).collect();
        assert_eq!(paths.len(), 6, "{paths:?}");
        for path in paths {
            let request = Request::get(&path).body(Body::empty()).unwrap();
            let answer = router(&Policy::default()).call(request).await.unwrap();
            assert_eq!(answer.status(), StatusCode::OK, "{path}");
            assert_eq!(answer.headers()[CONTENT_SECURITY_POLICY], POLICY);
        }
    }

    #[test]
    fn nothing_comes_from_elsewhere_or_stands_inline() {
        for file in FILES {
            assert!(!file.contains("//") || !file.contains("http"), "an address");
            for inline in ["<style", " style=", " onclick=", "<script>", "innerHTML", "eval("] {
                assert!(!file.contains(inline), "{inline}");
            }
        }
    }
}
