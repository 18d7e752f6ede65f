//! The account's word on every refresh that writes.

use std::sync::Arc;

use async_trait::async_trait;
use rekindle::core::{Reason, Session};
use rekindle::hook::{ClaimsHook, HookError, Resolution};

use super::{Accounts, Claims, Extent, State};
use crate::dialect::is_dialect;
use crate::json::Members;

/// Asks the accounts at every refresh that writes: a session ends with its account, and carries its claims.
pub struct AccountsHook(pub Arc<dyn Accounts>);

#[async_trait]
impl ClaimsHook for AccountsHook {
    async fn resolve(&self, session: &Session) -> Result<Resolution, HookError> {
        Ok(match self.0.state(&session.subject).await.map_err(|error| HookError(Box::new(error)))? {
            State::Elsewhere => Resolution::Keep,
            // A dialect's session carries what its package's tokens say, of which the accounts may know nothing.
            State::Active { claims, extent: Extent::Whole, .. } if !is_dialect(&session.client_id) => {
                Resolution::Claims(claims)
            }
            State::Active { claims, .. } => {
                let laid =
                    lay_over(&session.claims, claims.as_str()).and_then(|text| Ok(Claims::parse(&text)?));
                Resolution::Claims(laid.map_err(HookError)?)
            }
            State::Disabled | State::Gone => Resolution::End(Reason::UserDisabled),
        })
    }
}

type Cause = Box<dyn std::error::Error + Send + Sync>;

/// The members of `over`, in the places of those of the same names in `under` or after them.
///
/// Each member's value is taken over as the text that it is. `serde_json::Value` would take a member of a private name
/// for JSON inside a text, so that something else would be kept than was checked.
fn lay_over(under: &str, over: &str) -> Result<String, Cause> {
    let Members(under) = serde_json::from_str(under)?;
    let Members(mut over) = serde_json::from_str(over)?;
    let mut laid = Vec::with_capacity(under.len() + over.len());
    for (name, value) in under {
        let newer = over.iter().position(|(newer, _)| *newer == name).map(|place| over.remove(place));
        laid.push(newer.unwrap_or((name, value)));
    }
    laid.extend(over);
    let written =
        laid.iter().map(|(name, value)| Ok(format!("{}:{}", serde_json::to_string(name)?, value.get())));
    let written: Result<Vec<String>, serde_json::Error> = written.collect();
    Ok(format!("{{{}}}", written?.join(",")))
}

#[cfg(test)]
mod tests {
    use super::lay_over;

    #[test]
    fn what_the_account_does_not_say_stays() {
        for (under, over, laid) in [
            ("{}", "{}", "{}"),
            (r#"{"a":1}"#, "{}", r#"{"a":1}"#),
            ("{}", r#"{"a":1}"#, r#"{"a":1}"#),
            (
                r#"{"a":1,"b":[1, {"c":2}],"d":4}"#,
                r#"{"e":null,"a":"x"}"#,
                r#"{"a":"x","b":[1, {"c":2}],"d":4,"e":null}"#,
            ),
            (r#"{"a":1}"#, r#"{"a":null}"#, r#"{"a":null}"#),
            (r#"{"\u0061":1,"é\"":2}"#, r#"{"a":3}"#, r#"{"a":3,"é\"":2}"#),
            // Numbers that no machine number holds stay as they were written.
            (
                r#"{"a":123456789012345678901234567890.10,"b":1}"#,
                r#"{"b":2}"#,
                r#"{"a":123456789012345678901234567890.10,"b":2}"#,
            ),
        ] {
            assert_eq!(lay_over(under, over).unwrap(), laid);
        }
        // serde_json's own name for a raw value.
        let hidden = r#"{"$serde_json::private::RawValue":"{\"sub\":\"eve\"}"}"#;
        let laid = lay_over(hidden, r#"{"a":1}"#).unwrap();
        assert_eq!(laid, r#"{"$serde_json::private::RawValue":"{\"sub\":\"eve\"}","a":1}"#);
        assert!(lay_over("[]", "{}").is_err());
        assert!(lay_over("{}{}", "{}").is_err());
    }
}
