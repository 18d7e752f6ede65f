//! Python's expressions, as far as they are literal: what a program would have to run for stays unread.

use super::brackets::Arguments;
use super::lex::{Kind, Token};
use super::names::Names;
use crate::cli::import::operation::{binary, unary};
use crate::cli::import::value::{Read, Value, Variable, Whence};

/// Deeper nesting is no settings file.
pub(super) const DEEPEST: usize = 48;

/// Reads one expression of `tokens` from where it stands.
pub(super) struct Parser<'a> {
    pub(super) tokens: &'a [Token],
    pub(super) at: usize,
    pub(super) depth: usize,
    pub(super) names: &'a Names<'a>,
}

enum Primary {
    Path(String),
    Read(Read),
}

pub(super) const CODE: &str = "code that only the application can run";

impl<'a> Parser<'a> {
    pub(super) fn new(tokens: &'a [Token], names: &'a Names<'a>) -> Self {
        Self { tokens, at: 0, depth: 0, names }
    }

    /// The value of all tokens.
    pub(super) fn whole(mut self) -> Read {
        let read = self.tuple(None);
        if self.at < self.tokens.len() { Read::unread(CODE) } else { read }
    }

    /// The arguments of a call, if the tokens from here on are one.
    pub(super) fn call(mut self) -> Option<Arguments> {
        if !self.take("(") {
            return None;
        }
        Some(self.arguments())
    }

