//! `JWT_AUTH`.

use super::blacklist::{self, Named};
use super::draft::{Draft, Kind};
use super::form::{Unit, quoted};
use super::operation::SECOND;
use super::rule::{Rule, Table, Usual};
use super::settings::Settings;
use super::value::{Entry, Value};

const ENDLESS: &str = "is no span of time; the package does not start with it";

pub(super) const TABLE: &Table = &[
    ("JWT_EXPIRATION_DELTA", Rule::Life { unit: Unit::Seconds, endless: ENDLESS, instead: None }),
    ("JWT_REFRESH_EXPIRATION_DELTA", Rule::Life { unit: Unit::Seconds, endless: ENDLESS, instead: None }),
    ("JWT_ALLOW_REFRESH", Rule::Bool),
    ("JWT_ALGORITHM", Rule::Own),
    ("JWT_SECRET_KEY", Rule::Own),
    ("JWT_PRIVATE_KEY", Rule::Own),
    (
        "JWT_PUBLIC_KEY",
        Rule::Leave(Usual::Nothing, "stays with the application, which goes on verifying with it"),
    ),
    (
        "JWT_GET_USER_SECRET_KEY",
        Rule::Danger(
            Usual::Nothing,
            "gives every user a key, and Rekindle signs with one: the API would refuse its tokens. Take it out there; sessions \
             are ended here one by one or all at once (`rekindle session revoke`)",
        ),
    ),
    (
        "JWT_INSIST_ON_KID",
        Rule::Danger(
            Usual::No,
            "the API refuses tokens that do not name their key, and tokens from here name none: turn it off there",
        ),
    ),
    ("JWT_TOKEN_ID", Rule::Text),
    ("JWT_AUDIENCE", Rule::OneText),
    ("JWT_ISSUER", Rule::Text),
    ("JWT_LEEWAY", Rule::Span(Unit::Seconds)),
    (
        "JWT_VERIFY",
        Rule::Danger(Usual::Yes, "off: the API accepts tokens that anybody has made. Turn it on there"),
    ),
    (
        "JWT_VERIFY_EXPIRATION",
        Rule::Danger(
            Usual::Yes,
            "off: the API accepts tokens for ever, those of ended sessions too. Turn it on there; a front end that renews has \
             a live one at hand",
        ),
    ),
    ("JWT_PAYLOAD_INCLUDE_USER_ID", Rule::Bool),
    ("JWT_AUTH_COOKIE", Rule::Text),
    ("JWT_AUTH_COOKIE_DOMAIN", Rule::Text),
    ("JWT_AUTH_COOKIE_PATH", Rule::Text),
    ("JWT_AUTH_COOKIE_SECURE", Rule::Bool),
    ("JWT_AUTH_COOKIE_SAMESITE", Rule::Text),
    (
        "JWT_IMPERSONATION_COOKIE",
        Rule::Leave(Usual::Nothing, "tokens for acting as somebody else are the application's own business"),
    ),
    (
        "JWT_DELETE_STALE_BLACKLISTED_TOKENS",
        Rule::Leave(
            Usual::No,
            "there is no table of tokens here that grows; the application's own may be emptied as before",
        ),
    ),
    (
        "JWT_AUTH_HEADER_PREFIX",
        Rule::Leave(
            Usual::Text("Bearer"),
            "is for the application's own API, which goes on with it; these endpoints take tokens in bodies. Rekindle's native \
             endpoints and forward-auth know Bearer alone",
        ),
    ),
    ("JWT_ENCODE_HANDLER", Rule::Danger(OWN, CODEC)),
    ("JWT_DECODE_HANDLER", Rule::Danger(OWN, CODEC)),
    ("JWT_PAYLOAD_HANDLER", Rule::Danger(OWN, PAYLOAD)),
    ("JWT_PAYLOAD_GET_USERNAME_HANDLER", Rule::Danger(OWN, FINDS)),
    ("JWT_PAYLOAD_GET_USER_ID_HANDLER", Rule::Danger(OWN, FINDS)),
    ("JWT_RESPONSE_PAYLOAD_HANDLER", Rule::Danger(OWN, ANSWER)),
];

