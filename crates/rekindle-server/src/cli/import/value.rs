//! What stands in a settings file, as far as it can be read without running it.

use std::fmt;

/// A value.
#[derive(Clone, PartialEq)]
pub(super) enum Value {
    /// `None`, `null`.
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    /// May be a secret, so it is in no `Debug` output.
    Text(String),
    List(Vec<Value>),
    Table(Vec<Entry>),
    /// A `timedelta`, in microseconds.
    Span(i64),
    /// Something of the application's that has a name: a class, a function, a variable of another file.
    Name(String),
    /// What calling that gives.
    Call(String),
    /// A secret that the application did not show, and how long it is.
    Hidden {
        bytes: usize,
        pem: bool,
    },
    /// Nothing that can be read; why.
    Unread(String),
}

/// A value of a table.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    pub(super) key: String,
    /// 0 where there are no lines.
    pub(super) line: usize,
    pub(super) read: Read,
}

/// A value, and the variables of the environment that it comes from.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Read {
    pub(super) value: Value,
    pub(super) variables: Vec<Variable>,
}

/// A variable of the environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Variable {
    pub(super) name: String,
    pub(super) from: Whence,
}

/// Where the value of a variable was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whence {
    /// In the `.env` beside the file.
    File,
    /// Not in that `.env`: what the settings file says for this case.
    Default,
    /// There is no `.env`: what the settings file says, unless the environment says otherwise.
    Assumed,
    /// Nowhere.
    Nowhere,
}

impl Value {
    pub(super) fn unread(why: impl Into<String>) -> Self {
        Self::Unread(why.into())
    }

    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// As Python and PHP take it, where they agree.
    pub(super) fn truth(&self) -> Option<bool> {
        match self {
            Self::Null => Some(false),
            Self::Bool(value) => Some(*value),
            Self::Int(number) => Some(*number != 0),
            Self::List(list) => Some(!list.is_empty()),
            _ => None,
        }
    }

    /// What it is, in a word; nothing of what it says.
    pub(super) fn kind(&self) -> String {
        match self {
            Self::Null => "nothing (None or null)".to_owned(),
            Self::Bool(_) => "a yes or no".to_owned(),
            Self::Int(_) | Self::Float(_) => "a number".to_owned(),
            Self::Text(_) => "a text".to_owned(),
            Self::List(_) => "a list".to_owned(),
            Self::Table(_) => "a table".to_owned(),
            Self::Span(_) => "a span of time".to_owned(),
            Self::Name(name) => format!("`{name}`, which is not in this file"),
            Self::Call(name) => format!("what `{name}(…)` gives"),
            Self::Hidden { .. } => "a secret".to_owned(),
            Self::Unread(why) => why.clone(),
        }
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(value) => value.fmt(f),
            Self::Int(number) => number.fmt(f),
            Self::Float(number) => number.fmt(f),
            Self::Span(micros) => write!(f, "Span({micros})"),
            Self::List(list) => list.fmt(f),
            Self::Table(entries) => entries.fmt(f),
            other => f.write_str(&other.kind()),
        }
    }
}

impl From<Value> for Read {
    fn from(value: Value) -> Self {
        Self { value, variables: Vec::new() }
    }
}

impl Read {
    pub(super) fn unread(why: impl Into<String>) -> Self {
        Value::unread(why).into()
    }

    /// What `make` makes of the values; nothing that can be read where one of them is not.
    pub(super) fn of(parts: Vec<Self>, make: impl FnOnce(Vec<Value>) -> Value) -> Self {
        let variables = parts.iter().flat_map(|part| part.variables.clone()).collect();
        let mut values = Vec::with_capacity(parts.len());
        for part in parts {
            if let unread @ Value::Unread(_) = part.value {
                return Self { value: unread, variables };
            }
            values.push(part.value);
        }
        Self { value: make(values), variables }
    }

    pub(super) fn map(self, make: impl FnOnce(Value) -> Value) -> Self {
        match self.value {
            Value::Unread(_) => self,
            value => Self { value: make(value), variables: self.variables },
        }
    }

    /// Whether the environment may say otherwise.
    pub(super) fn is_assumed(&self) -> bool {
        self.variables.iter().any(|variable| variable.from == Whence::Assumed)
    }

    /// The names of the variables that are `from` there.
    pub(super) fn variables_from(&self, from: Whence) -> String {
        let mut names: Vec<&str> = Vec::new();
        for variable in self.variables.iter().filter(|variable| variable.from == from) {
            if !names.contains(&variable.name.as_str()) {
                names.push(&variable.name);
            }
        }
        names.join(", ")
    }
}
