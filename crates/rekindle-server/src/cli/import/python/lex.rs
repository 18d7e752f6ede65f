//! Python's words. Never fails: what is none of them is a sign.

/// One word, and the line that it begins on.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    pub(super) line: usize,
    pub(super) kind: Kind,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    Name(String),
    Number(String),
    Text(String),
    /// With something in it that only the program knows.
    Format,
    Sign(String),
}

/// What stands on one line, or on several that brackets hold together.
pub(super) struct Line {
    pub(super) indent: usize,
    pub(super) tokens: Vec<Token>,
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
    line: usize,
}

/// All lines that say something.
pub(super) fn lines(text: &str) -> Vec<Line> {
    let mut lexer = Lexer { text, at: 0, line: 1 };
    let (mut lines, mut current, mut depth, mut indent) = (Vec::new(), Vec::new(), 0_usize, 0);
    let mut at_start = true;
    while let Some(c) = lexer.peek() {
        match c {
            '\n' | ';' => {
                if depth == 0 && !current.is_empty() {
                    lines.push(Line { indent, tokens: std::mem::take(&mut current) });
                }
                at_start |= c == '\n' && depth == 0;
                lexer.skip(1);
            }
            '\\' if lexer.rest().starts_with("\\\n") || lexer.rest().starts_with("\\\r\n") => {
                while lexer.peek().is_some_and(|c| c != '\n') {
                    lexer.skip(1);
                }
                lexer.skip(1);
            }
            c if c.is_whitespace() => lexer.skip(c.len_utf8()),
            '#' => {
                while lexer.peek().is_some_and(|c| c != '\n') {
                    lexer.next();
                }
            }
            _ => {
                if at_start {
                    indent = lexer.column();
                    at_start = false;
                }
                let token = lexer.token();
                if let Kind::Sign(sign) = &token.kind {
                    match sign.as_str() {
                        "(" | "[" | "{" => depth += 1,
                        ")" | "]" | "}" => depth = depth.saturating_sub(1),
                        _ => {}
                    }
                }
                current.push(token);
            }
        }
    }
    if !current.is_empty() {
        lines.push(Line { indent, tokens: current });
    }
    lines
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.skip(c.len_utf8());
        Some(c)
    }

    fn skip(&mut self, bytes: usize) {
        self.line += self.rest().get(..bytes).map_or(0, |skipped| skipped.matches('\n').count());
        self.at += bytes;
    }

    fn column(&self) -> usize {
        let before = self.text.get(..self.at).unwrap_or_default();
        before.len() - before.rfind('\n').map_or(0, |index| index + 1)
    }

    fn token(&mut self) -> Token {
        let line = self.line;
        let word = self.while_in(|c| c.is_alphanumeric() || c == '_');
        let kind = match word {
            "" => self.text_or_sign(),
            word if self.peek().is_some_and(|c| "'\"".contains(c)) && is_prefix(word) => {
                let text = self.string(word.contains(['r', 'R']));
                if word.contains(['f', 'F']) && text.contains('{') { Kind::Format } else { Kind::Text(text) }
            }
            word if word.starts_with(|c: char| c.is_ascii_digit()) => {
                let mut number = word.to_owned();
                if self.rest().starts_with('.') {
                    self.skip(1);
                    number.push('.');
                    number.push_str(self.while_in(|c| c.is_ascii_alphanumeric() || c == '_'));
                }
                Kind::Number(number)
            }
            word => Kind::Name(word.to_owned()),
        };
        Token { line, kind }
    }

    fn while_in(&mut self, is_in: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let end = rest.find(|c| !is_in(c)).unwrap_or(rest.len());
        self.at += end;
        rest.get(..end).unwrap_or_default()
    }

    fn text_or_sign(&mut self) -> Kind {
        const LONG: [&str; 12] = ["**", "//", "==", "!=", "<=", ">=", "->", ":=", "+=", "-=", "*=", "/="];
        if self.peek().is_some_and(|c| "'\"".contains(c)) {
            return Kind::Text(self.string(false));
        }
        if let Some(sign) = LONG.into_iter().find(|sign| self.rest().starts_with(sign)) {
            self.skip(sign.len());
            return Kind::Sign(sign.to_owned());
        }
        Kind::Sign(self.next().map(String::from).unwrap_or_default())
    }

    fn string(&mut self, raw: bool) -> String {
        let mark = match self.rest() {
            rest if rest.starts_with("\"\"\"") => "\"\"\"",
            rest if rest.starts_with("'''") => "'''",
            rest if rest.starts_with('"') => "\"",
            _ => "'",
        };
        self.skip(mark.len());
        let mut text = String::new();
        while !self.rest().starts_with(mark) {
            match self.next() {
                None => break,
                // A quote that nobody closes ends with its line.
                Some('\n') if mark.len() == 1 => break,
                Some('\\') if raw => {
                    text.push('\\');
                    text.extend(self.next());
                }
                Some('\\') => match self.next() {
                    Some('n') => text.push('\n'),
                    Some('r') => text.push('\r'),
                    Some('t') => text.push('\t'),
                    Some('\n') | None => {}
                    Some(c @ ('\\' | '\'' | '"')) => text.push(c),
                    Some(c) => text.extend(['\\', c]),
                },
                Some(c) => text.push(c),
            }
        }
        self.skip(mark.len().min(self.rest().len()));
        text
    }
}

fn is_prefix(word: &str) -> bool {
    word.len() <= 2 && word.chars().all(|c| "rRbBuUfF".contains(c))
}
