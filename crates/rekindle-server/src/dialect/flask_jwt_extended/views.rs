//! The endpoints that the package's documentation shows, answer by answer.

use axum::extract;
use axum::http::header::{CONTENT_TYPE, SET_COOKIE};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use rekindle::core::{Reason, Seconds};
use serde_json::{Map, Value};

use super::errors::{Said, refusal, refused};
use super::locations::{Found, Kind, find};
use super::settings::Settings;
use super::tokens::Tokens;
use super::csrf;
use crate::api::{Asked, Code, Problem};
use crate::dialect::request::{Client, Whole};
use crate::dialect::state;
use crate::dialect::cookie::{Attributes, Stay};
use crate::dialect::jwt::Signed;
use crate::dialect::refusal::{Refusal, success};
use crate::rates::ClientAddress;

/// How long cookies stay that do not go with the window, whatever their tokens' lives: as with the package.
const A_YEAR: Seconds = Seconds(31_540_000);

pub(super) type State = state::State<Settings, Tokens>;
type Shared = state::Shared<Settings, Tokens>;

pub(super) async fn login(extract::State(state): Shared, Client(client): Client, request: Whole) -> Response {
    let answer = state.login(client, request).await;
    answer.unwrap_or_else(|refusal| refusal.asked(Asked::Login).into_response())
}

pub(super) async fn refresh(extract::State(state): Shared, Client(client): Client, request: Whole) -> Response {
    let answer = state.refresh(client, request).await;
    answer.unwrap_or_else(|refusal| refusal.asked(Asked::Refresh).into_response())
}

pub(super) async fn logout(extract::State(state): Shared, request: Whole) -> Response {
    state.logout(request).await.unwrap_or_else(Refusal::into_response)
}

/// The framework's 405; for OPTIONS, which the package always lets through, what may be sent.
pub(super) async fn method_not_allowed(extract::State(state): Shared, method: Method) -> Response {
    if method == Method::OPTIONS {
        return StatusCode::OK.into_response();
    }
    let problem = Problem::method_not_allowed();
    refusal(&state.settings.JWT_ERROR_MESSAGE_KEY, &problem, 405, "Method Not Allowed").into_response()
}

