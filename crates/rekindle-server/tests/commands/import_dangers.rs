//! Dangerous settings of the packages: said at the import, and by `check` where rekindle.toml has them.

use crate::import::{imported, named};
use crate::json;

/// Whether the import of `text` warns of `setting`, in words with `why`.
fn warns(package: &str, text: &str, setting: &str, why: &str) -> bool {
    let name = if package == "laravel" { "jwt.php" } else { "settings.py" };
    let report = imported(package, name, text).1;
    let mut dangers = report["dangers"].as_array().unwrap().iter();
    dangers.any(|danger| danger["setting"] == setting && danger["text"].as_str().unwrap().contains(why))
}

/// Each with the same settings made harmless, of which nothing is said.
#[test]
fn dangerous_settings_are_recognised() {
    let apps = "INSTALLED_APPS = ['rest_framework_simplejwt.token_blacklist']\n";
    let cases = [
        (
            "simplejwt",
            "SIMPLE_JWT = {'ROTATE_REFRESH_TOKENS': True, 'BLACKLIST_AFTER_ROTATION': False}".to_owned(),
            format!("{apps}SIMPLE_JWT = {{'ROTATE_REFRESH_TOKENS': True, 'BLACKLIST_AFTER_ROTATION': True}}"),
            "BLACKLIST_AFTER_ROTATION",
            "every refresh token ever issued stays good",
        ),
        (
            "simplejwt",
            "INSTALLED_APPS = ['rest_framework_simplejwt']\nSIMPLE_JWT = {'BLACKLIST_AFTER_ROTATION': True}".to_owned(),
            format!("{apps}SIMPLE_JWT = {{'BLACKLIST_AFTER_ROTATION': True}}"),
            "BLACKLIST_AFTER_ROTATION",
            "silently blacklists nothing",
        ),
        (
            "simplejwt",
            "SIMPLE_JWT = {'ROTATE_REFRESH_TOKENS': True}".to_owned(),
            "SIMPLE_JWT = {'ROTATE_REFRESH_TOKENS': False}".to_owned(),
            "ROTATE_REFRESH_TOKENS",
            "lasts for ever",
        ),
        (
            "simplejwt",
            "SIMPLE_JWT = {'ACCESS_TOKEN_LIFETIME': timedelta(days=2)}".to_owned(),
            "SIMPLE_JWT = {'ACCESS_TOKEN_LIFETIME': timedelta(hours=1)}".to_owned(),
            "REFRESH_TOKEN_LIFETIME",
            "shorter than ACCESS_TOKEN_LIFETIME, 2d",
        ),
        (
            "simplejwt",
            "SIMPLE_JWT = {'SIGNING_KEY': 'secret'}".to_owned(),
            "SIMPLE_JWT = {'SIGNING_KEY': 'an-answer-that-nobody-can-guess-at-all'}".to_owned(),
            "SIGNING_KEY",
            "needs a secret of 32 bytes",
        ),
        (
            "simplejwt",
            "SECRET_KEY = get_random_secret_key()\nSIMPLE_JWT = {'LEEWAY': 1}".to_owned(),
            "SECRET_KEY = os.environ['SECRET_KEY']\nSIMPLE_JWT = {'LEEWAY': 1}".to_owned(),
            "SECRET_KEY",
            "made anew at every start",
        ),
        (
            "simplejwt",
            "SIMPLE_JWT = {'CHECK_REVOKE_TOKEN': True}".to_owned(),
            "SIMPLE_JWT = {'CHECK_REVOKE_TOKEN': False}".to_owned(),
            "CHECK_REVOKE_TOKEN",
            "turn it off in the application",
        ),
        (
            "simplejwt",
            "SIMPLE_JWT = {'JWK_URL': 'https://auth.example.com/jwks.json'}".to_owned(),
            "SIMPLE_JWT = {'JWK_URL': None}".to_owned(),
            "JWK_URL",
            "would refuse them",
        ),
        (
            "simplejwt",
            "SIMPLE_JWT = {'TOKEN_OBTAIN_SERIALIZER': 'shop.tokens.Mine'}".to_owned(),
            "SIMPLE_JWT = {'TOKEN_OBTAIN_SERIALIZER': 'rest_framework_simplejwt.serializers.TokenObtainPairSerializer'}"
                .to_owned(),
            "TOKEN_OBTAIN_SERIALIZER",
            "`shop.tokens.Mine` is the application's own",
        ),
        (
            "drf-jwt",
            "HALF_HOUR = 30 * 60\nJWT_AUTH = {'JWT_EXPIRATION_DELTA': timedelta(minutes=30)}".to_owned(),
            "HALF_HOUR = 30 * 60\nJWT_AUTH = {'JWT_EXPIRATION_DELTA': timedelta(minutes=61)}".to_owned(),
            "HALF_HOUR",
            "every answer makes a new token",
        ),
        (
            "drf-jwt",
            "JWT_AUTH = {'JWT_VERIFY_EXPIRATION': False}".to_owned(),
            "JWT_AUTH = {'JWT_VERIFY_EXPIRATION': True}".to_owned(),
            "JWT_VERIFY_EXPIRATION",
            "accepts tokens for ever",
        ),
        (
            "drf-jwt",
            "JWT_AUTH = {'JWT_SECRET_KEY': {'new': NEW, 'old': OLD}}".to_owned(),
            "JWT_AUTH = {'JWT_SECRET_KEY': NEW}".to_owned(),
            "JWT_SECRET_KEY",
            "several keys",
        ),
        (
            "drf-jwt",
            "JWT_AUTH = {'JWT_AUTH_COOKIE': 'jwt', 'JWT_AUTH_COOKIE_SECURE': False}".to_owned(),
            "JWT_AUTH = {'JWT_AUTH_COOKIE': 'jwt'}".to_owned(),
            "JWT_AUTH_COOKIE_SECURE",
            "plain HTTP",
        ),
        (
            "flask",
            "JWT_ACCESS_TOKEN_EXPIRES = False".to_owned(),
            "JWT_ACCESS_TOKEN_EXPIRES = 600".to_owned(),
            "JWT_ACCESS_TOKEN_EXPIRES",
            "cannot be revoked",
        ),
        (
            "flask",
            "JWT_ACCESS_TOKEN_EXPIRES = 10".to_owned(),
            "JWT_ACCESS_TOKEN_EXPIRES = 10 * 60".to_owned(),
            "JWT_ACCESS_TOKEN_EXPIRES",
            "10 seconds",
        ),
        (
            "flask",
            "JWT_TOKEN_LOCATION = ['cookies']\nJWT_COOKIE_CSRF_PROTECT = False\nJWT_COOKIE_SAMESITE = 'None'".to_owned(),
            "JWT_TOKEN_LOCATION = ['cookies']\nJWT_COOKIE_CSRF_PROTECT = False\nJWT_COOKIE_SAMESITE = 'Lax'".to_owned(),
            "JWT_COOKIE_CSRF_PROTECT",
            "pages of other sites can act",
        ),
        (
            "flask",
            after_request("JWT_ACCESS_TOKEN_EXPIRES = 900", "create_access_token(x, timedelta(minutes=30))"),
            after_request("JWT_ACCESS_TOKEN_EXPIRES = 3600", "create_access_token(x, timedelta(minutes=30))"),
            "after_request",
            "every answer makes a new token",
        ),
        (
            "flask",
            after_request("JWT_ACCESS_TOKEN_EXPIRES = 3600", "create_access_token(x)"),
            after_request("JWT_ACCESS_TOKEN_EXPIRES = 3600", "log(x)"),
            "after_request",
            "lasts for ever",
        ),
        (
            "laravel",
            "<?php return ['ttl' => null];".to_owned(),
            "<?php return ['ttl' => 60];".to_owned(),
            "ttl",
            "cannot be revoked",
        ),
        (
            "laravel",
            "<?php return ['refresh_ttl' => null];".to_owned(),
            "<?php return ['refresh_ttl' => 20160];".to_owned(),
            "refresh_ttl",
            "exchanged for ever",
        ),
        (
            "laravel",
            "<?php return ['ttl' => 3600];".to_owned(),
            "<?php return ['ttl' => 60];".to_owned(),
            "ttl",
            "if seconds were meant",
        ),
        (
            "laravel",
            "<?php return ['ttl' => 60, 'show_black_list_exception' => 0];".to_owned(),
            "<?php return ['ttl' => 60, 'show_black_list_exception' => true];".to_owned(),
            "show_black_list_exception",
            "skips its blacklist altogether",
        ),
        (
            "laravel",
            "<?php return ['ttl' => 60, 'refresh_iat' => true];".to_owned(),
            "<?php return ['ttl' => 60, 'refresh_iat' => false];".to_owned(),
            "refresh_iat",
            "lasts for ever",
        ),
    ];
    for (package, dangerous, harmless, setting, why) in cases {
        assert!(warns(package, &dangerous, setting, why), "{setting} ({why}) is not said:\n{dangerous}");
        assert!(!warns(package, &harmless, setting, why), "{setting} ({why}) is said:\n{harmless}");
    }
}

