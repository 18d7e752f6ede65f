//! The settings that an application has in effect, as the commands of `effective` show them.

use serde_json::{Map, Value as Json};

use super::operation::SECOND;
use super::settings::Settings;
use super::value::{Entry, Value};

/// What the first object in `text` says, if there is one. A shell of the application's may greet before it.
pub(super) fn read(text: &str) -> Option<Settings> {
    let starts = text.match_indices('{').map(|(at, _)| at).filter(|at| {
        let before = text.get(..*at).unwrap_or_default();
        before.rsplit('\n').next().is_none_or(|line| line.trim().is_empty())
    });
    let object = starts.take(16).find_map(|at| {
        let mut objects =
            serde_json::Deserializer::from_str(text.get(at..)?).into_iter::<Map<String, Json>>();
        objects.next()?.ok()
    })?;
    let section = |key: &str| object.get(key).and_then(Json::as_object).map(entries);
    // Whoever shows the section alone means the same.
    let entries = section("settings").unwrap_or_else(|| entries(&object));
    Some(Settings { entries, facts: section("facts").unwrap_or_default(), module: None, effective: true })
}

fn entries(object: &Map<String, Json>) -> Vec<Entry> {
    object.iter().map(|(key, json)| Entry { key: key.clone(), line: 0, read: value(json).into() }).collect()
}

fn value(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(number), _) => Value::Int(number),
            (None, Some(number)) => Value::Float(number),
            (None, None) => Value::unread("a number that is too large"),
        },
        Json::String(text) => Value::Text(text.clone()),
        Json::Array(list) => Value::List(list.iter().map(value).collect()),
        Json::Object(object) => special(object).unwrap_or_else(|| Value::Table(entries(object))),
    }
}

/// What the commands write for values that JSON has no word for.
fn special(object: &Map<String, Json>) -> Option<Value> {
    if let Some(seconds) = object.get("seconds") {
        let span = super::operation::scaled(&value(seconds), SECOND);
        return Some(span.map_or_else(|| Value::unread("a span that is too long"), Value::Span));
    }
    if let Some(bytes) = object.get("bytes").and_then(Json::as_u64) {
        let pem = object.get("pem").and_then(Json::as_bool).unwrap_or_default();
        return Some(Value::Hidden { bytes: usize::try_from(bytes).ok()?, pem });
    }
    if let Some(several) = object.get("several").and_then(Json::as_u64) {
        let several = usize::try_from(several).ok()?.min(64);
        return Some(Value::List(vec![Value::Hidden { bytes: 0, pem: false }; several]));
    }
    object.get("name").and_then(Json::as_str).map(|name| Value::Name(name.to_owned()))
}
