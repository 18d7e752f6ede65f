//! The claims of a token that we wrote ourselves, read without a JSON parser.
//!
//! [`claims`](super::claims) writes the members in one order and without spaces, so their text can be
//! compared piece by piece. Whatever differs, be it an escape or a blank, is left to the strict reader: this
//! one accepts nothing that the strict one would not read in the same way, and it never refuses a token.

use std::borrow::Cow;

use rekindle_core::{Generation, Timestamp};

use super::claims::check_extra;
use super::read_claims::TokenClaims;

/// How the claims of tokens from `issuer` for `audience` begin.
pub(super) fn opening(issuer: &str, audience: &str) -> String {
    let text = |text: &str| serde_json::Value::from(text).to_string();
    format!(r#"{{"iss":{},"aud":{},"sub":""#, text(issuer), text(audience))
}

/// Reads the claims after `opening`, and the session's own as an object of theirs; `None` where the strict reader has to
/// look.
pub(super) fn read<'a>(json: &'a str, opening: &str) -> Option<(TokenClaims<'a>, Cow<'static, str>)> {
    let mut rest = Rest(json.strip_prefix(opening)?);
    let subject = rest.text()?;
    rest.skip(r#","client_id":""#)?;
    let client_id = rest.text()?;
    rest.skip(r#","iat":"#)?;
    let issued_at = rest.number()?;
    rest.skip(r#","exp":"#)?;
    let expires_at = rest.number()?;
    rest.skip(r#","jti":""#)?;
    let token_id = rest.text()?;
    rest.skip(r#","sid":""#)?;
    let session = rest.text()?;
    rest.skip(r#","gen":"#)?;
    let generation = rest.number()?;
    rest.skip(r#","auth_time":"#)?;
    let auth_time = rest.number()?;
    let own = rest.end()?;
    let claims = TokenClaims {
        subject: Cow::Borrowed(subject),
        client_id: Cow::Borrowed(client_id),
        issued_at: Timestamp::from_unix(issued_at),
        expires_at: Timestamp::from_unix(expires_at),
        not_before: None,
        token_id: Cow::Borrowed(token_id),
        session: session.parse().ok()?,
        generation: Generation(generation),
        auth_time: Timestamp::from_unix(auth_time),
    };
    Some((claims, own))
}

/// What has not been read yet.
struct Rest<'a>(&'a str);

impl<'a> Rest<'a> {
    fn skip(&mut self, literal: &str) -> Option<()> {
        self.0 = self.0.strip_prefix(literal)?;
        Some(())
    }

    /// The rest of a string that stands for itself, and its closing quote.
    fn text(&mut self) -> Option<&'a str> {
        let (text, rest) = self.0.split_once('"')?;
        // No early end, so that the compiler can look at many bytes at once.
        let plain = text.bytes().fold(true, |plain, byte| plain & (byte != b'\\') & (byte >= b' '));
        self.0 = rest;
        plain.then_some(text)
    }

    /// A number as JSON writes it: no sign, no leading zero.
    fn number(&mut self) -> Option<u64> {
        let (mut value, mut digits) = (0u64, 0);
        for byte in self.0.bytes() {
            let digit = byte.wrapping_sub(b'0');
            if digit > 9 {
                break;
            }
            value = value.checked_mul(10)?.checked_add(u64::from(digit))?;
            digits += 1;
        }
        let zeros = digits > 1 && self.0.starts_with('0');
        self.0 = &self.0[digits..];
        (digits > 0 && !zeros).then_some(value)
    }

    /// The end of the object, with or without further members. Those are for the JSON parser: they may not
    /// repeat each other, at any level, nor any of the claims already read.
    fn end(&self) -> Option<Cow<'static, str>> {
        if self.0 == "}" {
            return Some(Cow::Borrowed("{}"));
        }
        let members = self.0.strip_prefix(',')?;
        // The check below must see the members as they stand after a comma: there, none is not allowed.
        if !members.starts_with('"') {
            return None;
        }
        let mut object = String::with_capacity(members.len() + 1);
        object.push('{');
        object.push_str(members);
        check_extra(&object).ok()?;
        Some(Cow::Owned(object))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::read_claims::ReadClaims;
    use super::*;

    const WRITTEN: &str = concat!(
        r#"{"iss":"https://id.example","aud":"api","sub":"ada","client_id":"web","iat":1800000000,"#,
        r#""exp":1800000300,"jti":"t1","sid":"07070707070707070707070707070707","gen":3,"#,
        r#""auth_time":1799999000,"roles":["a"],"deep":{"x":1}}"#
    );

    fn quick(json: &str) -> Option<TokenClaims<'_>> {
        read(json, &opening("https://id.example", "api")).map(|(claims, _)| claims)
    }

    #[test]
    fn what_we_write_is_read_here() {
        let strict = ReadClaims::parse(WRITTEN).unwrap();
        assert_eq!(quick(WRITTEN), Some(strict.claims));
        let bare = WRITTEN.replace(r#","roles":["a"],"deep":{"x":1}"#, "");
        assert_eq!(quick(&bare), Some(ReadClaims::parse(&bare).unwrap().claims));
        assert!(read(WRITTEN, &opening("https://id.example", "ap")).is_none());
    }

    #[test]
    fn what_is_unusual_is_left_to_the_strict_reader() {
        for (from, to) in [
            ("\"ada\"", "\"a\\u0064a\""),
            (":3,", ": 3,"),
            (":3,", ":03,"),
            (":3,", ":-3,"),
            (":3,", ":3.0,"),
            (":3,", ":99999999999999999999,"),
            (",\"roles\"", ",\"nbf\":1,\"roles\""),
            (",\"roles\"", ",\"sub\":\"eve\",\"roles\""),
            (",\"roles\"", ",\"\\u0073ub\":\"eve\",\"roles\""),
            (",\"roles\"", ",\"deep\":1,\"roles\""),
            ("\"x\":1", "\"x\":1,\"x\":2"),
            (",\"roles\":[\"a\"],\"deep\":{\"x\":1}", ","),
            ("\"x\":1}}", "\"x\":1}}}"),
            ("\"x\":1}}", "\"x\":1}"),
            ("07070707", "0707070G"),
        ] {
            let text = WRITTEN.replacen(from, to, 1);
            assert_ne!(text, WRITTEN);
            assert_eq!(quick(&text), None, "{text}");
        }
    }

    proptest! {
        /// The only thing that matters: a text accepted here means the same to the strict reader.
        #[test]
        fn the_two_readers_agree(
            at in 0..WRITTEN.len(),
            cut in 0..4_usize,
            insert in r#"[ -~\n]{0,3}|[,:{}"\[\]0-9\\]{0,4}|,"[a-z]{1,3}":[0-9]"#,
        ) {
            let end = (at + cut).min(WRITTEN.len());
            let text = format!("{}{insert}{}", &WRITTEN[..at], &WRITTEN[end..]);
            if let Some(quick) = quick(&text) {
                let strict = ReadClaims::parse(&text).unwrap();
                prop_assert_eq!(&strict.issuer, "https://id.example");
                prop_assert_eq!(strict.audience, ["api"]);
                prop_assert_eq!(quick, strict.claims);
            }
        }
    }
}
