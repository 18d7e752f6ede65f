//! What the configuration accepts, what it refuses and in which words, and that the document knows every key.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::Path;

use proptest::prelude::*;
use rekindle::core::Seconds;
use rekindle_server::config::{AccountsKind, Checked, Config, Environment, StoreAt, keys};

fn environment(variables: &[(&str, &str)]) -> Environment {
    Environment::of(variables.iter().map(|(name, value)| (name.into(), value.into())))
}

fn read(text: &str) -> Result<Checked, String> {
    read_with(text, &[])
}

fn read_with(text: &str, variables: &[(&str, &str)]) -> Result<Checked, String> {
    Config::from_bytes("rekindle.toml", text.as_bytes(), &environment(variables)).map_err(|e| e.to_string())
}

#[test]
fn no_configuration_is_one() {
    let config = read("").unwrap();
    assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.policy().access, Seconds(300));
    assert_eq!(config.store, StoreAt::Sqlite("rekindle.db".into()));
    assert_eq!(config.accounts_kind(), AccountsKind::Builtin);
    assert_eq!(config.store_file().unwrap(), Path::new(".rekindle/rekindle.db"));
    assert_eq!(config.master_file(), Path::new(".rekindle/master.key"));
    let (issuer, audience) = config.issuer(([127, 0, 0, 1], 99).into());
    assert_eq!((issuer.as_str(), audience), ("http://127.0.0.1:99", vec!["http://127.0.0.1:99".to_owned()]));
}

/// Each alone is fine; a server that had them all could put them into no token.
#[test]
fn issuer_and_audience_leave_room_in_a_token() {
    let names = |count: usize| format!("audience = [{}]\n", format!("'{}', ", "a".repeat(200)).repeat(count));
    read(&format!("issuer = 'i'\n{}", names(5))).unwrap();
    let refused = read(&format!("issuer = 'i'\n{}", names(6))).unwrap_err();
    assert_eq!(
        refused,
        "issuer and audience do not go together: every token carries both, and has room for 1024 bytes of them \
         in all\n  issuer: rekindle.toml:1\n  audience: rekindle.toml:2"
    );
    let url = format!("public_url = 'https://example.com/{}'\n", "p".repeat(600));
    assert!(read(&url).unwrap_err().starts_with("public_url and audience do not go together"));
}

#[test]
fn every_default_can_be_written_down() {
    let mut text = String::new();
    // A dialect is mounted by its section.
    let mut sections = std::collections::BTreeSet::new();
    for key in keys().iter().filter(|key| !key.default.is_empty()) {
        writeln!(text, "{} = {}", key.path, key.default).unwrap();
        sections.extend(
            key.path
                .strip_prefix("dialects.")
                .and_then(|rest| rest.split_once('.'))
                .map(|(name, _)| name.to_owned()),
        );
    }
    let mounted: String = sections.iter().map(|name| format!("[dialects.{name}]\n")).collect();
    let (written, mounted) = (read(&text).unwrap(), read(&mounted).unwrap());
    assert_eq!(format!("{:?}", *written), format!("{:?}", *mounted));
}

#[test]
fn the_environment_overrides_the_file_key_by_key() {
    let text = "audience = ['a']\n[lifetimes]\naccess = '4m'\nidle = '2d'\n[limits]\nconnections = 7";
    let config = read_with(
        text,
        &[
            ("REKINDLE__LIFETIMES__ACCESS", "2m"),
            ("REKINDLE__LIFETIMES__ABSOLUTE", "864000"),
            ("REKINDLE__LIFETIMES__REPLAY_WINDOW", "off"),
            ("REKINDLE__LIMITS__CONNECTIONS", "8"),
            ("REKINDLE__RENEWAL__RETIRE_OLD", "true"),
            ("REKINDLE__ISSUER", "12"),
            ("REKINDLE__STORE", "memory:"),
            ("REKINDLE__AUDIENCE", "https://api.example.com"),
            ("REKINDLE_OTHER", "is not ours"),
            ("PATH", "neither"),
        ],
    )
    .unwrap();
    assert_eq!(config.policy().access, Seconds(120));
    assert_eq!(config.policy().idle, Seconds::days(2));
    assert_eq!(config.policy().absolute, Seconds::days(10));
    assert_eq!(config.policy().replay_window, None);
    assert_eq!(config.limits.connections.get(), 8);
    assert!(config.renewal.retire_old);
    assert_eq!(config.issuer.as_deref(), Some("12"));
    assert_eq!(config.accounts_kind(), AccountsKind::None);
    assert_eq!(config.audience, ["https://api.example.com"]);
    let list = read_with("", &[("REKINDLE__AUDIENCE", "['a', 'b']")]).unwrap();
    assert_eq!(list.audience, ["a", "b"]);
}

