//! Known endpoints. A preset is data: addresses, names, and where tokens are.

use super::shape::{By, Encoding, Place, Shape};

/// One known endpoint.
#[derive(Debug)]
pub(super) struct Preset {
    pub(super) name: &'static str,
    /// Whose it is.
    pub(super) about: &'static str,
    /// The usual paths. Where an address ends with `refresh`, the others are beside it.
    pub(super) refresh: &'static str,
    pub(super) login: Option<&'static str>,
    pub(super) logout: Option<&'static str>,
    encoding: Encoding,
    place: At,
    refresh_names: &'static [&'static str],
    access_names: &'static [&'static str],
    account: (&'static str, &'static str),
    with: &'static [(&'static str, &'static str)],
    login_with: &'static [(&'static str, &'static str)],
    headers: &'static [(&'static str, &'static str)],
    double_submit: Option<(&'static str, &'static str)>,
    by: By,
}

/// [`Place`], without owning.
#[derive(Debug)]
enum At {
    Body,
    Bearer,
    Cookie(&'static str),
}

const ACCOUNT: (&str, &str) = ("username", "password");
const BY_MAIL: (&str, &str) = ("email", "password");

/// The names of most of what is out there.
const GENERIC: Preset = Preset {
    name: "generic",
    about: "JSON with the usual names; whatever differs is said by flags",
    refresh: "",
    login: None,
    logout: None,
    encoding: Encoding::Json,
    place: At::Body,
    refresh_names: &["refresh_token", "refreshToken", "refresh", "token"],
    access_names: &["access_token", "accessToken", "access", "token", "id_token"],
    account: ACCOUNT,
    with: &[],
    login_with: &[],
    headers: &[],
    double_submit: None,
    by: By::Refresh,
};

/// RFC 6749 section 6.
const OAUTH2: Preset = Preset {
    name: "oauth2",
    about: "any OAuth 2.0 token endpoint; --client-id and, where it has one, --client-secret-file",
    refresh: "/oauth2/token",
    logout: Some("/oauth2/revoke"),
    encoding: Encoding::Form,
    refresh_names: &["refresh_token"],
    access_names: &["access_token"],
    with: &[("grant_type", "refresh_token")],
    by: By::Revocation,
    ..GENERIC
};

/// All presets, as they are listed.
pub(super) const PRESETS: &[Preset] = &[
    GENERIC,
    Preset {
        name: "rekindle",
        about: "Rekindle, tokens in the body",
        refresh: "/v1/refresh",
        login: Some("/v1/login"),
        logout: Some("/v1/logout"),
        refresh_names: &["refresh_token"],
        access_names: &["access_token"],
        ..GENERIC
    },
    Preset {
        name: "rekindle-cookie",
        about: "Rekindle, tokens in cookies",
        refresh: "/v1/refresh",
        login: Some("/v1/login"),
        logout: Some("/v1/logout"),
        place: At::Cookie("*rk-r.*"),
        access_names: &["*rk-a.*"],
        login_with: &[("transport", "cookie")],
        headers: &[("rekindle", "1")],
        ..GENERIC
    },
    Preset {
        name: "simplejwt",
        about: "Django REST framework Simple JWT, a pair of tokens",
        refresh: "/api/token/refresh/",
        login: Some("/api/token/"),
        logout: Some("/api/token/blacklist/"),
        refresh_names: &["refresh"],
        access_names: &["access"],
        ..GENERIC
    },
    Preset {
        name: "simplejwt-sliding",
        about: "Django REST framework Simple JWT, one sliding token",
        refresh: "/api/token/refresh/",
        login: Some("/api/token/"),
        refresh_names: &["token"],
        access_names: &["token"],
        ..GENERIC
    },
    Preset {
        name: "drf-jwt",
        about: "drf-jwt and django-rest-framework-jwt",
        refresh: "/api-token-refresh/",
        login: Some("/api-token-auth/"),
        logout: Some("/api-token-blacklist/"),
        refresh_names: &["token"],
        access_names: &["token"],
        ..GENERIC
    },
    Preset {
        name: "flask-jwt-extended",
        about: "Flask-JWT-Extended, tokens in headers",
        refresh: "/refresh",
        login: Some("/login"),
        logout: Some("/logout"),
        place: At::Bearer,
        refresh_names: &["refresh_token"],
        access_names: &["access_token"],
        ..GENERIC
    },
    Preset {
        name: "flask-jwt-extended-cookie",
        about: "Flask-JWT-Extended, tokens in cookies",
        refresh: "/refresh",
        login: Some("/login"),
        logout: Some("/logout"),
        place: At::Cookie("refresh_token_cookie"),
        access_names: &["access_token_cookie"],
        double_submit: Some(("csrf_refresh_token", "x-csrf-token")),
        ..GENERIC
    },
    Preset {
        name: "tymon",
        about: "Laravel with tymon/jwt-auth or its successor by PHP-Open-Source-Saver",
        refresh: "/api/auth/refresh",
        login: Some("/api/auth/login"),
        logout: Some("/api/auth/logout"),
        place: At::Bearer,
        refresh_names: &["access_token", "token"],
        access_names: &["access_token", "token"],
        account: BY_MAIL,
        ..GENERIC
    },
    Preset {
        name: "supabase",
        about: "Supabase Auth; its key with --header 'apikey: KEY'",
        refresh: "/auth/v1/token?grant_type=refresh_token",
        login: Some("/auth/v1/token?grant_type=password"),
        logout: Some("/auth/v1/logout?scope=local"),
        refresh_names: &["refresh_token"],
        access_names: &["access_token"],
        account: BY_MAIL,
        by: By::Access,
        ..GENERIC
    },
    OAUTH2,
    Preset { name: "hydra", about: "Ory Hydra: as oauth2", ..OAUTH2 },
];

/// The preset of a name.
pub(super) fn named(name: &str) -> Option<&'static Preset> {
    PRESETS.iter().find(|preset| preset.name == name)
}

impl Preset {
    /// Its shape, which flags may change.
    pub(super) fn shape(&self) -> Shape {
        let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        let pairs = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect()
        };
        Shape {
            encoding: self.encoding,
            place: match self.place {
                At::Body => Place::Body,
                At::Bearer => Place::Bearer,
                At::Cookie(name) => Place::Cookie(name.to_owned()),
            },
            refresh: owned(self.refresh_names),
            access: owned(self.access_names),
            user: self.account.0.to_owned(),
            password: self.account.1.to_owned(),
            with: pairs(self.with),
            login_with: pairs(self.login_with),
            headers: pairs(self.headers),
            double_submit: self.double_submit.map(|(cookie, header)| (cookie.to_owned(), header.to_owned())),
            logout: self.by,
            client: None,
        }
    }
}
