//! `config/jwt.php`.

use rekindle::core::Seconds;

use super::accounts::Accounts;
use super::blacklist::{self, Named};
use super::draft::{Draft, Kind};
use super::form::{Unit, quoted};
use super::rule::{Rule, Table, Usual};
use super::settings::Settings;
use super::value::{Entry, Value};
use crate::config::Span;

const ENDLESS: &str = "null: a token without an end cannot be revoked once the blacklist forgets it, and nobody has to renew it. \
    Here it has one, by default 1h, and the front end exchanges it; for one that cannot, write the longest that a stolen token \
    may be of use, such as \"1d\", and people log in again after refresh_ttl";

const ENDLESS_REFRESH: &str = "null: a token can be exchanged for ever, also one that was stolen years ago. Here a session has an \
    end: say when; until then it is a year, so that nobody is logged out by the switch";

pub(super) const TABLE: &Table = &[
    ("secret", Rule::Own),
    ("private_key", Rule::Own),
    ("ttl", Rule::Life { unit: Unit::Minutes, endless: ENDLESS, instead: None }),
    ("refresh_ttl", Rule::Life { unit: Unit::Minutes, endless: ENDLESS_REFRESH, instead: Some("365d") }),
    ("refresh_iat", Rule::Bool),
    ("algo", Rule::Own),
    ("required_claims", Rule::Own),
    (
        "persistent_claims",
        Rule::Leave(Usual::Nothing, "all claims of a session stay, or follow its account, at every exchange"),
    ),
    ("lock_subject", Rule::Bool),
    ("leeway", Rule::Span(Unit::Seconds)),
    ("blacklist_enabled", Rule::Bool),
    ("blacklist_grace_period", Rule::Span(Unit::Seconds)),
    ("show_black_list_exception", Rule::Bool),
    (
        "decrypt_cookies",
        Rule::Leave(
            Usual::No,
            "is for the application's own API, which goes on with it; these endpoints set no cookies",
        ),
    ),
    (
        "cookie_key_name",
        Rule::Leave(
            Usual::Text("token"),
            "is for the application's own API, which goes on with it; these endpoints set no cookies",
        ),
    ),
    ("providers", Rule::Own),
];

pub(super) fn import(settings: &Settings, draft: &mut Draft) {
    draft.follow(settings, TABLE);
    algorithm(settings, draft);
    key(settings, draft);
    minutes(settings, draft);
    required(settings, draft);
    providers(settings, draft);
    subject(settings, draft);
    draft.accounts = Some(Accounts::of(settings, "laravel", "users", "email"));
    retired(settings, draft);
    draft.propose(
        "prefix",
        quoted("/api/auth"),
        "where routes/api.php has login, refresh and logout, if that is elsewhere",
    );
}

/// `Provider::ALGO_HS256` is `HS256`.
fn algorithm(settings: &Settings, draft: &mut Draft) {
    let Some(entry) = settings.entry("algo") else { return };
    draft.write(entry, "algo", |value| match value {
        Value::Name(name) if name.contains("::ALGO_") => {
            Ok((quoted(name.rsplit("::ALGO_").next().unwrap_or_default()), None))
        }
        other => super::form::text(other),
    });
}

fn key(settings: &Settings, draft: &mut Draft) {
    let (_, symmetric) = draft.key_file();
    draft.key = settings.entry(if symmetric { "secret" } else { "private_key" }).cloned();
}

/// Whole hours and days, if they were seconds.
fn minutes(settings: &Settings, draft: &mut Draft) {
    for (key, from) in [("ttl", 3600), ("refresh_ttl", 86_400)] {
        if let Some(Entry { line, read, .. }) = settings.entry(key)
            && let Value::Int(number) = read.value
            && number >= from
            && number % 3600 == 0
        {
            let text = format!(
                "the package reads {number} as {number} minutes, {}, and so it is written; if seconds were meant, the \
                 application does not have them either",
                Span(Seconds(number.unsigned_abs().saturating_mul(60)))
            );
            draft.say(Kind::Danger, key, *line, text);
        }
    }
}

/// What the API asks for and tokens from here do not have by themselves.
fn required(settings: &Settings, draft: &mut Draft) {
    const WRITTEN: [&str; 7] = ["iss", "iat", "exp", "nbf", "sub", "jti", "prv"];
    let Some(Entry { line, read, .. }) = settings.entry("required_claims") else { return };
    let Value::List(list) = &read.value else { return };
    let missing = |claim: &&str| !WRITTEN.contains(claim);
    let others: Vec<&str> = list.iter().filter_map(Value::text).filter(missing).collect();
    if !others.is_empty() {
        let text = format!(
            "the API refuses tokens without {}: give it as a claim of the account, by accounts.sql_claims or the webhook",
            others.join(", ")
        );
        draft.say(Kind::Danger, "required_claims", *line, text);
    }
}

fn providers(settings: &Settings, draft: &mut Draft) {
    let Some(Entry { read, .. }) = settings.entry("providers") else { return };
    let Value::Table(providers) = &read.value else { return };
    for (kind, what) in [
        ("jwt", "makes and reads tokens there; those from here are the package's"),
        ("auth", "checks passwords there; here the accounts do"),
        ("storage", "keeps the API's own blacklist, which Rekindle does not write"),
    ] {
        let Some(Entry { line, read, .. }) = providers.iter().find(|own| own.key == kind) else { continue };
        let own = match &read.value {
            Value::Name(name) | Value::Text(name) => !name.contains("JWTAuth"),
            _ => false,
        };
        if own {
            draft.say(
                Kind::LeftOut,
                &format!("providers.{kind}"),
                *line,
                format!("is the application's own: it {what}"),
            );
        }
    }
}

/// The package's blacklist is in Laravel's cache.
fn retired(settings: &Settings, draft: &mut Draft) {
    let entry = settings.entry("blacklist_enabled");
    if entry.is_some_and(|entry| entry.read.value.truth() == Some(false)) {
        return;
    }
    let named = Named { setting: "blacklist_enabled", line: entry.map_or(0, |entry| entry.line) };
    let prefix = settings.fact_text("CACHE_PREFIX");
    let is_plain = |prefix: &str| prefix.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c));
    match (settings.fact_text("CACHE"), prefix) {
        (Some("database"), Some("laravel_cache_")) => blacklist::ask(draft, "package", &named),
        (Some("database"), Some(prefix)) if is_plain(prefix) => {
            blacklist::ask(draft, &format!("SELECT 1 FROM cache WHERE key = '{prefix}' || :jti"), &named);
        }
        (Some("database") | None, _) => blacklist::propose(draft, "if Laravel's cache is in its database"),
        (Some(_), _) => blacklist::cannot(draft, &named),
    }
}

/// The class in the `prv` of tokens, which the API compares.
fn subject(settings: &Settings, draft: &mut Draft) {
    match settings.fact_text("USER_MODEL") {
        Some(model) => {
            let note = "auth.providers.users.model".to_owned();
            draft.put("subject_model", quoted(model), 0, Some(note));
        }
        None => draft.propose(
            "subject_model",
            quoted("App\\User"),
            "if config/auth.php has another model than App\\Models\\User: the API compares it",
        ),
    }
}
