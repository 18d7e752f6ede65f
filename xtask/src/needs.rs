//! What the tests need besides Rust: found, installed, or asked for with the exact line.

use crate::run::{Done, root, run, works};

/// One thing needed: how to see that it is there, and the Debian package that brings it. By its program, not by its
/// package: Node.js has not always come from Debian.
#[derive(Clone, Copy)]
pub(crate) struct Need {
    program: &'static str,
    arguments: &'static [&'static str],
    package: &'static str,
}

const fn need(program: &'static str, arguments: &'static [&'static str], package: &'static str) -> Need {
    Need { program, arguments, package }
}

/// For all parts of the tests.
pub(crate) const ALWAYS: &[Need] = &[
    need("cc", &["--version"], "gcc"),
    need("curl", &["--version"], "curl"),
    need("bash", &["--version"], "bash"),
    need("python3", &["-c", "import venv, ensurepip"], "python3-venv"),
];

/// For tests in a real browser.
pub(crate) const BROWSER: &[Need] = &[
    need("chromium", &["--version"], "chromium"),
    need("node", &["--version"], "nodejs"),
    need("npm", &["--version"], "npm"),
];

/// For front ends that run in Node.js.
pub(crate) const FRONTENDS: &[Need] =
    &[need("node", &["--version"], "nodejs"), need("npm", &["--version"], "npm")];

/// For the applications of the guides; who looks at them is a browser.
pub(crate) const GUIDES: &[Need] = &[
    NGINX,
    need("openssl", &["version"], "openssl"),
    need("node", &["--version"], "nodejs"),
    need("npm", &["--version"], "npm"),
    need("chromium", &["--version"], "chromium"),
    // Laravel comes from Debian: the others' own commands fetch their framework, Composer would need GitHub.
    need("php", &["--version"], "php-cli"),
    need("php", &["-r", "exit((int) !extension_loaded('pdo_sqlite'));"], "php-sqlite3"),
    need("php", &["-r", "exit((int) !extension_loaded('curl'));"], "php-curl"),
    LARAVEL,
    need("php", &["-r", "require 'GuzzleHttp/autoload.php';"], "php-guzzlehttp-guzzle"),
];

/// For a PostgreSQL of its own. Debian keeps its programs away from the path.
pub(crate) const POSTGRES: &[Need] = &[need(
    "sh",
    &["-c", "PATH=$PATH:$(echo /usr/lib/postgresql/*/bin | tr ' ' :); pg_ctl --version && psql --version"],
    "postgresql",
)];

/// For servers that many Rekindles share.
pub(crate) const STORES: &[Need] = &[
    need("redis-server", &["--version"], "redis-server"),
    need("redis-cli", &["--version"], "redis-tools"),
    POSTGRES[0],
    need("sh", &["-c", "PATH=$PATH:/usr/sbin pgbouncer --version"], "pgbouncer"),
];

/// For the hashes of Laravel's own hashers.
pub(crate) const LARAVEL: Need =
    need("php", &["-r", "require 'Illuminate/autoload.php';"], "php-laravel-framework");

/// For accounts in an application's user table.
pub(crate) const ACCOUNTS: &[Need] = &[POSTGRES[0], need("php", &["--version"], "php-cli"), LARAVEL];

/// For the proxies of docs/operations.md.
pub(crate) const PROXIES: &[Need] = &[NGINX, CADDY];

const NGINX: Need = need("sh", &["-c", "PATH=$PATH:/usr/sbin nginx -v"], "nginx-light");
const CADDY: Need = need("caddy", &["version"], "caddy");

/// For an application behind these proxies, and a browser in front of them.
pub(crate) const FORWARD_AUTH: &[Need] = &[NGINX, CADDY, BROWSER[0], BROWSER[1], BROWSER[2]];

/// For the files of `packaging/`.
pub(crate) const PACKAGING: &[Need] =
    &[need("systemd-analyze", &["--version"], "systemd"), need("strace", &["--version"], "strace")];

/// Sees to it that everything is there.
pub(crate) fn provide<'a>(install: bool, needs: impl Iterator<Item = &'a Need>) -> Done {
    let missing = needs.filter(|need| !works(need.program, need.arguments)).map(|need| need.package);
    let missing: Vec<&str> = std::collections::BTreeSet::from_iter(missing).into_iter().collect();
    if missing.is_empty() {
        return Ok(());
    }
    let packages = missing.join(" ");
    let line = format!("apt-get install --yes --no-install-recommends {packages}");
    let root = works("sh", &["-c", "test \"$(id -u)\" = 0"]);
    let debian = works("apt-get", &["--version"]);
    if !debian || !(root || install) {
        return Err(format!("missing: {packages}\non a Debian-like system: sudo {line}"));
    }
    if root {
        run("apt-get", "update --quiet")?;
        run("apt-get", line.trim_start_matches("apt-get "))
    } else {
        run("sudo", "apt-get update --quiet")?;
        run("sudo", &line)
    }
}

/// A Python with the packages of `requirements`, in a folder of its own below `target`.
pub(crate) fn python(requirements: &str) -> Result<String, String> {
    python_in("target/python", requirements)
}

/// The same in another folder, for packages that do not go with the rest.
pub(crate) fn python_in(folder: &str, requirements: &str) -> Result<String, String> {
    let shown = |error: std::io::Error| format!("{folder}: {error}");
    let path = root().join(folder);
    std::fs::create_dir_all(&path).map_err(shown)?;
    // Two parts that run beside each other may want the same one.
    let alone = std::fs::File::create(path.join("lock")).map_err(shown)?;
    alone.lock().map_err(shown)?;
    let python = path.join("bin/python");
    if !python.exists() {
        run("python3", &format!("-m venv {folder}"))?;
    }
    let python = python.display().to_string();
    run(&python, &format!("-m pip install --quiet --requirement {requirements}"))?;
    Ok(python)
}
