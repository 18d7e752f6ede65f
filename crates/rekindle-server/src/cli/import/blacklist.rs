//! The tokens that the package has retired before the switch: they are not to become sessions.

use super::draft::{Draft, Kind};
use super::form::quoted;
use super::settings::Settings;
use super::value::{Entry, Value};

const KEY: &str = "blacklist_query";

/// What the package calls its blacklist.
pub(super) struct Named<'a> {
    /// The setting, app or function that says there is one, and its line.
    pub(super) setting: &'a str,
    pub(super) line: usize,
}

/// Whether Django has the app that is called `app`, if that is known.
pub(super) fn has_app(settings: &Settings, fact: &str, app: &str) -> Option<bool> {
    if let Some(fact) = settings.fact(fact) {
        return fact.read.value.truth();
    }
    let Entry { read, .. } = settings.fact("INSTALLED_APPS")?;
    match &read.value {
        Value::List(apps) => Some(apps.iter().any(|own| {
            own.text()
                .and_then(|own| own.strip_prefix(app))
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        })),
        _ => None,
    }
}

/// Writes who is asked for retired tokens, where `query` answers that.
pub(super) fn ask(draft: &mut Draft, query: &str, named: &Named<'_>) {
    if draft.accounts.as_ref().is_none_or(super::accounts::Accounts::is_read) {
        let note = "tokens that the package has retired are not taken over".to_owned();
        draft.put(KEY, quoted(query), named.line, Some(note));
    } else {
        cannot(draft, named);
    }
}

/// Says that nobody can be asked.
pub(super) fn cannot(draft: &mut Draft, named: &Named<'_>) {
    draft.say(Kind::Danger, named.setting, named.line, CANNOT);
}

const CANNOT: &str = "the tokens that the package has retired stand where they cannot be asked for: one that was logged out or \
    replaced before the switch, and has not ended, can become a session here once. With adopt = false none does, and everybody \
    logs in again";

/// Proposes it, where it depends on `condition`.
pub(super) fn propose(draft: &mut Draft, condition: &str) {
    if draft.accounts.as_ref().is_none_or(super::accounts::Accounts::is_read) {
        let note = format!("{condition}: tokens that it has retired are not taken over then");
        draft.propose(KEY, quoted("package"), &note);
    } else {
        draft.say(Kind::Danger, KEY, 0, format!("{condition}, {CANNOT}"));
    }
}
