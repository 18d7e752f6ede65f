//! The little arithmetic that people write into settings: `60 * 24`, `timedelta(days=1) * 7`, `[…] + […]`.

use super::value::Value;

/// Microseconds of a second.
pub(super) const SECOND: i64 = 1_000_000;

const TOO_LARGE: &str = "a number that is too large";

/// `left operator right`.
pub(super) fn binary(operator: &str, left: Value, right: Value) -> Value {
    let result = match (operator, left, right) {
        ("+", Value::Text(left), Value::Text(right)) => return Value::Text(left + &right),
        ("+", Value::List(mut left), Value::List(right)) => {
            left.extend(right);
            return Value::List(left);
        }
        ("+", Value::Span(left), Value::Span(right)) => left.checked_add(right).map(Value::Span),
        ("-", Value::Span(left), Value::Span(right)) => left.checked_sub(right).map(Value::Span),
        ("*", Value::Span(span), factor @ (Value::Int(_) | Value::Float(_)))
        | ("*", factor @ (Value::Int(_) | Value::Float(_)), Value::Span(span)) => {
            scaled(&factor, span).map(Value::Span)
        }
        ("+", Value::Int(left), Value::Int(right)) => left.checked_add(right).map(Value::Int),
        ("-", Value::Int(left), Value::Int(right)) => left.checked_sub(right).map(Value::Int),
        ("*", Value::Int(left), Value::Int(right)) => left.checked_mul(right).map(Value::Int),
        ("**", Value::Int(left), Value::Int(right)) => {
            u32::try_from(right).ok().and_then(|right| left.checked_pow(right)).map(Value::Int)
        }
        ("//", Value::Int(left), Value::Int(right)) if right != 0 => {
            left.checked_div_euclid(right).map(Value::Int)
        }
        ("%", Value::Int(left), Value::Int(right)) if right != 0 => {
            left.checked_rem_euclid(right).map(Value::Int)
        }
        (operator, left, right) => match (float(&left), float(&right)) {
            (Some(left), Some(right)) => floats(operator, left, right),
            _ => return Value::unread(format!("`{operator}` between {} and {}", left.kind(), right.kind())),
        },
    };
    result.unwrap_or_else(|| Value::unread(TOO_LARGE))
}

fn floats(operator: &str, left: f64, right: f64) -> Option<Value> {
    let result = match operator {
        "+" => left + right,
        "-" => left - right,
        "*" => left * right,
        "/" => left / right,
        _ => return None,
    };
    result.is_finite().then_some(Value::Float(result))
}

/// `-value`, and `not value` or `!value`.
pub(super) fn unary(operator: &str, value: &Value) -> Value {
    match (operator, value) {
        ("+", Value::Int(_) | Value::Float(_)) => value.clone(),
        ("-", Value::Int(number)) => number.checked_neg().map_or(Value::unread(TOO_LARGE), Value::Int),
        ("-", Value::Float(number)) => Value::Float(-number),
        ("not", value) => value.truth().map_or(Value::unread("a condition"), |truth| Value::Bool(!truth)),
        (operator, value) => Value::unread(format!("`{operator}` before {}", value.kind())),
    }
}

/// `timedelta(…)`: how many of a unit of so many microseconds.
pub(super) fn scaled(count: &Value, unit: i64) -> Option<i64> {
    match count {
        Value::Int(count) => count.checked_mul(unit),
        Value::Float(count) => {
            #[expect(clippy::cast_precision_loss, reason = "a thousand years of microseconds fit")]
            let micros = (count * unit as f64).round();
            #[expect(clippy::cast_possible_truncation, reason = "it was looked at")]
            (micros.abs() < 9e18).then_some(micros as i64)
        }
        // The text of an environment variable is a number once `int` has read it, and only then.
        _ => None,
    }
}

/// `int(…)`, `(int)`.
pub(super) fn int(value: Value) -> Value {
    match value {
        Value::Text(text) => match text.trim().parse() {
            Ok(number) => Value::Int(number),
            Err(_) => Value::unread("a text that is no number"),
        },
        Value::Bool(value) => Value::Int(i64::from(value)),
        #[expect(clippy::cast_possible_truncation, reason = "as int() does; it is far from the end")]
        Value::Float(number) if number.abs() < 9e15 => Value::Int(number as i64),
        Value::Int(_) => value,
        other => Value::unread(format!("int of {}", other.kind())),
    }
}

fn float(value: &Value) -> Option<f64> {
    match value {
        #[expect(clippy::cast_precision_loss, reason = "as Python does")]
        Value::Int(number) => Some(*number as f64),
        Value::Float(number) => Some(*number),
        _ => None,
    }
}
