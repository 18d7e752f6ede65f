//! Configurations with a secret in them, by right or by mistake: what is said of what is wrong with them.

use std::path::Path;

use super::marks::Marks;
use super::site::{all, piped};

/// What the message names, and a file that is refused. `SECRET` has 20 characters and `LONG` 40.
const FILES: [(&str, &str); 35] = [
    ("accounts.webhook_secret", "accounts.webhook_secret = 'LONG'"),
    ("32 to 512 bytes", "accounts.webhook_secret = 'SECRET'"),
    ("32 to 512 bytes", "[accounts]\nwebhook_secret = \"SECRET\""),
    ("32 to 512 bytes", "[events]\nwebhook_url = 'http://app'\nwebhook_secret=\"SECRET\" # x"),
    ("32 to 512 bytes", "events = { webhook_url = 'http://app', webhook_secret = 'SECRET' }"),
    ("do not go together", "accounts.webhook_secret = '''\nLONG\nSECRET SECRET\n'''"),
    ("r.toml:2", "[accounts]\nwebhook_secret = 'LONG"),
    ("r.toml:2", "[accounts]\nwebhook_secret = \"SECRET\nkind = 'webhook'"),
    ("r.toml:2", "[accounts]\nwebhook_secret = SECRET"),
    ("r.toml:2", "[accounts]\nwebhook_secret = LONG"),
    ("r.toml:1", "accounts.webhook_secret 'LONG'"),
    ("r.toml:1", "accounts.webhook_secret: SECRET"),
    ("r.toml:2", "[accounts]\nwebhook_secret = 'LONG' 'SECRET'"),
    ("r.toml:3", "[accounts]\nwebhook_secret = 'LONG'\nwebhook_secret = 'LONG'"),
    ("r.toml:2", "[accounts]\nwebhook_secret = ['SECRET', 'LONG']"),
    ("r.toml:1", "[accounts.webhook_secret]\nSECRET = 'LONG'"),
    ("did you mean `accounts.webhook_secret`?", "[accounts]\nwebhook_secrt = 'SECRET'"),
    ("did you mean `accounts.webhook_secret`?", "webhook_secret = 'SECRET'"),
    ("unknown key `password`", "password = 'SECRET'"),
    ("unknown key `api_token`", "api_token = 'SECRET'"),
    ("unknown key `limits.passphrase`", "[limits]\npassphrase = 'LONG'"),
    ("keys.master_file and store do not", "store = 'redis://:SECRET@localhost/0'"),
    ("keys.master_file and store do not", "store = 'postgres://ada:LONG@db/rekindle'"),
    ("write redis://", "store = 'redis://:SECRET@local host/0'"),
    ("write postgres://", "store = 'postgres://ada:LONG@db:port/rekindle'"),
    ("sqlite:PATH", "store = 'ada:SECRET@db'"),
    ("web address", "[events]\nwebhook_secret = 'LONG'\nwebhook_url = 'https://ada:SECRET@app'"),
    ("web address", "accounts.webhook_url = 'https://app/users?token=LONG'"),
    ("web address", "public_url = 'https://ada:SECRET@auth.example.com'"),
    ("origin of a page", "[cors]\norigins = ['https://ada:SECRET@app.example.com']"),
    ("a text, expected", "workers = 'LONG'"),
    ("a number with a unit", "[lifetimes]\naccess = 'LONG'"),
    ("error, warn, info", "[log]\nlevel = 'LONG'"),
    ("keys.master_file", "[keys]\nmaster_file = 'HEX'"),
    ("tls.key_file", "[tls]\ncertificate_file = 'a.pem'\nkey_file = '''\nPEM'''"),
];

