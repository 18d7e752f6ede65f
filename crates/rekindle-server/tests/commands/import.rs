//! `rekindle import`, on settings as they stand in projects. `settings/effective` was recorded: from
//! djangorestframework-simplejwt 5.5.1, drf-jwt 1.19.2 and Flask-JWT-Extended 4.7.4 by the commands that are printed, and
//! for Laravel by the printed PHP, with functions in the place of Laravel's.

use std::path::{Path, PathBuf};

use rekindle::core::Seconds;
use rekindle_server::config::{Checked, Config, Environment};
use serde_json::Value;

use crate::{json, piped, printed, refused};

/// Package, and file below `settings`.
const FILES: [(&str, &str); 10] = [
    ("simplejwt", "django.py"),
    ("drf-jwt", "drf_jwt.py"),
    ("flask", "flask/app.py"),
    ("flask", "flask/config.py"),
    ("flask", "flask/.env.example"),
    ("laravel", "laravel/config/jwt.php"),
    ("simplejwt", "effective/simplejwt.json"),
    ("drf-jwt", "effective/drf-jwt.json"),
    ("flask", "effective/flask.json"),
    ("laravel", "effective/laravel.json"),
];

/// What stands in them and is nobody's business: no output has it.
const SECRETS: [&str; 8] = [
    "django-insecure-zx0",
    "letmein",
    "super-secret",
    "hunter2",
    "a-string-secret-at-least-256-bits-long",
    "c2hvcC1zaG9w",
    "DB_PASSWORD",
    "token_hex(32)",
];

fn tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/commands")
}

/// The configuration that `text` is.
pub(crate) fn read(text: &str) -> Checked {
    Config::from_bytes("imported", text.as_bytes(), &Environment::default())
        .unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// Imports `text` as a file called `name`.
pub(crate) fn imported(package: &str, name: &str, text: &str) -> (Checked, Value) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(name), text).unwrap();
    let printed = printed(folder.path(), &["import", package, name]);
    (read(&printed), json(folder.path(), &["import", package, name]))
}

/// The settings that `list` is about.
pub(crate) fn named(report: &Value, list: &str) -> Vec<String> {
    let remarks = report[list].as_array().unwrap().iter();
    remarks.map(|remark| remark["setting"].as_str().unwrap().to_owned()).collect()
}

/// `REKINDLE_BLESS=1` writes what is compared.
#[test]
fn settings_become_a_configuration_that_is_accepted_as_it_is() {
    let folder = tests().join("settings");
    for (package, file) in FILES {
        let text = printed(&folder, &["import", package, file]);
        read(&text);
        let report = json(&folder, &["import", package, file]);
        for secret in SECRETS {
            assert!(!text.contains(secret) && !report.to_string().contains(secret), "{file} shows {secret}");
        }
        // Both say the same.
        let settings: toml::Table = toml::from_str(&text).unwrap();
        assert_eq!(serde_json::to_value(settings).unwrap(), report["settings"], "{file}");
        for list in ["dangers", "not_read", "left_out"] {
            for setting in named(&report, list) {
                assert!(text.contains(&format!("# * {setting}")), "{file}: {setting}");
            }
        }
        let kept = tests().join("imported").join(file.replace('/', "-").replace(".env", "env") + ".toml");
        if std::env::var_os("REKINDLE_BLESS").is_some() {
            std::fs::write(&kept, &text).unwrap();
        }
        let kept = std::fs::read_to_string(&kept).unwrap_or_default();
        assert_eq!(kept, text, "{file}: REKINDLE_BLESS=1 writes tests/commands/imported");
    }
}

