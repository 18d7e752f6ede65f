//! The playground, a page at `/` that shows what happens to tokens; and the JavaScript client, which it uses as any page
//! would.
//!
//! Plain files, embedded; nothing is loaded from elsewhere, and the policy below makes sure of it. What a page could not
//! do by itself, such as break the next answer off, is in `dev`, and only `rekindle dev` has it.

mod client;
mod dev;

use axum::Router;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::routing::get;
use rekindle::core::{Policy, SUPERSEDED_SPAN};
use serde_json::json;

pub use client::router as client;
pub use dev::for_trying_out;

use crate::explain::Life;

/// A page that handles tokens runs its own script and talks to its own server, and to nobody else.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
                      connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SVG: &str = "image/svg+xml";
const JSON: &str = "application/json";
const JS: &str = "text/javascript; charset=utf-8";

macro_rules! files {
    ($($kind:ident $name:literal),* $(,)?) => {
        &[$((concat!("/page/", $name), $kind, include_str!(concat!("files/", $name)))),*]
    };
}

/// Path, kind and text of what `index.html` asks for.
const FILES: &[(&str, &str, &str)] = files! {
    SVG "icon.svg",
    CSS "style.css",
    CSS "controls.css",
    CSS "life.css",
    CSS "story.css",
    JS "main.js",
    JS "account.js",
    JS "actions.js",
    JS "ask.js",
    JS "devices.js",
    JS "dom.js",
    JS "events.js",
    JS "life.js",
    JS "plan.js",
    JS "session.js",
    JS "spans.js",
    JS "steps.js",
    JS "story.js",
    JS "thief.js",
    JS "words.js",
};

/// The page and its files, for a server that follows `policy`. `has_dev` says whether it may ask for what `dev` has.
pub fn router(policy: &Policy, has_dev: bool) -> Router {
    // The page counts with them.
    let numbers =
        json!({ "dev": has_dev, "life": Life::of(policy), "superseded": SUPERSEDED_SPAN.0 }).to_string();
    let page = Router::new()
        .route("/", get(|| async { file(HTML, include_str!("files/index.html")) }))
        .route("/page/policy.json", get(|| async { file(JSON, numbers) }));
    FILES.iter().fold(page, |page, &(path, kind, text)| {
        page.route(path, get(move || async move { file(kind, text) }))
    })
}

/// What everything here is sent with.
const HEADERS: [(HeaderName, &str); 3] = [
    (CONTENT_SECURITY_POLICY, POLICY),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (REFERRER_POLICY, "no-referrer"),
];

type Headers<const N: usize> = [(HeaderName, &'static str); N];

fn file<T>(kind: &'static str, text: T) -> (Headers<2>, Headers<3>, T) {
    ([(CONTENT_TYPE, kind), (CACHE_CONTROL, "no-store")], HEADERS, text)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use axum::body::Body;
    use axum::http::{Request, StatusCode};
    use tower::Service as _;

    const INDEX: &str = include_str!("files/index.html");

    fn texts() -> impl Iterator<Item = &'static str> {
        FILES.iter().map(|(_, _, text)| *text).chain([INDEX])
    }

    /// What stands in quotes and looks like one of our files.
    fn named() -> BTreeSet<String> {
        let quoted = texts().flat_map(|text| text.split('"'));
        quoted
            .filter_map(|text| match text.strip_prefix("./") {
                Some(module) if module.ends_with(".js") => Some(format!("/page/{module}")),
                _ => {
                    let is_file =
                        [".js", ".json", ".css", ".svg"].iter().any(|ending| text.ends_with(ending));
                    let is_ours = text.starts_with("/page/") || text.starts_with("/rekindle/");
                    (is_file && is_ours).then(|| text.to_owned())
                }
            })
            .collect()
    }

    #[tokio::test]
    async fn every_file_that_a_file_names_is_served_under_the_policy() {
        let paths = named();
        let page = paths.iter().filter(|path| path.starts_with("/page/")).count();
        assert_eq!(page, FILES.len() + 1, "{paths:?}");
        for path in paths.iter().map(String::as_str).chain(["/"]) {
            let request = Request::get(path).body(Body::empty()).unwrap();
            let answer = router(&Policy::default(), true).merge(client()).call(request).await.unwrap();
            assert_eq!(answer.status(), StatusCode::OK, "{path}");
            for (name, value) in HEADERS {
                assert_eq!(answer.headers()[name], value, "{path}");
            }
        }
    }

    #[test]
    fn every_file_in_the_folder_is_served() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/page/files");
        let files = std::fs::read_dir(folder).unwrap().count();
        assert_eq!(files, FILES.len() + 1);
    }

    #[test]
    fn nothing_comes_from_elsewhere_or_stands_inline() {
        for text in texts() {
            // An SVG element is made by the name of its language, which is an address that nobody asks.
            let text = text.replace("http://www.w3.org/2000/svg", "");
            assert!(!text.contains("//") || !text.contains("http"), "an address");
            for inline in ["<style", " style=", " onclick=", "<script>", "innerHTML", "eval("] {
                assert!(!text.contains(inline), "{inline}");
            }
        }
    }
}
