//! The endpoint over HTTP.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{AUTHORIZATION, COOKIE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Method, Request, Url};
use serde_json::{Map, Value};
use tokio::task::JoinSet;
use zeroize::Zeroizing;

use super::endpoint::{Answer, Call, Credential, Endpoint, Failure, Junk};
use super::gate::Gate;
use super::hosts::Addresses;
use super::pace::Pace;
use super::reading::Reply;
use super::shape::{By, Encoding, Place, Shape};
use crate::accounts::Password;
use crate::config::ConfigError;

const LONGEST_ANSWER: usize = 256 * 1024;

/// How often, and how long each time, an endpoint is left alone that asks for it.
const PATIENCE: (usize, u64) = (3, 60);

/// Who signs in.
#[derive(Debug)]
pub(super) struct Account {
    pub(super) name: String,
    pub(super) password: Password,
}

/// What was seen of answers with tokens, for the findings about headers and cookies.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) login: Option<Reply>,
    pub(super) refresh: Option<Reply>,
}

/// One endpoint over HTTP.
#[derive(Debug)]
pub(super) struct Http {
    shape: Shape,
    addresses: Addresses,
    account: Option<Account>,
    headers: HeaderMap,
    client: Client,
    timeout: Duration,
    /// A client for races, whose connections wait at the gate; and the right to use it.
    racing: (tokio::sync::Mutex<()>, Client, Gate),
    pace: Pace,
    seen: Mutex<Seen>,
}

impl Http {
    pub(super) fn new(
        shape: Shape,
        addresses: Addresses,
        account: Option<Account>,
        pace: Pace,
        timeout: Duration,
    ) -> anyhow::Result<Self> {
        // Another caller in this process may have chosen it already: the same one.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let builder = || {
            Client::builder()
                // Tokens go where the addresses say, and nowhere else.
                .redirect(reqwest::redirect::Policy::none())
                .no_proxy()
                .timeout(timeout)
                // A connection that the server is about to close would fail a request that says something.
                .pool_max_idle_per_host(0)
                .user_agent(concat!("rekindle-probe/", env!("CARGO_PKG_VERSION")))
        };
        let gate = Gate::default();
        Ok(Self {
            headers: headers(&shape)?,
            shape,
            addresses,
            account,
            client: builder().build()?,
            timeout,
            racing: (tokio::sync::Mutex::new(()), builder().connector_layer(gate.clone()).build()?, gate),
            pace,
            seen: Mutex::default(),
        })
    }

    /// The first answers with tokens that were seen.
    pub(super) fn seen(&self) -> Seen {
        std::mem::take(&mut *self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn remember(&self, of: fn(&mut Seen) -> &mut Option<Reply>, reply: Reply) {
        of(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner)).get_or_insert(reply);
    }

    fn login_request(&self) -> Option<Request> {
        let (account, url) = (self.account.as_ref()?, self.addresses.login.clone()?);
        let shape = &self.shape;
        let own =
            [(shape.user.as_str(), account.name.as_str()), (&shape.password, account.password.reveal())];
        Some(self.post(url, None, &own, &shape.login_with))
    }

    fn refresh_request(&self, held: &Credential) -> Request {
        let url = self.addresses.refresh.clone();
        self.presenting(url, held, self.shape.sent_as(held.member.as_deref()), &self.shape.with)
    }

    fn logout_request(&self, held: &Credential) -> Option<Request> {
        let url = self.addresses.logout.clone()?;
        Some(match self.shape.logout {
            By::Refresh => self.presenting(url, held, self.shape.sent_as(held.member.as_deref()), &[]),
            By::Revocation => self.presenting(url, held, "token", &[]),
            By::Access => {
                let mut request = self.post(url, Some(held), &[], &[]);
                bearer(&mut request, held.access.as_deref()?);
                request
            }
        })
    }

    /// A request that carries the refresh token where the shape says.
    fn presenting(&self, url: Url, held: &Credential, name: &str, with: &[(String, String)]) -> Request {
        match self.shape.place {
            Place::Body => self.post(url, Some(held), &[(name, &held.refresh)], with),
            Place::Cookie(_) => self.post(url, Some(held), &[], with),
            Place::Bearer => {
                let mut request = self.post(url, Some(held), &[], with);
                bearer(&mut request, &held.refresh);
                request
            }
        }
    }

    fn post(
        &self,
        url: Url,
        held: Option<&Credential>,
        own: &[(&str, &str)],
        with: &[(String, String)],
    ) -> Request {
        let mut request = Request::new(Method::POST, url);
        request.headers_mut().extend(self.headers.clone());
        self.carry(&mut request, held);
        let with = with.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let members: Vec<(&str, &str)> = own.iter().copied().chain(with).collect();
        if members.is_empty() {
            return request;
        }
        let (content_type, body) = match self.shape.encoding {
            Encoding::Form => (
                "application/x-www-form-urlencoded",
                serde_urlencoded::to_string(&members).unwrap_or_default(),
            ),
            Encoding::Json => {
                let members = members.iter().map(|&(name, value)| (name.to_owned(), Value::from(value)));
                ("application/json", Value::Object(members.collect::<Map<_, _>>()).to_string())
            }
        };
        request.headers_mut().insert("content-type", HeaderValue::from_static(content_type));
        *request.body_mut() = Some(body.into());
        request
    }

    /// The cookies of one client, and the copy of one of them in a header where that is asked for.
    fn carry(&self, request: &mut Request, held: Option<&Credential>) {
        let jar = held.map(|held| held.jar.as_slice()).unwrap_or_default();
        if !jar.is_empty() {
            let cookies: Vec<_> =
                jar.iter().map(|(name, value)| format!("{name}={}", value.as_str())).collect();
            insert_secret(request, COOKIE, &cookies.join("; "));
        }
        if let Some((cookie, header)) = &self.shape.double_submit
            && let Some((_, value)) = jar.iter().find(|(name, _)| name == cookie)
            && let Ok(header) = HeaderName::try_from(header)
        {
            insert_secret(request, header, value);
        }
    }

    /// Sends it when it is its turn, and again where it is told to wait.
    async fn exchange(&self, request: impl Fn() -> Request) -> Result<Reply, Failure> {
        let mut patience = PATIENCE.0;
        loop {
            self.pace.turn(1).await;
            let reply = send(&self.client, request(), self.timeout).await?;
            match reply.retry_after() {
                Some(seconds) if patience > 0 => {
                    patience -= 1;
                    tokio::time::sleep(Duration::from_secs(seconds.clamp(1, PATIENCE.1))).await;
                }
                _ => return Ok(reply),
            }
        }
    }

    fn answer(&self, reply: Result<Reply, Failure>, held: Option<&Credential>) -> Answer {
        match reply {
            Ok(reply) => {
                let answer = reply.answer(&self.shape, held);
                if answer.granted().is_some() {
                    let of: fn(&mut Seen) -> &mut Option<Reply> =
                        if held.is_some() { |seen| &mut seen.refresh } else { |seen| &mut seen.login };
                    self.remember(of, reply);
                }
                answer
            }
            Err(failure) => Answer::Failed(failure),
        }
    }
}

