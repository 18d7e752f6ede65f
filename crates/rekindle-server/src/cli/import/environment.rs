//! Variables of the environment, as the `.env` beside a settings file has them.

use std::path::Path;

use super::value::{Read, Value, Variable, Whence};

/// A longer file is something else.
const LONGEST: u64 = 1024 * 1024;

/// What a `.env` says, if there is one.
#[derive(Default)]
pub(super) struct DotEnv(Option<Vec<(String, String)>>);

impl DotEnv {
    /// The one beside `file`, or in the folder above: `config/jwt.php` has its own there.
    pub(super) fn beside(file: &Path) -> Self {
        let folder = file.parent().unwrap_or(Path::new(""));
        let found = [folder.join(".env"), folder.join("../.env")].into_iter().find_map(|path| {
            let is_small = path.metadata().is_ok_and(|found| found.is_file() && found.len() <= LONGEST);
            is_small.then(|| std::fs::read_to_string(path).ok()).flatten()
        });
        found.map_or_else(Self::default, |text| Self::parse(&text))
    }

    pub(super) fn parse(text: &str) -> Self {
        Self(Some(lines(text).map(|(_, name, value)| (name.to_owned(), value)).collect()))
    }

    /// Where a value comes from that a settings file has for the case that the environment says nothing.
    pub(super) fn without(&self) -> Whence {
        if self.0.is_some() { Whence::Default } else { Whence::Assumed }
    }

    /// What `name` is; `default` where the environment does not say.
    pub(super) fn look_up(&self, name: &str, default: Option<Read>) -> Read {
        let found = self.0.as_ref().and_then(|all| all.iter().rev().find(|(own, _)| own == name));
        let (read, from) = match (found, default) {
            (Some((_, value)), _) => (Value::Text(value.clone()).into(), Whence::File),
            (None, Some(default)) => (default, self.without()),
            (None, None) => (Read::unread(format!("comes from the environment: {name}")), Whence::Nowhere),
        };
        let Read { value, mut variables } = read;
        variables.push(Variable { name: name.to_owned(), from });
        Read { value, variables }
    }
}

/// Line number, name and value of every line that has them.
pub(super) fn lines(text: &str) -> impl Iterator<Item = (usize, &str, String)> {
    text.lines().enumerate().filter_map(|(index, line)| {
        let line = line.trim();
        let line = line.strip_prefix("export ").unwrap_or(line).trim_start();
        let (name, value) = line.split_once('=').filter(|_| !line.starts_with('#'))?;
        Some((index + 1, name.trim(), unquoted(value.trim())))
    })
}

fn unquoted(value: &str) -> String {
    for quote in ['"', '\''] {
        if let Some((inner, _)) = value.strip_prefix(quote).and_then(|rest| rest.split_once(quote)) {
            return inner.to_owned();
        }
    }
    value.split_once(" #").map_or(value, |(value, _)| value.trim_end()).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_name_and_a_value() {
        let text = "# comment\nA=1\nexport B = \"two # words\" # note\nC=three # note\nD='4'\nnothing\nE=\n";
        let found: Vec<_> = lines(text).map(|(line, name, value)| format!("{line} {name} {value}")).collect();
        assert_eq!(found, ["2 A 1", "3 B two # words", "4 C three", "5 D 4", "7 E "]);
    }
}