fn after_request(setting: &str, body: &str) -> String {
    format!("{setting}\n\n@app.after_request\ndef renew(x):\n    {body}\n    return x\n")
}

/// A token without an end becomes one with an end, and a session that could not be ended one that can.
#[test]
fn what_has_no_end_gets_one() {
    let (config, _) =
        imported("flask", "app.py", "JWT_REFRESH_TOKEN_EXPIRES = False\nJWT_ACCESS_TOKEN_EXPIRES = False\n");
    let own = config.dialects.flask_jwt_extended.clone().unwrap();
    assert_eq!(own.JWT_ACCESS_TOKEN_EXPIRES.to_string(), "15m");
    assert_eq!(own.JWT_REFRESH_TOKEN_EXPIRES.to_string(), "365d");
    let (config, _) = imported("laravel", "jwt.php", "<?php return ['ttl' => null, 'refresh_ttl' => null];");
    let own = config.dialects.tymon.clone().unwrap();
    assert_eq!((own.ttl.to_string(), own.refresh_ttl.to_string()), ("1h".to_owned(), "365d".to_owned()));
}

/// A name of the original's cannot end the comment that it stands in.
#[test]
fn no_name_writes_a_line_of_its_own() {
    let text =
        "SIMPLE_JWT = {'A\\nlisten = \"0.0.0.0:1\"\\n': 1, 'ISSUER': 'a\"\\nlisten = \"0.0.0.0:2\"'}\n";
    let (config, report) = imported("simplejwt", "settings.py", text);
    assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(
        config.dialects.simplejwt.clone().unwrap().ISSUER.as_deref(),
        Some("a\"\nlisten = \"0.0.0.0:2\"")
    );
    assert_eq!(named(&report, "left_out").len(), 1);
}

