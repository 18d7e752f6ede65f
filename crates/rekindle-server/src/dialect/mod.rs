//! Token endpoints as applications know them from other packages: their front ends and APIs go on as they are.
//!
//! A dialect is shapes, names and a policy preset. It has no rules: what becomes of a token is for the engine to say, and
//! each folder says in its package's words what that was. Several can be mounted at once, over the same sessions.

mod adopted;
mod advice;
mod blacklist;
mod cookie;
mod jwt;
mod key;
mod paths;
mod preset;
mod refusal;
mod request;
mod rest_framework;
mod state;
mod uuid;

use axum::Router;
use rekindle::core::{Generation, Policy, SessionId};
use rekindle::token::SigningKey;

use self::blacklist::Blacklist;
use self::jwt::Codec;
use crate::app::AppState;
use crate::config::{Advice, Checked, ConfigError, Key};
pub(crate) use blacklist::WantedBlacklist;
pub(crate) use key::{WantedKey, open as open_key};
pub(crate) use paths::check as check_paths;
pub(crate) use preset::{Base, Clash};

macro_rules! dialects {
    ($( $(#[doc = $doc:literal])* $module:ident = $name:literal; )*) => {
        $( $(#[doc = $doc])* pub mod $module; )*

        /// The dialects that are mounted: those that have a section.
        #[derive(Clone, Debug, Default, serde::Deserialize)]
        #[serde(default, deny_unknown_fields, expecting = "a section")]
        pub struct Dialects {
            $( $(#[doc = $doc])* #[serde(rename = $name)] pub $module: Option<$module::Settings>, )*
        }

        impl Dialects {
            pub(crate) fn collect(keys: &mut Vec<Key>) {
                $( $module::Settings::collect(keys); )*
            }

            /// Whether sessions of this client are a dialect's.
            fn has(client_id: &str) -> bool {
                [$($name),*].contains(&client_id)
            }

            pub(crate) fn mounted(&self) -> Vec<&dyn Dialect> {
                let mut mounted: Vec<&dyn Dialect> = Vec::new();
                $( if let Some(settings) = &self.$module { mounted.push(settings); } )*
                mounted
            }
        }
    };
}

dialects! {
    /// djangorestframework-simplejwt.
    simplejwt = "simplejwt";
    /// drf-jwt, and django-rest-framework-jwt before it.
    drf_jwt = "drf-jwt";
    /// Flask-JWT-Extended.
    flask_jwt_extended = "flask-jwt-extended";
    /// tymon/jwt-auth, and PHP-Open-Source-Saver/jwt-auth after it.
    tymon = "tymon";
}

/// Whether sessions of this client are a dialect's, mounted or not.
pub(crate) fn is_dialect(client_id: &str) -> bool {
    Dialects::has(client_id)
}

/// One dialect, as it is configured.
pub(crate) trait Dialect {
    /// The section's name, and the `client_id` of its sessions.
    fn name(&self) -> &'static str;

    /// Where its endpoints are, each with the key that says so.
    fn paths(&self) -> Vec<(&'static str, String)>;

    /// How long its sessions live.
    ///
    /// # Errors
    /// Two settings that do not go together.
    fn policy(&self, base: &Base<'_>) -> Result<Policy, Clash>;

    /// Whether the token that is renewed is the one that expires: without a refresh token beside it.
    fn has_one_token(&self) -> bool {
        false
    }

    /// What its tokens are signed with.
    fn key(&self) -> WantedKey<'_>;

    /// Where its package keeps the tokens that it has retired, if that is to be asked.
    fn blacklist(&self) -> Option<WantedBlacklist>;

    /// Says what is legal and worth a second thought: on which key, what it leads to, and the mend.
    fn advise(&self, say: &mut dyn FnMut(&'static str, &str));

    /// The setting by which a login that is used lasts for ever with the package.
    fn rolls(&self) -> Option<&'static str> {
        None
    }

    /// Its endpoints.
    fn routes(&self, ground: Ground) -> Router<AppState>;
}

/// What a dialect stands on.
pub(crate) struct Ground {
    /// The server's parts.
    pub(crate) app: AppState,
    /// What [`Dialect::policy`] said.
    pub(crate) policy: Policy,
    /// What [`Dialect::key`] wanted.
    pub(crate) key: SigningKey,
    /// What [`Dialect::blacklist`] wanted.
    pub(crate) blacklist: Option<Blacklist>,
}

/// The endpoints of all dialects that `config` mounts.
///
/// # Errors
/// Where a key cannot be read, or is of no use.
pub(crate) fn mount(config: &Checked, app: &AppState) -> Result<Router<AppState>, ConfigError> {
    let mut routes = Router::new();
    for dialect in config.dialects.mounted() {
        let key = key::open(&config.keys, &dialect.key())?;
        // It was looked at when the configuration was read.
        let policy = config.policy_of(dialect).map_err(|clash| ConfigError::plain(clash.rule))?;
        tracing::info!(dialect = dialect.name(), "mounted");
        let blacklist = blacklist_of(config, dialect)?;
        routes = routes.merge(dialect.routes(Ground { app: app.clone(), policy, key, blacklist }));
    }
    Ok(routes)
}

/// Whether the keys and blacklists of all dialects that `config` mounts can be read and used; and what is worth a second
/// thought about them.
///
/// # Errors
/// The first that cannot.
pub(crate) async fn look(config: &Checked) -> Result<Vec<Advice>, ConfigError> {
    let mut found = Vec::new();
    for dialect in config.dialects.mounted() {
        key::open(&config.keys, &dialect.key())?;
        found.extend(key::advice(&config.keys, &dialect.key()));
        if let Some(blacklist) = blacklist_of(config, dialect)? {
            blacklist.look().await?;
        }
    }
    Ok(found)
}

/// A token whose signature fits the key of a mounted dialect.
pub(crate) struct Recognised {
    /// The dialect.
    pub(crate) name: &'static str,
    /// The session and the generation that it names; `None` for a token of the package's own.
    pub(crate) place: Option<(SessionId, Generation)>,
}

/// Which dialect's a token is, whatever its time. The same secret may be that of several: the first.
///
/// # Errors
/// A key that cannot be read.
pub(crate) fn recognise(config: &Checked, token: &str) -> Result<Option<Recognised>, ConfigError> {
    for dialect in config.dialects.mounted() {
        let codec = Codec::new(dialect.name(), key::open(&config.keys, &dialect.key())?);
        if let Ok(signed) = codec.read_whenever(token) {
            return Ok(Some(Recognised { name: dialect.name(), place: signed.place() }));
        }
    }
    Ok(None)
}

fn blacklist_of(config: &Checked, dialect: &dyn Dialect) -> Result<Option<Blacklist>, ConfigError> {
    dialect.blacklist().map(|wanted| Blacklist::open(wanted, &config.accounts)).transpose()
}
