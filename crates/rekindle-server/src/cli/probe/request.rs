//! The requests that an endpoint is sent, by its shape.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{AUTHORIZATION, COOKIE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Request, Url};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::endpoint::Credential;
use super::hosts::Addresses;
use super::shape::{By, Encoding, Place, Shape};
use crate::accounts::Password;
use crate::config::ConfigError;

/// Who signs in.
#[derive(Debug)]
pub(super) struct Account {
    pub(super) name: String,
    pub(super) password: Password,
}

/// Builds requests to one endpoint.
#[derive(Debug)]
pub(super) struct Requests {
    pub(super) shape: Shape,
    addresses: Addresses,
    account: Option<Account>,
    headers: HeaderMap,
}

impl Requests {
    pub(super) fn new(
        shape: Shape,
        addresses: Addresses,
        account: Option<Account>,
    ) -> Result<Self, ConfigError> {
        Ok(Self { headers: headers(&shape)?, shape, addresses, account })
    }

    pub(super) fn login(&self) -> Option<Request> {
        let (account, url) = (self.account.as_ref()?, self.addresses.login.clone()?);
        let shape = &self.shape;
        let own =
            [(shape.user.as_str(), account.name.as_str()), (&shape.password, account.password.reveal())];
        Some(self.post(url, None, &own, &shape.login_with))
    }

    pub(super) fn refresh(&self, held: &Credential) -> Request {
        let url = self.addresses.refresh.clone();
        self.presenting(url, held, self.shape.sent_as(held.member.as_deref()), &self.shape.with)
    }

    pub(super) fn logout(&self, held: &Credential) -> Option<Request> {
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

    /// Asks for what an access token opens.
    pub(super) fn verify(&self, held: &Credential) -> Option<Request> {
        let mut request = Request::new(Method::GET, self.addresses.verify.clone()?);
        request.headers_mut().extend(self.headers.clone());
        self.carry(&mut request, Some(held));
        if let Some(access) = &held.access
            && !matches!(self.shape.place, Place::Cookie(_))
        {
            bearer(&mut request, access);
        }
        Some(request)
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::probe::hosts::Typed;
    use crate::cli::probe::presets::named;

    fn to(preset: &str, change: impl FnOnce(&mut Shape)) -> Requests {
        let preset = named(preset).unwrap();
        let mut shape = preset.shape();
        change(&mut shape);
        let typed = Typed { login: Some("/login"), logout: Some("/logout"), ..Typed::default() };
        let addresses = Addresses::of("http://localhost/r", preset, typed).unwrap();
        let account = Account { name: "ada".to_owned(), password: "secret".into() };
        Requests::new(shape, addresses, Some(account)).unwrap()
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
        let refresh = |preset: &str, held: &Credential| shown(&to(preset, |_| {}).refresh(held));
        let plain = Credential { jar: Vec::new(), ..held.clone() };
        assert_eq!(refresh("rekindle", &plain), r#"/r {"refresh_token":"R"}"#);
        assert_eq!(refresh("simplejwt", &plain), r#"/r {"refresh":"R"}"#);
        assert_eq!(refresh("tymon", &plain), "/r authorization=Bearer R");
        assert_eq!(refresh("oauth2", &plain), "/r refresh_token=R&grant_type=refresh_token");
        let cookie = refresh("flask-jwt-extended-cookie", &held);
        assert_eq!(cookie, "/r cookie=csrf_refresh_token=C x-csrf-token=C");
        let found = Credential { member: Some("data.refreshToken".to_owned()), ..plain.clone() };
        assert_eq!(refresh("generic", &found), r#"/r {"refreshToken":"R"}"#);

        let login = |preset: &str| shown(&to(preset, |_| {}).login().unwrap());
        assert_eq!(login("supabase"), r#"/login {"email":"ada","password":"secret"}"#);
        assert_eq!(
            login("rekindle-cookie"),
            r#"/login rekindle=1 {"password":"secret","transport":"cookie","username":"ada"}"#
        );
        let logout = |preset: &str| shown(&to(preset, |_| {}).logout(&plain).unwrap());
        assert_eq!(logout("supabase"), "/logout authorization=Bearer A");
        assert_eq!(logout("oauth2"), "/logout token=R");
        assert_eq!(logout("simplejwt"), r#"/logout {"refresh":"R"}"#);
        let client = to("oauth2", |shape| shape.client = Some(("a b".to_owned(), "s:t".into())));
        assert!(shown(&client.refresh(&plain)).contains("Basic YStiOnMlM0F0"), "a+b:s%3At");
        assert!(!format!("{client:?} {held:?}").contains("secret"));
    }
}