/// What the message names, and a variable with its value.
const VARIABLES: [(&str, &str, &str); 11] = [
    ("32 to 512 bytes", "ACCOUNTS__WEBHOOK_SECRET", "SECRET"),
    ("EVENTS__WEBHOOK_SECRET_FILE: cannot read", "EVENTS__WEBHOOK_SECRET_FILE", "LONG"),
    ("no key is called so", "ACCOUNTS__WEBHOOK_SECRT", "LONG"),
    ("keys.master_file and store do not", "STORE", "redis://:SECRET@localhost"),
    ("STORE_FILE: cannot read", "STORE_FILE", "redis://:SECRET@localhost"),
    ("web address", "ACCOUNTS__WEBHOOK_URL", "https://ada:SECRET@app"),
    ("a text, expected", "WORKERS", "SECRET"),
    ("a text, expected", "RENEWAL__RETIRE_OLD", "SECRET"),
    ("error, warn, info", "LOG__LEVEL", "SECRET"),
    ("TRUSTED_PROXIES", "TRUSTED_PROXIES", "SECRET"),
    ("keys.master_file", "KEYS__MASTER_FILE", "HEX"),
];

#[test]
fn an_error_in_a_configuration_does_not_say_its_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let mut marks = Marks::default();
    let long = marks.secret("LONG");
    let secret = marks.secret("SECRET")[..20].to_owned();
    let hex = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    marks.known("a master key", hex.as_bytes());
    let certificates = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/certificates");
    let pem = std::fs::read_to_string(certificates.join("first.key.pem")).unwrap();
    marks.pem(&pem);
    let fill = |text: &str| {
        let text = text.replace("SECRET", &secret).replace("LONG", &long);
        text.replace("HEX", hex).replace("PEM", &pem)
    };

    let refused = |expected: &str, arguments: &[&str], variables: &[(&str, &str)]| {
        let output = piped(folder, arguments, variables, "");
        let said = all(&output);
        assert!(!output.status.success() && said.contains(expected), "{expected}: {said}");
        marks.assert_hidden(&format!("{arguments:?} where {expected}"), &said);
    };
    for (expected, text) in FILES {
        std::fs::write(folder.join("r.toml"), fill(text)).unwrap();
        for command in ["check", "serve"] {
            refused(expected, &[command, "--config", "r.toml"], &[("REKINDLE__LISTEN", "127.0.0.1:0")]);
        }
    }
    for (expected, name, value) in VARIABLES {
        let (name, value) = (format!("REKINDLE__{name}"), fill(value));
        refused(expected, &["check"], &[(&name, &value)]);
    }

    // Files that hold something else than they should.
    std::fs::write(folder.join("r.toml"), "").unwrap();
    std::fs::write(folder.join("key"), format!("{hex}{secret}")).unwrap();
    let master = [("REKINDLE__KEYS__MASTER_FILE", "key")];
    refused("is not a master key", &["key", "api", "add", "a", "--config", "r.toml"], &master);
    // A store that is not there.
    std::fs::write(folder.join("ring"), hex).unwrap();
    for (expected, at) in [
        ("cannot use Redis", format!("redis://ada:{secret}@127.0.0.1:1")),
        ("cannot use Redis", format!("redis+cluster://:{secret}@127.0.0.1:1,127.0.0.1:2")),
        ("cannot open postgres://ada@127.0.0.1:1/d", format!("postgres://ada:{secret}@127.0.0.1:1/d")),
    ] {
        let variables = [
            ("REKINDLE__KEYS__MASTER_FILE", "ring"),
            ("REKINDLE__STORE", at.as_str()),
            ("REKINDLE__LISTEN", "127.0.0.1:0"),
        ];
        refused(expected, &["serve", "--config", "r.toml"], &variables);
    }
    let key = certificates.join("first.key.pem").display().to_string();
    std::fs::write(folder.join("half.pem"), &pem[..pem.len() / 2]).unwrap();
    for (expected, key_file) in [("holds no certificate", key.as_str()), ("has no end", "half.pem")] {
        let certificate = match key_file {
            "half.pem" => certificates.join("first.crt.pem").display().to_string(),
            _ => key.clone(),
        };
        let tls = [
            ("REKINDLE__TLS__CERTIFICATE_FILE", certificate.as_str()),
            ("REKINDLE__TLS__KEY_FILE", key_file),
        ];
        refused(expected, &["check"], &tls);
    }
}
