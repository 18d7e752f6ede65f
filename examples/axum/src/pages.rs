//! The pages, for everybody, for signed-in users and for admins.

use axum::extract::{Form, Path, State};
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{Html, IntoResponse, Redirect, Response};
use rekindle::http::Session;
use serde::Deserialize;

use crate::app::App;
use crate::visitor::{Claims, Visitor};

pub(crate) async fn home() -> Html<String> {
    page("Home", "<h1>Welcome</h1>\n<p><a href=\"/me\">Your page</a>")
}

pub(crate) async fn login() -> Html<String> {
    page(
        "Sign in",
        r#"<h1>Sign in</h1>
<form id="sign-in" method="post">
  <p><label>Name <input name="username" autocomplete="username" required></label>
  <p><label>Password <input name="password" type="password" autocomplete="current-password" required></label>
  <p><button>Sign in</button>
</form>"#,
    )
}

pub(crate) async fn script() -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/javascript")], include_str!("../static/session.js"))
}

pub(crate) async fn me(Visitor(session): Visitor) -> impl IntoResponse {
    let (name, role) = (escaped(&session.claims.name), escaped(&session.claims.role));
    private(page(
        &name,
        &format!(
            r#"<h1>Hello, {name}</h1>
<p>You are <b id="role">{role}</b> here.
<h2>Where you are signed in</h2>
<ul id="devices"></ul>
<p><button id="sign-out">Sign out</button> <button id="sign-out-everywhere">Sign out everywhere</button>"#
        ),
    ))
}

pub(crate) async fn api_me(session: Session<Claims>) -> impl IntoResponse {
    let signed_in_at = session.auth_time().as_unix();
    let Claims { name, role } = session.claims;
    private(axum::Json(serde_json::json!({ "name": name, "role": role, "signed_in_at": signed_in_at })))
}

pub(crate) async fn people(State(app): State<App>, Visitor(session): Visitor) -> Response {
    if session.claims.role != "admin" {
        return not_allowed();
    }
    let forms = app.users.all().into_iter().map(|user| {
        let (id, name) = (user.id, escaped(&user.name));
        let admin = if user.role == "admin" { "selected" } else { "" };
        let active = if user.active { "checked" } else { "" };
        format!(
            r#"
<form method="post" action="/people/{id}" id="{name}">
  {name}
  <select name="role"><option>member</option><option {admin}>admin</option></select>
  <label><input type="checkbox" name="active" {active}> may sign in</label>
  <button>Save</button>
</form>"#
        )
    });
    private(page("People", &format!("<h1>People</h1>{}", forms.collect::<String>()))).into_response()
}

#[derive(Deserialize)]
pub(crate) struct Change {
    role: String,
    active: Option<String>,
}

pub(crate) async fn change(
    State(app): State<App>,
    Visitor(session): Visitor,
    Path(id): Path<u32>,
    Form(Change { role, active }): Form<Change>,
) -> Response {
    if session.claims.role != "admin" {
        return not_allowed();
    }
    match app.users.change(id, &role, active.is_some()) {
        true => Redirect::to("/people").into_response(),
        false => StatusCode::NOT_FOUND.into_response(),
    }
}

fn not_allowed() -> Response {
    (StatusCode::FORBIDDEN, page("Not allowed", "<h1>Not allowed</h1>")).into_response()
}

/// Pages of a signed-in user are nobody else's, and not the back button's after signing out.
fn private(page: impl IntoResponse) -> impl IntoResponse {
    ([(CACHE_CONTROL, "no-store")], page)
}

fn page(title: &str, main: &str) -> Html<String> {
    Html(format!(
        r#"<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<script type="module" src="/static/session.js"></script>
{main}
<p id="message" role="status"></p>
"#
    ))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
