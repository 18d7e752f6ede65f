//! A row of the user table, read.

use aws_lc_rs::digest::{SHA256, digest};

use crate::accounts::{Claims, flaw};
use crate::database::{Row, Value};

/// As in `/v1/admin/sessions`.
const MAX_SUBJECT: usize = 256;

pub(super) struct User {
    pub(super) subject: String,
    /// The stored hash; nobody's password is right without one.
    pub(super) password: Option<String>,
    pub(super) active: bool,
    pub(super) claims: Claims,
}

impl User {
    /// Every column beside `subject`, `password` and `active` is a claim of its name.
    pub(super) fn read(row: &Row) -> Result<Self, String> {
        let (mut subject, mut password, mut active, mut claims) = (None, None, true, Vec::new());
        for (name, value) in row.columns() {
            match name {
                "subject" => subject = value.to_text(),
                "password" => password = hash(value)?,
                "active" => active = truth(value)?,
                _ => claims.push(member(name, value)?),
            }
        }
        let subject = subject.filter(|subject| flaw(subject, MAX_SUBJECT).is_none());
        let subject = subject.ok_or("column `subject` must have 1 to 256 characters")?;
        let claims = Claims::parse(&format!("{{{}}}", claims.join(",")));
        let claims = claims.map_err(|error| format!("the claims of {subject}: {error}"))?;
        Ok(Self { subject, password, active, claims })
    }

    /// Another number for another stored hash. Only whether two are equal means anything.
    pub(super) fn credential_version(&self) -> u64 {
        self.password.as_deref().map_or(0, version)
    }
}

pub(super) fn version(hash: &str) -> u64 {
    let digest = digest(&SHA256, hash.as_bytes());
    digest.as_ref().iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

fn hash(value: &Value) -> Result<Option<String>, String> {
    match value {
        Value::Null => Ok(None),
        Value::Text(text) => Ok(Some(text.clone())),
        other => Err(format!("column `password` is {}, not text", other.kind())),
    }
}

/// Not to know whether somebody is active is not to let them in.
fn truth(value: &Value) -> Result<bool, String> {
    match value {
        Value::Bool(truth) => Ok(*truth),
        Value::Integer(number) => Ok(*number != 0),
        Value::Null => Ok(false),
        Value::Text(_) => Err("column `active` is text, not a boolean or a number".to_owned()),
    }
}

fn member(name: &str, value: &Value) -> Result<String, String> {
    let json = |text: &str| serde_json::to_string(text).map_err(|error| error.to_string());
    let value = match value {
        Value::Null => "null".to_owned(),
        Value::Bool(truth) => truth.to_string(),
        Value::Integer(number) => number.to_string(),
        Value::Text(text) => json(text)?,
    };
    Ok(format!("{}:{value}", json(name)?))
}
