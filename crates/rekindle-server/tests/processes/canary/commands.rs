//! What the command line says of secrets that it is given.

use serde_json::Value;

use super::marks::Marks;
use super::site::{Site, all, rekindle};

/// Commands beside the server.
pub fn try_all(site: &mut Site, marks: &mut Marks) {
    let login = site.login(marks);
    let junk = marks.secret("explain --token");
    let tokens = [
        login.access.clone(),
        login.refresh,
        site.key.clone(),
        junk.clone(),
        format!("rkrt1_{junk}"),
        format!("rkak1_{junk}"),
        format!("eyJhbGciOiJub25lIn0.e30.{junk}"),
    ];
    let try_ = |marks: &Marks, arguments: &[&str], input: &str| {
        for form in [&[][..], &["--json"]] {
            let said = rekindle(site.folder, &[arguments, form].concat(), input);
            marks.assert_hidden(&format!("`rekindle {}`", arguments[..2].join(" ")), &all(&said));
        }
    };
    for token in &tokens {
        try_(marks, &["explain", "--token", token], "");
        try_(marks, &["explain", "--token", "-"], token);
    }
    for command in [
        &["key", "list"][..],
        &["key", "api", "list"],
        &["session", "list", "--subject", &site.subject],
        &["session", "show", &login.session],
        &["store", "status"],
    ] {
        try_(marks, command, "");
    }
    if site.builtin {
        let new = marks.secret("a password of the command line");
        try_(marks, &["user", "password", "ada", "--password-stdin"], &new);
        try_(marks, &["user", "list"], "");
        site.password = new;
    }
    // The name of a key is a name; the key itself is shown once, here.
    let made = rekindle(site.folder, &["key", "api", "add", "another", "--json"], "");
    let shown: Value = serde_json::from_slice(&made.stdout).unwrap();
    let key = shown["api_key"].as_str().unwrap();
    marks.token(key);
    marks.assert_hidden("`key api add`", &all(&made).replace(key, "<key>"));
}