#[test]
fn a_secret_can_come_from_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("store");
    std::fs::write(&file, "sqlite:elsewhere.db\n").unwrap();
    let variable = ("REKINDLE__STORE_FILE", file.to_str().unwrap());
    assert_eq!(read_with("", &[variable]).unwrap().store, StoreAt::Sqlite("elsewhere.db".into()));
    let both = read_with("", &[variable, ("REKINDLE__STORE", "memory:")]).unwrap_err();
    assert_eq!(both, "REKINDLE__STORE and REKINDLE__STORE_FILE are both set; unset one of them");
    let missing = read_with("", &[("REKINDLE__STORE_FILE", "/nowhere/at/all")]).unwrap_err();
    assert!(missing.starts_with("environment variable REKINDLE__STORE_FILE: cannot read"), "{missing}");
}

/// What is typed, and all of what is said to it.
const REFUSED: [(&str, &str); 33] = [
    (
        "[lifetimes]\nacess = '5m'\n",
        "unknown key `lifetimes.acess`; did you mean `lifetimes.access`?\n --> rekindle.toml:2:1\n  |\n2 | acess = '5m'\n  | ^^^^^",
    ),
    (
        "access = '5m'\n",
        "unknown key `access`; did you mean `lifetimes.access`?\n --> rekindle.toml:1:1\n  |\n1 | access = '5m'\n  | ^^^^^^",
    ),
    (
        "[lifetime]\naccess = '5m'\n",
        "unknown key `lifetime`; did you mean `lifetimes`?\n --> rekindle.toml:1:2\n  |\n1 | [lifetime]\n  |  ^^^^^^^^",
    ),
    (
        "[limits]\nburgundy = 'red'\n",
        "unknown key `limits.burgundy`; see docs/configuration.md for the keys of [limits]\n --> rekindle.toml:2:1\n  |\n2 | burgundy = 'red'\n  | ^^^^^^^^",
    ),
    (
        "[lifetimes]\naccess = true\n",
        "invalid type: boolean `true`, expected a span of time such as \"5m\" or \"14d\", or whole seconds\n --> rekindle.toml:2:10\n  |\n2 | access = true\n  |          ^^^^",
    ),
    (
        "[lifetimes]\naccess = '5 parsecs'\n",
        "write a number with a unit, such as \"90s\", \"5m\", \"12h\" or \"14d\"\n --> rekindle.toml:2:10\n  |\n2 | access = '5 parsecs'\n  |          ^^^^^^^^^^^",
    ),
    (
        "[lifetimes]\nidle = '1M'\n",
        "`M` has no fixed length; write days (`d`), or `m` for minutes\n --> rekindle.toml:2:8\n  |\n2 | idle = '1M'\n  |        ^^^^",
    ),
    (
        "lifetimes = 5\n",
        "invalid type: integer `5`, expected a section\n --> rekindle.toml:1:13\n  |\n1 | lifetimes = 5\n  |             ^",
    ),
    (
        "listen = 'localhost:8080'\n",
        "write an IP address and a port, such as 127.0.0.1:8080 or [::1]:8080\n --> rekindle.toml:1:10\n  |\n1 | listen = 'localhost:8080'\n  |          ^^^^^^^^^^^^^^^^",
    ),
    (
        "store = 'etcd://localhost'\n",
        "write sqlite:PATH, postgres://USER@HOST/DATABASE, redis://HOST, redis+cluster://HOST,HOST or memory:\n --> rekindle.toml:1:9\n  |\n1 | store = 'etcd://localhost'\n  |         ^^^^^^^^^^^^^^^^^^",
    ),
    (
        "store = 'redis://localhost'\n",
        "keys.master_file and store do not go together: servers that share a store share its master key: `openssl rand -hex 32` makes one, for all of them\n  keys.master_file: not set\n  store: rekindle.toml:1",
    ),
    (
        "store = 'redis://localhost'\nkeys.master_file = '/m'\naccounts.kind = 'builtin'\n",
        "accounts.kind and store do not go together: builtin accounts need a store that keeps them for good; use sqlite:PATH or postgres://…, or another accounts.kind\n  accounts.kind: rekindle.toml:3\n  store: rekindle.toml:1",
    ),
    (
        "store = 'redis://sessions.example.com'\nkeys.master_file = '/m'\n",
        "store: sessions on a public host are reached by TLS with a certificate that is checked (rediss://, sslmode=verify-full); without it, name a private address or a host without dots\n  store: rekindle.toml:1",
    ),
    (
        "store = 'postgres://rekindle@db.example.com/sessions?sslmode=require'\nkeys.master_file = '/m'\n",
        "store: sessions on a public host are reached by TLS with a certificate that is checked (rediss://, sslmode=verify-full); without it, name a private address or a host without dots\n  store: rekindle.toml:1",
    ),
    (
        "public_url = 'auth.example.com'\n",
        "write a web address such as https://auth.example.com, without query\n --> rekindle.toml:1:14\n  |\n1 | public_url = 'auth.example.com'\n  |              ^^^^^^^^^^^^^^^^^^",
    ),
    (
        "[limits]\nconnections = 0\n",
        "invalid value: integer `0`, expected a whole number above 0\n --> rekindle.toml:2:15\n  |\n2 | connections = 0\n  |               ^",
    ),
    (
        "[accounts]\nwebhook_secret = 'hunter2'\n",
        "a secret has 32 to 512 bytes; `openssl rand -hex 32` makes one\n --> rekindle.toml:2:18\n  |\n2 | webhook_secret = '*******'\n  |                  ^^^^^^^^^",
    ),
    (
        "[limits]\nconnections = 'many'\n",
        "invalid type: a text, expected a whole number above 0\n --> rekindle.toml:2:15\n  |\n2 | connections = 'many'\n  |               ^^^^^^",
    ),
    (
        "listen = \n",
        "string values must be quoted, expected literal string\n --> rekindle.toml:1:10\n  |\n1 | listen =\n  |          ^",
    ),
    (
        "[lifetimes]\nidle = '5d'\nabsolute = '4d'\n",
        "lifetimes.absolute and lifetimes.idle do not go together: absolute must not be shorter than idle\n  lifetimes.absolute: rekindle.toml:3\n  lifetimes.idle: rekindle.toml:2",
    ),
    (
        "[lifetimes]\naccess = '40s'\nreplay_window = '39s'\n",
        "lifetimes.replay_window and lifetimes.access do not go together: replay_window must be at least 2 s shorter than access\n  lifetimes.replay_window: rekindle.toml:3\n  lifetimes.access: rekindle.toml:2",
    ),
    (
        "[renewal]\nthreshold = '3m'\n",
        "renewal.threshold and lifetimes.access do not go together: threshold must be at most half of access\n  renewal.threshold: rekindle.toml:2\n  lifetimes.access: the default \"5m\"",
    ),
    (
        "renewal.mode = 'cookie'\nlifetimes.late_retry = 'revoke'",
        "renewal.mode and lifetimes.late_retry do not go together: a stolen access token that renews itself is never noticed: the strictness would be in vain\n  renewal.mode: rekindle.toml:1\n  lifetimes.late_retry: rekindle.toml:2",
    ),
    (
        "renewal = { mode = 'transparent', retire_old = true }",
        "renewal.mode and renewal.retire_old do not go together: in transparent mode the old token is the only one\n  renewal.mode: rekindle.toml:1\n  renewal.retire_old: rekindle.toml:1",
    ),
    (
        "forward_auth.identity = ['Remote-User: name, Remote-Session: sid']",
        "write a header and a claim, such as \"Remote-User: sub\"\n --> rekindle.toml:1:25\n  |\n1 | forward_auth.identity = ['Remote-User: name, Remote-Session: sid']\n  |                         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^",
    ),
    (
        "forward_auth.identity = ['Remote-User: sub', 'remote-user: name']",
        "forward_auth.identity: remote-user would be sent once, and says two things\n  forward_auth.identity: rekindle.toml:1",
    ),
    (
        "renewal.header = 'remote-user'",
        "renewal.header and forward_auth.identity do not go together: a token would stand where a user's name is expected\n  renewal.header: rekindle.toml:1\n  forward_auth.identity: the default [\"Remote-User: sub\", \"Remote-Session: sid\"]",
    ),
    (
        "forward_auth.login = 'https://app.example.com/login'",
        "forward_auth.login and cors.origins do not go together: nobody is sent to an address that is neither this server's nor named there\n  forward_auth.login: rekindle.toml:1\n  cors.origins: the default []",
    ),
    (
        "listen = '0.0.0.0:80'\nplayground = 'on'\n",
        "playground and listen do not go together: other machines would reach the page for trying out; \"public\" says that they are meant to\n  playground: rekindle.toml:2\n  listen: rekindle.toml:1",
    ),
    (
        "playground = true\n",
        "invalid type: boolean `true`, expected a string\n --> rekindle.toml:1:14\n  |\n1 | playground = true\n  |              ^^^^",
    ),
    ("workers = 100000\n", "workers must be between 1 and 1024\n  workers: rekindle.toml:1"),
    (
        "audience = ['a', '']\n",
        "audience is a text of 1 to 512 bytes without control characters\n  audience: rekindle.toml:1",
    ),
    (
        "store = 'memory:'\n[accounts]\nkind = 'builtin'\n",
        "accounts.kind and store do not go together: builtin accounts need a store that keeps them for good; use sqlite:PATH or postgres://…, or another accounts.kind\n  accounts.kind: rekindle.toml:3\n  store: rekindle.toml:1",
    ),
];

