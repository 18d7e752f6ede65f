//! Whether the settings of accounts in a user table go together.

use super::check::{clash, origin};
use super::{Accounts, AccountsKind, ConfigError, Origins};
use crate::accounts::Queries;

pub(super) fn check(accounts: &Accounts, origins: &Origins) -> Result<(), ConfigError> {
    let is_sql = accounts.kind == Some(AccountsKind::Sql);
    if let Some(url) = &accounts.sql_url
        && url.is_exposed()
    {
        let rule = "a PostgreSQL on a public host is reached with sslmode=verify-full; without it, name a private \
                    address or a host without dots";
        return Err(ConfigError::plain(format!(
            "accounts.sql_url: {rule}\n{}",
            origin("accounts.sql_url", origins)
        )));
    }
    let own = [
        ("accounts.sql_login", accounts.sql_login.is_some()),
        ("accounts.sql_state", accounts.sql_state.is_some()),
    ];
    let of_preset = [
        ("accounts.sql_table", accounts.sql_table.is_some()),
        ("accounts.sql_username", accounts.sql_username.is_some()),
        ("accounts.sql_claims", !accounts.sql_claims.is_empty()),
    ];
    let others = [
        ("accounts.sql_preset", accounts.sql_preset.is_some()),
        ("accounts.sql_rehash", accounts.sql_rehash.is_some()),
    ];
    let refuse = |first, second, rule: &str| Err(clash(first, second, rule, origins));
    let first_set = |keys: &[(&'static str, bool)]| keys.iter().find(|(_, set)| *set).map(|(key, _)| *key);
    if !is_sql {
        let unused = first_set(&others).or_else(|| first_set(&own)).or_else(|| first_set(&of_preset));
        return match unused {
            None => Ok(()),
            Some(key) => refuse(key, "accounts.kind", "it is for accounts.kind = \"sql\""),
        };
    }
    if accounts.sql_url.is_none() {
        return refuse("accounts.kind", "accounts.sql_url", "a user table is somewhere; say where");
    }
    match (accounts.sql_preset, first_set(&own), first_set(&of_preset)) {
        (Some(_), Some(own), _) => {
            return refuse("accounts.sql_preset", own, "a preset has its queries; leave out one of them");
        }
        (None, _, Some(key)) => {
            return refuse(key, "accounts.sql_preset", "it changes a preset's queries, and there is none");
        }
        (None, None, None) => {
            let rule =
                "say whose user table it is, or how to ask it: accounts.sql_login and accounts.sql_state";
            return refuse("accounts.kind", "accounts.sql_preset", rule);
        }
        (None, Some(_), None) if accounts.sql_state.is_none() || accounts.sql_login.is_none() => {
            let rule = "a login asks by name, a refresh by subject: both queries are needed";
            return refuse("accounts.sql_login", "accounts.sql_state", rule);
        }
        _ => {}
    }
    let wrong =
        |(key, why): (&str, String)| ConfigError::plain(format!("{key} {why}\n{}", origin(key, origins)));
    Queries::of(accounts).map(drop).map_err(wrong)
}
