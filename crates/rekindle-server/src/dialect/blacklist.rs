//! The tokens that the package itself has retired before the switch.

use std::sync::Arc;

use crate::accounts::AccountsError;
use crate::api::Problem;
use crate::config::{Accounts, ConfigError};
use crate::database::{Access, Database, Statement};

/// What a blacklist can be asked for.
const PARAMETERS: [&str; 3] = ["jti", "jti_hex", "token"];

/// Which blacklist a dialect wants to be asked.
pub(crate) struct WantedBlacklist {
    /// The full name of the key that says so.
    pub(crate) key: &'static str,
    /// SQL that answers a row for a token that is in it.
    pub(crate) sql: String,
}

impl WantedBlacklist {
    /// What `set` says: `"package"` is the package's own.
    pub(crate) fn of(key: &'static str, set: Option<&str>, package: &str) -> Option<Self> {
        let sql = set?;
        Some(Self { key, sql: if sql == "package" { package.to_owned() } else { sql.to_owned() } })
    }
}

/// The package's own table, or one of the application's.
#[derive(Clone)]
pub(crate) struct Blacklist {
    key: &'static str,
    database: Database,
    statement: Arc<Statement>,
}

/// A token that is looked for.
pub(crate) struct Listed<'a> {
    pub(crate) jti: &'a str,
    pub(crate) token: &'a str,
}

impl Blacklist {
    /// # Errors
    /// Where it cannot be asked as the configuration says.
    pub(crate) fn open(wanted: WantedBlacklist, accounts: &Accounts) -> Result<Self, ConfigError> {
        let WantedBlacklist { key, sql } = wanted;
        let fail = |why: String| ConfigError::plain(format!("{key}: {why}"));
        let statement = Statement::parse(&sql, &PARAMETERS).map_err(fail)?;
        let url = accounts.sql_url.as_ref().ok_or_else(|| {
            fail("accounts.sql_url is not set, and the blacklist is in the application's database".to_owned())
        })?;
        let database = Database::open(url, Access::Read).map_err(|error| fail(error.to_string()))?;
        Ok(Self { key, database, statement: Arc::new(statement) })
    }

    /// Whether the token is in it.
    ///
    /// # Errors
    /// Where it cannot be asked now: that passes, and ends nothing.
    pub(crate) async fn has(&self, listed: &Listed<'_>) -> Result<bool, Problem> {
        let hex = listed.jti.replace('-', "");
        let parameters = [("jti", listed.jti), ("jti_hex", hex.as_str()), ("token", listed.token)];
        let found = self.database.has_row(&self.statement, &parameters).await;
        found.map_err(|error| AccountsError::unavailable(format!("{}: {error}", self.key)).into())
    }

    /// Whether it can be asked at all; no row is read.
    ///
    /// # Errors
    /// What would have to be changed. That it cannot be reached now is none.
    pub(crate) async fn look(&self) -> Result<(), ConfigError> {
        match self.database.columns(&self.statement).await {
            Err(error) if error.is_lasting() => Err(ConfigError::plain(format!("{}: {error}", self.key))),
            _ => Ok(()),
        }
    }
}