/// The same of `[accounts]` with `kind = "sql"`: what stands there besides, and the beginning of what is said.
const REFUSED_SQL: [(&str, &str); 14] = [
    ("", "accounts.kind and accounts.sql_url do not go together: a user table is somewhere; say where"),
    ("sql_url = 'sqlite:a.db'", "write postgres://user:password@host/database, with % escapes"),
    (
        "sql_url = 'postgres://u@db.example.com/d?sslmode=require'\nsql_preset = 'django'",
        "accounts.sql_url: a PostgreSQL on a public host is reached with sslmode=verify-full",
    ),
    (
        "sql_url = 'sqlite:/a'",
        "accounts.kind and accounts.sql_preset do not go together: say whose user table it is, or how to ask it",
    ),
    (
        "sql_url = 'sqlite:/a'\nsql_preset = 'django'\nsql_state = 'SELECT 1'",
        "accounts.sql_preset and accounts.sql_state do not go together: a preset has its queries",
    ),
    (
        "sql_url = 'sqlite:/a'\nsql_table = 'people'",
        "accounts.sql_table and accounts.sql_preset do not go together: it changes a preset's queries",
    ),
    (
        "sql_url = 'sqlite:/a'\nsql_login = 'SELECT :username'",
        "accounts.sql_login and accounts.sql_state do not go together: a login asks by name, a refresh by subject",
    ),
    (
        "sql_url = 'sqlite:/a'\nsql_login = 'SELECT :name'\nsql_state = 'SELECT :subject'",
        "accounts.sql_login has a parameter :name; it may have :username",
    ),
    (
        "sql_url = 'sqlite:/a'\nsql_login = 'SELECT :username'\nsql_state = 'SELECT 1'",
        "accounts.sql_state has no parameter :subject",
    ),
    (
        "sql_url = 'sqlite:/a'\nsql_preset = 'flask'\nsql_table = 'user; DROP'",
        "accounts.sql_table is a name of letters, digits and `_`, with a schema before a dot",
    ),
    (
        "sql_url = 'sqlite:/a'\nsql_preset = 'laravel'\nsql_claims = ['sub']",
        "accounts.sql_claims `sub` can be no claim of an account",
    ),
    (
        "sql_url = 'sqlite:/a'\nsql_preset = 'django'\nsql_rehash = 'UPDATE t SET p = :hash WHERE id = :subject'",
        "accounts.sql_rehash has no parameter :old",
    ),
    (
        "sql_url = 'sqlite:/a'\nsql_login = 'SELECT :username'\nsql_state = 'SELECT :subject'\nsql_rehash = 'on'",
        "accounts.sql_rehash \"on\" belongs to a preset",
    ),
    ("sql_preset = 'symfony'", "write one of: django, flask, laravel"),
];

