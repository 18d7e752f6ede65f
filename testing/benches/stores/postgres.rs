//! PostgreSQL beside itself: `pgbench` runs the UPDATE of a commit.

use std::process::Command;

use rekindle_testing::postgres::Postgres;

use crate::place::Limit;

/// As an operator would have it. What is acknowledged is on the disk.
pub const DURABLE: &[(&str, &str)] = &[
    ("fsync", "on"),
    ("synchronous_commit", "on"),
    ("full_page_writes", "on"),
    ("shared_buffers", "512MB"),
    ("max_wal_size", "4GB"),
];

/// Rows of its own beside those of the store, each of a version that the statement finds again, and writes again.
pub fn limit<'a>(postgres: &'a Postgres, database: String, sessions: u64) -> Limit<'a> {
    let columns = postgres
        .sql(
            &database,
            "SELECT string_agg(attname, ', ') FROM pg_attribute WHERE attrelid = 'rekindle.sessions'::regclass \
             AND attnum > 0 AND attname NOT IN ('sid', 'version')",
        )
        .unwrap();
    let copy = format!(
        "INSERT INTO rekindle.sessions (sid, version, {columns}) SELECT md5('bench' || n)::uuid, 1, {columns} \
         FROM generate_series(1, {sessions}) n, (SELECT * FROM rekindle.sessions LIMIT 1) one"
    );
    postgres.sql(&database, &copy).unwrap();
    let script = rekindle_testing::folder("pgbench").unwrap().join("refresh.sql");
    std::fs::write(&script, format!("\\set n random(1, {sessions})\n{};\n", statement(postgres, &database)))
        .unwrap();
    Box::new(move |at_once, count| {
        let mut pgbench = Command::new(postgres.program("pgbench"));
        pgbench.args([
            "--no-vacuum",
            "--protocol",
            "prepared",
            "--jobs",
            "1",
            "--client",
            &at_once.to_string(),
        ]);
        pgbench.args(["--transactions", &(count / at_once).to_string(), "--file"]).arg(&script);
        pgbench.arg(postgres.url(&database));
        let output = pgbench.output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let rate = said.lines().find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse().ok());
        rate.unwrap_or_else(|| panic!("{said}{}", String::from_utf8_lossy(&output.stderr)))
    })
}

/// The one that the store has just run, with values in the places of its parameters.
fn statement(postgres: &Postgres, database: &str) -> String {
    let ask =
        "SELECT query FROM pg_stat_activity WHERE query LIKE 'UPDATE rekindle.sessions SET version%' LIMIT 1";
    let mut sql = postgres.sql(database, ask).unwrap();
    assert!(!sql.is_empty(), "the store has run no UPDATE");
    let moment = "to_timestamp(1790000000)";
    let never = "to_timestamp(0)";
    let values = [
        "md5('bench' || :n)::uuid",
        "1",
        "1",
        "7",
        "6",
        "6",
        "5",
        moment,
        moment,
        never,
        never,
        never,
        "604800",
        moment,
        moment,
        "'Firefox 144 on Linux x86'",
        "'Firefox'",
        "'{\"role\":\"editor\",\"tenant\":\"0123456789abcdef0123456789abcde\"}'",
    ];
    for (nth, value) in values.iter().enumerate().rev() {
        sql = sql.replace(&format!("${}", nth + 1), value);
    }
    sql
}