#[async_trait]
impl Endpoint for Http {
    async fn login(&self) -> Answer {
        if self.login_request().is_none() {
            return Answer::Failed(Failure::Broken("nobody knows where to sign in".to_owned()));
        }
        let request = || {
            self.login_request().unwrap_or_else(|| self.post(self.addresses.refresh.clone(), None, &[], &[]))
        };
        let reply = self.exchange(request).await;
        self.answer(reply, None)
    }

    async fn refresh(&self, held: &Credential) -> Answer {
        let reply = self.exchange(|| self.refresh_request(held)).await;
        self.answer(reply, Some(held))
    }

    async fn at_once(&self, calls: Vec<Call>) -> Vec<Answer> {
        self.pace.turn(calls.len()).await;
        let (one_race, client, gate) = &self.racing;
        let _one_race = one_race.lock().await;
        gate.close_for(calls.len());
        let mut racers = JoinSet::new();
        for (place, call) in calls.iter().enumerate() {
            let request = match call {
                Call::Refresh(held) => Some(self.refresh_request(held)),
                Call::Logout(held) => self.logout_request(held),
            };
            let (client, timeout) = (client.clone(), self.timeout);
            racers.spawn(async move {
                let reply = match request {
                    Some(request) => send(&client, request, timeout).await,
                    None => Err(Failure::Broken("no address for signing out is known".to_owned())),
                };
                (place, reply)
            });
        }
        let mut replies = racers.join_all().await;
        replies.sort_by_key(|(place, _)| *place);
        let answers = calls.iter().zip(replies).map(|(call, (_, reply))| match call {
            Call::Refresh(held) => self.answer(reply, Some(held)),
            Call::Logout(_) => reply.map_or_else(Answer::Failed, |reply| reply.acknowledgement(&self.shape)),
        });
        answers.collect()
    }