/// `--listen` comes after the configuration was checked.
#[test]
fn the_playground_is_opened_to_others_by_its_own_word_alone() {
    let (here, everywhere) = (([127, 0, 0, 1], 80).into(), ([0, 0, 0, 0], 80).into());
    for (text, on_this_machine, for_others) in [
        ("", Ok(false), Ok(false)),
        ("playground = 'on'", Ok(true), Err(())),
        ("playground = 'public'", Ok(true), Ok(true)),
        ("listen = '0.0.0.0:80'\nplayground = 'public'", Ok(true), Ok(true)),
    ] {
        let config = read(text).unwrap();
        assert_eq!(config.has_playground(here).map_err(drop), on_this_machine, "{text}");
        assert_eq!(config.has_playground(everywhere).map_err(drop), for_others, "{text}");
    }
    let said = read("playground = 'on'").unwrap().has_playground(everywhere).unwrap_err().to_string();
    assert!(said.contains("playground and --listen") && said.contains("\"public\""), "{said}");
}

#[test]
fn a_user_table_is_asked_by_what_goes_together() {
    for (text, expected) in REFUSED_SQL {
        let said = read(&format!("[accounts]\nkind = 'sql'\n{text}")).unwrap_err();
        assert!(said.starts_with(expected), "{said}");
        assert!(said.contains("rekindle.toml:"), "{said}");
    }
    let unused = read("[accounts]\nkind = 'none'\nsql_preset = 'django'").unwrap_err();
    assert!(unused.starts_with("accounts.sql_preset and accounts.kind do not go together"), "{unused}");
    let good = "[accounts]\nkind = 'sql'\nsql_url = 'postgres://u:hunter2@db/d'\nsql_preset = 'django'\n\
                sql_table = 'public.shop_user'\nsql_username = 'email'\nsql_claims = ['email']\nsql_rehash = 'on'";
    let config = read(good).unwrap();
    assert_eq!(config.accounts_kind(), AccountsKind::Sql);
    assert!(!format!("{:?}", *config).contains("hunter2"));
}