#[test]
fn check_recognises_what_rekindle_toml_has_of_them() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let secret = "[keys]\nshared_secret = 'an-answer-that-nobody-can-guess-at-all'\n";
    let advice = |section: &str, lines: &str| {
        std::fs::write(folder.join("r.toml"), format!("{secret}[dialects.{section}]\n{lines}")).unwrap();
        let found = json(folder, &["check", "--config", "r.toml"]);
        let found = found["advice"].as_array().unwrap().iter();
        found
            .map(|advice| format!("{} {}", advice["key"].as_str().unwrap(), advice["text"]))
            .collect::<Vec<_>>()
    };
    for (section, lines, key, why) in [
        ("simplejwt", "ROTATE_REFRESH_TOKENS = true", "ROTATE_REFRESH_TOKENS", "here it ends after 30d"),
        ("simplejwt", "ROTATE_REFRESH_TOKENS = true", "BLACKLIST_AFTER_ROTATION", "stays good to its end"),
        ("simplejwt", "ACCESS_TOKEN_LIFETIME = '1d'", "ACCESS_TOKEN_LIFETIME", "more than an hour"),
        ("drf-jwt", "JWT_EXPIRATION_DELTA = '1d'", "JWT_EXPIRATION_DELTA", "more than an hour"),
        (
            "drf-jwt",
            "JWT_AUTH_COOKIE = 'jwt'\nJWT_AUTH_COOKIE_SAMESITE = 'None'",
            "JWT_AUTH_COOKIE_SAMESITE",
            "other sites",
        ),
        (
            "drf-jwt",
            "JWT_AUTH_COOKIE = 'jwt'\nJWT_AUTH_COOKIE_SAMESITE = 'None'\nJWT_AUTH_COOKIE_SECURE = false",
            "JWT_AUTH_COOKIE_SECURE",
            "browsers drop such cookies",
        ),
        (
            "flask-jwt-extended",
            "JWT_ACCESS_TOKEN_EXPIRES = '1d'",
            "JWT_ACCESS_TOKEN_EXPIRES",
            "more than an hour",
        ),
        (
            "flask-jwt-extended",
            "JWT_TOKEN_LOCATION = ['cookies']\nJWT_REFRESH_COOKIE_PATH = '/token/refresh'",
            "JWT_REFRESH_COOKIE_PATH",
            "do not send the refresh cookie there",
        ),
        (
            "flask-jwt-extended",
            "JWT_TOKEN_LOCATION = ['cookies']\nJWT_COOKIE_CSRF_PROTECT = false\nJWT_COOKIE_SAMESITE = 'None'",
            "JWT_COOKIE_CSRF_PROTECT",
            "pages of other sites",
        ),
        ("tymon", "ttl = '2h'", "ttl", "more than an hour"),
        ("tymon", "refresh_iat = true", "refresh_iat", "here it ends after 30d"),
        ("tymon", "show_black_list_exception = false", "show_black_list_exception", "skips its blacklist"),
    ] {
        let found = advice(section, lines);
        let is = |advice: &String| {
            advice.starts_with(&format!("dialects.{section}.{key} ")) && advice.contains(why)
        };
        assert!(found.iter().any(is), "{lines}: {found:?}");
    }
    // What has been thought of is not said again.
    let rolling =
        "ROTATE_REFRESH_TOKENS = true\nBLACKLIST_AFTER_ROTATION = true\n[lifetimes]\nabsolute = '90d'\n";
    assert_eq!(advice("simplejwt", rolling), Vec::<String>::new());
    let path =
        "JWT_TOKEN_LOCATION = ['cookies']\nJWT_COOKIE_SECURE = true\nJWT_REFRESH_COOKIE_PATH = '/refresh'";
    assert_eq!(advice("flask-jwt-extended", path).len(), 1, "a refresh token that never changes");
}

