//! What is typed, made into an endpoint and a plan.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::{Args, ValueEnum};
use zeroize::Zeroizing;

use super::hosts::{Addresses, Typed};
use super::presets::{PRESETS, Preset, named};
use super::request::Account;
use super::sessions::Sessions;
use super::shape::{Encoding, Place, Shape};
use crate::accounts::Password;
use crate::cli::password;
use crate::config::ConfigError;

/// On this machine; elsewhere fewer.
const TRIALS: usize = 20;
const TRIALS_ELSEWHERE: usize = 5;
const MOST_TRIALS_ELSEWHERE: u16 = 10;

#[derive(Debug, Args)]
#[command(
    after_long_help = "Two, 8 and 32 clients refresh at once; an answer is lost and asked for again after 1, 15 and 60 s; an \
    answer arrives late; somebody signs out during a refresh; an old token is used again; a token is stolen, and used by turns \
    and at once. Each on sessions of its own, and at the same time: some 2 minutes and 15 seconds, nearly all of it waiting. \
    Cache headers, cookie flags and answers to junk are looked at as well.\n\n\
    Another machine than this one is refused unless --host names it as well. It is then asked at most 4 times a second, by at \
    most 8 clients at once. Retry-After is respected, redirects are not followed, and no token is ever printed.\n\n\
    JSON: url, preset, date, version, quick, interrupted, pause_seconds, sessions, sessions_wanted, promise_holds; findings[]: experiment \
    (race_2, race_8, race_32, lost_1, lost_15, lost_60, late_answer, logout_race, replay, theft, theft_at_once, cache_headers, \
    cookie_flags, junk, control), title, verdicts[] (ok, logs_out, forks, theft_unnoticed, outlives_logout, weak, unknown), \
    summary, means[], numbers{}; left_out[]: experiment, why. docs/probe.md has the numbers.\n\n\
    Examples:\n  rekindle probe http://127.0.0.1:8080 --preset rekindle --user demo\n  \
    rekindle probe http://127.0.0.1:8000 --preset simplejwt --user ada --password-file password\n  \
    rekindle probe http://127.0.0.1:9000/auth/refresh --refresh-token-file -"
)]
pub(in crate::cli) struct Probe {
    /// The refresh endpoint. With a preset, its origin will do.
    url: String,
    /// Whose endpoint it is. docs/probe.md says what each expects.
    #[arg(long, value_name = "NAME", default_value = "generic",
          value_parser = PossibleValuesParser::new(PRESETS.iter().map(listed)))]
    preset: String,
    /// A test account, which signs in for each experiment. Its password is asked for.
    #[arg(long, value_name = "NAME", required_unless_present = "refresh_token_file")]
    user: Option<String>,
    /// Where its password is: the first line of a file, or of standard input (`-`).
    #[arg(long, value_name = "FILE", requires = "user")]
    password_file: Option<PathBuf>,
    /// Refresh tokens instead, one a line, each of a session of its own; `-` for standard input. They are used up.
    #[arg(long, value_name = "FILE", conflicts_with = "user")]
    refresh_token_file: Option<PathBuf>,
    /// Another machine that may be probed: the host of the address once more. Only your own.
    #[arg(long, value_name = "HOST")]
    host: Option<String>,
    /// How often two clients race; 8 race a quarter, 32 a sixth of that. 20, on another machine 5.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
    trials: Option<u16>,
    /// How long to wait where the server may still answer a used token by design.
    ///
    /// 32 seconds: windows of 10 and of 30 seconds are the most common, and clocks may count whole seconds. A server whose
    /// window is longer looks as if it noticed no theft: give its window and two seconds.
    #[arg(long, value_name = "SPAN", default_value = "32s", value_parser = humantime::parse_duration)]
    pause: Duration,
    /// A few seconds instead: no pauses, and so nothing about theft, nor about answers that come back late.
    #[arg(long, conflicts_with = "pause")]
    quick: bool,
    /// How long an answer may take.
    #[arg(long, value_name = "SPAN", default_value = "20s", value_parser = humantime::parse_duration)]
    timeout: Duration,
    /// Fail where any line is not ok.
    #[arg(long)]
    strict: bool,
    /// Write the card, as text, into a file as well.
    #[arg(long, value_name = "FILE")]
    card: Option<PathBuf>,
    #[command(flatten)]
    shape: Differences,
}