#[test]
fn the_address_of_the_user_table_can_come_from_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("url");
    std::fs::write(&file, "postgres://u:hunter2@db/d\n").unwrap();
    let variable = ("REKINDLE__ACCOUNTS__SQL_URL_FILE", file.to_str().unwrap());
    read_with("[accounts]\nkind = 'sql'\nsql_preset = 'flask'", &[variable]).unwrap();
    std::fs::write(&file, "postgres://u:hunter2@db.example.com/d\n").unwrap();
    let said = read_with("[accounts]\nkind = 'sql'\nsql_preset = 'flask'", &[variable]).unwrap_err();
    assert!(said.contains("REKINDLE__ACCOUNTS__SQL_URL_FILE") && !said.contains("hunter2"), "{said}");
}

#[test]
fn a_path_to_log_in_at_may_name_an_address() {
    let text = "forward_auth.login = '/sso?return=https://app.example.com'";
    assert_eq!(read(text).unwrap().forward_auth.login.as_ref().unwrap().origin(), None);
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    for (text, expected) in REFUSED {
        assert_eq!(read(text).unwrap_err(), expected);
    }
}

#[test]
fn errors_from_the_environment_name_the_variable_and_never_its_value() {
    let said = |name, value| read_with("", &[(name, value)]).unwrap_err();
    assert_eq!(
        said("REKINDLE__LIFETIMES__ACESS", "5m"),
        "environment variable REKINDLE__LIFETIMES__ACESS: no key is called so; did you mean REKINDLE__LIFETIMES__ACCESS?"
    );
    assert_eq!(
        said("REKINDLE__LIMITS__CONNECTIONS", "-1"),
        "environment variable REKINDLE__LIMITS__CONNECTIONS: invalid value: integer `-1`, expected a whole number above 0"
    );
    let secret = said("REKINDLE__STORE", "postgres://user:hunter2@host/db");
    assert!(secret.contains("REKINDLE__STORE") && !secret.contains("hunter2"), "{secret}");
    let both = read_with("", &[("REKINDLE__LIFETIMES__IDLE", "40d")]).unwrap_err();
    assert!(both.contains("lifetimes.idle: REKINDLE__LIFETIMES__IDLE"), "{both}");
}

