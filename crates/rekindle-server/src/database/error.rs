//! Why a database gave no answer.

/// Why a database could not be asked, or its answer not be read. Shows no password, and nothing that was looked for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DatabaseError {
    /// It cannot be reached, or the connection broke. It may pass.
    #[error("the database cannot be reached: {0}")]
    Unreachable(String),
    /// It took too long, or too many questions wait for it. It may pass.
    #[error("the database did not answer in time")]
    TimedOut,
    /// It cannot do what was asked now: it starts, it stops, it is locked or full. It may pass.
    #[error("the database could not answer: {0}")]
    Failed(String),
    /// It does not know a table or column, does not understand the statement, or does not allow it.
    #[error("the database refuses the statement: {0}")]
    Refused(String),
    /// A column holds a value of a kind that is not read.
    #[error(
        "column `{column}` is {kind}; text, whole numbers, booleans and UUIDs are read: write it as CAST(… AS text)"
    )]
    Unreadable {
        /// Its name.
        column: String,
        /// What it is.
        kind: String,
    },
    /// One row was asked for, and there are several.
    #[error("there is more than one such row")]
    Ambiguous,
    /// A parameter of the statement was not given: a mistake of the caller's.
    #[error("the statement's parameter :{0} was not given")]
    Unbound(String),
}

impl DatabaseError {
    /// Whether it stays until somebody changes the configuration, the tables or the rights.
    pub const fn is_lasting(&self) -> bool {
        matches!(self, Self::Refused(_) | Self::Unreadable { .. } | Self::Unbound(_))
    }
}
