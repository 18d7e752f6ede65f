//! The `JWT_…` settings of Flask-JWT-Extended.

use super::accounts::Accounts;
use super::blacklist;
use super::draft::{Draft, Kind};
use super::form::{Unit, quoted};
use super::operation::SECOND;
use super::rule::{Rule, Table, Usual};
use super::settings::Settings;
use super::value::{Entry, Value};

const ENDLESS_ACCESS: &str = "False: an access token without an end cannot be revoked; whoever gets hold of one is signed in for \
    ever. Here it has one, by default 15m, and the front end renews it; for one that cannot, write the longest that a stolen \
    token may be of use, such as \"1d\", and people log in again after it";

const ENDLESS_REFRESH: &str = "False: a refresh token without an end is a password nobody can change. Here a session has one: say \
    when; until then it is a year";

pub(super) const TABLE: &Table = &[
    ("JWT_ACCESS_TOKEN_EXPIRES", Rule::Life { unit: Unit::Seconds, endless: ENDLESS_ACCESS, instead: None }),
    (
        "JWT_REFRESH_TOKEN_EXPIRES",
        Rule::Life { unit: Unit::Seconds, endless: ENDLESS_REFRESH, instead: Some("365d") },
    ),
    ("JWT_TOKEN_LOCATION", Rule::Texts),
    ("JWT_HEADER_NAME", Rule::Text),
    ("JWT_HEADER_TYPE", Rule::Text),
    ("JWT_QUERY_STRING_NAME", Rule::Text),
    ("JWT_QUERY_STRING_VALUE_PREFIX", Rule::Text),
    ("JWT_JSON_KEY", Rule::Text),
    ("JWT_REFRESH_JSON_KEY", Rule::Text),
    ("JWT_ALGORITHM", Rule::Text),
    ("JWT_SECRET_KEY", Rule::Own),
    ("SECRET_KEY", Rule::Own),
    ("JWT_PRIVATE_KEY", Rule::Own),
    (
        "JWT_PUBLIC_KEY",
        Rule::Leave(Usual::Nothing, "stays with the application, which goes on verifying with it"),
    ),
    (
        "JWT_DECODE_ALGORITHMS",
        Rule::Leave(
            Usual::Nothing,
            "tokens are signed and read with JWT_ALGORITHM here; the application goes on with its own",
        ),
    ),
    ("JWT_IDENTITY_CLAIM", Rule::Text),
    ("JWT_VERIFY_SUB", Rule::Bool),
    ("JWT_ENCODE_NBF", Rule::Bool),
    ("JWT_ENCODE_AUDIENCE", Rule::OneText),
    ("JWT_DECODE_AUDIENCE", Rule::Own),
    ("JWT_ENCODE_ISSUER", Rule::Text),
    ("JWT_DECODE_ISSUER", Rule::Own),
    ("JWT_DECODE_LEEWAY", Rule::Span(Unit::Seconds)),
    ("JWT_ERROR_MESSAGE_KEY", Rule::Text),
    ("JWT_ACCESS_COOKIE_NAME", Rule::Text),
    ("JWT_ACCESS_COOKIE_PATH", Rule::Text),
    ("JWT_REFRESH_COOKIE_NAME", Rule::Text),
    ("JWT_REFRESH_COOKIE_PATH", Rule::Text),
    ("JWT_COOKIE_DOMAIN", Rule::Text),
    ("JWT_COOKIE_SAMESITE", Rule::Text),
    ("JWT_COOKIE_SECURE", Rule::Bool),
    ("JWT_SESSION_COOKIE", Rule::Bool),
    ("JWT_COOKIE_CSRF_PROTECT", Rule::Bool),
    ("JWT_CSRF_METHODS", Rule::Texts),
    ("JWT_CSRF_IN_COOKIES", Rule::Bool),
    ("JWT_ACCESS_CSRF_COOKIE_NAME", Rule::Text),
    ("JWT_ACCESS_CSRF_COOKIE_PATH", Rule::Text),
    ("JWT_ACCESS_CSRF_HEADER_NAME", Rule::Text),
    ("JWT_REFRESH_CSRF_COOKIE_NAME", Rule::Text),
    ("JWT_REFRESH_CSRF_COOKIE_PATH", Rule::Text),
    ("JWT_REFRESH_CSRF_HEADER_NAME", Rule::Text),
    ("JWT_CSRF_CHECK_FORM", Rule::Leave(Usual::No, FORM)),
    ("JWT_ACCESS_CSRF_FIELD_NAME", Rule::Leave(Usual::Text("csrf_token"), FORM)),
    ("JWT_REFRESH_CSRF_FIELD_NAME", Rule::Leave(Usual::Text("csrf_token"), FORM)),
    ("JWT_CSRF_HEADER_NAME", Rule::Own),
    ("JWT_BLACKLIST_ENABLED", Rule::Leave(Usual::No, BLOCKLIST)),
    ("JWT_BLACKLIST_TOKEN_CHECKS", Rule::Leave(Usual::Nothing, BLOCKLIST)),
    ("JWT_USER_CLAIMS", Rule::Leave(Usual::Nothing, OLD)),
    ("JWT_CLAIMS_IN_REFRESH_TOKEN", Rule::Leave(Usual::No, OLD)),
    ("JWT_TOKEN_EXPIRES", Rule::Leave(Usual::Nothing, OLD)),
];

