//! PHP's words. Never fails: what is none of them is a sign.

/// One word, and the line that it begins on.
pub(super) struct Token {
    pub(super) line: usize,
    pub(super) kind: Kind,
}

#[derive(Clone, PartialEq)]
pub(super) enum Kind {
    /// `return`, `Foo\Bar`, `$variable`.
    Name(String),
    Number(String),
    Text(String),
    /// A text with a variable in it.
    Format,
    Sign(String),
}

/// All words of a file; what stands outside of `<?php … ?>` is none.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let start = text.find("<?php").map_or(0, |at| at + 5);
    let line = text.get(..start).map_or(1, |before| before.matches('\n').count() + 1);
    let mut lexer = Lexer { text, at: start, line };
    let mut tokens = Vec::new();
    while let Some(token) = lexer.token() {
        tokens.push(token);
    }
    tokens
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
    line: usize,
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.rest().chars().next()?;
        self.at += c.len_utf8();
        self.line += usize::from(c == '\n');
        Some(c)
    }

    fn skip_to(&mut self, end: &str, past: bool) {
        let rest = self.rest();
        let at = rest.find(end).map_or(rest.len(), |at| if past { at + end.len() } else { at });
        self.line += rest.get(..at).map_or(0, |skipped| skipped.matches('\n').count());
        self.at += at;
    }

    fn skip_blanks(&mut self) {
        loop {
            let rest = self.rest();
            if rest.starts_with(char::is_whitespace) {
                self.next();
            } else if rest.starts_with("/*") {
                self.skip_to("*/", true);
            } else if rest.starts_with("//") || rest.starts_with('#') && !rest.starts_with("#[") {
                self.skip_to("\n", false);
            } else {
                return;
            }
        }
    }

    fn token(&mut self) -> Option<Token> {
        const LONG: [&str; 10] = ["=>", "::", "??", "?:", "->", "**", "==", "!=", "||", "&&"];
        self.skip_blanks();
        let line = self.line;
        let rest = self.rest();
        let first = rest.chars().next()?;
        let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '\\' || c == '$';
        let kind = match first {
            '\'' | '"' => self.string(first),
            c if c.is_ascii_digit() => {
                let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '.');
                let word = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
                self.at += word.len();
                Kind::Number(word.to_owned())
            }
            c if is_word(c) => {
                let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
                self.at += end;
                Kind::Name(rest.get(..end).unwrap_or_default().to_owned())
            }
            _ => match LONG.into_iter().find(|sign| rest.starts_with(sign)) {
                Some(sign) => {
                    self.at += sign.len();
                    Kind::Sign(sign.to_owned())
                }
                None => Kind::Sign(self.next().map(String::from).unwrap_or_default()),
            },
        };
        Some(Token { line, kind })
    }

    fn string(&mut self, mark: char) -> Kind {
        self.next();
        let (mut text, mut is_format) = (String::new(), false);
        while let Some(c) = self.next() {
            match c {
                c if c == mark => break,
                '\\' => match self.next() {
                    Some(c) if c == mark || c == '\\' => text.push(c),
                    Some('n') if mark == '"' => text.push('\n'),
                    Some('t') if mark == '"' => text.push('\t'),
                    Some('$') if mark == '"' => text.push('$'),
                    Some(c) => text.extend(['\\', c]),
                    None => break,
                },
                c => {
                    is_format |= mark == '"' && c == '$';
                    text.push(c);
                }
            }
        }
        if is_format { Kind::Format } else { Kind::Text(text) }
    }
}
