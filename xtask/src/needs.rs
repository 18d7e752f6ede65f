//! What the tests need besides Rust: found, installed, or asked for with the exact line.

use crate::run::{Done, run, works};

/// One thing needed: how to see that it is there, and the Debian package that brings it.
struct Need {
    program: &'static str,
    arguments: &'static [&'static str],
    package: &'static str,
    /// The only part of the tests that needs it.
    part: Option<&'static str>,
}

const fn always(program: &'static str, arguments: &'static [&'static str], package: &'static str) -> Need {
    Need { program, arguments, package, part: None }
}

/// By its program, not by its package: Node.js has not always come from Debian.
const fn browser(program: &'static str, package: &'static str) -> Need {
    Need { program, arguments: &["--version"], package, part: Some("browser") }
}

const NEEDS: [Need; 7] = [
    always("cc", &["--version"], "gcc"),
    always("curl", &["--version"], "curl"),
    always("bash", &["--version"], "bash"),
    always("python3", &["-c", "import venv, ensurepip"], "python3-venv"),
    browser("chromium", "chromium"),
    browser("node", "nodejs"),
    browser("npm", "npm"),
];

/// Sees to it that everything is there for all parts, or for one.
pub(crate) fn provide(install: bool, only: Option<&str>) -> Done {
    let needed = NEEDS.iter().filter(|need| only.is_none() || need.part.is_none() || need.part == only);
    let missing: Vec<&str> =
        needed.filter(|need| !works(need.program, need.arguments)).map(|need| need.package).collect();
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
    let folder = "target/python";
    if !crate::run::root().join(folder).join("bin/python").exists() {
        run("python3", &format!("-m venv {folder}"))?;
    }
    let python = crate::run::root().join(folder).join("bin/python").display().to_string();
    run(&python, &format!("-m pip install --quiet --requirement {requirements}"))?;
    Ok(python)
}
