//! `rekindle check`.

use crate::{json, printed, refused};

#[test]
fn what_is_worth_a_second_thought_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    assert_eq!(printed(folder, &["check"]), "nothing to say: this configuration can be served\n");
    let text = "listen = '0.0.0.0:80'\n[lifetimes]\naccess = '1h'\nlate_retry = 'revoke'\nreplay_window = 'off'\n\
                [cookies]\n[limits]\nlogin_per_account = 'off'\npassword_kib = 64\n";
    std::fs::write(folder.join("r.toml"), text).unwrap();
    let found = json(folder, &["check", "--config", "r.toml"]);
    let keys: Vec<_> =
        found["advice"].as_array().unwrap().iter().map(|advice| advice["key"].as_str().unwrap()).collect();
    assert_eq!(
        keys,
        [
            "lifetimes.late_retry",
            "lifetimes.replay_window",
            "lifetimes.access",
            "public_url",
            "listen",
            "limits.password_kib",
            "limits.login_per_account",
        ]
    );
    assert_eq!(refused(folder, &["check", "--config", "r.toml", "--strict"]).0, 2);
    assert!(printed(folder, &["check", "--config", "r.toml"]).contains("the promise does not hold"));

    std::fs::write(folder.join("r.toml"), "[lifetimes]\naccess = '1m'\nreplay_window = '30s'").unwrap();
    let said = printed(folder, &["check", "--config", "r.toml"]);
    assert!(said.starts_with("lifetimes.replay_window: more than half of lifetimes.access"), "{said}");
    std::fs::write(folder.join("r.toml"), "[lifetimes]\naccess = '1m'").unwrap();
    assert!(printed(folder, &["check", "--config", "r.toml"]).starts_with("nothing to say"));

    for word in ["on", "public"] {
        std::fs::write(folder.join("r.toml"), format!("playground = '{word}'")).unwrap();
        assert!(
            printed(folder, &["check", "--config", "r.toml"])
                .starts_with("playground: the page for trying out")
        );
    }

    // What would end a start ends a look, too.
    std::fs::write(folder.join("r.toml"), "keys.master_file = 'key'").unwrap();
    let (code, said) = refused(folder, &["check", "--config", "r.toml"]);
    assert!(code == 1 && said.contains("keys.master_file key: cannot be read: No such file"), "{said}");
    std::fs::write(folder.join("key"), "ok").unwrap();
    assert!(refused(folder, &["check", "--config", "r.toml"]).1.contains("is not a master key"));
    std::fs::write(folder.join("key"), "1".repeat(64)).unwrap();

    let behind_a_proxy = "public_url = 'https://auth.example.com'\n";
    for (more, advice) in [
        ("", "trusted_proxies: behind the proxy"),
        ("trusted_proxies = ['127.0.0.1']", "nothing to say"),
        (
            "[limits]\nlogin_per_address = 'off'\nrefresh_per_address = 'off'",
            "limits.login_per_address: \"off\"",
        ),
    ] {
        std::fs::write(folder.join("r.toml"), format!("{behind_a_proxy}{more}")).unwrap();
        let said = printed(folder, &["check", "--config", "r.toml"]);
        assert!(said.starts_with(advice), "{said}");
    }
}

