//! What becomes of each setting of a package.

use super::form::Unit;
use super::value::Value;

/// What becomes of a setting.
pub(super) enum Rule {
    /// A life. Taken over; one without an end is not.
    Life {
        /// What a number counts.
        unit: Unit,
        /// Why there is none without an end, and what to write.
        endless: &'static str,
        /// What stands in its place until then; the default where that does.
        instead: Option<&'static str>,
    },
    /// Another span of time, taken over.
    Span(Unit),
    /// Taken over.
    Bool,
    /// Taken over. Nothing is the same as leaving it out.
    Text,
    /// A list of texts, or one.
    Texts,
    /// One text, or a list of one.
    OneText,
    /// What tokens are signed with: goes into a file.
    Key,
    /// Has no place here; why. Said where it is not what the package does by itself.
    Leave(Usual, &'static str),
    /// The same, where that is dangerous or stops tokens from being accepted.
    Danger(Usual, &'static str),
    /// Looked at by the package's own code.
    Own,
}

/// What a package does by itself.
pub(super) enum Usual {
    /// Nothing, or an empty text.
    Nothing,
    No,
    Yes,
    Text(&'static str),
    Texts(&'static [&'static str]),
    /// Something of the package's own: the beginning of its path.
    Of(&'static str),
}

impl Usual {
    pub(super) fn is(&self, value: &Value) -> bool {
        let is_empty =
            matches!(value, Value::Null | Value::Hidden { bytes: 0, .. }) || value.text() == Some("");
        match self {
            Self::Nothing => is_empty || matches!(value, Value::List(list) if list.is_empty()),
            Self::No => value.truth() == Some(false),
            Self::Yes => value.truth() == Some(true),
            Self::Text(text) => value.text() == Some(text),
            Self::Texts(texts) => match value {
                Value::List(list) => list.iter().map(Value::text).eq(texts.iter().map(|text| Some(*text))),
                one => texts.len() == 1 && one.text() == texts.first().copied(),
            },
            Self::Of(path) => match value {
                Value::Text(text) | Value::Name(text) => text.starts_with(path),
                Value::List(list) => list.iter().all(|value| self.is(value)),
                _ => is_empty,
            },
        }
    }
}

pub(super) type Table = [(&'static str, Rule)];
