//! Whatever is fed to it.

use proptest::prelude::*;

use super::*;
use crate::config::{Config, Environment};

const ALL: [Package; 4] = [Package::SimpleJwt, Package::DrfJwt, Package::Flask, Package::Laravel];

fn tables() -> [(Package, &'static rule::Table); 4] {
    [
        (Package::SimpleJwt, simplejwt::TABLE),
        (Package::DrfJwt, drf_jwt::TABLE),
        (Package::Flask, flask::TABLE),
        (Package::Laravel, laravel::TABLE),
    ]
}

/// A key of a dialect that carries the package's name is one that an import knows.
#[test]
fn every_setting_of_a_dialect_is_known_to_its_import() {
    for (package, table) in tables() {
        let section = format!("dialects.{}.", package.dialect());
        for key in crate::config::keys() {
            let Some(name) = key.path.strip_prefix(&section) else { continue };
            let own = [
                "prefix",
                "username_field",
                "issuer",
                "subject_model",
                "single_use",
                "adopt",
                "private_key",
                "blacklist_query",
            ];
            if own.contains(&name) || package != Package::Laravel && name == name.to_lowercase() {
                continue;
            }
            assert!(table.iter().any(|(known, _)| *known == name), "{package:?} does not know {name}");
        }
    }
}

fn import(package: Package, text: &str) -> Option<Draft> {
    import_text(package, "settings", text, &DotEnv::default()).ok()
}

/// What came out is a configuration, whatever went in.
fn is_a_configuration(draft: &Draft) {
    let text = draft.text();
    let read = Config::from_bytes("import", text.as_bytes(), &Environment::default());
    assert!(read.is_ok(), "{}\n{text}", read.unwrap_err());
    serde_json::to_string(&draft.report()).unwrap();
}

#[test]
fn nested_without_end_is_not_followed_without_end() {
    for open in ["(", "[", "{", "{'a':", "-(", "not (", "f(", "x[", "[*", "timedelta("] {
        let nested = open.repeat(20_000);
        for text in [
            format!("SIMPLE_JWT = {{'LEEWAY': {nested}"),
            format!("JWT_AUTH = {{'JWT_LEEWAY': {nested}"),
            format!("JWT_LEEWAY = {nested}"),
            format!("<?php return ['ttl' => {nested}"),
            nested.clone(),
        ] {
            for package in ALL {
                import(package, &text).as_ref().map(is_a_configuration);
            }
        }
    }
}

fn words() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        Just("SIMPLE_JWT = {"),
        Just("JWT_AUTH = {"),
        Just("app.config['JWT_SECRET_KEY'] = "),
        Just("<?php return ["),
        Just("'ACCESS_TOKEN_LIFETIME': "),
        Just("'JWT_EXPIRATION_DELTA': "),
        Just("JWT_ACCESS_TOKEN_EXPIRES = "),
        Just("'ttl' => "),
        Just("'refresh_ttl' => "),
        Just("'algo' => "),
        Just("timedelta(days="),
        Just("env('A', "),
        Just("os.environ.get('A') or "),
        Just("class C:\n    "),
        Just("if x:\n"),
        Just("@app.after_request\ndef f(r):\n    create_access_token(timedelta(minutes=30))\n"),
        Just("'ä\\n\u{1b}[31m\"'"),
        Just("9223372036854775807"),
        Just("-1"),
        Just("0"),
        Just("1e999"),
        Just("None"),
        Just("null"),
        Just("True"),
        Just("'RS256'"),
        Just("**"),
        Just("//"),
        Just("lambda x: "),
        Just("\""),
        Just("'''"),
        Just("\\\n"),
        Just("["),
        Just("]"),
        Just("("),
        Just(")"),
        Just("{"),
        Just("}"),
        Just(","),
        Just(":"),
        Just("="),
        Just("."),
        Just(";"),
        Just("\n"),
        Just(" "),
    ];
    prop::collection::vec(word, 0..40).prop_map(|words| words.concat())
}

proptest! {
    #[test]
    fn no_text_is_too_much(text in any::<String>()) {
        for package in ALL {
            import(package, &text).as_ref().map(is_a_configuration);
        }
    }

    #[test]
    fn nor_is_what_looks_like_settings(text in words()) {
        for package in ALL {
            import(package, &text).as_ref().map(is_a_configuration);
        }
    }

    #[test]
    fn nor_are_values_of_all_kinds(
        keys in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 1..12)
    ) {
        const VALUES: [&str; 24] = [
            "null", "true", "false", "0", "1", "-1", "3600", "1e300", "9223372036854775807", "\"\"", "\"x\"", "\"Lax\"",
            "\"RS256\"", "[]", "[\"cookies\", \"headers\"]", "[null]", "{}", "{\"seconds\": 1}", "{\"seconds\": 1e18}",
            "{\"seconds\": 0.5}", "{\"bytes\": 7}", "{\"name\": \"a.b\"}", "{\"several\": 2}", "\"a\\nb = 1\"",
        ];
        for (package, table) in tables() {
            let members: Vec<String> = keys
                .iter()
                .map(|(key, value)| format!("{:?}: {}", key.get(table).0, value.get(&VALUES)))
                .collect();
            let text = format!("{{\"settings\": {{{}}}}}", members.join(", "));
            let draft = import(package, &text).unwrap();
            is_a_configuration(&draft);
        }
    }
}
