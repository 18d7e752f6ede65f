//! Which accounts fit: the application's own user table.

use super::form::quoted;
use super::settings::Settings;

/// The application's user table, as far as it is known.
#[derive(Clone, Debug)]
pub(super) struct Accounts {
    preset: &'static str,
    table: Option<String>,
    username: Option<String>,
    engine: Engine,
    /// A column that tokens have to have as a claim.
    claim: Option<&'static str>,
}

/// What keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Engine {
    Unknown,
    Sqlite,
    Postgres,
    /// One that `accounts.kind = "sql"` does not speak to.
    Other,
}

impl Accounts {
    /// Those of `preset`, whose table and column are called `table` and `username` unless the application says otherwise.
    pub(super) fn of(settings: &Settings, preset: &'static str, table: &str, username: &str) -> Self {
        let other = |fact: &str, usual: &str| {
            settings.fact_text(fact).filter(|own| *own != usual && !own.is_empty()).map(str::to_owned)
        };
        Self {
            preset,
            table: other("USER_TABLE", table),
            username: other("USERNAME_FIELD", username),
            engine: Engine::of(settings),
            claim: None,
        }
    }

    /// With a claim that tokens have to have. A column that is called otherwise is none of the preset's.
    pub(super) fn naming(self, column: &'static str) -> Self {
        let claim = self.username.is_none().then_some(column);
        Self { claim, ..self }
    }

    /// Without what only the application has said.
    pub(super) fn plain(self) -> Self {
        Self { table: None, username: None, ..self }
    }

    /// Whether its database is one that can be asked.
    pub(super) fn is_read(&self) -> bool {
        self.engine != Engine::Other
    }

    /// What to know about it.
    pub(super) fn about(&self) -> &'static str {
        match self.engine {
            Engine::Other => {
                "Who may log in: the application's users are in a database that accounts.kind = \"sql\" does not read. Ask the \
                 application by accounts.kind = \"webhook\" instead; docs/accounts.md. With \"none\", sessions are refreshed \
                 and nobody logs in here."
            }
            _ => {
                "Who may log in: the application's own user table. Say where its database is; an address with a password is \
                 better in the file that REKINDLE__ACCOUNTS__SQL_URL_FILE names, which overrides this line."
            }
        }
    }

    /// Keys of `[accounts]` and their values as TOML.
    pub(super) fn lines(&self) -> Vec<(&'static str, String)> {
        if self.engine == Engine::Other {
            return vec![("kind", quoted("none"))];
        }
        let url = match self.engine {
            Engine::Sqlite => "sqlite:/path/to/the/application.sqlite3",
            _ => "postgres://rekindle@localhost/application",
        };
        let mut lines = vec![("kind", quoted("sql")), ("sql_preset", quoted(self.preset))];
        lines.extend(self.table.as_deref().map(|table| ("sql_table", quoted(table))));
        lines.extend(self.username.as_deref().map(|username| ("sql_username", quoted(username))));
        lines.extend(self.claim.map(|claim| ("sql_claims", format!("[{}]", quoted(claim)))));
        lines.push(("sql_url", quoted(url)));
        lines
    }
}

impl Engine {
    fn of(settings: &Settings) -> Self {
        let named = match settings.fact_text("DATABASE").or(settings.fact_text("SQLALCHEMY_DATABASE_URI")) {
            // The rest of an address may hold a password.
            Some(text) => text.split("://").next().unwrap_or_default().to_ascii_lowercase(),
            None => match settings.fact("DATABASES").map(|fact| django(&fact.read.value)) {
                Some(engine) => engine,
                None => return Self::Unknown,
            },
        };
        let is = |words: &[&str]| words.iter().any(|word| named.contains(word));
        if is(&["sqlite"]) {
            Self::Sqlite
        } else if is(&["postg", "pgsql", "psycopg"]) {
            Self::Postgres
        } else if is(&["mysql", "mariadb", "oracle", "mssql", "sqlsrv", "sql_server", "mongo", "djongo"]) {
            Self::Other
        } else {
            Self::Unknown
        }
    }
}

/// `DATABASES["default"]["ENGINE"]`.
fn django(value: &super::value::Value) -> String {
    let inner = |value: &super::value::Value, key: &str| match value {
        super::value::Value::Table(entries) => {
            entries.iter().find(|entry| entry.key == key).map(|entry| entry.read.value.clone())
        }
        _ => None,
    };
    let engine = inner(value, "default").and_then(|default| inner(&default, "ENGINE"));
    engine.and_then(|engine| engine.text().map(str::to_ascii_lowercase)).unwrap_or_default()
}