impl State {
    async fn login(&self, client: ClientAddress, request: Whole) -> Result<Response, Refusal> {
        let text = |body: &Value, name: &str| body[name].as_str().unwrap_or_default().to_owned();
        let kind = request.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        // A form on another site can send any other kind without asking first, and sign its visitors in as somebody else.
        if !kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json") {
            let said = (415, "Send JSON, with Content-Type: application/json".to_owned());
            return Err(self.said(&Problem::invalid(""), said));
        }
        let body: Value = serde_json::from_slice(&request.body).unwrap_or(Value::Null);
        if !body.is_object() {
            return Err(self.said(&Problem::invalid(""), (400, "Send a JSON object with username and password".into())));
        }
        let (username, password) = (text(&body, "username"), text(&body, "password"));
        if username.is_empty() || password.is_empty() {
            return Err(self.refused(&Problem::new(Code::InvalidCredentials)));
        }
        let opened = self.log_in(&username, password.into(), client, &request.headers, |claims| claims).await;
        let tokens = opened.map_err(|problem| self.refused(&problem))?;
        let shown = [("access_token", &tokens.access_token), ("refresh_token", &tokens.refresh_token)];
        let mut response = self.answer(&shown, "login successful", Some(Asked::Login));
        self.set_cookie(&mut response, Kind::Access, &tokens.access_token);
        self.set_cookie(&mut response, Kind::Refresh, &tokens.refresh_token);
        Ok(response)
    }

    async fn refresh(&self, client: ClientAddress, request: Whole) -> Result<Response, Refusal> {
        self.app.rates.refresh(client).map_err(|error| self.refused(&error.into()))?;
        let (signed, _) = self.presented(Kind::Refresh, &request)?;
        let refreshable = self.tokens.refreshable(&signed, &request.headers);
        let tokens = self.sessions.exchange(&self.app, refreshable).await;
        let tokens = tokens.map_err(|problem| self.refused(&problem))?;
        let shown = [("access_token", &tokens.access_token)];
        let mut response = self.answer(&shown, "token refreshed", Some(Asked::Refresh));
        self.set_cookie(&mut response, Kind::Access, &tokens.access_token);
        Ok(response)
    }

    /// Ends the session of whichever token is there, and unsets cookies whatever is there: so a browser whose tokens have
    /// ended gets rid of them.
    async fn logout(&self, request: Whole) -> Result<Response, Refusal> {
        let (mut refusals, mut genuine) = (Vec::new(), false);
        let mut said = "logout successful";
        for kind in [Kind::Access, Kind::Refresh] {
            match self.presented(kind, &request) {
                Ok((signed, _)) => {
                    let ended = match (kind, signed.place()) {
                        (Kind::Access, Some((session, _))) => {
                            self.sessions.engine.revoke(session, Reason::LoggedOut).await.map_err(Problem::from)
                        }
                        // An access token of the application's own names no session; the refresh token beside it may.
                        (Kind::Access, None) => {
                            genuine = true;
                            if !self.settings.sets_cookies() {
                                said = kind.revoked();
                            }
                            continue;
                        }
                        (Kind::Refresh, _) => {
                            self.sessions.end(self.tokens.refreshable(&signed, &request.headers)).await
                        }
                    };
                    match ended {
                        Err(problem) if problem.code() != Code::SessionEnded => return Err(self.refused(&problem)),
                        _ => genuine = true,
                    }
                    if !self.settings.sets_cookies() {
                        said = kind.revoked();
                    }
                    break;
                }
                Err(refusal) => refusals.push(refusal),
            }
        }
        if !self.settings.sets_cookies()
            && !genuine
            && let Some(refusal) = refusals.into_iter().next()
        {
            return Err(refusal);
        }
        let mut response = self.answer(&[], said, None);
        self.unset_cookies(&mut response);
        Ok(response)
    }

    /// `verify_jwt_in_request`.
    fn presented(&self, kind: Kind, request: &Whole) -> Result<(Signed, Found), Refusal> {
        let token_error = |said: Said| self.said(&Problem::new(Code::TokenInvalid), said);
        let found = find(&self.settings, kind, request);
        let found = found.map_err(|said| self.said(&Problem::new(Code::TokenMissing), said))?;
        let signed = self.tokens.read(&found.token, self.app.clock.now()).map_err(token_error)?;
        if let Some(header) = &found.csrf_header {
            csrf::check(&signed, &request.headers, header)
                .map_err(|(status, text)| self.said(&Problem::new(Code::CsrfRejected), (status, text.to_owned())))?;
        }
        self.tokens.check_kind(&signed, kind).map_err(token_error)?;
        Ok((signed, found))
    }

    fn said(&self, problem: &Problem, (status, text): Said) -> Refusal {
        refusal(&self.settings.JWT_ERROR_MESSAGE_KEY, problem, status, &text)
    }

    fn refused(&self, problem: &Problem) -> Refusal {
        refused(&self.settings.JWT_ERROR_MESSAGE_KEY, problem)
    }

    /// The tokens, or where they go into cookies alone, what has happened.
    fn answer(&self, tokens: &[(&str, &String)], otherwise: &str, asked: Option<Asked>) -> Response {
        let mut body = Map::new();
        if self.settings.shows_tokens() {
            body.extend(tokens.iter().map(|(name, token)| ((*name).to_owned(), Value::from(token.as_str()))));
        }
        if body.is_empty() {
            body.insert("msg".to_owned(), otherwise.into());
        }
        success(StatusCode::OK, &body, asked)
    }

    fn attributes(&self) -> Attributes {
        Attributes {
            domain: self.settings.JWT_COOKIE_DOMAIN.clone(),
            secure: self.settings.JWT_COOKIE_SECURE,
            same_site: self.settings.JWT_COOKIE_SAMESITE,
        }
    }

    /// `set_access_cookies`, `set_refresh_cookies`.
    fn set_cookie(&self, response: &mut Response, kind: Kind, token: &str) {
        let settings = &self.settings;
        if !settings.sets_cookies() {
            return;
        }
        let stay = if settings.JWT_SESSION_COOKIE { Stay::Window } else { Stay::For(A_YEAR) };
        let attributes = self.attributes();
        let [(name, path), (csrf_name, csrf_path)] = self.names(kind);
        append(response, attributes.set(name, token, path, true, stay));
        if settings.JWT_COOKIE_CSRF_PROTECT && settings.JWT_CSRF_IN_COOKIES {
            // It was just signed here.
            let signed = self.tokens.read(token, self.app.clock.now()).ok();
            let value = signed.and_then(|signed| signed.text("csrf")).unwrap_or_default();
            append(response, attributes.set(csrf_name, &value, csrf_path, false, stay));
        }
    }

    /// `unset_jwt_cookies`.
    fn unset_cookies(&self, response: &mut Response) {
        if !self.settings.sets_cookies() {
            return;
        }
        let attributes = self.attributes();
        for kind in [Kind::Access, Kind::Refresh] {
            let [(name, path), (csrf_name, csrf_path)] = self.names(kind);
            append(response, attributes.set(name, "", path, true, Stay::Gone));
            if self.settings.JWT_COOKIE_CSRF_PROTECT && self.settings.JWT_CSRF_IN_COOKIES {
                append(response, attributes.set(csrf_name, "", csrf_path, false, Stay::Gone));
            }
        }
    }

    /// The cookie with the token and the one beside it, each with its path.
    fn names(&self, kind: Kind) -> [(&str, &str); 2] {
        let s = &self.settings;
        match kind {
            Kind::Access => [
                (&s.JWT_ACCESS_COOKIE_NAME, &s.JWT_ACCESS_COOKIE_PATH),
                (&s.JWT_ACCESS_CSRF_COOKIE_NAME, &s.JWT_ACCESS_CSRF_COOKIE_PATH),
            ],
            Kind::Refresh => [
                (&s.JWT_REFRESH_COOKIE_NAME, &s.JWT_REFRESH_COOKIE_PATH),
                (&s.JWT_REFRESH_CSRF_COOKIE_NAME, &s.JWT_REFRESH_CSRF_COOKIE_PATH),
            ],
        }
    }
}

fn append(response: &mut Response, cookie: Option<HeaderValue>) {
    if let Some(cookie) = cookie {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
}
