//! What is asked of the user table: by a preset, or by queries of one's own.

use rekindle::token::claims::RESERVED;

use crate::accounts::hashes::Format;
use crate::config::{self, SqlPreset};
use crate::database::{Statement, is_identifier, quoted};

/// The statements.
#[derive(Clone, Debug)]
pub(crate) struct Queries {
    pub(super) login: Statement,
    pub(super) state: Statement,
    pub(super) rehash: Option<Statement>,
    /// What the application writes, as far as that is known.
    pub(super) format: Format,
}

/// A key, and what is wrong with its value.
type Flaw = (&'static str, String);

/// A user table as a framework makes it.
struct Table {
    name: &'static str,
    username: &'static str,
    active: Option<&'static str>,
    format: Format,
}

impl Table {
    const fn of(preset: SqlPreset) -> Self {
        match preset {
            SqlPreset::Django => Self {
                name: "auth_user",
                username: "username",
                active: Some("is_active"),
                format: Format::Django,
            },
            SqlPreset::Flask => {
                Self { name: "user", username: "username", active: None, format: Format::Werkzeug }
            }
            SqlPreset::Laravel => {
                Self { name: "users", username: "email", active: None, format: Format::Php }
            }
        }
    }
}

impl Queries {
    /// As `accounts` says, without asking anybody.
    pub(crate) fn of(accounts: &config::Accounts) -> Result<Self, Flaw> {
        match accounts.sql_preset {
            Some(preset) => Self::of_preset(&Table::of(preset), accounts),
            None => Self::of_own(accounts),
        }
    }

    fn of_preset(table: &Table, accounts: &config::Accounts) -> Result<Self, Flaw> {
        let name = identifier("accounts.sql_table", accounts.sql_table.as_deref().unwrap_or(table.name))?;
        let username =
            identifier("accounts.sql_username", accounts.sql_username.as_deref().unwrap_or(table.username))?;
        let mut columns = vec!["\"id\" AS \"subject\"".to_owned(), "\"password\"".to_owned()];
        columns.extend(table.active.map(|active| format!("{} AS \"active\"", quoted(active))));
        for claim in &accounts.sql_claims {
            columns.push(claim_column(claim)?);
        }
        let columns = columns.join(", ");
        let select = |condition: &str| format!("SELECT {columns} FROM {name} WHERE {condition}");
        let rehash = match accounts.sql_rehash.as_deref() {
            Some("on") => Some(format!(
                "UPDATE {name} SET \"password\" = :hash WHERE \"id\" = :subject AND \"password\" = :old"
            )),
            own => own.map(str::to_owned),
        };
        Ok(Self {
            login: parse("accounts.sql_login", &select(&format!("{username} = :username")), &["username"])?,
            state: parse("accounts.sql_state", &select("\"id\" = :subject"), &["subject"])?,
            rehash: rehash.as_deref().map(rehashing).transpose()?,
            format: table.format,
        })
    }

    fn of_own(accounts: &config::Accounts) -> Result<Self, Flaw> {
        let own = |key: &'static str, sql: &Option<String>, parameter: &str| {
            let why = "is not set, and neither is accounts.sql_preset";
            parse(key, sql.as_deref().ok_or((key, why.to_owned()))?, &[parameter])
        };
        if accounts.sql_rehash.as_deref() == Some("on") {
            let why = "\"on\" belongs to a preset; with queries of one's own it is an UPDATE";
            return Err(("accounts.sql_rehash", why.to_owned()));
        }
        Ok(Self {
            login: own("accounts.sql_login", &accounts.sql_login, "username")?,
            state: own("accounts.sql_state", &accounts.sql_state, "subject")?,
            rehash: accounts.sql_rehash.as_deref().map(rehashing).transpose()?,
            // The usual one among the costly, until a password has been right.
            format: Format::Php,
        })
    }
}

/// Reads a statement that has to have all of `parameters`.
fn parse(key: &'static str, sql: &str, parameters: &[&str]) -> Result<Statement, Flaw> {
    let statement = Statement::parse(sql, parameters).map_err(|why| (key, why))?;
    match parameters.iter().find(|name| !statement.names().iter().any(|n| n == *name)) {
        Some(missing) => Err((key, format!("has no parameter :{missing}"))),
        None => Ok(statement),
    }
}

/// Without the old hash as a condition it would undo a change of the password that happened in between.
fn rehashing(sql: &str) -> Result<Statement, Flaw> {
    parse("accounts.sql_rehash", sql, &["hash", "subject", "old"])
}

fn identifier(key: &'static str, name: &str) -> Result<String, Flaw> {
    match is_identifier(name) {
        true => Ok(quoted(name)),
        false => Err((key, "is a name of letters, digits and `_`, with a schema before a dot".to_owned())),
    }
}

fn claim_column(name: &str) -> Result<String, Flaw> {
    let key = "accounts.sql_claims";
    if !is_identifier(name) || name.contains('.') {
        return Err((key, "is a list of columns: names of letters, digits and `_`".to_owned()));
    }
    if ["subject", "password", "active"].contains(&name) || RESERVED.contains(&name) {
        return Err((key, format!("`{name}` can be no claim of an account")));
    }
    Ok(quoted(name))
}