    pub(super) fn peek(&self) -> Option<&'a Kind> {
        self.tokens.get(self.at).map(|token| &token.kind)
    }

    pub(super) fn line(&self) -> usize {
        self.tokens.get(self.at).or(self.tokens.last()).map_or(0, |token| token.line)
    }

    pub(super) fn is(&self, sign: &str) -> bool {
        matches!(self.peek(), Some(Kind::Sign(own)) if own == sign)
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(self.peek(), Some(Kind::Name(own)) if own == word)
    }

    pub(super) fn take(&mut self, sign: &str) -> bool {
        let is = self.is(sign);
        self.at += usize::from(is);
        is
    }

    fn take_word(&mut self, word: &str) -> bool {
        let is = self.is_word(word);
        self.at += usize::from(is);
        is
    }

    /// To the next comma or closing bracket of this level.
    pub(super) fn skip_element(&mut self) {
        let mut depth = 0_usize;
        while let Some(kind) = self.peek() {
            if let Kind::Sign(sign) = kind {
                match sign.as_str() {
                    "(" | "[" | "{" => depth += 1,
                    ")" | "]" | "}" if depth == 0 => return,
                    ")" | "]" | "}" => depth -= 1,
                    "," if depth == 0 => return,
                    _ => {}
                }
            }
            self.at += 1;
        }
    }

    pub(super) fn ends(&self) -> bool {
        [")", "]", "}"].into_iter().any(|sign| self.is(sign))
    }

    pub(super) fn expression(&mut self) -> Read {
        if self.depth >= DEEPEST || self.is_word("lambda") {
            self.skip_element();
            return Read::unread(CODE);
        }
        self.depth += 1;
        let read = self.disjunction();
        self.depth -= 1;
        if self.take_word("if") {
            self.skip_element();
            return Read::unread("depends on a condition");
        }
        read
    }

    fn disjunction(&mut self) -> Read {
        let mut left = self.conjunction();
        while self.take_word("or") {
            let right = self.conjunction();
            left = either(left, right, self.names.environment.without());
        }
        left
    }

    fn conjunction(&mut self) -> Read {
        let left = self.negation();
        if !self.is_word("and") {
            return left;
        }
        while self.take_word("and") {
            self.negation();
        }
        Read::unread("depends on a condition")
    }

    fn negation(&mut self) -> Read {
        let mut negations = 0;
        while self.take_word("not") {
            negations += 1;
        }
        let read = self.comparison();
        (0..negations).fold(read, |read, _| read.map(|value| unary("not", &value)))
    }

    fn comparison(&mut self) -> Read {
        let left = self.sum();
        for sign in ["==", "!="] {
            if self.take(sign) {
                let right = self.sum();
                return Read::of(vec![left, right], |mut both| match (both.pop(), both.pop()) {
                    (Some(right), Some(left)) if is_plain(&left) && is_plain(&right) => {
                        Value::Bool((left == right) == (sign == "=="))
                    }
                    _ => Value::unread("depends on a condition"),
                });
            }
        }
        let others = ["<", ">", "<=", ">="].into_iter().any(|sign| self.is(sign));
        if others || self.is_word("in") || self.is_word("is") {
            self.skip_element();
            return Read::unread("depends on a condition");
        }
        left
    }

    fn sum(&mut self) -> Read {
        let mut left = self.product();
        while let Some(sign) = self.operator(&["+", "-", "|"]) {
            let right = self.product();
            left = combined(sign, left, right);
        }
        left
    }

    fn product(&mut self) -> Read {
        let mut left = self.factor();
        while let Some(sign) = self.operator(&["*", "//", "/", "%"]) {
            let right = self.factor();
            left = combined(sign, left, right);
        }
        left
    }

    fn operator(&mut self, signs: &[&'static str]) -> Option<&'static str> {
        signs.iter().copied().find(|sign| self.take(sign))
    }

    fn factor(&mut self) -> Read {
        let mut signs = Vec::new();
        while let Some(sign) = self.operator(&["-", "+"]) {
            signs.push(sign);
        }
        let base = self.primary();
        let power = if self.take("**") {
            let exponent = self.primary();
            combined("**", base, exponent)
        } else {
            base
        };
        signs.into_iter().rev().fold(power, |read, sign| read.map(|value| unary(sign, &value)))
    }

    fn primary(&mut self) -> Read {
        let mut primary = self.atom();
        loop {
            primary = if self.take(".") {
                let Some(Kind::Name(name)) = self.peek() else { return Read::unread(CODE) };
                self.at += 1;
                match primary {
                    Primary::Path(path) => Primary::Path(format!("{path}.{name}")),
                    Primary::Read(read) if self.take("(") => {
                        let arguments = self.arguments();
                        Primary::Read(super::names::method(read, name, &arguments))
                    }
                    Primary::Read(_) => Primary::Read(Read::unread(CODE)),
                }
            } else if self.take("(") {
                let arguments = self.arguments();
                match primary {
                    Primary::Path(path) => Primary::Read(self.names.call(&path, arguments)),
                    Primary::Read(_) => Primary::Read(Read::unread(CODE)),
                }
            } else if self.take("[") {
                let index = self.tuple(Some("]"));
                match primary {
                    Primary::Path(path) => Primary::Read(self.names.subscript(&path, &index)),
                    Primary::Read(_) => Primary::Read(Read::unread(CODE)),
                }
            } else {
                break;
            };
        }
        match primary {
            Primary::Path(path) => self.names.named(&path),
            Primary::Read(read) => read,
        }
    }

    fn atom(&mut self) -> Primary {
        let Some(kind) = self.peek() else { return Primary::Read(Read::unread(CODE)) };
        if self.ends() || self.is(",") {
            return Primary::Read(Read::unread(CODE));
        }
        self.at += 1;
        let read = match kind {
            Kind::Name(name) => return Primary::Path(name.clone()),
            Kind::Number(number) => super::names::number(number).into(),
            Kind::Format => Read::unread("a text that the application puts together"),
            Kind::Text(text) => {
                let mut text = text.clone();
                while let Some(Kind::Text(next)) = self.peek() {
                    text.push_str(next);
                    self.at += 1;
                }
                match self.peek() {
                    Some(Kind::Format) => Read::unread("a text that the application puts together"),
                    _ => Value::Text(text).into(),
                }
            }
            Kind::Sign(sign) => self.bracketed(sign),
        };
        Primary::Read(read)
    }
}

/// `left or right`, where `left` may be a variable that is not set.
fn either(left: Read, right: Read, without: Whence) -> Read {
    let truth = match &left.value {
        Value::Text(text) => Some(!text.is_empty()),
        Value::Unread(_) if left.variables.iter().any(|variable| variable.from == Whence::Nowhere) => {
            Some(false)
        }
        value => value.truth(),
    };
    match truth {
        Some(true) => left,
        Some(false) => {
            let assumed = |variable: Variable| Variable {
                from: if variable.from == Whence::Nowhere { without } else { variable.from },
                ..variable
            };
            let mut variables: Vec<_> = left.variables.into_iter().map(assumed).collect();
            variables.extend(right.variables);
            Read { value: right.value, variables }
        }
        None => Read::unread("depends on a condition"),
    }
}

fn combined(operator: &str, left: Read, right: Read) -> Read {
    Read::of(vec![left, right], |mut both| match (both.pop(), both.pop()) {
        (Some(right), Some(left)) => binary(operator, left, right),
        _ => Value::unread(CODE),
    })
}

fn is_plain(value: &Value) -> bool {
    matches!(value, Value::Text(_) | Value::Int(_) | Value::Bool(_))
}