#[test]
fn it_means_the_same() {
    let folder = tests().join("settings");
    let config = |package: &str, file: &str| read(&printed(&folder, &["import", package, file]));

    let own = config("simplejwt", "django.py").dialects.simplejwt.clone().unwrap();
    assert_eq!(own.ACCESS_TOKEN_LIFETIME.0, Seconds::minutes(30));
    assert_eq!(own.REFRESH_TOKEN_LIFETIME.0, Seconds::days(14));
    assert!(own.ROTATE_REFRESH_TOKENS && own.BLACKLIST_AFTER_ROTATION);
    assert_eq!((own.ISSUER.as_deref(), own.AUDIENCE.as_deref()), (Some("shop.example"), None));
    assert_eq!((own.LEEWAY.0, own.USER_ID_CLAIM.as_str()), (Seconds(10), "sub"));

    let own = config("drf-jwt", "drf_jwt.py").dialects.drf_jwt.clone().unwrap();
    assert_eq!(own.JWT_EXPIRATION_DELTA.0, Seconds::minutes(30));
    assert_eq!((own.JWT_ALLOW_REFRESH, own.JWT_AUTH_COOKIE.as_deref()), (Some(true), Some("jwt")));

    // The API finds users by the name in a token.
    let claims = |file: &str| config("drf-jwt", file).accounts.sql_claims.clone();
    assert_eq!(claims("drf_jwt.py"), ["username"]);
    assert!(claims("effective/drf-jwt.json").is_empty(), "it is no column there: a danger says so");

    let own = config("flask", "flask/app.py").dialects.flask_jwt_extended.clone().unwrap();
    assert_eq!(own.JWT_ACCESS_TOKEN_EXPIRES.0, Seconds::minutes(15));
    assert_eq!(own.JWT_TOKEN_LOCATION.len(), 2);
    assert!(!own.JWT_COOKIE_CSRF_PROTECT);
    assert_eq!((own.refresh.as_str(), own.JWT_ERROR_MESSAGE_KEY.as_str()), ("/token/refresh", "message"));

    // The same number: seconds in one place, minutes in the other.
    let own = config("flask", "flask/.env.example").dialects.flask_jwt_extended.clone().unwrap();
    assert_eq!(own.JWT_ACCESS_TOKEN_EXPIRES.0, Seconds(3600));
    let own = config("laravel", "laravel/config/jwt.php").dialects.tymon.clone().unwrap();
    assert_eq!(own.ttl.0, Seconds::minutes(3600));
    assert!(own.refresh_iat && !own.show_black_list_exception && own.blacklist_enabled);
    assert_eq!((own.blacklist_grace_period.0, own.leeway.0), (Seconds(30), Seconds(0)));

    let effective = config("simplejwt", "effective/simplejwt.json");
    let own = effective.dialects.simplejwt.clone().unwrap();
    assert_eq!(
        (own.ACCESS_TOKEN_LIFETIME.0, own.REFRESH_TOKEN_LIFETIME.0),
        (Seconds::minutes(30), Seconds::days(7))
    );
    assert_eq!((own.username_field.as_str(), own.ALGORITHM.to_string().as_str()), ("email", "HS512"));
    assert_eq!(effective.accounts.sql_table.as_deref(), Some("shop_user"));
    assert_eq!(effective.accounts.sql_username.as_deref(), Some("email"));
    let own = config("laravel", "effective/laravel.json").dialects.tymon.clone().unwrap();
    assert_eq!((own.ttl.0, own.subject_model.as_str()), (Seconds::minutes(30), "App\\User"));
}

#[test]
fn without_a_file_it_prints_what_to_run() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for (package, way) in [
        ("simplejwt", "python manage.py shell -v 0 -c '"),
        ("drf-jwt", "python manage.py shell -v 0 -c '"),
        ("flask", "python -c '"),
        ("laravel", "php artisan tinker --execute='"),
    ] {
        let text = printed(folder, &["import", package]);
        let (introduction, command) = text.trim_end().split_once('\n').unwrap();
        assert!(introduction.starts_with('#'), "{text}");
        assert!(command.starts_with(way), "{text}");
        assert!(command.ends_with(&format!("' | rekindle import {package} -")), "{text}");
        // It stands between quotes of the shell.
        assert_eq!(command.matches('\'').count(), 2, "{text}");
        assert_eq!(json(folder, &["import", package])["run"], command);
    }
}

#[test]
fn what_a_shell_says_before_it_is_no_matter() {
    let folder = tests().join("settings");
    let text = std::fs::read_to_string(folder.join("effective/simplejwt.json")).unwrap();
    let greeted = format!("6 objects imported automatically.\nPython 3.13 {{main}}\n\n{text}\n>>> ");
    let from = |text: &str| {
        let output = piped(&folder, &["import", "simplejwt", "-"], text);
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(from(&greeted), from(&text));
    // A settings file comes through a pipe as well as from a disk.
    let file = std::fs::read_to_string(folder.join("django.py")).unwrap();
    let own = read(&from(&file)).dialects.simplejwt.clone().unwrap();
    assert_eq!(own.ACCESS_TOKEN_LIFETIME.0, Seconds::minutes(30));
}

#[test]
fn what_is_no_settings_file_is_refused_in_a_line() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    std::fs::write(folder.join("none.py"), "DEBUG = True\n").unwrap();
    std::fs::write(folder.join("none.php"), "<?php\nreturn ['name' => 'shop'];\n").unwrap();
    std::fs::write(folder.join("empty"), "").unwrap();
    std::fs::write(folder.join("binary"), [0xff, 0xfe, 0x00]).unwrap();
    std::fs::write(folder.join("long.py"), "#".repeat(600_000)).unwrap();
    for (package, file, code, said) in [
        ("simplejwt", "none.py", 2, "no SIMPLE_JWT = {…}"),
        ("drf-jwt", "none.py", 2, "no JWT_AUTH = {…}"),
        ("flask", "none.py", 2, "no JWT_… setting"),
        ("laravel", "none.php", 2, "no return […] with a ttl or a secret"),
        ("flask", "empty", 2, "empty has nothing in it"),
        ("flask-jwt-extended", "-", 2, "standard input has nothing in it"),
        ("simplejwt", "binary", 2, "not UTF-8 text"),
        ("simplejwt", "long.py", 2, "512 KiB"),
        ("simplejwt", "absent.py", 1, "cannot read absent.py: No such file"),
        ("django", "none.py", 2, "possible values: simplejwt, drf-jwt, flask, laravel"),
    ] {
        let (exit, text) = refused(folder, &["import", package, file]);
        assert_eq!(exit, code, "{text}");
        assert!(text.contains(said), "{text}");
    }
}
