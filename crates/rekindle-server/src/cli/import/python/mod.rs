//! A Python file: what it assigns, and where. It is not run.

mod brackets;
mod expression;
mod lex;
mod names;

use self::brackets::Arguments;
use self::expression::Parser;
use self::lex::{Kind, Line, Token};
use self::names::Names;
use super::environment::DotEnv;
use super::operation::binary;
use super::value::{Entry, Read, Value};

/// One assignment: `path["key"] = read`.
#[derive(Clone, Debug)]
pub(super) struct Assignment {
    /// `SIMPLE_JWT`, `app.config`.
    pub(super) path: String,
    pub(super) keys: Vec<String>,
    pub(super) line: usize,
    /// Empty for what always holds; otherwise the class, the function or the condition that it stands in.
    pub(super) scope: String,
    pub(super) read: Read,
}

/// What a file says.
pub(super) struct Module {
    pub(super) assignments: Vec<Assignment>,
    /// Other files that it takes settings from: the line, and what it says there.
    pub(super) others: Vec<(usize, String)>,
    /// Functions that run after every request: the line, and the spans of time that they name.
    pub(super) after_request: Vec<AfterRequest>,
    /// Names that the file uses, with their first line.
    pub(super) words: Vec<(String, usize)>,
}

/// A function that runs after every request.
pub(super) struct AfterRequest {
    pub(super) line: usize,
    pub(super) mints: bool,
    /// The longest span that it names, in microseconds.
    pub(super) span: Option<i64>,
}

const HEADS: [&str; 12] =
    ["class", "def", "async", "if", "elif", "else", "for", "while", "with", "try", "except", "finally"];

/// Reads `text`; whatever it is.
pub(super) fn read(text: &str, environment: &DotEnv) -> Module {
    let lines = lex::lines(text);
    let mut module =
        Module { assignments: Vec::new(), others: Vec::new(), after_request: Vec::new(), words: Vec::new() };
    let mut blocks: Vec<(usize, String)> = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        while blocks.last().is_some_and(|(indent, _)| *indent >= line.indent) {
            blocks.pop();
        }
        let scope = blocks.iter().map(|(_, head)| head.as_str()).collect::<Vec<_>>().join(", ");
        module.note_words(line);
        if let Some(head) = head(line) {
            blocks.push((line.indent, head));
            continue;
        }
        module.note_others(line);
        module.note_after_request(&lines, index, environment);
        let assigned = statement(line, &module.assignments, &scope, environment);
        module.assignments.extend(assigned);
    }
    module
}

/// What opens a block.
fn head(line: &Line) -> Option<String> {
    let Some(Token { kind: Kind::Name(word), line: number }) = line.tokens.first() else { return None };
    let opens = matches!(&line.tokens.last()?.kind, Kind::Sign(sign) if sign == ":");
    if !opens || !HEADS.contains(&word.as_str()) {
        return None;
    }
    let name = line.tokens.iter().skip(1).find_map(|token| match &token.kind {
        Kind::Name(name) if name != "def" => Some(name.clone()),
        _ => None,
    });
    Some(match (word.as_str(), name) {
        ("class", Some(name)) => format!("class {name}"),
        ("def" | "async", Some(name)) => format!("def {name}"),
        (word, _) => format!("`{word}` on line {number}"),
    })
}

fn statement(line: &Line, known: &[Assignment], scope: &str, environment: &DotEnv) -> Vec<Assignment> {
    let names = Names { known, scope, environment };
    let tokens = line.tokens.as_slice();
    let number = tokens.first().map_or(0, |token| token.line);
    let one = |(path, keys): (String, Vec<String>), read| Assignment {
        path,
        keys,
        line: number,
        scope: scope.to_owned(),
        read,
    };
    if let Some(at) = top_level(tokens, "+=") {
        let Some((path, keys)) = target(&tokens[..at]) else { return Vec::new() };
        let more = Parser::new(&tokens[at + 1..], &names).whole();
        let before = if keys.is_empty() { names.named(&path) } else { Read::unread("is added to") };
        let sum = Read::of(vec![before, more], |mut both| match (both.pop(), both.pop()) {
            (Some(more), Some(before)) => binary("+", before, more),
            _ => Value::Null,
        });
        return vec![one((path, keys), sum)];
    }
    if let Some(last) = last_top_level(tokens, "=") {
        let read = Parser::new(&tokens[last + 1..], &names).whole();
        let mut assigned = Vec::new();
        let mut rest = &tokens[..last];
        loop {
            let at = last_top_level(rest, "=");
            let own = &rest[at.map_or(0, |at| at + 1)..];
            // `NAME: annotation = …`
            let own = top_level(own, ":").map_or(own, |colon| &own[..colon]);
            assigned.extend(target(own).map(|target| one(target, read.clone())));
            match at {
                Some(at) => rest = &rest[..at],
                None => return assigned,
            }
        }
    }
    updated(tokens, &names, &one)
}

/// `app.config.update(…)`, `SIMPLE_JWT.update({…})`, `app.config.from_mapping(…)`.
fn updated(
    tokens: &[Token],
    names: &Names<'_>,
    one: &dyn Fn((String, Vec<String>), Read) -> Assignment,
) -> Vec<Assignment> {
    let Some(bracket) = tokens.iter().position(|token| is_sign(token, "(")) else { return Vec::new() };
    let Some((path, keys)) = target(&tokens[..bracket]) else { return Vec::new() };
    let owner = path.strip_suffix(".update").or_else(|| path.strip_suffix(".from_mapping"));
    let (Some(owner), true) = (owner, keys.is_empty()) else { return Vec::new() };
    let Some(Arguments { positional, named }) = Parser::new(&tokens[bracket..], names).call() else {
        return Vec::new();
    };
    let mut entries = named;
    for read in positional {
        match read.value {
            Value::Table(more) => entries.extend(more),
            other => {
                let read = Read::unread(format!("is updated with {}", other.kind()));
                entries.push(Entry { key: "**".to_owned(), line: 0, read });
            }
        }
    }
    let mut assigned = Vec::new();
    for Entry { key, line, read } in entries {
        let assignment = one((owner.to_owned(), vec![key]), read);
        assigned.push(Assignment { line: if line == 0 { assignment.line } else { line }, ..assignment });
    }
    assigned
}