/// What a server says when it does not start is kept in a journal.
#[test]
fn errors_in_a_file_show_no_secret_of_it() {
    const SECRET: &str = "hunter2-hunter2-hunter2-hunter2-hunter2";
    for line in [
        "accounts.webhook_secret = 'hunter2'",
        "accounts.webhook_secret = ['hunter2']",
        "accounts.webhook_secret = \"SECRET",
        "accounts.webhook_secret = SECRET",
        "accounts.webhook_secret: SECRET",
        "accounts.webhook_secret SECRET",
        "accounts.webhook_sceret = 'SECRET'",
        "acounts.webhook_secret = 'SECRET'",
        "accounts = { webhook_secret = 'SECRET', kind = 'webhok' }",
        "accounts.webhook_url = 'https://hunter2@app.example.com'",
        "store = 'postgres://user:hunter2@host:port/db'",
        "store = 'postgres://host/db?user=user&password=hunter2&pool=none'",
        "store = 'redis://user:hunter2@host:port/0'",
        "store = 'redis://user:hunter2@host/hunter2'",
        "accounts.sql_url = 'mysql://user:hunter2@host/db'",
        "accounts.sql_url = 'postgres://user:hunter2@host:port/db'",
        "accounts.sql_url = 'postgres://user:hunter2@host/db?sslmode=hunter2'",
        "accounts.sql_url = ['postgres://user:hunter2@host/db']",
        "accounts.sql_ulr = 'postgres://user:hunter2@host/db'",
    ] {
        let error = read(&line.replace("SECRET", SECRET)).unwrap_err();
        assert!(error.contains("rekindle.toml:1:") && error.contains('^'), "{error}");
        assert!(!error.contains("hunter2"), "{error}");
    }
    let error = read(&format!("[accounts]\nwebhook_secret = {}", "1".repeat(18))).unwrap_err();
    assert!(!error.contains("111"), "{error}");
}

#[test]
fn a_short_access_life_moves_the_threshold_by_itself() {
    let config = read("[lifetimes]\naccess = '1m'\nreplay_window = '10s'").unwrap();
    assert_eq!(config.policy().renewal_threshold, Seconds(24));
}

#[test]
fn bytes_that_are_no_text_and_files_that_are_none_are_refused() {
    let error = Config::from_bytes("f", b"\n\n\xff", &Environment::default()).unwrap_err();
    assert_eq!(error.to_string(), "f:3: not UTF-8 text; a configuration is a TOML file");
    let endless = Config::read(Path::new("/dev/zero"), &Environment::default()).unwrap_err();
    assert_eq!(endless.to_string(), "/dev/zero is longer than a configuration can be (1 MiB)");
    let folder = Config::read(Path::new("/"), &Environment::default()).unwrap_err();
    assert!(folder.to_string().starts_with("cannot read /: "), "{folder}");
}