const FORM: &str =
    "these endpoints take the double submit in a header; the application's own forms go on as they are";

const BLOCKLIST: &str = "of the package's release 3: an ended session is refused here by itself. The API goes on asking its own \
    blocklist, which Rekindle does not write";

const OLD: &str = "is of the package's release 3, and read no more";

pub(super) fn import(settings: &Settings, draft: &mut Draft) {
    draft.follow(settings, TABLE);
    key(settings, draft);
    claims(settings, draft);
    header(settings, draft);
    paths(settings, draft);
    short(settings, draft);
    draft.accounts = Some(Accounts::of(settings, "flask", "user", "username"));
    renewal(settings, draft);
    code(settings, draft);
    let has_list = match (&settings.module, settings.fact("BLOCKLIST")) {
        (Some(module), _) => module.line_of("token_in_blocklist_loader").is_some(),
        (None, fact) => fact.is_none_or(|fact| fact.read.value.truth() == Some(true)),
    };
    if has_list {
        blacklist::propose(
            draft,
            "if the application has the token_blocklist of the package's documentation",
        );
    }
    if settings.module.is_none() && !settings.effective {
        let text = "are what an environment file says; numbers are taken for seconds, as the package takes them. What the \
                    application makes of these texts is not in it";
        draft.say(Kind::NotRead, "values", 0, text);
    }
    for (key, value, note) in [
        ("login", "/login", "where the application logs people in, if that is elsewhere"),
        ("refresh", "/refresh", "the same for its endpoint with jwt_required(refresh=True)"),
        ("logout", "/logout", "the same for the one that revokes or unsets"),
    ] {
        if !draft.lines.iter().any(|line| line.key == key) {
            draft.propose(key, quoted(value), note);
        }
    }
}

fn key(settings: &Settings, draft: &mut Draft) {
    let (_, symmetric) = draft.key_file();
    let set = |key: &str| settings.entry(key).filter(|own| own.read.value != Value::Null);
    let own = if symmetric { set("JWT_SECRET_KEY").or(set("SECRET_KEY")) } else { set("JWT_PRIVATE_KEY") };
    draft.key = own.cloned();
}

/// The application issues tokens with one of a pair, and asks for the other.
fn claims(settings: &Settings, draft: &mut Draft) {
    for (encode, decode) in
        [("JWT_ENCODE_AUDIENCE", "JWT_DECODE_AUDIENCE"), ("JWT_ENCODE_ISSUER", "JWT_DECODE_ISSUER")]
    {
        let value = |key: &str| settings.entry(key).filter(|own| own.read.value != Value::Null);
        match (value(encode), value(decode)) {
            (None, Some(asked)) => draft.write(asked, encode, super::form::one_text),
            (Some(written), Some(asked)) if written.read.value != asked.read.value => {
                let text = format!(
                    "is another than {encode}, which tokens from here have: the API has to accept that"
                );
                draft.say(Kind::LeftOut, decode, asked.line, text);
            }
            _ => {}
        }
    }
}

