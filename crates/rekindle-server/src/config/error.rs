//! What is wrong with a configuration, pointing at the place.

use std::fmt;
use std::ops::Range;

/// Longer lines are cut around the place: a terminal shows the caret under what it points at.
const WIDTH: usize = 100;

/// Why a configuration cannot be used. Its text is complete: what, where, and how to mend it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError(String);

impl ConfigError {
    /// `message`, with nothing to point at.
    pub(crate) fn plain(message: impl Into<String>) -> Self {
        Self(message.into())
    }

    /// `message` about `span` of `text`, which stands in the file `name`.
    pub(super) fn at(name: &str, text: &str, span: Option<Range<usize>>, message: &str) -> Self {
        let message = without_value(message.trim_end());
        match span {
            Some(span) => Self(format!("{message}\n{}", Place::of(text, span).shown(name))),
            None => Self(format!("{name}: {message}")),
        }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ConfigError {}

/// A place in a text, counted in characters.
pub(super) struct Place<'a> {
    pub(super) line: usize,
    column: usize,
    length: usize,
    content: &'a str,
}

impl<'a> Place<'a> {
    /// Any span will do, whether or not it lies in the text and on the borders of characters: a parser's
    /// idea of a place must not be able to bring the server down.
    pub(super) fn of(text: &'a str, span: Range<usize>) -> Self {
        let start = floor_boundary(text, span.start);
        let end = floor_boundary(text, span.end).max(start);
        let line_start = text[..start].rfind('\n').map_or(0, |i| i + 1);
        let line_end = text[start..].find('\n').map_or(text.len(), |i| start + i);
        Self {
            line: text[..line_start].matches('\n').count() + 1,
            column: text[line_start..start].chars().count() + 1,
            length: text[start..end.min(line_end)].chars().count().max(1),
            content: &text[line_start..line_end],
        }
    }

    fn shown(&self, name: &str) -> String {
        let Self { line, column, .. } = self;
        let skipped = (column - 1).saturating_sub(WIDTH / 2);
        let room = WIDTH.min(self.content.chars().count().saturating_sub(skipped));
        // Control characters of a hostile file do not reach the terminal.
        let visible = |c: char| if c.is_control() { ' ' } else { c };
        let content: String = without_secrets(self.content).skip(skipped).take(room).map(visible).collect();
        let column_shown = column - 1 - skipped;
        let carets = "^".repeat(self.length.min(room.saturating_sub(column_shown)).max(1));
        let margin = " ".repeat(line.to_string().len());
        let indent = " ".repeat(column_shown);
        format!(
            "{margin}--> {name}:{line}:{column}\n{margin} |\n{line} | {}\n{margin} | {indent}{carets}",
            content.trim_end()
        )
    }
}

/// A value that is worth being shown is no longer, unless it is an address; a secret that is of any use is no shorter.
const LONGEST_SHOWN: usize = 24;

/// A line of the file for a terminal, and for the log of whatever started the server. A secret may stand in it, under its own
/// key, a misspelt one or a wrong one; the caret shows the place without it.
fn without_secrets(line: &str) -> impl Iterator<Item = char> {
    let between = |c: char| c.is_whitespace() || "'\"[]{},=#".contains(c);
    let words = || line.split_inclusive(between);
    let key =
        words().map(|word| word.trim_end_matches(between)).find(|word| !word.is_empty()).unwrap_or_default();
    // A line without a key is the middle of a longer text.
    let has_key = line.contains('=') || line.trim_start().starts_with('[');
    let secret = !has_key || tells_of_secrets(line) || edits(last(key), "webhook_secret") <= 3;
    let mut is_value = !has_key;
    words().flat_map(move |word| {
        let hide = is_value && (secret || word.chars().count() > LONGEST_SHOWN && !word.contains("://"));
        is_value |= word.contains(key);
        word.chars().map(move |c| if hide && !between(c) { '*' } else { c })
    })
}

fn tells_of_secrets(line: &str) -> bool {
    let line = line.to_ascii_lowercase();
    // The last one stands in an address, behind a password.
    ["secr", "passw", "passphrase", "token", "credential", "@"].iter().any(|word| line.contains(word))
}

fn last(key: &str) -> &str {
    key.rsplit('.').next().unwrap_or(key)
}

/// A parser's message without the text that it met: `invalid type: string "…", expected a boolean`.
pub(super) fn without_value(message: &str) -> String {
    match (message.find("string \""), message.rfind("\", expected")) {
        (Some(start), Some(end)) if start < end => {
            format!("{}a text{}", &message[..start], &message[end + 1..])
        }
        _ => message.to_owned(),
    }
}

fn floor_boundary(text: &str, index: usize) -> usize {
    let mut index = index.min(text.len());
    while !text.is_char_boundary(index) {
        index -= 1;
    }
    index
}

/// The one of `known` that `written` was probably meant to be.
pub(super) fn nearest<'a>(written: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    // A key of hundreds of characters is no slip of the finger, and would make this quadratic.
    if written.chars().count() > 64 {
        return None;
    }
    let (distance, key) = known.map(|key| (edits(written, key), key)).min()?;
    (distance <= key.len() / 3 + 1).then_some(key)
}

/// Levenshtein's distance.
fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_its_key_and_nonsense_finds_none() {
        let keys = || ["access", "idle", "absolute"].into_iter();
        assert_eq!(nearest("acess", keys()), Some("access"));
        assert_eq!(nearest("idel", keys()), Some("idle"));
        assert_eq!(nearest("colour", keys()), None);
    }

    #[test]
    fn every_span_has_a_place() {
        let text = "ä = \"\u{1b}[31m\"\nzwei\n";
        for start in 0..text.len() + 3 {
            for end in 0..text.len() + 3 {
                let shown = Place::of(text, start..end).shown("f");
                assert!(shown.contains('^') && !shown.contains('\u{1b}'));
            }
        }
    }

    #[test]
    fn the_caret_stands_under_what_it_points_at() {
        let error = ConfigError::at("f.toml", "a = 1\n  bé = two\n", Some(14..17), "not a number");
        assert_eq!(error.to_string(), "not a number\n --> f.toml:2:8\n  |\n2 |   bé = two\n  |        ^^^");
    }
}
