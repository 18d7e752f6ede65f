//! What names mean: those that the file defines, those of the environment, and the few that every settings file calls.

use super::Assignment;
use super::brackets::Arguments;
use crate::cli::import::environment::DotEnv;
use crate::cli::import::operation::{SECOND, int, scaled};
use crate::cli::import::value::{Entry, Read, Value};

/// What has been read so far, and the environment.
pub(super) struct Names<'a> {
    pub(super) known: &'a [Assignment],
    /// Where the expression stands.
    pub(super) scope: &'a str,
    pub(super) environment: &'a DotEnv,
}

/// `timedelta`'s arguments in their order, in microseconds.
const UNITS: [(&str, i64); 7] = [
    ("days", 86_400 * SECOND),
    ("seconds", SECOND),
    ("microseconds", 1),
    ("milliseconds", 1000),
    ("minutes", 60 * SECOND),
    ("hours", 3600 * SECOND),
    ("weeks", 7 * 86_400 * SECOND),
];

/// The functions of `os`, `environ`, `decouple` and their like that look a variable up.
const LOOK_UPS: [&str; 10] = [
    "os.environ.get",
    "environ.get",
    "os.getenv",
    "getenv",
    "env",
    "config",
    "decouple.config",
    "env.get",
    "os.environ.setdefault",
    "environ.setdefault",
];

impl Names<'_> {
    /// `path`, where nothing follows it.
    pub(super) fn named(&self, path: &str) -> Read {
        match path {
            "True" => return Value::Bool(true).into(),
            "False" => return Value::Bool(false).into(),
            "None" => return Value::Null.into(),
            _ => {}
        }
        let (scope, name) = match path.rsplit_once('.') {
            // `Config.SECRET_KEY`, `settings.SECRET_KEY`, `self.…`
            Some((owner, name)) => (Some(owner), name),
            None => (None, path),
        };
        let of = |wanted: &str| {
            let all = self.known.iter().filter(|known| known.path == name && known.keys.is_empty());
            let mut all = all.filter(|known| known.scope == wanted);
            all.next_back().map(|known| known.read.clone())
        };
        let found = match scope {
            Some(owner) => of(&format!("class {owner}")),
            None => of(self.scope).or_else(|| of("")).or_else(|| self.only(name)),
        };
        found.unwrap_or_else(|| Value::Name(path.to_owned()).into())
    }

    /// What `name` is everywhere, if it is the same everywhere.
    fn only(&self, name: &str) -> Option<Read> {
        // A class keeps its names to itself.
        let is_seen = |known: &&Assignment| {
            known.path == name && known.keys.is_empty() && !known.scope.contains("class ")
        };
        let mut all = self.known.iter().filter(is_seen);
        let first = all.next()?;
        let same = all.all(|other| other.read == first.read);
        Some(if same {
            first.read.clone()
        } else {
            Read::unread(format!("`{name}` is set in several places"))
        })
    }

    /// `path[index]`.
    pub(super) fn subscript(&self, path: &str, index: &Read) -> Read {
        let Some(index) = index.value.text() else { return Read::unread(format!("a part of `{path}`")) };
        if path == "os.environ" || path == "environ" {
            return self.environment.look_up(index, None);
        }
        let mut known = self.known.iter().filter(|known| known.path == path);
        match known.rfind(|known| known.keys == [index]) {
            Some(known) => known.read.clone(),
            None => Read::unread(format!("a part of `{path}`, which is not in this file")),
        }
    }

    /// `path(arguments)`.
    pub(super) fn call(&self, path: &str, arguments: Arguments) -> Read {
        let last = path.rsplit('.').next().unwrap_or(path);
        match (last, arguments) {
            (_, arguments) if LOOK_UPS.contains(&path) || path.starts_with("env.") => {
                self.look_up(path, arguments)
            }
            ("timedelta", arguments) => timedelta(arguments),
            ("relativedelta", _) => Read::unread("a relativedelta: months and years have no fixed length"),
            ("int", Arguments { mut positional, .. }) => match positional.pop() {
                Some(read) => read.map(int),
                None => Value::Int(0).into(),
            },
            ("str", Arguments { mut positional, .. }) if positional.len() == 1 => {
                positional.pop().map_or_else(|| Value::Null.into(), |read| read.map(text))
            }
            ("float", Arguments { mut positional, .. }) => match positional.pop() {
                Some(read) => read.map(float),
                None => Value::Float(0.0).into(),
            },
            ("bool", Arguments { mut positional, .. }) => match positional.pop() {
                Some(read) => read.map(|value| match value {
                    // Every text but the empty one, "False" too.
                    Value::Text(text) => Value::Bool(!text.is_empty()),
                    other => other.truth().map_or(Value::unread("depends on a condition"), Value::Bool),
                }),
                None => Value::Bool(false).into(),
            },
            ("tuple" | "list" | "set" | "frozenset", Arguments { mut positional, .. }) => {
                match positional.pop() {
                    Some(read) if matches!(read.value, Value::List(_)) => read,
                    Some(_) => Read::unread(format!("what `{path}(…)` gives")),
                    None => Value::List(Vec::new()).into(),
                }
            }
            ("dict", Arguments { named, positional }) if positional.is_empty() => Value::Table(named).into(),
            _ => Value::Call(path.to_owned()).into(),
        }
    }

    fn look_up(&self, path: &str, arguments: Arguments) -> Read {
        let Arguments { positional, mut named } = arguments;
        let mut positional = positional.into_iter();
        let Some(Value::Text(name)) = positional.next().map(|read| read.value) else {
            return Value::Call(path.to_owned()).into();
        };
        let mut taken = |key: &str| {
            let at = named.iter().position(|entry| entry.key == key)?;
            Some(named.swap_remove(at).read)
        };
        let default = taken("default").or_else(|| positional.next());
        let cast = match path.strip_prefix("env.") {
            Some("get") | None => match taken("cast").map(|read| read.value) {
                Some(Value::Name(cast)) => cast,
                None => "str".to_owned(),
                Some(_) => "?".to_owned(),
            },
            Some(cast) => cast.to_owned(),
        };
        self.environment.look_up(&name, default).map(|value| match (cast.as_str(), value) {
            ("str" | "get_value", value) => value,
            ("int", value) => int(value),
            ("float", value) => float(value),
            ("bool", Value::Text(text)) => boolean(&text),
            ("bool", value) => value,
            ("list" | "Csv" | "tuple", Value::Text(text)) => split(&text, ","),
            (_, value @ (Value::List(_) | Value::Null)) => value,
            _ => Value::unread(format!("what `{path}(…)` makes of {name}")),
        })
    }
}

