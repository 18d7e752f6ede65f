//! The endpoints that programs written for OAuth 2.0 know: refresh, revoke, introspect, metadata.

mod form;
pub(crate) mod introspect;
pub(crate) mod metadata;
pub(crate) mod revoke;
pub(crate) mod token;

use utoipa::ToSchema;

pub(crate) use form::Form;

use super::openapi::oauth_errors;

oauth_errors!(TokenErrors: 400 = ["invalid_request", "invalid_grant", "unsupported_grant_type"], 429 = ["temporarily_unavailable"], 503 = ["temporarily_unavailable"]);
oauth_errors!(RevokeErrors: 400 = ["invalid_request"], 503 = ["temporarily_unavailable"]);

/// For the document alone.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the form is read parameter by parameter")]
pub(crate) struct TokenForm {
    #[schema(pattern = "^refresh_token$")]
    grant_type: String,
    #[schema(min_length = 1)]
    refresh_token: String,
    /// One without a value was not sent (section 3.2).
    #[schema(nullable = false)]
    client_id: Option<String>,
}

/// For the document alone.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the form is read parameter by parameter")]
pub(crate) struct AnyTokenForm {
    /// An access or a refresh token.
    #[schema(min_length = 1)]
    token: String,
}