    async fn lose(&self, held: &Credential) -> Answer {
        self.pace.turn(1).await;
        // The head of the answer has come, so the server has taken its step. The rest is never read: the connection
        // closes with it in the way.
        match self.client.execute(self.refresh_request(held)).await {
            Ok(response) => match response.status().as_u16() {
                200..300 => Answer::Done,
                status => Reply { status, headers: response.headers().clone(), body: Zeroizing::default() }
                    .answer(&self.shape, Some(held)),
            },
            Err(error) => Answer::Failed(failure(&error, self.timeout)),
        }
    }

    async fn logout(&self, held: &Credential) -> Option<Answer> {
        self.logout_request(held)?;
        let again = || self.logout_request(held).unwrap_or_else(|| self.refresh_request(held));
        let reply = self.exchange(again).await;
        Some(reply.map_or_else(Answer::Failed, |reply| reply.acknowledgement(&self.shape)))
    }

    async fn admits(&self, held: &Credential) -> Option<bool> {
        let url = self.addresses.verify.clone()?;
        let request = || {
            let mut request = Request::new(Method::GET, url.clone());
            request.headers_mut().extend(self.headers.clone());
            self.carry(&mut request, Some(held));
            if let Some(access) = &held.access
                && !matches!(self.shape.place, Place::Cookie(_))
            {
                bearer(&mut request, access);
            }
            request
        };
        match self.exchange(request).await.ok()?.status {
            200..300 => Some(true),
            401 | 403 => Some(false),
            _ => None,
        }
    }

    async fn junk(&self) -> Vec<Junk> {
        let mut answers = Vec::new();
        for (what, token) in junk() {
            let mut held = Credential::given(&token);
            if let Place::Cookie(pattern) = &self.shape.place {
                held.jar = vec![(pattern.replace('*', ""), Zeroizing::new(token))];
            }
            let reply = self.exchange(|| self.refresh_request(&held)).await;
            // Not by way of `answer`: nothing of this is to be remembered.
            let answer = reply.map_or_else(Answer::Failed, |reply| reply.answer(&self.shape, None));
            answers.push(Junk { what, answer });
        }
        answers
    }
}

