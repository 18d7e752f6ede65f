//! What the project claims to be fast at, each beside its measure in the same run.

use std::fs;

use rekindle_testing::postgres::Postgres;

use crate::needs;
use crate::original::{self, Project};
use crate::run::{Done, cargo_with, root};

pub(crate) fn run(flags: &[&str]) -> Done {
    let (mut quick, mut only, mut store) = ("0", None, None);
    let mut flags = flags.iter();
    while let Some(flag) = flags.next() {
        match *flag {
            "--quick" => quick = "1",
            "--only" => {
                only = Some(*flags.next().ok_or("--only needs tokens, layer, stores, http or originals")?)
            }
            "--store" => {
                only = Some("stores");
                store = Some(*flags.next().ok_or("--store needs sqlite, redis, cluster or postgres")?);
            }
            other => return Err(format!("unknown flag {other}\n\n{}", crate::USAGE)),
        }
    }
    let chosen = |name: &str| only.is_none_or(|only| only == name);
    for (package, bench, features) in [
        ("rekindle", "tokens", ""),
        ("rekindle", "layer", "--features http,cache"),
        ("rekindle-server", "http", ""),
    ] {
        if chosen(bench) {
            cargo_with(
                &format!("bench --package {package} --bench {bench} {features}"),
                &[("REKINDLE_BENCH_QUICK", quick)],
            )?;
        }
    }
    if chosen("stores") {
        beside_their_limits(quick, store)?;
    }
    if chosen("originals") { beside_the_original(quick) } else { Ok(()) }
}

/// Each store in a server of its own, beside what it can do by itself.
fn beside_their_limits(quick: &str, store: Option<&str>) -> Done {
    needs::provide(false, needs::STORES.iter())?;
    for name in ["sqlite", "redis", "cluster", "postgres"] {
        if store.is_none_or(|store| store == name) {
            let variables = [("REKINDLE_BENCH_QUICK", quick), ("REKINDLE_BENCH_STORE", name)];
            cargo_with("bench --package rekindle-testing --bench stores", &variables)?;
        }
    }
    Ok(())
}

/// A dialect's refresh beside the package's own, on the same core: Django under gunicorn, on PostgreSQL and on SQLite.
fn beside_the_original(quick: &str) -> Done {
    needs::provide(false, needs::POSTGRES.iter())?;
    let python = original::python()?;
    let folder = root().join("target/bench-original");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    // It does not wait for the disk: that can only help the original.
    let postgres = Postgres::start("bench", &[])?;
    postgres.pin("0")?;
    postgres.create_database("shop")?;
    let databases = [
        ("postgres", postgres.url("shop")),
        ("sqlite", format!("sqlite:{}", folder.join("db.sqlite3").display())),
    ];
    let mut running = Vec::new();
    let mut told = Vec::new();
    for (name, database) in &databases {
        // Rekindle reads the same hashes: those of Django's own choice.
        let project = Project::on(&python, database, &[("OWN_HASHERS", "1")])?;
        // One core: a second worker fills the waits of the first for the database, more only change places.
        let log = folder.join(format!("{name}.log"));
        let original = project.serve(&["--workers", "2", "--threads", "16"], Some("0"), &log)?;
        told.push(format!("{name} {} {database}", original.address));
        running.push(original);
    }
    let told = told.join("\n");
    let variables = [("REKINDLE_BENCH_QUICK", quick), ("REKINDLE_BENCH_ORIGINALS", told.as_str())];
    cargo_with("bench --package rekindle-server --bench http -- originals", &variables)?;
    running.into_iter().try_for_each(original::Original::stop)
}
