//! The JavaScript client at `/rekindle/`: the very files of the package, for pages that have no bundler.
//!
//! `client/` leads to them by links, which become files when this crate is packed.

use aws_lc_rs::digest::{SHA256, digest};
use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;

use super::{HEADERS, JS};

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        &[$((concat!("/rekindle/", $name), include_str!(concat!("client/", $name)))),*]
    };
}

/// Path and text of all that a browser can use.
const FILES: &[(&str, &str)] = files! {
    "axios.js",
    "index.js",
    "dialects/drf-jwt.js",
    "dialects/flask-jwt-extended.js",
    "dialects/index.js",
    "dialects/jwt.js",
    "dialects/native.js",
    "dialects/simplejwt.js",
    "dialects/tymon.js",
    "src/age.js",
    "src/ask.js",
    "src/errors.js",
    "src/fetch.js",
    "src/kept.js",
    "src/pass.js",
    "src/pause.js",
    "src/platform.js",
    "src/record.js",
    "src/refresh.js",
    "src/schedule.js",
    "src/session.js",
    "storage/extension.js",
    "storage/index.js",
    "storage/local.js",
    "storage/memory.js",
    "storage/tab.js",
};

/// The files. A browser keeps them and asks whether they are still the same: with another server come other files, and
/// never some of both.
pub fn router() -> Router {
    FILES.iter().fold(Router::new(), |router, &(path, text)| {
        let tag = tag(text);
        let answer = move |headers: HeaderMap| async move { answer(&headers, text, &tag) };
        router.route(path, get(answer))
    })
}

fn answer(headers: &HeaderMap, text: &'static str, tag: &str) -> Response {
    let kept = [(CACHE_CONTROL, "no-cache"), (ETAG, tag)];
    let known = headers.get(IF_NONE_MATCH).and_then(|tags| tags.to_str().ok());
    if known.is_some_and(|tags| tags.contains(tag)) {
        return (StatusCode::NOT_MODIFIED, kept, HEADERS).into_response();
    }
    (kept, HEADERS, [(CONTENT_TYPE, JS)], text).into_response()
}

fn tag(text: &str) -> String {
    let hash = digest(&SHA256, text.as_bytes());
    let hex: String = hash.as_ref().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("\"{hex}\"")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use axum::body::Body;
    use axum::http::Request;
    use tower::Service as _;

    use super::*;

    /// A program's alone.
    const NOT_FOR_BROWSERS: &str = "storage/file.js";

    #[test]
    fn every_file_that_a_browser_can_use_is_there() {
        let package = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/page/client");
        let mut found = Vec::new();
        for folder in ["", "dialects", "src", "storage"] {
            for entry in std::fs::read_dir(package.join(folder)).unwrap() {
                let path = Path::new(folder).join(entry.unwrap().file_name()).display().to_string();
                if path.ends_with(".js") && path != NOT_FOR_BROWSERS {
                    found.push(format!("/rekindle/{path}"));
                }
            }
        }
        found.sort();
        let mut served: Vec<_> = FILES.iter().map(|(path, _)| (*path).to_owned()).collect();
        served.sort();
        assert_eq!(served, found);
    }

    #[tokio::test]
    async fn what_a_browser_has_already_is_not_sent_again() {
        let ask = async |tag: Option<&str>| {
            let mut request = Request::get("/rekindle/index.js");
            if let Some(tag) = tag {
                request = request.header(IF_NONE_MATCH, tag);
            }
            router().call(request.body(Body::empty()).unwrap()).await.unwrap()
        };
        let first = ask(None).await;
        assert_eq!(first.status(), StatusCode::OK);
        assert_eq!(first.headers()[CONTENT_TYPE], JS);
        let tag = first.headers()[ETAG].to_str().unwrap().to_owned();
        // As proxies that compress leave it.
        for known in [tag.clone(), format!("W/{tag}"), format!("\"other\", {tag}")] {
            let again = ask(Some(&known)).await;
            assert_eq!(again.status(), StatusCode::NOT_MODIFIED, "{known}");
            assert_eq!(again.headers()[ETAG], tag.as_str());
        }
        assert_eq!(ask(Some("\"other\"")).await.status(), StatusCode::OK);
    }
}
