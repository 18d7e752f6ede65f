//! What stands in brackets: tuples, lists, tables, sets and the arguments of calls.

use super::expression::{CODE, DEEPEST, Parser};
use super::lex::Kind;
use crate::cli::import::value::{Entry, Read, Value};

/// What stands between brackets behind a name.
#[derive(Default)]
pub(super) struct Arguments {
    pub(super) positional: Vec<Read>,
    pub(super) named: Vec<Entry>,
}

impl Parser<'_> {
    /// Elements with commas between them; one without a comma is itself.
    pub(super) fn tuple(&mut self, close: Option<&str>) -> Read {
        let (mut elements, mut commas) = (Vec::new(), false);
        loop {
            if self.peek().is_none() || close.is_some_and(|close| self.is(close)) {
                break;
            }
            elements.push(self.element());
            if !self.take(",") {
                break;
            }
            commas = true;
        }
        if let Some(close) = close {
            self.take(close);
        }
        match elements.pop() {
            Some(only) if elements.is_empty() && !commas => only,
            None => Value::List(Vec::new()).into(),
            Some(last) => {
                elements.push(last);
                Read::of(elements, Value::List)
            }
        }
    }

    /// One element of a list: whatever it does not understand of it makes all of it unread.
    fn element(&mut self) -> Read {
        let read = self.expression();
        if self.peek().is_none() || self.is(",") || self.ends() {
            return read;
        }
        self.skip_element();
        Read::unread(CODE)
    }

    pub(super) fn bracketed(&mut self, sign: &str) -> Read {
        if self.depth >= DEEPEST {
            self.at = self.tokens.len();
            return Read::unread(CODE);
        }
        self.depth += 1;
        let read = match sign {
            "(" => self.tuple(Some(")")),
            "[" => match self.sequence("]") {
                Ok(elements) => Read::of(elements, Value::List),
                Err(unread) => unread,
            },
            "{" => self.braces(),
            _ => Read::unread(CODE),
        };
        self.depth -= 1;
        read
    }

    fn sequence(&mut self, close: &str) -> Result<Vec<Read>, Read> {
        let mut elements = Vec::new();
        while self.peek().is_some() && !self.is(close) {
            if self.take("*") {
                // `[*OTHERS, …]`
                match self.element().value {
                    Value::List(list) => elements.extend(list.into_iter().map(Read::from)),
                    _ => elements.push(Read::unread(CODE)),
                }
            } else {
                elements.push(self.element());
            }
            if !self.take(",") {
                break;
            }
        }
        if self.take(close) { Ok(elements) } else { Err(Read::unread(CODE)) }
    }

    /// A table or a set.
    fn braces(&mut self) -> Read {
        let (mut entries, mut elements) = (Vec::new(), Vec::new());
        while self.peek().is_some() && !self.is("}") {
            let line = self.line();
            if self.take("**") {
                match self.element() {
                    Read { value: Value::Table(others), .. } => entries.extend(others),
                    _ => entries.push(Entry { key: "**".to_owned(), line, read: Read::unread(CODE) }),
                }
            } else {
                let key = self.expression();
                if self.take(":") {
                    let read = self.element();
                    let key = match key.value {
                        Value::Text(key) => key,
                        _ => "?".to_owned(),
                    };
                    entries.push(Entry { key, line, read });
                } else {
                    if !self.is(",") && !self.is("}") {
                        self.skip_element();
                    }
                    elements.push(key);
                }
            }
            if !self.take(",") {
                break;
            }
        }
        if !self.take("}") {
            return Read::unread(CODE);
        }
        if elements.is_empty() { Value::Table(entries).into() } else { Read::of(elements, Value::List) }
    }

    pub(super) fn arguments(&mut self) -> Arguments {
        let mut arguments = Arguments::default();
        if self.depth >= DEEPEST {
            self.at = self.tokens.len();
            return arguments;
        }
        self.depth += 1;
        while self.peek().is_some() && !self.is(")") {
            let line = self.line();
            let name = match (self.peek(), self.tokens.get(self.at + 1).map(|token| &token.kind)) {
                (Some(Kind::Name(name)), Some(Kind::Sign(sign))) if sign == "=" => Some(name.clone()),
                _ => None,
            };
            match name {
                Some(key) => {
                    self.at += 2;
                    let read = self.element();
                    arguments.named.push(Entry { key, line, read });
                }
                None if self.take("**") => match self.element() {
                    Read { value: Value::Table(others), .. } => arguments.named.extend(others),
                    read => arguments.named.push(Entry { key: "**".to_owned(), line, read }),
                },
                None => {
                    let read = self.element();
                    arguments.positional.push(read);
                }
            }
            if !self.take(",") {
                break;
            }
        }
        self.depth -= 1;
        if !self.take(")") {
            self.at = self.tokens.len();
        }
        arguments
    }
}
