//! Queries of the operator's own.

use super::*;

#[tokio::test]
async fn other_applications_have_other_tables() {
    let (_dir, path) = table(
        "CREATE TABLE user (id INTEGER PRIMARY KEY, username TEXT, password TEXT);
         INSERT INTO user VALUES (1, 'ada', 'pbkdf2:sha1:1000$wmLFNlsnk9eHlVRV$e6a3a0f37ff4e5b0e9a1fbb6d1dd5e5d2d2b1b5a');
         CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, password TEXT, name TEXT);
         INSERT INTO users VALUES (2, 'ada@example.com', '$2y$04$7ItfAnlkOP5W1rKWrXNXiOaR7F3y5VG8Ao9JIeuTM5PlCn9i2b8c2', 'Ada');
         CREATE TABLE people (mail TEXT, secret TEXT, banned INTEGER, no TEXT);
         INSERT INTO people VALUES ('Ada@Example.com', NULL, 0, 'a-1'), ('eve', NULL, 1, 'e-2'), ('eve', NULL, 0, 'e-3');",
    );
    let laravel = Format::Php.hash(b"correct horse", [1; 16]).unwrap();
    let werkzeug = Format::Werkzeug.hash(b"correct horse", [1; 16]).unwrap();
    write(
        &path,
        &format!(
            "UPDATE user SET password = '{werkzeug}'; UPDATE users SET password = '{laravel}'; UPDATE people SET secret = '{laravel}'"
        ),
    );
    let flask = open(&settings(&path, Some(SqlPreset::Flask)));
    flask.look().await.unwrap();
    assert_eq!(login(&flask, "ada", "correct horse").await.unwrap().subject, "1");
    assert_eq!(login(&flask, "ada", "correct house").await, None);
    let laravel = open(&settings(&path, Some(SqlPreset::Laravel)));
    laravel.look().await.unwrap();
    assert_eq!(login(&laravel, "ada@example.com", "correct horse").await.unwrap().subject, "2");
    let mut own = settings(&path, None);
    own.sql_login = Some("SELECT no AS subject, secret AS password, NOT banned AS active, mail FROM people WHERE lower(mail) = lower(:username);".to_owned());
    own.sql_state = Some("SELECT no AS subject, secret AS password, NOT banned AS active, mail FROM people WHERE no = :subject".to_owned());
    let own = open(&own);
    own.look().await.unwrap();
    let found = login(&own, "ada@EXAMPLE.com", "correct horse").await.unwrap();
    assert_eq!((found.subject.as_str(), found.claims.as_str()), ("a-1", r#"{"mail":"Ada@Example.com"}"#));
    assert_eq!(own.state("e-2").await.unwrap(), State::Disabled);
    let several = own.verify("eve", "correct horse".into()).await.unwrap_err();
    assert!(several.to_string().contains("more than one such row"), "{several}");
}

#[tokio::test]
async fn a_query_that_cannot_do_is_said_with_key_and_column() {
    let (_dir, path) = django();
    let state = "SELECT id AS subject, password FROM auth_user WHERE id = :subject";
    for (login, said) in [
        ("SELEC id", "accounts.sql_login: the database refuses the statement: near \"SELEC\": syntax error"),
        (
            "SELECT id AS subject, pasword AS password FROM auth_user",
            "accounts.sql_login: the database refuses the statement: no such column: pasword",
        ),
        (
            "SELECT id, password FROM auth_user",
            "accounts.sql_login: the query answers no column `subject`; write `… AS subject`",
        ),
        (
            "SELECT id AS subject, password AS hash FROM auth_user",
            "accounts.sql_login: the query answers no column `password`; write `… AS password`",
        ),
        (
            "SELECT id AS subject, password, email AS iss FROM auth_user",
            "accounts.sql_login: the column `iss` would be a claim that the server itself sets; give it another name",
        ),
        (
            "SELECT id AS subject, password, 1 AS a, 2 AS a FROM auth_user",
            "accounts.sql_login: the query answers the column `a` twice",
        ),
        (
            "SELECT id AS subject, password FROM auth_user WHERE ?2 = ''",
            "accounts.sql_login: the database refuses the statement: it has parameters that are not written as :name",
        ),
    ] {
        let mut settings = settings(&path, None);
        settings.sql_login =
            Some(format!("{login} WHERE username = :username").replacen("'' WHERE", "'' AND", 1));
        settings.sql_state = Some(state.to_owned());
        let error = open(&settings).look().await.unwrap_err();
        assert!(matches!(error, AccountsError::Misconfigured(_)), "{error:?}");
        assert_eq!(error.to_string(), said);
    }
}

#[tokio::test]
async fn a_column_of_another_kind_is_named() {
    let (_dir, path) = django();
    let login = |column: &str| {
        let mut settings = settings(&path, None);
        settings.sql_login = Some(format!(
            "SELECT id AS subject, password, {column} FROM auth_user WHERE username = :username"
        ));
        settings.sql_state =
            Some("SELECT id AS subject, password FROM auth_user WHERE id = :subject".to_owned());
        open(&settings)
    };
    for (column, said) in [
        ("1.5 AS rate", "column `rate` is a fraction"),
        ("x'00' AS rate", "column `rate` is a blob"),
        ("'yes' AS active", "column `active` is text, not a boolean or a number"),
    ] {
        let error = login(column).verify("ada", "correct horse".into()).await.unwrap_err();
        assert!(error.to_string().contains(said), "{error}");
    }
    assert!(self::login(&login("NULL AS active"), "ada", "correct horse").await.is_none());
    assert!(self::login(&login("2 AS active"), "ada", "correct horse").await.is_some());
}
