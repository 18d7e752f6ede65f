//! What is wrong with the key that an application signs with. It is looked at, and shown to nobody.

use rekindle::token::{Algorithm, KeyError, SigningKey};

use super::value::Value;
use crate::config::{KeyText, Keys};
use crate::dialect::{WantedKey, open_key};

/// Words of functions that give another answer each time.
const CHANGING: [&str; 6] = ["random", "token_hex", "token_urlsafe", "token_bytes", "uuid", "generate"];

/// What makes `value` a bad key for `algorithm`, and what happens.
pub(super) fn judge(value: &Value, algorithm: Algorithm) -> Option<String> {
    match value {
        Value::Text(text) if text.is_empty() => Some(EMPTY.to_owned()),
        Value::Null => Some(EMPTY.to_owned()),
        Value::Text(text) => judge_text(text, algorithm),
        // It was written as a number.
        Value::Int(number) => judge_text(&number.to_string(), algorithm),
        Value::Hidden { bytes: 0, .. } => Some(EMPTY.to_owned()),
        Value::Hidden { pem: false, bytes } => needed(algorithm).filter(|needed| bytes < needed).map(|needed| {
            format!(
                "{algorithm} needs a secret of {needed} bytes or more (RFC 7518 section 3.2), and this one has {bytes} and \
                 can be guessed; give the application a longer one: `openssl rand -hex 32` makes one. Tokens that it has \
                 issued end with the old one"
            )
        }),
        Value::Call(name) if CHANGING.iter().any(|word| name.to_ascii_lowercase().contains(word)) => Some(
            "is made anew at every start: each start, and each process, refuses the tokens of the others. Give the application \
             one that stays, in a file"
                .to_owned(),
        ),
        _ => None,
    }
}

const EMPTY: &str = "is empty: everybody can make tokens; `openssl rand -hex 32` makes a secret";

fn judge_text(text: &str, algorithm: Algorithm) -> Option<String> {
    const NAME: &str = "key";
    let own: KeyText = text.parse().ok()?;
    let wanted = WantedKey { own: Some(&own), own_name: NAME, algorithm };
    if let Err(error) = open_key(&Keys::default(), &wanted) {
        // The file of a private key may be named here instead of its text: the command reads it.
        let is_path = !algorithm.is_symmetric();
        let why = error.to_string();
        return (!is_path).then(|| why.strip_prefix("key: ").unwrap_or(&why).to_owned());
    }
    // `startproject` writes it, and repositories are full of them.
    text.starts_with("django-insecure-").then(|| {
        "begins with \"django-insecure-\": it was made for development, and whoever can read the repository can make tokens; \
         serve with another"
            .to_owned()
    })
}

fn needed(algorithm: Algorithm) -> Option<usize> {
    match SigningKey::from_material(Some("length"), algorithm, &[0]) {
        Err(KeyError::SecretTooShort { needed }) => Some(needed),
        _ => None,
    }
}
