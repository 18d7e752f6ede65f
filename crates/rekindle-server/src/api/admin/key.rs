//! Who asks: a back end or an operator, by an API key.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use zeroize::Zeroizing;

use crate::api::bearer::bearer;
use crate::api::openapi::problems;
use crate::api::problem::{Code, Problem};
use crate::app::AppState;

problems!(ApiKeyProblems: InvalidRequest, TokenMissing, TokenInvalid, Unavailable);

// What is watched is there whatever the store does.
problems!(WatchProblems: InvalidRequest, TokenMissing, TokenInvalid);

/// A request with an API key of this server: `Authorization: Bearer rkak1_…`.
pub(crate) struct ApiKey(Zeroizing<String>);

impl ApiKey {
    /// Whether it is one still: for answers that last.
    pub(crate) async fn still_holds(&self, app: &AppState) -> bool {
        app.engine.keys().api_key(&self.0).await.is_some()
    }
}

impl FromRequestParts<AppState> for ApiKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Problem> {
        let Some(text) = bearer(&parts.headers)? else {
            return Err(Problem::new(Code::TokenMissing).detail(
                "send an API key as `Authorization: Bearer`; `rekindle key api add NAME` makes one",
            ));
        };
        match app.engine.keys().api_key(text).await {
            Some(_) => Ok(Self(text.to_owned().into())),
            None => Err(Problem::new(Code::TokenInvalid).detail("this is no API key of this server")),
        }
    }
}
