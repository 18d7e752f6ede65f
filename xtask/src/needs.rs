//! What the tests need besides Rust: found, installed, or asked for with the exact line.

use crate::run::{Done, run, works};

/// One thing needed: how to see that it is there, and the Debian package that brings it.
struct Need {
    program: &'static str,
    arguments: &'static [&'static str],
    package: &'static str,
}

const NEEDS: [Need; 4] = [
    Need { program: "cc", arguments: &["--version"], package: "gcc" },
    Need { program: "curl", arguments: &["--version"], package: "curl" },
    Need { program: "bash", arguments: &["--version"], package: "bash" },
    Need { program: "python3", arguments: &["-c", "import venv, ensurepip"], package: "python3-venv" },
];

/// Sees to it that everything is there.
pub(crate) fn provide(install: bool) -> Done {
    let missing: Vec<&str> =
        NEEDS.iter().filter(|need| !works(need.program, need.arguments)).map(|need| need.package).collect();
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