/// What the package has retired is not to become a session.
#[test]
fn the_blacklist_of_the_package_is_asked_where_it_can_be() {
    let query = |package: &str, name: &str, text: &str| {
        let report = imported(package, name, text).1;
        let dialect = report["dialect"].as_str().unwrap();
        let set = report["settings"]["dialects"][dialect]["blacklist_query"].as_str().unwrap_or_default();
        let proposed = report["proposed"]["blacklist_query"].as_str().unwrap_or_default();
        let warned = report["dangers"].to_string().contains("cannot be asked for");
        (set.to_owned(), proposed.to_owned(), warned)
    };
    let set = |sql: &str| (sql.to_owned(), String::new(), false);
    let proposed = || (String::new(), "package".to_owned(), false);
    let app = "INSTALLED_APPS = ['rest_framework_simplejwt.token_blacklist.apps.TokenBlacklistConfig']\n";
    let jwt = "SIMPLE_JWT = {'LEEWAY': 1}\n";
    let mysql = "DATABASES = {'default': {'ENGINE': 'django.db.backends.mysql'}}\n";
    assert_eq!(query("simplejwt", "s.py", &format!("{app}{jwt}")), set("package"));
    assert_eq!(query("simplejwt", "s.py", jwt), proposed());
    assert_eq!(query("simplejwt", "s.py", &format!("INSTALLED_APPS = ['shop']\n{jwt}")), set(""));
    assert_eq!(
        query("simplejwt", "s.py", &format!("{app}{mysql}{jwt}")),
        (String::new(), String::new(), true)
    );
    let app = "INSTALLED_APPS = ['rest_framework_jwt.blacklist']\nJWT_AUTH = {'JWT_LEEWAY': 1}\n";
    assert_eq!(query("drf-jwt", "s.py", app), set("package"));
    let loader = "JWT_DECODE_LEEWAY = 1\n@jwt.token_in_blocklist_loader\ndef is_revoked(header, payload):\n    return False\n";
    assert_eq!(query("flask", "app.py", loader), proposed());
    assert_eq!(query("flask", "app.py", "JWT_DECODE_LEEWAY = 1\n"), set(""));
    assert_eq!(query("laravel", "jwt.php", "<?php return ['ttl' => 60];"), proposed());
    assert_eq!(
        query("laravel", "jwt.php", "<?php return ['ttl' => 60, 'blacklist_enabled' => false];"),
        set("")
    );
    let facts = |facts: &str| format!("{{\"settings\": {{\"ttl\": 60}}, \"facts\": {{{facts}}}}}");
    let database = "\"CACHE\": \"database\", \"CACHE_PREFIX\":";
    let sql = "SELECT 1 FROM cache WHERE key = 'shop_cache_' || :jti";
    assert_eq!(query("laravel", "e.json", &facts(&format!("{database} \"shop_cache_\""))), set(sql));
    assert_eq!(query("laravel", "e.json", &facts(&format!("{database} \"laravel_cache_\""))), set("package"));
    assert_eq!(query("laravel", "e.json", &facts(&format!("{database} \"' OR 1 --\""))), proposed());
    assert_eq!(
        query("laravel", "e.json", &facts("\"CACHE\": \"redis\"")),
        (String::new(), String::new(), true)
    );
}