/// The refusals that an operator meets, each naming both keys and where they stand.
#[test]
fn what_does_not_go_together_is_refused_with_both_keys() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for (text, first, second) in [
        ("[renewal]\nthreshold = '4m'", "renewal.threshold", "lifetimes.access"),
        ("[lifetimes]\nreplay_window = '300s'", "lifetimes.replay_window", "lifetimes.access"),
        ("[lifetimes]\nidle = '31d'", "lifetimes.absolute", "lifetimes.idle"),
        ("store = 'memory:'\n[accounts]\nkind = 'builtin'", "accounts.kind", "store"),
        ("[accounts]\nkind = 'webhook'", "accounts.kind", "accounts.webhook_url"),
        ("[accounts]\nwebhook_url = 'https://a.example'", "accounts.webhook_url", "accounts.webhook_secret"),
        ("[tls]\ncertificate_file = 'a.pem'", "tls.certificate_file", "tls.key_file"),
        ("[cookies]\nsame_site = 'None'", "cookies.same_site", "public_url"),
        ("public_url = 'https://a.example'\n[cookies]\ndomain = 'b.example'", "cookies.domain", "public_url"),
        ("listen = '127.0.0.1:1'\nadmin_listen = '127.0.0.1:1'", "admin_listen", "listen"),
    ] {
        std::fs::write(folder.join("r.toml"), text).unwrap();
        let (code, said) = refused(folder, &["check", "--config", "r.toml"]);
        assert_eq!(code, 2, "{said}");
        assert!(said.contains(first) && said.contains(second), "{text}: {said}");
        assert!(said.contains("r.toml:"), "{text}: {said}");
    }
    for (text, said) in [
        ("[cors]\norigins = ['*']", "a page anywhere could then act with the user's cookies"),
        ("[accounts]\nwebhook_url = 'http://app.example.com'", "http:// to a private address"),
        ("[accounts]\nwebhook_secret = 'short'", "a secret has 32 to 512 bytes"),
        ("trusted_proxies = ['proxy']", "write an IP address or a network"),
        ("[limits]\nlogin_per_account = '10'", "write how many in which time"),
    ] {
        std::fs::write(folder.join("r.toml"), text).unwrap();
        let (code, refusal) = refused(folder, &["check", "--config", "r.toml"]);
        assert_eq!(code, 2);
        assert!(refusal.contains(said), "{refusal}");
    }
}

/// What verifiers elsewhere compare cannot be forgotten: a server knows what it signs for before it starts.
#[test]
fn jwt_aud_missing_config_fails_fast() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for (text, key) in
        [("audience = ['']", "audience"), ("issuer = ''", "issuer"), ("audience = 'a'", "audience")]
    {
        std::fs::write(folder.join("r.toml"), text).unwrap();
        for command in ["check", "serve"] {
            let (code, said) = refused(folder, &[command, "--config", "r.toml"]);
            assert_eq!(code, 2, "{said}");
            assert!(said.contains(key), "{said}");
        }
    }
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), 1, "nothing was begun");
}

/// The user table is asked whether it can answer, and no row of it read.
#[test]
fn a_user_table_is_looked_at() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let database = folder.join("app.db");
    let check = |more: &str| {
        let text = format!("[accounts]\nkind = 'sql'\nsql_url = 'sqlite:{}'\n{more}", database.display());
        std::fs::write(folder.join("r.toml"), text).unwrap();
    };
    check("sql_preset = 'django'");
    let said = printed(folder, &["check", "--config", "r.toml"]);
    assert!(
        said.starts_with("accounts.sql_url: the accounts are unavailable: the database cannot be reached"),
        "{said}"
    );
    let table =
        "CREATE TABLE auth_user (id integer PRIMARY KEY, username text, password text, is_active bool)";
    rusqlite::Connection::open(&database).unwrap().execute_batch(table).unwrap();
    assert!(printed(folder, &["check", "--config", "r.toml"]).starts_with("nothing to say"));
    check("sql_preset = 'django'\nsql_claims = ['email']");
    let (code, said) = refused(folder, &["check", "--config", "r.toml"]);
    assert!(code == 2 && said.contains("accounts.sql_login: ") && said.contains("\"email\""), "{said}");
    check(
        "sql_login = 'SELECT id, password FROM auth_user WHERE username = :username'\nsql_state = 'SELECT id AS subject, password FROM auth_user WHERE id = :subject'",
    );
    let (code, said) = refused(folder, &["check", "--config", "r.toml"]);
    assert!(
        code == 2 && said.contains("accounts.sql_login: the query answers no column `subject`"),
        "{said}"
    );
    // A server does not start with it either, and says the same.
    let (code, said) = refused(folder, &["serve", "--config", "r.toml", "--listen", "127.0.0.1:0"]);
    assert!(
        code == 2 && said.contains("accounts.sql_login: the query answers no column `subject`"),
        "{said}"
    );
}
