//! Places in the body of a request.

use serde_json::{Value, json};

use super::super::document::Operation;
use super::super::marks::Told;
use super::super::request::Kind;
use super::{Place, place};

/// Bodies that no endpoint takes.
pub(super) fn any() -> Vec<Place> {
    let json = Kind::Json.name();
    let form = Kind::Form.name();
    vec![
        place("a body of another kind", |request, secret| request.raw("text/plain", secret)),
        place("a body without a kind", |request, secret| {
            request.raw("", secret);
            request.unset("content-type");
        }),
        place("a body that is too long", move |request, secret| request.raw(json, secret.repeat(500))),
        place("half a body", move |request, secret| {
            request.raw(json, format!(r#"{{"password":"{secret}"#));
            request.missing = 40;
        }),
        place("JSON that breaks off", move |request, secret| {
            request.raw(json, format!(r#"{{"refresh_token":"{secret}"#));
        }),
        place("JSON that is a text", move |request, secret| request.raw(json, json!(secret).to_string())),
        place("JSON that is a list", move |request, secret| request.raw(json, json!([secret]).to_string())),
        place("JSON without quotes", move |request, secret| {
            request.raw(json, format!(r#"{{"password":{secret}}}"#));
        }),
        place("JSON, no UTF-8", move |request, secret| {
            let body = [br#"{"password":"#.as_slice(), b"\"\xff", secret.as_bytes(), b"\"}"];
            request.raw(json, body.concat());
        }),
        place("a form", move |request, secret| {
            request.raw(form, format!("password={secret}&refresh_token={secret}&client_secret={secret}"));
        }),
        place("a form, no UTF-8", move |request, secret| {
            request.raw(form, format!("password=%ff{secret}&token=%zz{secret}"));
        }),
        place("a form that is taken for JSON", move |request, secret| {
            request.raw(json, format!("password={secret}"));
        }),
        place("JSON that is taken for a form", move |request, secret| {
            request.raw(form, json!({"password": secret}).to_string());
        }),
    ]
}

pub(super) fn members(operation: &Operation) -> Vec<Place> {
    let Some((kind, members)) = &operation.body else { return Vec::new() };
    let kind = *kind;
    let mut places = Vec::new();
    for member in members {
        let told = told(&operation.path, &member.name);
        let name = member.name.as_str();
        let mut add = |how: &str, value: fn(&str) -> Value| {
            let member = name.to_owned();
            let put = place(format!("member {name}{how}"), move |request, secret| {
                request.member(kind, &member, value(secret));
            });
            places.push(put.told(told));
        };
        add("", |secret| json!(secret));
        add(", too long", |secret| json!(secret.repeat(40)));
        add(", with a control character", |secret| json!(format!("{secret}\u{7}")));
        if kind == Kind::Json {
            add(", in a list", |secret| json!([secret]));
            add(", in an object", |secret| json!({ "a": secret }));
            for inner in member.inner.clone() {
                let member = name.to_owned();
                places.push(place(format!("member {name}.{inner}"), move |request, secret| {
                    request.member(kind, &member, json!({ &inner: secret }));
                }));
            }
        }
        let twice = name.to_owned();
        places.push(place(format!("member {name}, twice"), move |request, secret| {
            let body = match kind {
                Kind::Json => format!(r#"{{"{twice}":"{secret}","{twice}":"{secret}"}}"#),
                Kind::Form => format!("{twice}={secret}&{twice}={secret}"),
            };
            request.raw(kind.name(), body);
        }));
    }
    for name in ["client_secret", "client_assertion", "code", "api_key"] {
        places.push(place(format!("member {name}, which nobody knows"), move |request, secret| {
            request.member(kind, name, json!(secret));
        }));
    }
    // Whoever misspells a member is told which: docs/http.md, invalid_request.
    let unknown =
        place("the name of a member", move |request, secret| request.member(kind, secret, json!("x")));
    places.push(unknown.told(Told::InAnswers));
    places
}

/// What a session is called, and whose it is, is what everybody looks for.
fn told(path: &str, member: &str) -> Told {
    match (path, member) {
        ("/v1/admin/sessions", "subject") | ("/v1/admin/sessions" | "/v1/login", "client_id") => {
            Told::Everywhere
        }
        ("/v1/admin/sessions", "claims") | ("/v1/admin/sessions" | "/v1/login", "device") => Told::InAnswers,
        _ => Told::Never,
    }
}
