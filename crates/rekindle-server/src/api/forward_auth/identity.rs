//! What the application is told of who makes a request: claims, as headers.

use axum::http::{HeaderMap, HeaderValue};
use serde_json::Value;

use crate::api::problem::{Code, Problem};
use crate::config::IdentityHeader;

/// All of `wanted`, empty where there is no such claim, or one that no header carries as it is.
///
/// # Errors
/// 403 for a subject that would arrive as another one.
pub(crate) fn identity(
    claim: impl Fn(&str) -> Option<Value>,
    wanted: &[IdentityHeader],
) -> Result<HeaderMap, Problem> {
    let mut headers = HeaderMap::new();
    for header in wanted {
        let text = claim(header.claim()).as_ref().map(text).unwrap_or_default();
        let value = match value(&text) {
            Some(value) => value,
            None if header.claim() == "sub" => {
                let detail = "no header can carry this subject as it is, and the application would take it for another";
                return Err(Problem::new(Code::Forbidden).detail(detail));
            }
            None => HeaderValue::from_static(""),
        };
        headers.insert(header.name().clone(), value);
    }
    Ok(headers)
}

/// Texts and numbers as they are, lists of them with commas, all else as JSON.
fn text(claim: &Value) -> String {
    match claim {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(entries) => {
            // One with a comma in it would look like two.
            let entry = |entry: &Value| match entry {
                Value::String(text) if !text.contains(',') => Some(text.clone()),
                Value::Number(number) => Some(number.to_string()),
                _ => None,
            };
            let entries: Option<Vec<_>> = entries.iter().map(entry).collect();
            entries.map_or_else(|| claim.to_string(), |entries| entries.join(","))
        }
        other => other.to_string(),
    }
}

/// As UTF-8. `None` where it would be cut or refused on the way: spaces at its ends are not part of a header's value
/// (RFC 9110 section 5.5), and a line break would begin another header.
fn value(text: &str) -> Option<HeaderValue> {
    let carried = text.trim_matches([' ', '\t']) == text && !text.contains(char::is_control);
    carried.then(|| HeaderValue::from_bytes(text.as_bytes()).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn claims_become_text() {
        for (claim, expected) in [
            (json!(null), ""),
            (json!("ada"), "ada"),
            (json!(7), "7"),
            (json!(true), "true"),
            (json!(["a", "b", 3]), "a,b,3"),
            (json!([]), ""),
            (json!(["a,b"]), r#"["a,b"]"#),
            (json!([["a"]]), r#"[["a"]]"#),
            (json!({"a": 1}), r#"{"a":1}"#),
        ] {
            assert_eq!(text(&claim), expected);
        }
    }

    #[test]
    fn no_value_arrives_as_another() {
        assert_eq!(value("Zo\u{eb}").unwrap().as_bytes(), "Zo\u{eb}".as_bytes());
        assert_eq!(value("").unwrap(), "");
        for bad in [" admin", "admin ", "\tadmin", "a\nRemote-User: admin", "a\r", "a\0", "a\u{85}"] {
            assert!(value(bad).is_none(), "{bad:?}");
        }
    }
}