/// `read.name(arguments)`.
pub(super) fn method(read: Read, name: &str, arguments: &Arguments) -> Read {
    let separator = arguments.positional.first().and_then(|read| read.value.text()).map(str::to_owned);
    read.map(|value| match (name, value) {
        ("lower" | "casefold", Value::Text(text)) => Value::Text(text.to_lowercase()),
        ("upper", Value::Text(text)) => Value::Text(text.to_uppercase()),
        ("strip", Value::Text(text)) if separator.is_none() => Value::Text(text.trim().to_owned()),
        ("split", Value::Text(text)) => match separator {
            Some(separator) => split(&text, &separator),
            None => Value::List(text.split_whitespace().map(|part| Value::Text(part.to_owned())).collect()),
        },
        (name, value) => Value::unread(format!("`.{name}(…)` of {}", value.kind())),
    })
}

/// `1_000`, `0.5`.
pub(super) fn number(text: &str) -> Value {
    let plain = text.replace('_', "");
    match (plain.parse(), plain.parse::<f64>()) {
        (Ok(number), _) => Value::Int(number),
        (_, Ok(number)) if number.is_finite() => Value::Float(number),
        _ => Value::unread("a number in another notation"),
    }
}

fn timedelta(arguments: Arguments) -> Read {
    let Arguments { positional, named } = arguments;
    let mut parts = Vec::new();
    let mut units = Vec::new();
    for (read, (_, unit)) in positional.into_iter().zip(UNITS) {
        parts.push(read);
        units.push(unit);
    }
    for Entry { key, read, .. } in named {
        let Some((_, unit)) = UNITS.into_iter().find(|(name, _)| *name == key) else {
            return Read::unread(format!("timedelta has no `{key}`"));
        };
        parts.push(read);
        units.push(unit);
    }
    Read::of(parts, |counts| {
        let mut sum = 0_i64;
        for (count, unit) in counts.iter().zip(units) {
            match scaled(count, unit).and_then(|micros| sum.checked_add(micros)) {
                Some(more) => sum = more,
                None => return Value::unread(format!("a timedelta of {}", count.kind())),
            }
        }
        Value::Span(sum)
    })
}

fn text(value: Value) -> Value {
    match value {
        Value::Text(_) => value,
        Value::Int(number) => Value::Text(number.to_string()),
        other => Value::unread(format!("the text of {}", other.kind())),
    }
}

fn float(value: Value) -> Value {
    match value {
        Value::Text(text) => match text.trim().parse::<f64>() {
            Ok(number) if number.is_finite() => Value::Float(number),
            _ => Value::unread("a text that is no number"),
        },
        Value::Int(_) | Value::Float(_) => value,
        other => Value::unread(format!("a number made of {}", other.kind())),
    }
}

/// As `django-environ` and `python-decouple` take it.
fn boolean(text: &str) -> Value {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" | "y" | "t" | "ok" => Value::Bool(true),
        "false" | "0" | "no" | "off" | "n" | "f" | "" => Value::Bool(false),
        _ => Value::unread("a text that is neither yes nor no"),
    }
}

fn split(text: &str, separator: &str) -> Value {
    if separator.is_empty() {
        return Value::unread("split by nothing");
    }
    Value::List(text.split(separator).map(|part| Value::Text(part.to_owned())).collect())
}
