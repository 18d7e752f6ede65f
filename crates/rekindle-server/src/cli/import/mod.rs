//! `rekindle import`: the settings of a package that Rekindle takes the place of, as a part of rekindle.toml.
//!
//! A settings file is read and never run, so only what is written out in it can be read; what cannot is said, with its
//! line. The other way has no such limits: a command for the application, which shows the settings that it has in effect.

mod accounts;
mod blacklist;
mod draft;
mod drf_jwt;
mod effective;
mod environment;
mod finish;
mod flask;
mod form;
mod json;
mod laravel;
mod operation;
mod php;
mod python;
mod render;
mod rule;
mod secret;
mod settings;
mod simplejwt;
#[cfg(test)]
mod tests;
mod value;

use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use serde::Serialize;

use self::draft::Draft;
use self::environment::DotEnv;
use self::settings::Settings;
use super::output::Output;
use crate::config::ConfigError;

/// More than this is no settings file.
const LONGEST: u64 = 512 * 1024;

#[derive(Debug, Args)]
pub(super) struct Import {
    /// Whose settings.
    #[arg(value_enum)]
    package: Package,
    /// A settings file: settings.py, config.py, config/jwt.php, .env; or `-` for what the command that is printed without
    /// it shows.
    file: Option<PathBuf>,
}

/// A package that a dialect speaks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Package {
    /// djangorestframework-simplejwt: SIMPLE_JWT in Django's settings.
    #[value(name = "simplejwt")]
    SimpleJwt,
    /// drf-jwt and django-rest-framework-jwt: JWT_AUTH in Django's settings.
    DrfJwt,
    /// Flask-JWT-Extended: JWT_… in the configuration of a Flask application.
    #[value(alias = "flask-jwt-extended")]
    Flask,
    /// tymon/jwt-auth and PHP-Open-Source-Saver/jwt-auth: config/jwt.php.
    #[value(alias = "tymon")]
    Laravel,
}

impl Package {
    const fn dialect(self) -> &'static str {
        match self {
            Self::SimpleJwt => "simplejwt",
            Self::DrfJwt => "drf-jwt",
            Self::Flask => "flask-jwt-extended",
            Self::Laravel => "tymon",
        }
    }

    /// What the user types.
    const fn word(self) -> &'static str {
        match self {
            Self::SimpleJwt => "simplejwt",
            Self::DrfJwt => "drf-jwt",
            Self::Flask => "flask",
            Self::Laravel => "laravel",
        }
    }
}

/// Reads, and writes nothing but what it found.
pub(super) fn run(import: &Import, output: Output) -> anyhow::Result<()> {
    let package = import.package;
    let Some(file) = &import.file else {
        #[derive(Serialize)]
        struct Asked {
            run: String,
        }
        let asked = Asked { run: effective::command(package) };
        return output.show(&asked, |asked| format!("{}\n{}", effective::INTRODUCTION, asked.run));
    };
    let (name, text, environment) = if file == Path::new("-") {
        ("standard input".to_owned(), read(std::io::stdin(), "standard input")?, DotEnv::default())
    } else {
        let name = file.display().to_string();
        let opened = std::fs::File::open(file).with_context(|| format!("cannot read {name}"))?;
        (name.clone(), read(opened, &name)?, DotEnv::beside(file))
    };
    if text.trim().is_empty() {
        let why = "has nothing in it; has the command before the `|` failed?";
        return Err(ConfigError::plain(format!("{name} {why}")).into());
    }
    let draft = import_text(package, &name, &text, &environment)?;
    output.show(&draft.report(), |_| draft.text())
}

fn import_text(package: Package, name: &str, text: &str, environment: &DotEnv) -> Result<Draft, ConfigError> {
    let settings = Settings::read(package, name, text, environment)?;
    let mut draft = Draft::new(package, name);
    match package {
        Package::SimpleJwt => simplejwt::import(&settings, &mut draft),
        Package::DrfJwt => drf_jwt::import(&settings, &mut draft),
        Package::Flask => flask::import(&settings, &mut draft),
        Package::Laravel => laravel::import(&settings, &mut draft),
    }
    draft.finish();
    Ok(draft)
}

fn read(from: impl std::io::Read, name: &str) -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    from.take(LONGEST + 1).read_to_end(&mut bytes).with_context(|| format!("cannot read {name}"))?;
    if bytes.len() as u64 > LONGEST {
        return Err(
            ConfigError::plain(format!("{name} is longer than a settings file can be (512 KiB)")).into()
        );
    }
    String::from_utf8(bytes).map_err(|_| ConfigError::plain(format!("{name} is not UTF-8 text")).into())
}
