//! `SIMPLE_JWT`.

use super::accounts::Accounts;
use super::blacklist::{self, Named};
use super::draft::{Draft, Kind};
use super::form::{Unit, quoted};
use super::rule::{Rule, Table, Usual};
use super::settings::Settings;
use super::value::{Entry, Value};

const ENDLESS: &str = "is no span of time; the package does not start with it";

pub(super) const TABLE: &Table = &[
    ("ACCESS_TOKEN_LIFETIME", Rule::Life { unit: Unit::Seconds, endless: ENDLESS, instead: None }),
    ("REFRESH_TOKEN_LIFETIME", Rule::Life { unit: Unit::Seconds, endless: ENDLESS, instead: None }),
    ("ROTATE_REFRESH_TOKENS", Rule::Bool),
    ("BLACKLIST_AFTER_ROTATION", Rule::Bool),
    (
        "UPDATE_LAST_LOGIN",
        Rule::Leave(
            Usual::No,
            "the user's last_login is not written here: Rekindle only reads the user table. `rekindle session list` shows who \
             was seen when",
        ),
    ),
    ("ALGORITHM", Rule::Text),
    ("SIGNING_KEY", Rule::Key),
    (
        "VERIFYING_KEY",
        Rule::Leave(
            Usual::Nothing,
            "stays with the application: Rekindle signs with the private half of it, and the application goes on verifying",
        ),
    ),
    ("AUDIENCE", Rule::OneText),
    ("ISSUER", Rule::Text),
    ("JSON_ENCODER", Rule::Leave(Usual::Nothing, "claims are JSON here, as `accounts` gives them")),
    (
        "JWK_URL",
        Rule::Danger(
            Usual::Nothing,
            "the application takes keys from there by the name in a token, and tokens from here name none: it would refuse \
             them. Take JWK_URL out there, and give it the public key as VERIFYING_KEY",
        ),
    ),
    ("LEEWAY", Rule::Span(Unit::Seconds)),
    (
        "AUTH_HEADER_TYPES",
        Rule::Leave(
            Usual::Texts(&["Bearer"]),
            "is for the application's own API, which goes on with it; these endpoints take tokens in bodies. Rekindle's native \
             endpoints and forward-auth know Bearer alone",
        ),
    ),
    (
        "AUTH_HEADER_NAME",
        Rule::Leave(
            Usual::Text("HTTP_AUTHORIZATION"),
            "is for the application's own API, which goes on with it; these endpoints take tokens in bodies",
        ),
    ),
    (
        "USER_ID_FIELD",
        Rule::Danger(
            Usual::Text("id"),
            "tokens name users by this field: it has to be the subject of the accounts. The preset takes `id`; with another \
             field write accounts.sql_login and accounts.sql_state, or the API finds other users or none",
        ),
    ),
    ("USER_ID_CLAIM", Rule::Text),
    (
        "USER_AUTHENTICATION_RULE",
        Rule::Danger(
            Usual::Of("rest_framework_simplejwt."),
            "decides in the application who may log in and refresh; it is not asked here. Whoever it keeps out has to be \
              inactive in the accounts, or use accounts.kind = \"webhook\" and ask it there",
        ),
    ),
    (
        "CHECK_USER_IS_ACTIVE",
        Rule::Leave(Usual::Yes, "off: here inactive users neither log in nor refresh, as with it on"),
    ),
    (
        "ON_LOGIN_SUCCESS",
        Rule::Leave(
            Usual::Of("rest_framework_simplejwt."),
            "is not called: logins happen here. /v1/events tells of each",
        ),
    ),
    (
        "ON_LOGIN_FAILED",
        Rule::Leave(
            Usual::Of("rest_framework_simplejwt."),
            "is not called: logins happen here. /v1/events tells of each",
        ),
    ),
    ("AUTH_TOKEN_CLASSES", Rule::Own),
    ("TOKEN_TYPE_CLAIM", Rule::Text),
    ("JTI_CLAIM", Rule::Text),
    (
        "TOKEN_USER_CLASS",
        Rule::Leave(
            Usual::Of("rest_framework_simplejwt."),
            "is for the application's own API, which goes on with it",
        ),
    ),
    ("SLIDING_TOKEN_REFRESH_EXP_CLAIM", Rule::Text),
    ("SLIDING_TOKEN_LIFETIME", Rule::Life { unit: Unit::Seconds, endless: ENDLESS, instead: None }),
    ("SLIDING_TOKEN_REFRESH_LIFETIME", Rule::Life { unit: Unit::Seconds, endless: ENDLESS, instead: None }),
    ("TOKEN_OBTAIN_SERIALIZER", Rule::Danger(OWN, OBTAIN)),
    ("SLIDING_TOKEN_OBTAIN_SERIALIZER", Rule::Danger(OWN, OBTAIN)),
    ("TOKEN_REFRESH_SERIALIZER", Rule::Danger(OWN, SERIALIZER)),
    ("SLIDING_TOKEN_REFRESH_SERIALIZER", Rule::Danger(OWN, SERIALIZER)),
    ("TOKEN_VERIFY_SERIALIZER", Rule::Leave(OWN, SERIALIZER)),
    ("TOKEN_BLACKLIST_SERIALIZER", Rule::Leave(OWN, SERIALIZER)),
    (
        "CHECK_REVOKE_TOKEN",
        Rule::Danger(
            Usual::No,
            "the API refuses tokens without its claim, an MD5 of the stored password hash, and tokens from here have none by \
             themselves: turn it off in the application, or on PostgreSQL give the claim by queries of your own; \
             docs/dialects/simplejwt.md. Where a password is changed, have the application end the user's sessions here",
        ),
    ),
    ("REVOKE_TOKEN_CLAIM", Rule::Leave(Usual::Text("hash_password"), "belongs to CHECK_REVOKE_TOKEN")),
    ("AUTH_HEADER_TYPE", Rule::Leave(Usual::Nothing, REMOVED)),
    ("AUTH_TOKEN_CLASS", Rule::Leave(Usual::Nothing, REMOVED)),
    ("SECRET_KEY", Rule::Leave(Usual::Nothing, REMOVED)),
    ("TOKEN_BACKEND_CLASS", Rule::Leave(Usual::Nothing, REMOVED)),
];