/// The one header of release 3.
fn header(settings: &Settings, draft: &mut Draft) {
    if let Some(entry) = settings.entry("JWT_CSRF_HEADER_NAME").filter(|own| own.read.value != Value::Null) {
        for key in ["JWT_ACCESS_CSRF_HEADER_NAME", "JWT_REFRESH_CSRF_HEADER_NAME"] {
            draft.write(entry, key, super::form::text);
        }
    }
}

/// Browsers send the refresh cookie to its path alone, so that is where the refresh is.
fn paths(settings: &Settings, draft: &mut Draft) {
    let Some(entry) = settings.entry("JWT_REFRESH_COOKIE_PATH") else { return };
    let Some(path) = entry.read.value.text().filter(|path| path.len() > 1 && path.starts_with('/')) else {
        return;
    };
    if !"/refresh".starts_with(path) {
        let note = "JWT_REFRESH_COOKIE_PATH: browsers send the cookie nowhere else";
        draft.put("refresh", quoted(path), entry.line, Some(note.to_owned()));
    }
}

/// A number that somebody meant in another unit.
fn short(settings: &Settings, draft: &mut Draft) {
    for key in ["JWT_ACCESS_TOKEN_EXPIRES", "JWT_REFRESH_TOKEN_EXPIRES"] {
        if let Some(Entry { line, read, .. }) = settings.entry(key)
            && let Value::Int(number @ 1..60) = read.value
        {
            let text = format!(
                "the package reads {number} as {number} seconds, and so it is written; if minutes, hours or days were meant, \
                 the application does not have them either"
            );
            draft.say(Kind::Danger, key, *line, text);
        }
    }
}

/// What the documentation calls implicit refreshing.
fn renewal(settings: &Settings, draft: &mut Draft) {
    const ROLLS: &str = "makes a new access token in answers to one that is about to end, without an end to that: a login that is \
        used lasts for ever, N requests at once make N tokens, the old one stays good, and an answer that comes after the \
        logout signs in again. Take it out there: the front end refreshes here";
    if let Some(fact) = settings.fact("RENEWS")
        && let Value::List(names) = &fact.read.value
    {
        for name in names.iter().filter_map(Value::text) {
            draft.say(Kind::Danger, name, 0, ROLLS);
        }
    }
    let Some(module) = &settings.module else { return };
    for found in module.after_request.iter().filter(|found| found.mints) {
        draft.say(Kind::Danger, "after_request", found.line, ROLLS);
        if let Some(threshold) = found.span.and_then(|span| u64::try_from(span / SECOND).ok()) {
            super::drf_jwt::renewing(draft, "after_request", found.line, threshold);
        }
    }
}

/// Code that makes tokens other than the settings say.
fn code(settings: &Settings, draft: &mut Draft) {
    let Some(module) = &settings.module else { return };
    for (line, what) in &module.others {
        let text = format!("more settings come from `{what}`: import that file, too");
        draft.say(Kind::NotRead, "…", *line, text);
    }
    const CLAIMS: &str = "is not asked here. Claims that it adds come from the accounts: columns by accounts.sql_claims, or \
        whatever the webhook answers";
    const KEYS: &str = "chooses keys by token, and Rekindle signs with one";
    for (word, kind, text) in [
        ("additional_claims_loader", Kind::Danger, CLAIMS),
        ("additional_claims", Kind::Danger, CLAIMS),
        (
            "additional_headers_loader",
            Kind::LeftOut,
            "is not asked here: tokens have the package's own headers",
        ),
        ("encode_key_loader", Kind::Danger, KEYS),
        ("decode_key_loader", Kind::Danger, KEYS),
        (
            "user_identity_loader",
            Kind::Danger,
            "says what of a user is in tokens; here it is the subject that the accounts give, with the preset the `id`",
        ),
        (
            "token_verification_loader",
            Kind::LeftOut,
            "goes on in the API; it meets tokens with the claims that the accounts give",
        ),
        (
            "token_in_blocklist_loader",
            Kind::LeftOut,
            "goes on in the API, and Rekindle does not write that list: an access token of an ended session is good there to \
             its end",
        ),
        (
            "expires_delta",
            Kind::Danger,
            "gives some tokens another life than the settings; tokens from here have that of the settings",
        ),
    ] {
        if let Some(line) = module.line_of(word) {
            draft.say(kind, word, line, text);
        }
    }
}
