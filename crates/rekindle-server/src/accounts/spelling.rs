//! Which texts can be names and passwords, the same where they are set and where they are sent.

/// The longest name, in characters.
pub const MAX_USERNAME: usize = 256;
/// The longest password, in characters: argon2 takes any length, the body of a login does not.
pub const MAX_PASSWORD: usize = 1024;

/// What is wrong with `text`, if anything: it must have 1 to `limit` characters and no control characters.
pub(crate) fn flaw(text: &str, limit: usize) -> Option<String> {
    if text.is_empty() || text.chars().nth(limit).is_some() {
        return Some(format!("must have 1 to {limit} characters"));
    }
    text.chars().any(is_control).then(|| "must not contain control characters".to_owned())
}

/// Control characters, and those that turn the direction of the text around them: a name or a device label
/// with either shows as something else than it is.
fn is_control(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}')
}

#[cfg(test)]
mod tests {
    use super::flaw;

    #[test]
    fn a_name_is_short_plain_text() {
        assert_eq!(flaw("Zoë Müller <zoe@example.com>", 256), None);
        assert_eq!(flaw(&"x".repeat(256), 256), None);
        assert_eq!(flaw(&"\u{1f511}".repeat(256), 256), None);
        for text in
            ["", &"x".repeat(257), "a\nb", "a\0", "\u{7f}", "\u{85}", "user\u{202e}nimda", "a\u{2067}b"]
        {
            assert!(flaw(text, 256).is_some(), "{text:?}");
        }
    }
}