/// What differs from the preset.
#[derive(Debug, Args)]
#[command(next_help_heading = "What differs from the preset")]
struct Differences {
    /// Where an account signs in: an address, or a path on the same host.
    #[arg(long, value_name = "URL")]
    login: Option<String>,
    /// Where a session is signed out.
    #[arg(long, value_name = "URL")]
    logout: Option<String>,
    /// What an access token opens: asked after a logout.
    #[arg(long, value_name = "URL")]
    verify: Option<String>,
    /// The refresh token's name in bodies; `a.b` is b inside a.
    #[arg(long, value_name = "NAME")]
    refresh_member: Option<String>,
    /// The access token's name in bodies.
    #[arg(long, value_name = "NAME")]
    access_member: Option<String>,
    /// The account's name in the body of a login.
    #[arg(long, value_name = "NAME")]
    username_member: Option<String>,
    /// The password's name there.
    #[arg(long, value_name = "NAME")]
    password_member: Option<String>,
    /// Where requests carry the refresh token.
    #[arg(long, value_name = "PLACE")]
    token_in: Option<TokenIn>,
    /// The cookie that holds it, `*` for anything: `--token-in cookie`.
    #[arg(long, value_name = "NAME")]
    cookie: Option<String>,
    /// Bodies are forms.
    #[arg(long)]
    form: bool,
    /// One more member of a refresh and of a login.
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair::<'='>)]
    send: Vec<(String, String)>,
    /// One more header.
    #[arg(long, value_name = "NAME: VALUE", value_parser = pair::<':'>)]
    header: Vec<(String, String)>,
    /// The client, by HTTP Basic (RFC 6749 section 2.3.1); one without a secret is named in the body.
    #[arg(long, value_name = "ID")]
    client_id: Option<String>,
    /// Where the client's secret is.
    #[arg(long, value_name = "FILE", requires = "client_id")]
    client_secret_file: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum TokenIn {
    /// In the body.
    Body,
    /// `Authorization: Bearer`.
    Bearer,
    /// In a cookie.
    Cookie,
}

/// What is to be probed, and how.
pub(super) struct Asked {
    pub(super) preset: &'static Preset,
    pub(super) addresses: Addresses,
    pub(super) shape: Shape,
    pub(super) account: Option<Account>,
    pub(super) sessions: Sessions,
    pub(super) trials: usize,
    pub(super) pause: Duration,
    pub(super) timeout: Duration,
    pub(super) quick: bool,
    pub(super) strict: bool,
    pub(super) card: Option<PathBuf>,
}

impl Probe {
    /// Reads what the flags name. Bad input is refused before anything is sent.
    pub(super) fn read(self) -> anyhow::Result<Asked> {
        let preset =
            named(&self.preset).ok_or_else(|| ConfigError::plain("--preset: not one of the known"))?;
        let differs = self.shape;
        let typed = Typed {
            login: differs.login.as_deref(),
            logout: differs.logout.as_deref(),
            verify: differs.verify.as_deref(),
            host: self.host.as_deref(),
        };
        let addresses = Addresses::of(&self.url, preset, typed)?;
        if !addresses.are_here() && self.trials > Some(MOST_TRIALS_ELSEWHERE) {
            return Err(ConfigError::plain("--trials: at most 10 on another machine").into());
        }
        let shape = differs.applied_to(preset.shape())?;
        if self.user.is_some() && addresses.login.is_none() {
            return Err(ConfigError::plain(
                "--user: where it signs in is not known; name it with --login, or give --refresh-token-file",
            )
            .into());
        }
        if self.refresh_token_file.is_some() && matches!(shape.place, Place::Cookie(_)) {
            return Err(ConfigError::plain(
                "--refresh-token-file: cookies come with others that are not in it; give --user",
            )
            .into());
        }
        let sessions = match &self.refresh_token_file {
            Some(file) => Sessions::given(&text(file)?),
            None => Sessions::by_login(),
        };
        let account = self.user.map(|name| account(name, self.password_file.as_deref())).transpose()?;
        let trials = if addresses.are_here() { TRIALS } else { TRIALS_ELSEWHERE };
        Ok(Asked {
            preset,
            shape,
            account,
            sessions,
            trials: self.trials.map_or(trials, usize::from),
            pause: if self.quick { Duration::ZERO } else { self.pause },
            timeout: self.timeout,
            quick: self.quick,
            strict: self.strict,
            card: self.card,
            addresses,
        })
    }
}

