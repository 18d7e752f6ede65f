//! A PHP file that returns an array: `config/jwt.php`. It is not run.

mod lex;

use self::lex::{Kind, Token};
use super::environment::DotEnv;
use super::operation::{binary, int};
use super::value::{Entry, Read, Value, Variable, Whence};

/// Deeper nesting is no settings file.
const DEEPEST: usize = 48;

const CODE: &str = "code that only the application can run";

/// What the file returns, if that is an array.
pub(super) fn read(text: &str, environment: &DotEnv) -> Option<Vec<Entry>> {
    let tokens = lex::tokens(text);
    let (mut depth, mut last) = (0_usize, None);
    for (index, token) in tokens.iter().enumerate() {
        match &token.kind {
            Kind::Sign(sign) if "([{".contains(sign.as_str()) => depth += 1,
            Kind::Sign(sign) if ")]}".contains(sign.as_str()) => depth = depth.saturating_sub(1),
            Kind::Name(name) if depth == 0 && name == "return" => last = Some(index + 1),
            _ => {}
        }
    }
    let read = Parser { tokens: tokens.get(last?..)?, at: 0, depth: 0, environment }.expression();
    match read.value {
        Value::Table(entries) => Some(entries),
        // An empty one.
        Value::List(list) if list.is_empty() => Some(Vec::new()),
        _ => None,
    }
}

