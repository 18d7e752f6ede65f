//! How a value is written in rekindle.toml.

use std::fmt::Write as _;

use rekindle::core::Seconds;

use super::operation::SECOND;
use super::value::Value;
use crate::config::Span;

/// What a number without a unit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Seconds,
    Minutes,
}

impl Unit {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Seconds => "seconds",
            Self::Minutes => "minutes",
        }
    }
}

/// A text of TOML, and what it says in the original's words where these are others.
pub(super) type Written = Result<(String, Option<String>), String>;

/// A span of time: with a unit, whatever the original counts in.
pub(super) fn span(value: &Value, unit: Unit) -> Written {
    let (seconds, note) = match value {
        Value::Span(micros) if micros % SECOND != 0 => {
            return Err("has a fraction of a second; tokens count in whole seconds".to_owned());
        }
        Value::Span(micros) => (Some(micros / SECOND), None),
        Value::Int(number) => {
            let seconds = match unit {
                Unit::Seconds => Some(*number),
                Unit::Minutes => number.checked_mul(60),
            };
            let note = (*number != 0).then(|| format!("{number} {}", unit.name()));
            (seconds, note)
        }
        other => return Err(format!("is {}, not a span of time", other.kind())),
    };
    match seconds.map(u64::try_from) {
        Some(Ok(seconds)) => Ok((quoted(&Span(Seconds(seconds)).to_string()), note)),
        _ => Err("is negative, or longer than a hundred years".to_owned()),
    }
}

pub(super) fn boolean(value: &Value) -> Written {
    match value {
        Value::Bool(value) => Ok((value.to_string(), None)),
        Value::Int(0) => Ok(("false".to_owned(), None)),
        Value::Int(1) => Ok(("true".to_owned(), None)),
        Value::Null => Ok(("false".to_owned(), Some("nothing".to_owned()))),
        other => Err(format!("is {}, neither yes nor no", other.kind())),
    }
}

pub(super) fn text(value: &Value) -> Written {
    match value {
        Value::Text(text) => Ok((quoted(text), None)),
        other => Err(format!("is {}, not a text", other.kind())),
    }
}

pub(super) fn texts(value: &Value) -> Written {
    let list = match value {
        Value::List(list) => list.as_slice(),
        one => std::slice::from_ref(one),
    };
    let all: Result<Vec<_>, String> = list.iter().map(|one| text(one).map(|(text, _)| text)).collect();
    all.map(|all| (format!("[{}]", all.join(", ")), None))
}

pub(super) fn one_text(value: &Value) -> Written {
    match value {
        Value::List(list) => match list.as_slice() {
            [one] => text(one),
            _ => Err("has several values; tokens from here have one: write the one that the API asks for"
                .to_owned()),
        },
        one => text(one),
    }
}

/// As TOML's basic string.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => {
                let _ = write!(quoted, "\\u{:04X}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_gets_the_unit_that_the_package_counts_in() {
        let written = |value, unit| span(&value, unit).unwrap();
        assert_eq!(
            written(Value::Int(60), Unit::Minutes),
            ("\"1h\"".to_owned(), Some("60 minutes".to_owned()))
        );
        assert_eq!(
            written(Value::Int(60), Unit::Seconds),
            ("\"1m\"".to_owned(), Some("60 seconds".to_owned()))
        );
        assert_eq!(written(Value::Span(90 * SECOND), Unit::Minutes), ("\"90s\"".to_owned(), None));
        for bad in [Value::Int(-1), Value::Int(i64::MAX), Value::Span(1), Value::Null, Value::Float(1.5)] {
            span(&bad, Unit::Minutes).unwrap_err();
        }
    }

    #[test]
    fn a_text_stays_inside_its_quotes() {
        for text in ["plain", "a\"b\\c", "line\nbreak", "\u{1b}[31m", "\u{7f}"] {
            let table: toml::Table = toml::from_str(&format!("a = {}", quoted(text))).unwrap();
            assert_eq!(table["a"].as_str(), Some(text));
        }
    }
}