/// `app.config["KEY"]`.
fn target(tokens: &[Token]) -> Option<(String, Vec<String>)> {
    let (first, mut rest) = tokens.split_first()?;
    let Kind::Name(name) = &first.kind else { return None };
    let (mut path, mut keys) = (name.clone(), Vec::new());
    loop {
        match rest {
            [] => return Some((path, keys)),
            [dot, Token { kind: Kind::Name(name), .. }, more @ ..]
                if is_sign(dot, ".") && keys.is_empty() =>
            {
                path = format!("{path}.{name}");
                rest = more;
            }
            [open, Token { kind: Kind::Text(key), .. }, close, more @ ..]
                if is_sign(open, "[") && is_sign(close, "]") =>
            {
                keys.push(key.clone());
                rest = more;
            }
            _ => return None,
        }
    }
}

fn is_sign(token: &Token, wanted: &str) -> bool {
    matches!(&token.kind, Kind::Sign(sign) if sign == wanted)
}

/// Where `wanted` stands outside of all brackets.
fn top_levels<'a>(tokens: &'a [Token], wanted: &'a str) -> impl Iterator<Item = usize> + 'a {
    let mut depth = 0_usize;
    tokens.iter().enumerate().filter_map(move |(index, token)| {
        let Kind::Sign(sign) = &token.kind else { return None };
        match sign.as_str() {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth = depth.saturating_sub(1),
            _ => {}
        }
        (depth == 0 && sign == wanted).then_some(index)
    })
}

fn top_level(tokens: &[Token], wanted: &str) -> Option<usize> {
    top_levels(tokens, wanted).next()
}

fn last_top_level(tokens: &[Token], wanted: &str) -> Option<usize> {
    top_levels(tokens, wanted).last()
}

impl Module {
    fn note_words(&mut self, line: &Line) {
        for Token { line, kind } in &line.tokens {
            if let Kind::Name(name) = kind
                && NOTED.contains(&name.as_str())
                && !self.words.iter().any(|(known, _)| known == name)
            {
                self.words.push((name.clone(), *line));
            }
        }
    }

    /// The line where `word` is first used.
    pub(super) fn line_of(&self, word: &str) -> Option<usize> {
        self.words.iter().find(|(known, _)| known == word).map(|(_, line)| *line)
    }

    /// `from .base import *`, `app.config.from_object(…)`.
    fn note_others(&mut self, line: &Line) {
        let tokens = line.tokens.as_slice();
        let number = tokens.first().map_or(0, |token| token.line);
        let names = |token: &Token| match &token.kind {
            Kind::Name(name) | Kind::Sign(name) => name.clone(),
            _ => "…".to_owned(),
        };
        if let [Token { kind: Kind::Name(from), .. }, module @ .., import, star] = tokens
            && from == "from"
            && matches!(&import.kind, Kind::Name(name) if name == "import")
            && is_sign(star, "*")
        {
            self.others.push((number, module.iter().map(names).collect()));
        }
        const FROM: [&str; 5] =
            ["from_object", "from_pyfile", "from_envvar", "from_prefixed_env", "from_file"];
        for token in tokens {
            if let Kind::Name(name) = &token.kind
                && FROM.contains(&name.as_str())
            {
                self.others.push((token.line, format!("{name}(…)")));
            }
        }
    }

    /// `@app.after_request`, and the function below it.
    fn note_after_request(&mut self, lines: &[Line], index: usize, environment: &DotEnv) {
        let line = &lines[index];
        let is = |name: &str| line.tokens.iter().any(|t| matches!(&t.kind, Kind::Name(own) if own == name));
        let Some(first) = line.tokens.first().filter(|first| is_sign(first, "@")) else { return };
        if !is("after_request") && !is("after_app_request") {
            return;
        }
        let indent = line.indent;
        let body = lines.iter().skip(index + 1).skip_while(|line| line.indent == indent && !is_def(line));
        let body: Vec<&Line> = body.skip(1).take_while(|line| line.indent > indent).collect();
        let names = Names { known: &self.assignments, scope: "", environment };
        let mut found = AfterRequest { line: first.line, mints: false, span: None };
        for line in body {
            for (at, token) in line.tokens.iter().enumerate() {
                let Kind::Name(name) = &token.kind else { continue };
                found.mints |= name == "create_access_token";
                if name == "timedelta"
                    && let Some(arguments) = Parser::new(&line.tokens[at + 1..], &names).call()
                    && let Value::Span(span) = names.call("timedelta", arguments).value
                {
                    found.span = found.span.max(Some(span));
                }
            }
        }
        self.after_request.push(found);
    }
}

fn is_def(line: &Line) -> bool {
    line.tokens.iter().take(2).any(|token| matches!(&token.kind, Kind::Name(name) if name == "def"))
}

/// Names that say something about the tokens.
const NOTED: [&str; 9] = [
    "additional_claims_loader",
    "additional_claims",
    "expires_delta",
    "token_in_blocklist_loader",
    "encode_key_loader",
    "decode_key_loader",
    "user_identity_loader",
    "token_verification_loader",
    "additional_headers_loader",
];