const OWN: Usual = Usual::Of("rest_framework_jwt.");

const CODEC: &str = "is the application's own: what it makes of tokens is not known here. Rekindle's are those of the package";

const PAYLOAD: &str = "is the application's own, and is not asked here. Claims that it adds come from the accounts: columns by \
    accounts.sql_claims, or whatever the webhook answers";

const FINDS: &str = "is the application's own: it has to find the user in the claims that the package writes, `username` and \
    `user_id`";

const ANSWER: &str = "is the application's own, and is not asked here: an answer has the package's members. A front end that \
    reads more out of it, the user's name for one, has to ask for that";

pub(super) fn import(settings: &Settings, draft: &mut Draft) {
    package(settings, draft);
    algorithm(settings, draft);
    draft.follow(settings, TABLE);
    key(settings, draft);
    draft.propose(
        "obtain",
        quoted("/api-token-auth/"),
        "where urls.py has obtain_jwt_token, if that is elsewhere",
    );
    draft.propose("refresh", quoted("/api-token-refresh/"), "the same for refresh_jwt_token");
    draft.propose("verify", quoted("/api-token-verify/"), "the same for verify_jwt_token");
    django(settings, draft);
    username(settings, draft);
    match blacklist::has_app(settings, "BLACKLIST", "rest_framework_jwt.blacklist") {
        Some(true) => {
            blacklist::ask(draft, "package", &Named { setting: "rest_framework_jwt.blacklist", line: 0 })
        }
        Some(false) => {}
        None => blacklist::propose(draft, "if INSTALLED_APPS has rest_framework_jwt.blacklist"),
    }
}

/// Tokens name the user, and the API looks for that name.
fn username(settings: &Settings, draft: &mut Draft) {
    draft.accounts = draft.accounts.take().map(|accounts| accounts.naming("username"));
    if let Some(field) = settings.fact_text("USERNAME_FIELD").filter(|field| *field != "username") {
        let text = format!(
            "tokens have `{field}` as their claim `username`, and the API finds users by it: in the place of the preset write \
             accounts.sql_login and accounts.sql_state, with `{field} AS username` among their columns"
        );
        draft.say(Kind::Danger, "USERNAME_FIELD", 0, text);
    }
}

/// Which of the two packages it is: both have the same name in Python.
fn package(settings: &Settings, draft: &mut Draft) {
    const ONLY_STYRIA: [&str; 5] = [
        "JWT_TOKEN_ID",
        "JWT_INSIST_ON_KID",
        "JWT_PAYLOAD_INCLUDE_USER_ID",
        "JWT_IMPERSONATION_COOKIE",
        "JWT_DELETE_STALE_BLACKLISTED_TOKENS",
    ];
    let known = settings.fact("STYRIA").and_then(|fact| fact.read.value.truth());
    let styria = known.or_else(|| {
        let has = |key: &str| settings.entry(key).is_some();
        if ONLY_STYRIA.into_iter().any(has)
            || settings.entries.iter().any(|own| own.key.starts_with("JWT_AUTH_COOKIE_"))
        {
            Some(true)
        } else {
            has("JWT_PAYLOAD_GET_USER_ID_HANDLER").then_some(false)
        }
    });
    match styria {
        Some(true) => {}
        Some(false) => {
            draft.put("package", quoted("jpadilla"), 0, Some("django-rest-framework-jwt".to_owned()))
        }
        None => {
            let note = "if requirements.txt has djangorestframework-jwt, not drf-jwt";
            draft.propose("package", quoted("jpadilla"), note);
            let text = "is not in this file: drf-jwt is taken for it. django-rest-framework-jwt answers 200 where drf-jwt answers \
                        201, and does not renew unless JWT_ALLOW_REFRESH is on";
            draft.say(Kind::NotRead, "package", 0, text);
        }
    }
}

