//! Hashes that are replaced at login.

use super::*;

fn rehashing(path: &Path) -> SqlAccounts {
    let mut settings = settings(path, Some(SqlPreset::Django));
    settings.sql_rehash = Some("on".to_owned());
    open(&settings)
}

#[tokio::test]
async fn a_weak_hash_is_replaced_when_that_is_wished() {
    let (_dir, path) = django();
    let off = open(&settings(&path, Some(SqlPreset::Django)));
    login(&off, "ada", "correct horse").await.unwrap();
    assert_eq!(stored(&path, 7), DJANGO);
    let on = rehashing(&path);
    on.look().await.unwrap();
    assert_eq!(login(&on, "ada", "correct house").await, None);
    assert_eq!(stored(&path, 7), DJANGO, "a wrong password changes nothing");
    let found = login(&on, "ada", "correct horse").await.unwrap();
    let new = stored(&path, 7);
    assert!(new.starts_with("pbkdf2_sha256$1000000$"), "{new}");
    assert_eq!(found.credential_version, version(&on.state("7").await.unwrap()), "the login stands");
    assert_eq!(
        login(&on, "ada", "correct horse").await.unwrap().credential_version,
        found.credential_version
    );
    assert_eq!(stored(&path, 7), new, "once is enough");
}

/// Many devices sign in after a weekend.
#[tokio::test]
async fn logins_of_one_user_at_once_all_stand() {
    let (_dir, path) = django();
    let on = rehashing(&path);
    let logins = (0..4).map(|_| {
        let on = on.clone();
        tokio::spawn(async move { login(&on, "ada", "correct horse").await.unwrap().credential_version })
    });
    let logins: Vec<_> = logins.collect();
    let mut versions = Vec::new();
    for login in logins {
        versions.push(login.await.unwrap());
    }
    let now = version(&on.state("7").await.unwrap());
    assert!(versions.iter().all(|version| *version == now), "{versions:?} {now}");
}

#[tokio::test]
async fn a_rehash_never_undoes_a_change_of_the_password() {
    let (_dir, path) = django();
    let on = rehashing(&path);
    let read = async || {
        let row = on.logins.row(&on.queries.login, &[("username", "ada")]).await.unwrap().unwrap();
        User::read(&row).unwrap()
    };
    let strengthen = async |user: &User| {
        let statement = on.queries.rehash.as_ref().unwrap();
        on.strengthen(statement, user, "correct horse".into(), Format::Django).await.unwrap()
    };
    let before = read().await;
    let changed = Format::Php.hash(b"another", [1; 16]).unwrap();
    write(&path, &format!("UPDATE auth_user SET password = '{changed}' WHERE id = 7"));
    assert_eq!(strengthen(&before).await, None, "it is another password by now");
    assert_eq!(stored(&path, 7), changed);
    // Hashed anew by the application meanwhile: the same password, and the login stands.
    let same = Format::Php.hash(b"correct horse", [1; 16]).unwrap();
    write(&path, &format!("UPDATE auth_user SET password = '{same}' WHERE id = 7"));
    assert_eq!(strengthen(&before).await, Some(read().await.credential_version()));
    // It cannot be written: the login stands all the same.
    write(&path, "CREATE TRIGGER no BEFORE UPDATE ON auth_user BEGIN SELECT RAISE(ABORT, 'no'); END");
    assert_eq!(strengthen(&read().await).await, Some(read().await.credential_version()));
    write(&path, "DROP TRIGGER no; UPDATE auth_user SET is_active = 0 WHERE id = 7");
    assert_eq!(strengthen(&before).await, None, "may not log in by now");
}