#[test]
fn what_is_not_there_is_named_with_the_way_out() {
    let missing = Config::read(Path::new("none.toml"), &Environment::default()).unwrap_err();
    assert_eq!(
        missing.to_string(),
        "cannot read none.toml: No such file or directory (os error 2); docs/configuration.md has an example, \
         and an empty file will do"
    );
    let nowhere = read("data_dir = '/dev/null/data'").unwrap().create_data_dir().unwrap_err();
    assert_eq!(
        nowhere.to_string(),
        "data_dir: cannot create /dev/null/data: Not a directory (os error 20); set data_dir or \
         REKINDLE__DATA_DIR to a folder that the server may write to"
    );
}

/// Depth that could exhaust the stack, and length that could exhaust patience.
#[test]
fn monsters_are_refused() {
    let deep = 200_000;
    for text in [
        format!("a = {}", "[".repeat(deep)),
        format!("a = {}", "{a=".repeat(deep)),
        format!("{}a = 1", "a.".repeat(deep)),
        format!("[{}a]", "a.".repeat(deep)),
        format!("{} = 1", "k".repeat(deep)),
        "x = 1\n".repeat(deep),
        format!("listen = '{}'", "\u{1b}[31m".repeat(deep)),
    ] {
        let error = read(&text).unwrap_err();
        assert!(error.len() < 1000, "{error}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

    #[test]
    fn no_bytes_bring_it_down(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Config::from_bytes("f", &bytes, &Environment::default());
    }

    /// Pieces that look like a configuration get further than noise does.
    #[test]
    fn no_pieces_bring_it_down(pieces in proptest::collection::vec(piece(), 0..12)) {
        let text = pieces.concat();
        match Config::from_bytes("f", text.as_bytes(), &Environment::default()) {
            Ok(config) => drop(config.issuer(([0, 0, 0, 0], 0).into())),
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
    }

    #[test]
    fn no_environment_brings_it_down(key in 0..keys().len(), value in proptest::collection::vec(any::<u8>(), 0..40)) {
        use std::os::unix::ffi::OsStringExt as _;
        let variable = OsString::from(keys()[key].variable());
        let environment = Environment::of([(variable, OsString::from_vec(value))]);
        let _ = Config::from_bytes("f", b"", &environment);
    }
}

fn piece() -> impl Strategy<Value = String> {
    let names: Vec<String> = keys().into_iter().map(|key| key.path).collect();
    prop_oneof![
        (proptest::sample::select(names), value()).prop_map(|(name, value)| format!("{name} = {value}\n")),
        proptest::sample::select(vec![
            "[lifetimes]\n",
            "[[limits]]\n",
            "\"\"\"",
            "é",
            "\0",
            "# ",
            "=",
            "\r",
            "[a.b]"
        ])
        .prop_map(str::to_owned),
    ]
}

fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<i64>().prop_map(|n| n.to_string()),
        any::<u64>().prop_map(|n| format!("'{n}s'")),
        any::<String>().prop_map(|text| format!("{text:?}")),
        proptest::sample::select(vec![
            "'off'",
            "'5m'",
            "[]",
            "{}",
            "nan",
            "1e400",
            "1979-05-27",
            "'1h 1h'",
            "'0.1s'"
        ])
        .prop_map(str::to_owned),
    ]
}

/// `REKINDLE_BLESS=1 cargo test` writes it anew.
#[test]
fn the_document_says_what_the_program_knows() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/configuration.md");
    let document = document();
    if std::env::var_os("REKINDLE_BLESS").is_some() {
        std::fs::write(&path, &document).unwrap();
    }
    assert!(std::fs::read_to_string(&path).unwrap() == document, "{} is out of date", path.display());
}

fn document() -> String {
    let mut text = include_str!("configuration/head.md").to_owned();
    let mut section = String::new();
    for key in keys() {
        let (of, name) = key.path.rsplit_once('.').unwrap_or(("", &key.path));
        if of != section {
            section = of.to_owned();
            writeln!(text, "\n## `[{section}]`").unwrap();
        }
        let default = if key.default.is_empty() { String::new() } else { format!(" = {}", key.default) };
        writeln!(text, "\n### `{name}{default}`\n`{}`\n", key.variable()).unwrap();
        for line in key.about.lines() {
            writeln!(text, "{}", line.trim()).unwrap();
        }
    }
    text.truncate(text.trim_end().len());
    text + "\n"
}