/// One of several: tokens from here have the first.
fn algorithm(settings: &Settings, draft: &mut Draft) {
    let Some(entry) = settings.entry("JWT_ALGORITHM") else { return };
    let first = match &entry.read.value {
        Value::List(list) if list.len() > 1 => {
            let text = "has several: tokens from here are signed with the first, as the package's are";
            draft.say(Kind::LeftOut, "JWT_ALGORITHM", entry.line, text);
            list.first().cloned()
        }
        Value::List(list) => list.first().cloned(),
        _ => None,
    };
    let mut entry = entry.clone();
    if let Some(first) = first {
        entry.read.value = first;
    }
    draft.write(&entry, "JWT_ALGORITHM", super::form::text);
}

fn key(settings: &Settings, draft: &mut Draft) {
    let (_, symmetric) = draft.key_file();
    let own = settings.entry(if symmetric { "JWT_SECRET_KEY" } else { "JWT_PRIVATE_KEY" });
    let own = own.filter(|own| own.read.value != Value::Null);
    let own = own.or_else(|| settings.fact("SECRET_KEY").filter(|_| symmetric));
    if let Some(own) = own {
        let several = match &own.read.value {
            Value::List(list) => list.len(),
            Value::Table(table) => table.len(),
            _ => 1,
        };
        if several > 1 {
            let text = "has several keys: Rekindle signs with one, and the command above writes the first, with which the package \
                        signs; old tokens by the others stay good in the API, and cannot be renewed here";
            draft.say(Kind::Danger, &own.key, own.line, text);
        }
        draft.key = Some(own.clone());
    }
}

/// What Django's settings say for both packages: whose users they are, and what renews tokens by itself.
pub(super) fn django(settings: &Settings, draft: &mut Draft) {
    draft.accounts = Some(super::simplejwt::accounts(settings));
    if let Some(field) = settings.fact_text("USERNAME_FIELD") {
        draft.put("username_field", quoted(field), 0, Some("USERNAME_FIELD".to_owned()));
    }
    if let Some(Entry { line, read, .. }) = settings.fact("AUTH_USER_MODEL")
        && read.value.text() != Some("auth.User")
    {
        let text = "users are a model of the application's own: accounts.sql_table is its table, accounts.sql_username and \
                    username_field are its USERNAME_FIELD";
        draft.say(Kind::NotRead, "AUTH_USER_MODEL", *line, text);
    }
    if let Some(module) = &settings.module {
        for (line, what) in &module.others {
            draft.say(
                Kind::NotRead,
                "…",
                *line,
                format!("more settings may come from `{what}`: import that file, too"),
            );
        }
    }
    half_hour(settings, draft);
}

/// The middleware of the cache, which renews what has less than this to live.
fn half_hour(settings: &Settings, draft: &mut Draft) {
    let Some(Entry { line, read, .. }) = settings.fact("HALF_HOUR") else { return };
    let threshold = match read.value {
        Value::Int(seconds) => u64::try_from(seconds).ok(),
        Value::Span(micros) => u64::try_from(micros / SECOND).ok(),
        _ => None,
    };
    if let Some(threshold) = threshold {
        renewing(draft, "HALF_HOUR", *line, threshold);
    }
}

/// A renewal in every answer to a token that has `threshold` seconds or less to live.
pub(super) fn renewing(draft: &mut Draft, setting: &str, line: usize, threshold: u64) {
    let Some(access) = draft.access() else { return };
    if threshold < access.0 {
        return;
    }
    let spans =
        [rekindle::core::Seconds(threshold), access].map(|span| crate::config::Span(span).to_string());
    let [threshold, access] = spans;
    let text = format!(
        "tokens are renewed when they have {threshold} to live or less, and live {access}: so every answer makes a new token. N \
         requests at once make N, and where the old one is blacklisted all but one of them log the user out. Take it out there: \
         Rekindle's [renewal] gives all requests the same token, and refuses a threshold above half of a life"
    );
    draft.say(Kind::Danger, setting, line, text);
}
