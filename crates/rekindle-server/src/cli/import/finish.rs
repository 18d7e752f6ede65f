//! Makes a draft something that a server starts with, and says what is dangerous about it.

use rekindle::core::Seconds;
use rekindle::token::Algorithm;

use super::accounts::Accounts;
use super::draft::{Draft, Kind, Line};
use super::form::quoted;
use super::value::Entry;
use super::{Package, secret};
use crate::config::{Checked, Config, Environment, Span};
use crate::dialect::simplejwt::Views;

/// A setting, and how long what it sets lives.
type Life = (&'static str, Seconds);

impl Draft {
    /// Types and values as the configuration has them, whether or not they go together.
    pub(super) fn typed(&self) -> Config {
        toml::from_str(&self.configuration()).unwrap_or_default()
    }

    fn checked(&self) -> Result<Checked, String> {
        let text = self.configuration();
        Config::from_bytes("import", text.as_bytes(), &Environment::default())
            .map_err(|error| error.to_string())
    }

    /// Makes it something that a server starts with, and says what is dangerous about it.
    pub(super) fn finish(&mut self) {
        let section = self.section();
        let order =
            |line: &Line| self.defaults.iter().position(|own| own.path == format!("{section}.{}", line.key));
        self.lines.sort_by_key(order);
        self.lengthen();
        self.let_go();
        self.judge_key();
        let Ok(checked) = self.checked() else { return };
        let section = format!("{section}.");
        for advice in checked.advice() {
            if let Some(key) = advice.key.strip_prefix(&section).filter(|key| self.knows(key)) {
                let at = self.lines.iter().find(|line| line.key == key).map_or(0, |line| line.at);
                self.say(Kind::Danger, key, at, advice.text);
            }
        }
    }

    /// A session lives at least as long as its access token does; the packages do not mind.
    fn lengthen(&mut self) {
        let Some(((access_key, access), (idle_key, idle))) = self.lives() else { return };
        if idle >= access {
            return;
        }
        let (own, long) = (Span(idle).to_string(), Span(access).to_string());
        let at = self.lines.iter().find(|line| line.key == idle_key).map_or(0, |line| line.at);
        let text = format!(
            "{own}, shorter than {access_key}, {long}: a token outlives its own renewal, so nothing is ever renewed and whoever \
             steals one has it for {long}. Here a session lives as long as its token at least, so it is written as {long}; \
             better make {access_key} short"
        );
        self.say(Kind::Danger, idle_key, at, text);
        self.put(idle_key, quoted(&long), at, Some(format!("{own} in the application")));
    }

    fn lives(&self) -> Option<(Life, Life)> {
        let dialects = self.typed().dialects;
        match self.package {
            Package::SimpleJwt => dialects.simplejwt.map(|own| match own.views {
                Views::Pair => (
                    ("ACCESS_TOKEN_LIFETIME", own.ACCESS_TOKEN_LIFETIME.0),
                    ("REFRESH_TOKEN_LIFETIME", own.REFRESH_TOKEN_LIFETIME.0),
                ),
                Views::Sliding => (
                    ("SLIDING_TOKEN_LIFETIME", own.SLIDING_TOKEN_LIFETIME.0),
                    ("SLIDING_TOKEN_REFRESH_LIFETIME", own.SLIDING_TOKEN_REFRESH_LIFETIME.0),
                ),
            }),
            Package::DrfJwt => dialects.drf_jwt.map(|own| {
                (
                    ("JWT_EXPIRATION_DELTA", own.JWT_EXPIRATION_DELTA.0),
                    ("JWT_REFRESH_EXPIRATION_DELTA", own.JWT_REFRESH_EXPIRATION_DELTA.0),
                )
            }),
            Package::Flask => dialects.flask_jwt_extended.map(|own| {
                (
                    ("JWT_ACCESS_TOKEN_EXPIRES", own.JWT_ACCESS_TOKEN_EXPIRES.0),
                    ("JWT_REFRESH_TOKEN_EXPIRES", own.JWT_REFRESH_TOKEN_EXPIRES.0),
                )
            }),
            Package::Laravel => {
                dialects.tymon.map(|own| (("ttl", own.ttl.0), ("refresh_ttl", own.refresh_ttl.0)))
            }
        }
    }

    /// The life of an access token, where it is known.
    pub(super) fn access(&self) -> Option<Seconds> {
        let ((key, access), _) = self.lives()?;
        self.knows(key).then_some(access)
    }

    /// Lets go of what no server starts with.
    fn let_go(&mut self) {
        while let Err(error) = self.checked() {
            let named = self.lines.iter().position(|line| !line.proposed && error.contains(&line.key));
            let first = error.lines().next().unwrap_or_default().to_owned();
            match named {
                Some(index) => {
                    let line = &mut self.lines[index];
                    line.proposed = true;
                    let (key, at) = (line.key.clone(), line.at);
                    self.say(Kind::NotRead, &key, at, format!("is not taken over: {first}"));
                }
                None => {
                    // A table or a column with a name that no query is made of.
                    let Some(accounts) = self.accounts.take() else { return };
                    let plain = accounts.plain();
                    self.say(Kind::NotRead, "user table", 0, format!("is not taken over: {first}"));
                    self.accounts = self.accounts_fit(&plain).then_some(plain);
                }
            }
        }
    }

    fn accounts_fit(&self, accounts: &Accounts) -> bool {
        let lines = accounts.lines().into_iter().map(|(key, value)| format!("{key} = {value}\n"));
        let text = format!("[accounts]\n{}", lines.collect::<String>());
        Config::from_bytes("accounts", text.as_bytes(), &Environment::default()).is_ok()
    }

    fn judge_key(&mut self) {
        let Some(Entry { key, line, read }) = self.key.clone() else { return };
        let Some(algorithm) = self.algorithm() else { return };
        if let Some(why) = secret::judge(&read.value, algorithm) {
            self.say(Kind::Danger, &key, line, why);
        }
    }

    fn algorithm(&self) -> Option<Algorithm> {
        self.typed().dialects.mounted().first().map(|dialect| dialect.key().algorithm)
    }
}