/// What no server has issued. The third is `{"alg":"none"}` and the claims of somebody's administrator.
fn junk() -> [(&'static str, String); 4] {
    const UNSIGNED: &str = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiIsInVzZXJfaWQiOjEsImV4cCI6NDEwMjQ0NDgwMH0.";
    [
        ("an empty text", String::new()),
        ("a word", "junk".to_owned()),
        ("an unsigned JWT", UNSIGNED.to_owned()),
        ("4 KiB", "a".repeat(4096)),
    ]
}

/// The headers of every request.
fn headers(shape: &Shape) -> Result<HeaderMap, ConfigError> {
    let refused =
        |name: &str| ConfigError::plain(format!("--header {name}: not a header that HTTP can carry"));
    let mut headers = HeaderMap::new();
    for (name, value) in &shape.headers {
        let mut value = HeaderValue::from_str(value).map_err(|_| refused(name))?;
        value.set_sensitive(true);
        headers.insert(HeaderName::try_from(name).map_err(|_| refused(name))?, value);
    }
    if let Some((id, secret)) = &shape.client {
        // RFC 6749 section 2.3.1: both are form-encoded first.
        let encoded = |text: &str| serde_urlencoded::to_string([("", text)]).unwrap_or_default().split_off(1);
        let pair = Zeroizing::new(format!("{}:{}", encoded(id), encoded(secret.reveal())));
        let mut value = HeaderValue::from_str(&format!("Basic {}", STANDARD.encode(pair.as_bytes())))
            .map_err(|_| refused("Authorization"))?;
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
    }
    Ok(headers)
}

fn bearer(request: &mut Request, token: &str) {
    insert_secret(request, AUTHORIZATION, &format!("Bearer {token}"));
}

/// A value that HTTP cannot carry is left out: the endpoint then answers that there is no token.
fn insert_secret(request: &mut Request, name: HeaderName, value: &str) {
    if let Ok(mut value) = HeaderValue::from_str(value) {
        value.set_sensitive(true);
        request.headers_mut().insert(name, value);
    }
}

async fn send(client: &Client, request: Request, timeout: Duration) -> Result<Reply, Failure> {
    let mut response = client.execute(request).await.map_err(|error| failure(&error, timeout))?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let mut body = Zeroizing::new(Vec::new());
    while let Some(chunk) = response.chunk().await.map_err(|error| failure(&error, timeout))? {
        body.extend_from_slice(&chunk);
        if body.len() > LONGEST_ANSWER {
            return Err(Failure::TooLong);
        }
    }
    Ok(Reply { status, headers, body })
}

/// Without the address: its query may hold what was sent.
fn failure(error: &reqwest::Error, timeout: Duration) -> Failure {
    if error.is_timeout() {
        return Failure::Silent(timeout.as_secs());
    }
    let mut text = "the connection broke".to_owned();
    let mut cause: Option<&dyn std::error::Error> = std::error::Error::source(error);
    while let Some(error) = cause {
        text = error.to_string();
        cause = error.source();
    }
    Failure::Broken(text)
}

/// For tests of what is sent.
#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::probe::hosts::Typed;
    use crate::cli::probe::presets::named;

    fn http(preset: &str, change: impl FnOnce(&mut Shape)) -> Http {
        let preset = named(preset).unwrap();
        let mut shape = preset.shape();
        change(&mut shape);
        let typed = Typed { login: Some("/login"), logout: Some("/logout"), ..Typed::default() };
        let addresses = Addresses::of("http://localhost/r", preset, typed).unwrap();
        let account = Account { name: "ada".to_owned(), password: "secret".into() };
        Http::new(shape, addresses, Some(account), Pace::new(Duration::ZERO), Duration::from_secs(1)).unwrap()
    }

    fn shown(request: &Request) -> String {
        let header = |name: &str| {
            let value = request.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
            value.map(|value| format!(" {name}={value}")).unwrap_or_default()
        };
        let headers: String =
            ["authorization", "cookie", "x-csrf-token", "rekindle", "apikey"].map(header).concat();
        let body = request.body().and_then(reqwest::Body::as_bytes).unwrap_or_default();
        format!("{}{headers} {}", request.url().path(), String::from_utf8_lossy(body)).trim_end().to_owned()
    }

    #[test]
    fn each_preset_sends_what_its_endpoint_expects() {
        let mut held = Credential::given("R");
        held.access = Some(Zeroizing::new("A".to_owned()));
        held.jar = vec![("csrf_refresh_token".to_owned(), Zeroizing::new("C".to_owned()))];
        let refresh = |preset: &str, held: &Credential| shown(&http(preset, |_| {}).refresh_request(held));
        let plain = Credential { jar: Vec::new(), ..held.clone() };
        assert_eq!(refresh("rekindle", &plain), r#"/r {"refresh_token":"R"}"#);
        assert_eq!(refresh("simplejwt", &plain), r#"/r {"refresh":"R"}"#);
        assert_eq!(refresh("tymon", &plain), "/r authorization=Bearer R");
        assert_eq!(refresh("oauth2", &plain), "/r refresh_token=R&grant_type=refresh_token");
        let cookie = refresh("flask-jwt-extended-cookie", &held);
        assert_eq!(cookie, "/r cookie=csrf_refresh_token=C x-csrf-token=C");
        let found = Credential { member: Some("data.refreshToken".to_owned()), ..plain.clone() };
        assert_eq!(refresh("generic", &found), r#"/r {"refreshToken":"R"}"#);

        let login = |preset: &str| shown(&http(preset, |_| {}).login_request().unwrap());
        assert_eq!(login("supabase"), r#"/login {"email":"ada","password":"secret"}"#);
        assert_eq!(
            login("rekindle-cookie"),
            r#"/login rekindle=1 {"password":"secret","transport":"cookie","username":"ada"}"#
        );
        let logout = |preset: &str| shown(&http(preset, |_| {}).logout_request(&plain).unwrap());
        assert_eq!(logout("supabase"), "/logout authorization=Bearer A");
        assert_eq!(logout("oauth2"), "/logout token=R");
        assert_eq!(logout("simplejwt"), r#"/logout {"refresh":"R"}"#);
        let client = http("oauth2", |shape| shape.client = Some(("a b".to_owned(), "s:t".into())));
        assert!(shown(&client.refresh_request(&plain)).contains("Basic YStiOnMlM0F0"), "a+b:s%3At");
        assert!(!format!("{client:?} {held:?}").contains("secret"));
    }
}
