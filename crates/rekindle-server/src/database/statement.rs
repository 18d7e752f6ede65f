//! SQL as it is configured: one statement, with named parameters.

use super::DatabaseError;

/// One statement with parameters such as `:username`. What is looked for never becomes part of its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    pieces: Vec<Piece>,
    names: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    /// By its place in `names`.
    Parameter(usize),
}

impl Statement {
    /// Reads `sql`, whose parameters may be `known`.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn parse(sql: &str, known: &[&str]) -> Result<Self, String> {
        let sql = sql.trim().trim_end_matches(';').trim_end();
        if sql.is_empty() {
            return Err("is empty".to_owned());
        }
        let mut statement = Self { pieces: Vec::new(), names: Vec::new() };
        let mut rest = sql;
        while let Some(c) = rest.chars().next() {
            let length = match c {
                '\'' | '"' => quoted_length(rest, c)?,
                '-' if rest.starts_with("--") => rest.find('\n').unwrap_or(rest.len()),
                '/' if rest.starts_with("/*") => {
                    rest.find("*/").ok_or("has a comment without an end")?.saturating_add(2)
                }
                // A cast.
                ':' if rest.starts_with("::") => 2,
                ':' => {
                    let name: String = rest[1..].chars().take_while(|c| is_name(*c)).collect();
                    if name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
                        statement.parameter(&name, known)?;
                        rest = &rest[1 + name.len()..];
                        continue;
                    }
                    1
                }
                ';' => return Err("has more than one statement".to_owned()),
                '\0' => return Err("has a character that no SQL has".to_owned()),
                '$' => return Err("has a `$`; a parameter is written as :name".to_owned()),
                // A word is taken whole, so that no digit of it is met alone.
                c if is_name(c) => rest.find(|c| !is_name(c)).unwrap_or(rest.len()),
                c => c.len_utf8(),
            };
            statement.text(&rest[..length]);
            rest = &rest[length..];
        }
        Ok(statement)
    }

    /// The parameters it has, each once.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Its text with `sign` and a number for each parameter.
    pub(super) fn numbered(&self, sign: char) -> String {
        let mut text = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(piece) => text.push_str(piece),
                Piece::Parameter(place) => text.push_str(&format!("{sign}{}", place + 1)),
            }
        }
        text
    }

    /// The values of its parameters, in the order of their numbers.
    pub(super) fn bind(&self, parameters: &[(&str, &str)]) -> Result<Vec<String>, DatabaseError> {
        let value = |name: &String| {
            let given = parameters.iter().find(|(given, _)| given == name);
            given.map(|(_, value)| (*value).to_owned()).ok_or_else(|| DatabaseError::Unbound(name.clone()))
        };
        self.names.iter().map(value).collect()
    }

    fn parameter(&mut self, name: &str, known: &[&str]) -> Result<(), String> {
        if !known.contains(&name) {
            let known: Vec<String> = known.iter().map(|name| format!(":{name}")).collect();
            return Err(format!("has a parameter :{name}; it may have {}", known.join(", ")));
        }
        let place = self.names.iter().position(|n| n == name).unwrap_or_else(|| {
            self.names.push(name.to_owned());
            self.names.len() - 1
        });
        self.pieces.push(Piece::Parameter(place));
        Ok(())
    }

    fn text(&mut self, text: &str) {
        match self.pieces.last_mut() {
            Some(Piece::Text(last)) => last.push_str(text),
            _ => self.pieces.push(Piece::Text(text.to_owned())),
        }
    }
}

/// How long the text or name in quotes is that `rest` begins with. A quote inside is doubled, so that it reads as two
/// of them; PostgreSQL's `E'…'` with a backslash before a quote is not understood here, and the database then says so.
fn quoted_length(rest: &str, quote: char) -> Result<usize, String> {
    let inside = &rest[1..];
    let end = inside.find(quote).ok_or("has a quote without an end")?;
    Ok(end + 2)
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Whether `name` can be the name of a table or column that is put into SQL: letters, digits and `_` of ASCII, not
/// beginning with a digit; with a schema before a dot.
pub fn is_identifier(name: &str) -> bool {
    let part = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && part.len() <= 63
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    name.split('.').count() <= 3 && name.split('.').all(part)
}

/// An [identifier](is_identifier) as SQL has it, each part in quotes: `"public"."user"`.
pub fn quoted(name: &str) -> String {
    name.split('.').map(|part| format!("\"{}\"", part.replace('"', ""))).collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(sql: &str) -> Result<String, String> {
        Statement::parse(sql, &["a", "b"]).map(|statement| statement.numbered('$'))
    }

    #[test]
    fn parameters_are_numbered_as_they_appear() {
        let statement =
            Statement::parse("SELECT x FROM t WHERE b = :b AND a = :a OR :b = ''", &["a", "b"]).unwrap();
        assert_eq!(statement.numbered('$'), "SELECT x FROM t WHERE b = $1 AND a = $2 OR $1 = ''");
        assert_eq!(statement.numbered('?'), "SELECT x FROM t WHERE b = ?1 AND a = ?2 OR ?1 = ''");
        assert_eq!(statement.names(), ["b", "a"]);
        assert_eq!(statement.bind(&[("a", "1"), ("b", "2"), ("c", "3")]).unwrap(), ["2", "1"]);
        assert!(matches!(statement.bind(&[("a", "1")]), Err(DatabaseError::Unbound(name)) if name == "b"));
    }

    #[test]
    fn what_only_looks_like_a_parameter_stays() {
        for same in [
            "SELECT 'it''s :a' AS \":b\", x::text, y [1:2] FROM t -- :a\n WHERE /* :b; $1 */ 1",
            "SELECT 'é:a' || ':b;' || \"a$1\"",
        ] {
            assert_eq!(parse(same).unwrap(), same);
        }
        assert_eq!(parse("SELECT :a::text ; ").unwrap(), "SELECT $1::text");
        assert_eq!(parse("SELECT :a-:a").unwrap(), "SELECT $1-$1");
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (sql, why) in [
            ("", "is empty"),
            (" ; ", "is empty"),
            ("SELECT 1; DROP TABLE t", "has more than one statement"),
            ("SELECT :c", "has a parameter :c; it may have :a, :b"),
            ("SELECT :ab", "has a parameter :ab; it may have :a, :b"),
            ("SELECT $1", "has a `$`; a parameter is written as :name"),
            ("SELECT 'a", "has a quote without an end"),
            ("SELECT /* a", "has a comment without an end"),
        ] {
            assert_eq!(parse(sql).unwrap_err(), why, "{sql}");
        }
    }

    #[test]
    fn names_are_letters_and_quoted() {
        for name in ["auth_user", "User", "public.user", "_a1"] {
            assert!(is_identifier(name), "{name}");
        }
        for name in ["", "1a", "a b", "a\"b", "a;b", "a.", ".a", "é", "a-b", "a.b.c.d", &"a".repeat(64)] {
            assert!(!is_identifier(name), "{name}");
        }
        assert_eq!(quoted("public.User"), "\"public\".\"User\"");
    }

    proptest::proptest! {
        #[test]
        fn no_text_brings_it_down(sql in ".*") {
            let _ = parse(&sql);
        }

        /// Without a parameter, it is what was written.
        #[test]
        fn nothing_else_is_changed(sql in "[a-z'\" ]*") {
            if let Ok(text) = parse(&sql) {
                proptest::prop_assert_eq!(text, sql.trim());
            }
        }
    }
}
