//! What an exchange can end in, and what may be tried again.

use std::error::Error as _;

use tokio_postgres::error::{Severity, SqlState};

use crate::store::StoreError;

/// Why an exchange has no answer. Shows no password, and no value of a row.
#[derive(Debug)]
pub(super) enum Trouble {
    /// Somebody else's transaction was in the way, and this one was undone: it may be tried again.
    Collided(String),
    /// The server does not know a statement by the name that this connection gave it, or knows another one: a pooler is on
    /// the way. Nothing was done.
    Unprepared,
    /// The connection is dead, or its server writes no more.
    Broken {
        /// What was said.
        why: String,
        /// Whether it is certain that nothing was done.
        undone: bool,
    },
    /// The server said no.
    Refused {
        /// Its SQLSTATE.
        code: SqlState,
        /// What was said.
        why: String,
    },
    /// It took too long, or there was no connection to do it on.
    TooLate(String),
    /// A row holds what this version cannot read, or cannot write.
    Store(StoreError),
}

impl From<tokio_postgres::Error> for Trouble {
    fn from(error: tokio_postgres::Error) -> Self {
        let why = said(&error);
        let Some(answer) = error.as_db_error() else {
            // Whatever else goes wrong goes wrong with the connection: it is closed, or no longer in step.
            return Self::Broken { why, undone: false };
        };
        let fatal = !matches!(answer.parsed_severity(), None | Some(Severity::Error));
        match answer.code() {
            &SqlState::T_R_SERIALIZATION_FAILURE | &SqlState::T_R_DEADLOCK_DETECTED => Self::Collided(why),
            &SqlState::INVALID_SQL_STATEMENT_NAME | &SqlState::DUPLICATE_PSTATEMENT => Self::Unprepared,
            // Another client's statement had this name, and takes other parameters.
            &SqlState::PROTOCOL_VIOLATION if !fatal && answer.message().starts_with("bind message") => {
                Self::Unprepared
            }
            // A primary that became a replica: it would show what is old, too.
            &SqlState::READ_ONLY_SQL_TRANSACTION => Self::Broken { why, undone: true },
            &SqlState::ADMIN_SHUTDOWN | &SqlState::CRASH_SHUTDOWN | &SqlState::CANNOT_CONNECT_NOW => {
                Self::Broken { why, undone: false }
            }
            _ if fatal => Self::Broken { why, undone: false },
            code => Self::Refused { code: code.clone(), why },
        }
    }
}

/// What PostgreSQL or the driver says, without values.
pub(super) fn said(error: &tokio_postgres::Error) -> String {
    let Some(answer) = error.as_db_error() else {
        return error.source().map_or_else(|| error.to_string(), |source| format!("{error}: {source}"));
    };
    let code = answer.code().code();
    // Messages of these classes repeat the value that is not liked.
    match ["22", "23", "P0"].iter().any(|class| code.starts_with(class)) {
        true => format!("PostgreSQL refuses a value ({code})"),
        false => format!("{} ({code})", answer.message()),
    }
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Trouble> for StoreError {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Store(error) => error,
            Trouble::Collided(why)
            | Trouble::TooLate(why)
            | Trouble::Broken { why, .. }
            | Trouble::Refused { why, .. } => Self::unavailable(why),
            Trouble::Unprepared => Self::unavailable("a pooler mixes up prepared statements"),
        }
    }
}