impl Differences {
    fn applied_to(self, mut shape: Shape) -> anyhow::Result<Shape> {
        if let Some(name) = self.refresh_member {
            shape.refresh = vec![name];
        }
        if let Some(name) = self.access_member {
            shape.access = vec![name];
        }
        for (typed, member) in
            [(self.username_member, &mut shape.user), (self.password_member, &mut shape.password)]
        {
            if let Some(name) = typed {
                *member = name;
            }
        }
        match (self.token_in, self.cookie) {
            (Some(TokenIn::Body), None) => shape.place = Place::Body,
            (Some(TokenIn::Bearer), None) => shape.place = Place::Bearer,
            (Some(TokenIn::Cookie) | None, Some(name)) => shape.place = Place::Cookie(name),
            (Some(TokenIn::Cookie), None) if matches!(shape.place, Place::Cookie(_)) => {}
            (Some(TokenIn::Cookie), None) => shape.place = Place::Cookie("*refresh*".to_owned()),
            (Some(_), Some(_)) => {
                return Err(ConfigError::plain("--cookie: goes with --token-in cookie only").into());
            }
            (None, None) => {}
        }
        if self.form {
            shape.encoding = Encoding::Form;
        }
        shape.with.extend(self.send.iter().cloned());
        shape.login_with.extend(self.send);
        shape.headers.extend(self.header);
        match (self.client_id, self.client_secret_file) {
            (Some(id), Some(file)) => {
                let secret = text(&file)?;
                shape.client = Some((id, secret.lines().next().unwrap_or_default().into()));
            }
            (Some(id), None) => shape.with.push(("client_id".to_owned(), id)),
            (None, _) => {}
        }
        Ok(shape)
    }
}

fn account(name: String, file: Option<&Path>) -> anyhow::Result<Account> {
    let password = match file {
        Some(file) if file != Path::new("-") => {
            let text = text(file)?;
            let line = text.lines().next().unwrap_or_default();
            if line.is_empty() {
                return Err(
                    ConfigError::plain(format!("{} begins with an empty line", file.display())).into()
                );
            }
            Password::from(line)
        }
        Some(_) => password::from_stdin()?,
        None => password::ask_once(&name)?,
    };
    Ok(Account { name, password })
}

/// A file with secrets, or standard input.
fn text(file: &Path) -> anyhow::Result<Zeroizing<String>> {
    let read = if file == Path::new("-") {
        std::io::read_to_string(std::io::stdin())
    } else {
        fs::read_to_string(file)
    };
    Ok(Zeroizing::new(read.with_context(|| format!("cannot read {}", file.display()))?))
}

/// A preset, as `--help` lists it.
fn listed(preset: &Preset) -> PossibleValue {
    PossibleValue::new(preset.name).help(preset.about)
}

/// Two texts around `SEPARATOR`.
fn pair<const SEPARATOR: char>(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once(SEPARATOR).ok_or_else(|| format!("there is no {SEPARATOR} in it"))?;
    if name.trim().is_empty() {
        return Err(format!("there is nothing before the {SEPARATOR}"));
    }
    Ok((name.trim().to_owned(), value.trim().to_owned()))
}