struct Parser<'a> {
    tokens: &'a [Token],
    at: usize,
    depth: usize,
    environment: &'a DotEnv,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<&'a Kind> {
        self.tokens.get(self.at).map(|token| &token.kind)
    }

    fn line(&self) -> usize {
        self.tokens.get(self.at).map_or(0, |token| token.line)
    }

    fn is(&self, sign: &str) -> bool {
        matches!(self.peek(), Some(Kind::Sign(own)) if own == sign)
    }

    fn take(&mut self, sign: &str) -> bool {
        let is = self.is(sign);
        self.at += usize::from(is);
        is
    }

    fn operator(&mut self, signs: &[&'static str]) -> Option<&'static str> {
        signs.iter().copied().find(|sign| self.take(sign))
    }

    /// To the next comma or closing bracket of this level.
    fn skip_element(&mut self) {
        let mut depth = 0_usize;
        while let Some(kind) = self.peek() {
            if let Kind::Sign(sign) = kind {
                match sign.as_str() {
                    "(" | "[" | "{" => depth += 1,
                    ")" | "]" | "}" if depth == 0 => return,
                    ")" | "]" | "}" => depth -= 1,
                    "," | ";" if depth == 0 => return,
                    _ => {}
                }
            }
            self.at += 1;
        }
    }

    fn expression(&mut self) -> Read {
        if self.depth >= DEEPEST {
            self.skip_element();
            return Read::unread(CODE);
        }
        self.depth += 1;
        let mut left = self.sum();
        while let Some(sign) = self.operator(&["??", "?:"]) {
            let right = self.sum();
            left = self.either(left, right, sign == "?:");
        }
        self.depth -= 1;
        let is_over = |kind: &Kind| matches!(kind, Kind::Sign(sign) if matches!(sign.as_str(), "," | ";" | ")" | "]" | "}" | "=>"));
        if self.peek().is_some_and(|kind| !is_over(kind)) {
            let condition = self.is("?");
            self.skip_element();
            return Read::unread(if condition { "depends on a condition" } else { CODE });
        }
        left
    }

    fn sum(&mut self) -> Read {
        let mut left = self.product();
        while let Some(sign) = self.operator(&["+", "-", "."]) {
            let right = self.product();
            left = combined(if sign == "." { "+" } else { sign }, left, right);
        }
        left
    }

    fn product(&mut self) -> Read {
        let mut left = self.factor();
        while let Some(sign) = self.operator(&["*", "/", "%"]) {
            let right = self.factor();
            left = combined(sign, left, right);
        }
        left
    }

    fn factor(&mut self) -> Read {
        let cast = match self.tokens.get(self.at..).unwrap_or_default() {
            [open, Token { kind: Kind::Name(cast), .. }, close, ..]
                if is_sign(open, "(") && is_sign(close, ")") =>
            {
                ["int", "integer", "bool", "boolean", "string", "float"].into_iter().find(|own| own == cast)
            }
            _ => None,
        };
        let mut minus = false;
        if cast.is_some() {
            self.at += 3;
        } else {
            minus = self.take("-");
        }
        let read = self.atom();
        match cast {
            Some("int" | "integer") => read.map(int),
            Some("bool" | "boolean") => read.map(|value| match value {
                Value::Text(text) => Value::Bool(!text.is_empty() && text != "0"),
                other => other.truth().map_or(Value::unread(CODE), Value::Bool),
            }),
            Some("float") => Read::unread("a number with a fraction"),
            _ if minus => read.map(|value| super::operation::unary("-", &value)),
            _ => read,
        }
    }

    fn atom(&mut self) -> Read {
        let Some(kind) = self.peek() else { return Read::unread(CODE) };
        match kind {
            Kind::Number(number) => {
                self.at += 1;
                let plain = number.replace('_', "");
                plain
                    .parse()
                    .map_or_else(|_| Read::unread("a number in another notation"), |n| Value::Int(n).into())
            }
            Kind::Text(text) => {
                self.at += 1;
                Value::Text(text.clone()).into()
            }
            Kind::Format => {
                self.at += 1;
                Read::unread("a text that the application puts together")
            }
            Kind::Name(name) => {
                self.at += 1;
                self.named(name)
            }
            Kind::Sign(sign) if sign == "[" => {
                self.at += 1;
                self.array("]")
            }
            Kind::Sign(sign) if sign == "(" => {
                self.at += 1;
                let read = self.expression();
                if self.take(")") { read } else { Read::unread(CODE) }
            }
            Kind::Sign(_) => {
                self.skip_element();
                Read::unread(CODE)
            }
        }
    }

    fn named(&mut self, name: &str) -> Read {
        match name.to_ascii_lowercase().as_str() {
            "true" => return Value::Bool(true).into(),
            "false" => return Value::Bool(false).into(),
            "null" => return Value::Null.into(),
            "array" if self.take("(") => return self.array(")"),
            _ => {}
        }
        if self.take("::") {
            if let Some(Kind::Name(member)) = self.peek() {
                self.at += 1;
                if member == "class" {
                    return Value::Name(name.trim_start_matches('\\').to_owned()).into();
                }
                if self.is("(") {
                    self.skip_element();
                }
                return Value::Name(format!("{name}::{member}")).into();
            }
            return Read::unread(CODE);
        }
        if self.take("(") {
            let arguments = self.arguments();
            if name.trim_start_matches('\\') == "env" {
                return self.look_up(arguments);
            }
            return Value::Call(name.to_owned()).into();
        }
        Value::Name(name.to_owned()).into()
    }

    fn arguments(&mut self) -> Vec<Read> {
        let mut arguments = Vec::new();
        while self.peek().is_some() && !self.is(")") {
            arguments.push(self.expression());
            if !self.take(",") {
                break;
            }
        }
        if !self.take(")") {
            self.at = self.tokens.len();
        }
        arguments
    }

    fn array(&mut self, close: &str) -> Read {
        let (mut entries, mut elements) = (Vec::new(), Vec::new());
        while self.peek().is_some() && !self.is(close) {
            let line = self.line();
            let first = self.expression();
            if self.take("=>") {
                let mut read = self.expression();
                if self.is("=>") {
                    // `fn () => …`
                    self.skip_element();
                    read = Read::unread(CODE);
                }
                match first.value {
                    Value::Text(key) => entries.push(Entry { key, line, read }),
                    // `0 => …`: a list, as a cached configuration has it.
                    Value::Int(_) => elements.push(read),
                    _ => entries.push(Entry { key: "?".to_owned(), line, read }),
                }
            } else {
                elements.push(first);
            }
            if !self.take(",") {
                break;
            }
        }
        if !self.take(close) {
            return Read::unread(CODE);
        }
        if entries.is_empty() { Read::of(elements, Value::List) } else { Value::Table(entries).into() }
    }

    /// Laravel's `env()`, which knows some words.
    fn look_up(&self, arguments: Vec<Read>) -> Read {
        let mut arguments = arguments.into_iter();
        let Some(Value::Text(name)) = arguments.next().map(|read| read.value) else {
            return Value::Call("env".to_owned()).into();
        };
        let there_is_one = self.environment.without() == Whence::Default;
        let default = arguments.next().or_else(|| there_is_one.then(|| Value::Null.into()));
        let read = self.environment.look_up(&name, default);
        let is_of_file = read.variables.last().is_some_and(|variable| variable.from == Whence::File);
        read.map(|value| match value {
            Value::Text(text) if is_of_file => match text.to_ascii_lowercase().as_str() {
                "true" | "(true)" => Value::Bool(true),
                "false" | "(false)" => Value::Bool(false),
                "null" | "(null)" => Value::Null,
                "empty" | "(empty)" => Value::Text(String::new()),
                _ => text.parse().map_or(Value::Text(text), Value::Int),
            },
            other => other,
        })
    }

    fn either(&self, left: Read, right: Read, falsy: bool) -> Read {
        let is_nowhere = left.variables.iter().any(|variable| variable.from == Whence::Nowhere);
        let goes_on = match &left.value {
            Value::Null => true,
            Value::Unread(_) => is_nowhere,
            value => falsy && value.truth() == Some(false),
        };
        if !goes_on {
            return left;
        }
        let without = self.environment.without();
        let mut variables: Vec<_> = left
            .variables
            .into_iter()
            .map(|variable| Variable {
                from: if variable.from == Whence::Nowhere { without } else { variable.from },
                ..variable
            })
            .collect();
        variables.extend(right.variables);
        Read { value: right.value, variables }
    }
}

fn is_sign(token: &Token, wanted: &str) -> bool {
    matches!(&token.kind, Kind::Sign(sign) if sign == wanted)
}

fn combined(operator: &str, left: Read, right: Read) -> Read {
    Read::of(vec![left, right], |mut both| match (both.pop(), both.pop()) {
        (Some(right), Some(left)) => binary(operator, left, right),
        _ => Value::unread(CODE),
    })
}