const OWN: Usual = Usual::Of("rest_framework_simplejwt.");

const OBTAIN: &str = "is the application's own, and is not asked here. Claims that it adds come from the accounts: columns by \
    accounts.sql_claims, or whatever the webhook answers. Members that it adds to answers are not there: a front end that \
    reads them has to ask for them";

const SERIALIZER: &str =
    "is the application's own, and is not asked here: answers have the package's members";

const REMOVED: &str = "the package knows it no more";

pub(super) fn import(settings: &Settings, draft: &mut Draft) {
    draft.follow(settings, TABLE);
    sliding(settings, draft);
    key(settings, draft);
    user_id(settings, draft);
    draft.propose(
        "prefix",
        quoted("/api/token"),
        "where urls.py has TokenObtainPairView, if that is elsewhere",
    );
    super::drf_jwt::django(settings, draft);
    retired(settings, draft);
}

/// Which views there are, the tokens that the API accepts tell.
fn sliding(settings: &Settings, draft: &mut Draft) {
    let Some(Entry { line, read, .. }) = settings.entry("AUTH_TOKEN_CLASSES") else { return };
    let classes = match &read.value {
        Value::List(list) => list.as_slice(),
        one => std::slice::from_ref(one),
    };
    let names = |end: &str| {
        classes.iter().any(|class| match class {
            Value::Text(name) | Value::Name(name) => name.ends_with(end),
            _ => false,
        })
    };
    match (names("SlidingToken"), names("AccessToken")) {
        (true, false) => draft.put("views", quoted("sliding"), *line, Some("AUTH_TOKEN_CLASSES".to_owned())),
        (true, true) => {
            draft.propose("views", quoted("sliding"), "if urls.py has TokenObtainSlidingView, not TokenObtainPairView");
        }
        (false, true) => {}
        (false, false) => draft.say(
            Kind::Danger,
            "AUTH_TOKEN_CLASSES",
            *line,
            "the API accepts classes of tokens of the application's own; those from here are the package's access tokens",
        ),
    }
}

/// Django's `SECRET_KEY`, unless there is another.
fn key(settings: &Settings, draft: &mut Draft) {
    if draft.key.is_none() {
        draft.key = settings.fact("SECRET_KEY").cloned();
    }
}

const APP: &str = "rest_framework_simplejwt.token_blacklist";

fn retired(settings: &Settings, draft: &mut Draft) {
    let Some(own) = draft.typed().dialects.simplejwt else { return };
    let installed = blacklist::has_app(settings, "TOKEN_BLACKLIST", APP);
    match installed {
        Some(true) => blacklist::ask(draft, "package", &Named { setting: "token_blacklist", line: 0 }),
        Some(false) => {}
        None => blacklist::propose(draft, "if INSTALLED_APPS has rest_framework_simplejwt.token_blacklist"),
    }
    if !own.BLACKLIST_AFTER_ROTATION {
        return;
    }
    let line = settings.entry("BLACKLIST_AFTER_ROTATION").map_or(0, |entry| entry.line);
    match installed {
        Some(false) => draft.say(
            Kind::Danger,
            "BLACKLIST_AFTER_ROTATION",
            line,
            format!(
                "is on, and `{APP}` is not in INSTALLED_APPS: the package then silently blacklists nothing, and every refresh \
                 token that it has issued stays good to its end. Here replaced tokens are refused whatever is installed"
            ),
        ),
        None if !settings.effective => draft.say(
            Kind::NotRead,
            "INSTALLED_APPS",
            settings.fact("INSTALLED_APPS").map_or(0, |entry| entry.line),
            format!("BLACKLIST_AFTER_ROTATION does nothing, without a word, where `{APP}` is not in it"),
        ),
        _ => {}
    }
    if !own.ROTATE_REFRESH_TOKENS && draft.knows("ROTATE_REFRESH_TOKENS") {
        let text = "does nothing while ROTATE_REFRESH_TOKENS is off";
        draft.say(Kind::LeftOut, "BLACKLIST_AFTER_ROTATION", line, text);
    }
}

/// Before 5.5.1 a number was written as one.
fn user_id(settings: &Settings, draft: &mut Draft) {
    let Some(version) = settings.fact_text("VERSION") else {
        draft.propose(
            "user_id_type",
            quoted("integer"),
            "if the package is older than 5.5.1 and front ends read the claim",
        );
        return;
    };
    let mut parts = version.split('.').map(|part| part.parse::<u32>().unwrap_or_default());
    let version = [(); 3].map(|()| parts.next().unwrap_or_default());
    if version < [5, 5, 1] {
        let note = "before 5.5.1 the package writes users' ids as numbers";
        draft.put("user_id_type", quoted("integer"), 0, Some(note.to_owned()));
    }
}

/// Accounts of a Django application.
pub(super) fn accounts(settings: &Settings) -> Accounts {
    Accounts::of(settings, "django", "auth_user", "username")
}
