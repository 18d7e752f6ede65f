//! The OpenAPI 3.1 document, put together from what stands beside each handler.
//!
//! A route and its description are registered in one step (`routes!`), so neither can be without the other.
//! Request and answer shapes that exist for the document alone are marked so; schemathesis holds them to what
//! the server does.

use std::collections::BTreeMap;

use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::routing::get;
use utoipa::PartialSchema as _;
use utoipa::openapi::schema::{AdditionalProperties, Schema};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{
    Content, ContentBuilder, InfoBuilder, OpenApi, Ref, RefOr, Required, Response, ResponseBuilder,
    ResponsesBuilder,
};
use utoipa_axum::router::OpenApiRouter;

use super::problem::{Code, OAuthError, Problem, ProblemBody};
use crate::app::AppState;

/// The routes, with their own document at `/openapi.json`.
pub(crate) fn documented(routes: OpenApiRouter<AppState>, title: &str) -> Router<AppState> {
    let (router, mut document) = routes.split_for_parts();
    complete(&mut document, title);
    let text = serde_json::to_string_pretty(&document).unwrap_or_default();
    let headers = [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "public, max-age=60")];
    router.route("/openapi.json", get(async move || (headers, text)))
}

fn complete(document: &mut OpenApi, title: &str) {
    document.info = InfoBuilder::new()
        .title(title)
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some("docs/http.md says in words what stands here."))
        .build();
    let components = document.components.get_or_insert_default();
    components.schemas.insert("Problem".to_owned(), ProblemBody::schema());
    // What is sent and taken are known members alone; of a form the unknown ones are ignored (RFC 6749 section 3.2).
    for (name, schema) in &mut components.schemas {
        if let RefOr::T(Schema::Object(object)) = schema
            && !object.properties.is_empty()
            && !name.ends_with("Form")
        {
            object.additional_properties = Some(Box::new(AdditionalProperties::FreeForm(false)));
        }
    }
    let optional: Vec<String> = components
        .schemas
        .iter()
        .filter(|(_, schema)| has_no_required(schema))
        .map(|(name, _)| name.clone())
        .collect();
    let bearer = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    components.security_schemes.insert("bearer".to_owned(), RefOr::T(bearer));
    let about = "The access token's cookie; SLOT stands for 8 characters of the session's own. The refresh token's is `rk-r.SLOT`.";
    let cookie = SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::with_description("rk-a.SLOT", about)));
    components.security_schemes.insert("cookie".to_owned(), RefOr::T(cookie));
    let api_key = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    components.security_schemes.insert("api_key".to_owned(), RefOr::T(api_key));
    components.schemas.insert("OAuthError".to_owned(), OAuthError::schema());
    mend_bodies(document, &optional);
}

/// A body without a required member may as well be absent, and what is wrong with a body cannot be wrong where
/// there is none.
fn mend_bodies(document: &mut OpenApi, optional: &[String]) {
    let operations = document
        .paths
        .paths
        .values_mut()
        .flat_map(|item| [&mut item.get, &mut item.post, &mut item.put, &mut item.delete]);
    for operation in operations.flatten() {
        let Some(RefOr::T(body)) = &mut operation.request_body else {
            operation.responses.responses.retain(|status, _| status != "413" && status != "415");
            continue;
        };
        let may_be_absent = body.content.values().all(|content| match content {
            RefOr::T(Content { schema: Some(RefOr::Ref(schema)), .. }) => {
                optional.iter().any(|name| schema.ref_location.ends_with(&format!("/{name}")))
            }
            _ => false,
        });
        if may_be_absent {
            body.required = Some(Required::False);
        }
    }
}

fn has_no_required(schema: &RefOr<Schema>) -> bool {
    matches!(schema, RefOr::T(Schema::Object(object)) if object.required.is_empty())
}

/// The problems that `codes` can be, each under its status.
pub(crate) fn problem_responses(codes: &[Code]) -> BTreeMap<String, RefOr<Response>> {
    let mut names: BTreeMap<u16, Vec<&str>> = BTreeMap::new();
    for code in codes {
        for status in code.statuses() {
            names.entry(status.as_u16()).or_default().push(code.name());
        }
    }
    let mut responses = ResponsesBuilder::new();
    for (status, names) in names {
        let schema = Ref::from_schema_name("Problem");
        let response = ResponseBuilder::new()
            .description(format!("`{}`", names.join("`, `")))
            .content(Problem::CONTENT_TYPE, ContentBuilder::new().schema(Some(schema)).build());
        responses = responses.response(status.to_string(), response);
    }
    responses.build().responses.into_iter().collect()
}

/// The errors of RFC 6749 section 5.2, by status.
pub(crate) fn oauth_responses(errors: &[(u16, &[&str])]) -> BTreeMap<String, RefOr<Response>> {
    let mut responses = ResponsesBuilder::new();
    for (status, names) in errors {
        let schema = Ref::from_schema_name("OAuthError");
        let response = ResponseBuilder::new()
            .description(format!("`{}`", names.join("`, `")))
            .content("application/json", ContentBuilder::new().schema(Some(schema)).build());
        responses = responses.response(status.to_string(), response);
    }
    responses.build().responses.into_iter().collect()
}

/// Names a set of them for the description of a handler.
macro_rules! oauth_errors {
    ($name:ident: $($status:literal = $errors:expr),*) => {
        /// For the document alone.
        pub(crate) struct $name;

        impl ::utoipa::IntoResponses for $name {
            fn responses() -> ::std::collections::BTreeMap<
                String,
                ::utoipa::openapi::RefOr<::utoipa::openapi::Response>,
            > {
                $crate::api::openapi::oauth_responses(&[$(($status, &$errors)),*])
            }
        }
    };
}
pub(crate) use oauth_errors;

/// Names a set of problems for the description of a handler.
macro_rules! problems {
    ($name:ident: $($code:ident),*) => {
        /// For the document alone.
        pub(crate) struct $name;

        impl ::utoipa::IntoResponses for $name {
            fn responses() -> ::std::collections::BTreeMap<
                String,
                ::utoipa::openapi::RefOr<::utoipa::openapi::Response>,
            > {
                $crate::api::openapi::problem_responses(&[$($crate::api::problem::Code::$code),*])
            }
        }
    };
}
pub(crate) use problems;
