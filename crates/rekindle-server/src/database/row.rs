//! One row of an answer.

use std::fmt;
use std::sync::Arc;

/// What a column holds.
#[derive(Clone, PartialEq, Eq)]
pub enum Value {
    /// Text; a UUID is one as well.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// True or false.
    Bool(bool),
    /// Nothing.
    Null,
}

impl Value {
    /// As text, but for nothing.
    pub fn to_text(&self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text.clone()),
            Self::Integer(number) => Some(number.to_string()),
            Self::Bool(truth) => Some(truth.to_string()),
            Self::Null => None,
        }
    }

    /// What kind of value it is.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "text",
            Self::Integer(_) => "a whole number",
            Self::Bool(_) => "a boolean",
            Self::Null => "NULL",
        }
    }
}

impl fmt::Debug for Value {
    /// What kind it is: among them are password hashes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind())
    }
}

/// The columns of one row, by name.
#[derive(Clone, Debug)]
pub struct Row {
    names: Arc<[String]>,
    values: Vec<Value>,
}

impl Row {
    /// As many `names` as `values`.
    pub(super) const fn new(names: Arc<[String]>, values: Vec<Value>) -> Self {
        Self { names, values }
    }

    /// What the column `name` holds; nothing where there is no such column.
    pub fn value(&self, name: &str) -> Option<&Value> {
        self.columns().find(|(column, _)| *column == name).map(|(_, value)| value)
    }

    /// All columns, in their order.
    pub fn columns(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.names.iter().map(String::as_str).zip(&self.values)
    }
}
