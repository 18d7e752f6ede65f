//! Accounts from an application's own user table, on a real PostgreSQL.

use crate::postgres::Postgres;
use crate::run::Done;

pub(crate) fn run() -> Done {
    let postgres = Postgres::start("accounts")?;
    postgres.create_database("application")?;
    postgres
        .sql("application", "CREATE TABLE users (id integer PRIMARY KEY); INSERT INTO users VALUES (7)")?;
    postgres.sql(
        "application",
        "CREATE ROLE reader LOGIN PASSWORD 'of-the-reader'; GRANT SELECT ON users TO reader",
    )?;
    let reader = postgres.url_of("reader", "of-the-reader", "application");
    if postgres.sql_by(&reader, "SELECT id FROM users")? != "7"
        || postgres.sql_by(&reader, "DELETE FROM users").is_ok()
    {
        return Err("the reader is to read, and only that".to_owned());
    }
    postgres.stop()?;
    if postgres.sql("application", "SELECT id FROM users").is_ok() {
        return Err("PostgreSQL answers although it was stopped".to_owned());
    }
    postgres.start_again()?;
    let kept = postgres.sql("application", "SELECT id FROM users")?;
    if kept != "7" {
        return Err(format!("after a restart of PostgreSQL the table holds {kept:?}"));
    }
    Ok(())
}
