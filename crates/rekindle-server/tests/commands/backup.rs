//! `rekindle store backup`: what it refuses. What a copy is worth is tried in `tests/processes/backup.rs`.

use std::os::unix::fs::PermissionsExt as _;

use crate::{json, piped, printed, refused};

#[test]
fn a_copy_has_the_accounts_and_is_made_of_a_file_that_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let (code, said) = refused(folder, &["store", "backup", "copy.db"]);
    assert_eq!(code, 1);
    assert!(said.contains("there is no store at") && said.contains("at its first start"), "{said}");
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), 0);

    assert!(piped(folder, &["user", "add", "ada", "--password-stdin"], "correct horse\n").status.success());
    let copied = json(folder, &["store", "backup", "copy.db"]);
    let metadata = std::fs::metadata(folder.join("copy.db")).unwrap();
    assert_eq!((&copied["file"], &copied["bytes"]), (&"copy.db".into(), &metadata.len().into()));
    assert!(copied["master_file"].as_str().unwrap().ends_with("data/master.key"), "{copied}");
    assert_eq!(metadata.permissions().mode() & 0o777, 0o600);

    let (code, said) = refused(folder, &["store", "backup", "copy.db"]);
    let expected = "rekindle: copy.db is there already, and a backup replaces nothing: name another file\n";
    assert_eq!((code, said.as_str()), (1, expected));
    let printed = printed(folder, &["store", "backup", "second.db"]);
    assert!(printed.contains("as of one moment") && printed.contains("master.key elsewhere"), "{printed}");

    std::fs::write(folder.join("r.toml"), "store = 'memory:'").unwrap();
    let (code, said) = refused(folder, &["store", "backup", "third.db", "--config", "r.toml"]);
    assert_eq!(code, 1);
    assert!(said.contains("ends with its server: there is nothing to keep"), "{said}");
    assert!(!folder.join("third.db").exists());
}
