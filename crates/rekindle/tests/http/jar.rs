//! Tokens in cookies.

use axum::Router;
use axum::routing::get as route;
use rekindle::clock::Clock as _;
use rekindle::core::Reason;
use rekindle::http::cookie::{self, Slot};
use rekindle::http::{Browsers, Session};
use rekindle::{Login, Tokens};

use super::world::{HOME, app, get, problem, request, send};
use crate::support::Node;

fn pages() -> Router {
    let who = async |session: Session| session.subject().to_owned();
    let hello = async |session: Option<Session>| {
        session.map_or_else(|| "nobody".to_owned(), |session| session.subject().to_owned())
    };
    Router::new().route("/", route(hello).post(who))
}

/// What a browser sends to the pages: the access cookies.
fn jar(node: &Node, sessions: &[&Tokens]) -> String {
    let browsers = Browsers::at(HOME);
    let cookies = sessions.iter().map(|tokens| {
        let (set, fits) = cookie::set(tokens, true, node.clock.now(), &browsers);
        fits.unwrap();
        set[0].to_str().unwrap().split(';').next().unwrap().to_owned()
    });
    cookies.collect::<Vec<_>>().join("; ")
}

#[tokio::test]
async fn a_page_of_ones_own_is_let_in_and_one_of_another_site_is_not() {
    let node = Node::new().await;
    let app = app(&node, pages());
    let ada = node.engine.open(Login::new("ada")).await.unwrap();
    let jar = jar(&node, &[&ada]);
    assert_eq!(send(&app, get(&[("cookie", &jar)])).await.body, "ada");
    let own = send(&app, request("POST", &[("cookie", &jar), ("origin", HOME)])).await;
    assert_eq!(own.body, "ada");
    for (name, value) in [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")] {
        let forged = send(&app, request("POST", &[("cookie", &jar), (name, value)])).await;
        assert_eq!(forged.problem(), problem(403, "csrf_rejected", ""));
    }
    // A token in a header is no cookie: no other site can have put it there.
    let bearer = format!("Bearer {}", ada.access_token);
    let sent = [("authorization", bearer.as_str()), ("origin", "https://evil.example")];
    assert_eq!(send(&app, request("POST", &sent)).await.body, "ada");
}

/// A page that anybody may see is no place to lock somebody out because of what an old login left behind.
#[tokio::test]
async fn a_cookie_of_an_ended_session_is_nobody_on_an_open_page_and_is_cleared() {
    let node = Node::new().await;
    let app = app(&node, pages());
    let ada = node.engine.open(Login::new("ada")).await.unwrap();
    node.engine.revoke(ada.session.id, Reason::LoggedOut).await.unwrap();
    let jar = jar(&node, &[&ada]);
    let open = send(&app, get(&[("cookie", &jar)])).await;
    assert_eq!((open.status, open.body.as_str()), (200, "nobody"));
    assert_eq!(open.header("cache-control"), "no-store");
    let closed = send(&app, request("POST", &[("cookie", &jar), ("origin", HOME)])).await;
    assert_eq!(closed.problem(), problem(401, "session_ended", "logged_out"));
    let (_, slot) = jar.split_once("rk-a.").unwrap();
    let slot = slot.split('=').next().unwrap();
    assert_eq!(slot.len(), 8);
    for answer in [open, closed] {
        let cleared = answer.set_cookies();
        assert_eq!(cleared.len(), 2, "{cleared:?}");
        assert!(cleared.iter().all(|cookie| cookie.contains("Max-Age=0") && cookie.contains(slot)));
    }
}

#[tokio::test]
async fn the_newest_login_counts_and_others_are_left_alone() {
    let node = Node::new().await;
    let app = app(&node, pages());
    let ada = node.engine.open(Login::new("ada")).await.unwrap();
    node.clock.advance(1);
    let bob = node.engine.open(Login::new("bob")).await.unwrap();
    assert_ne!(Slot::of(ada.session.id), Slot::of(bob.session.id));
    let jar = jar(&node, &[&ada, &bob]);
    let answer =
        send(&app, get(&[("cookie", &format!("theme=dark; {jar}; __Host-rk-a.AAAAAAAA=junk"))])).await;
    assert_eq!(answer.body, "bob");
    assert!(answer.set_cookies().is_empty());
}
