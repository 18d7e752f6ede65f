//! What is wrong with a certificate is said at the start, and by `rekindle check`, with the file and the mend.

use std::path::Path;
use std::process::{Command, Output};

use crate::certificate;

fn run(folder: &Path, command: &str, chain: &Path, key: &Path) -> Output {
    let text = format!("[tls]\ncertificate_file = {chain:?}\nkey_file = {key:?}\n");
    std::fs::write(folder.join("r.toml"), text).unwrap();
    let mut rekindle = Command::new(env!("CARGO_BIN_EXE_rekindle"));
    rekindle.args([command, "--config", "r.toml"]).current_dir(folder);
    rekindle.env("REKINDLE__LISTEN", "127.0.0.1:0").output().unwrap()
}

#[test]
fn what_cannot_be_used_is_named_with_the_mend() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let pem = |name: &str| std::fs::read_to_string(certificate(name)).unwrap();
    let written = |name: &str, text: &str| {
        std::fs::write(folder.join(name), text).unwrap();
        folder.join(name)
    };
    let (chain, key) = (certificate("first.crt.pem"), certificate("first.key.pem"));
    let absent = folder.join("absent.pem");
    let whole = pem("first.crt.pem");
    let half = written("half.pem", &whole[..whole.len() / 2]);
    let broken = written("broken.pem", &whole.replace('M', "*"));
    let junk = written("junk.pem", "-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n");
    let odd = written("odd.pem", "-----BEGIN PRIVATE KEY-----\naGVsbG8=\n-----END PRIVATE KEY-----\n");
    let locked = "-----BEGIN ENCRYPTED PRIVATE KEY-----\naGVsbG8=\n-----END ENCRYPTED PRIVATE KEY-----\n";
    let locked = written("locked.pem", locked);
    let other = certificate("second.key.pem");

    let cases = [
        ((&absent, &key), ("tls.certificate_file", &absent, "cannot be read: No such file")),
        ((&chain, &absent), ("tls.key_file", &absent, "cannot be read: No such file")),
        ((&key, &key), ("tls.certificate_file", &key, "holds no certificate")),
        ((&chain, &chain), ("tls.key_file", &chain, "holds no private key")),
        ((&half, &key), ("tls.certificate_file", &half, "it may be half written")),
        ((&broken, &key), ("tls.certificate_file", &broken, "base64")),
        ((&junk, &key), ("tls.certificate_file", &junk, "its first certificate cannot be used")),
        ((&chain, &locked), ("tls.key_file", &locked, "opens without a password")),
        ((&chain, &odd), ("tls.key_file", &odd, "P-256")),
        ((&chain, &other), ("tls.key_file", &other, "is not the key of the first certificate in")),
    ];
    for ((chain, key), (setting, file, words)) in cases {
        for command in ["serve", "check"] {
            let output = run(folder, command, chain, key);
            let said = String::from_utf8(output.stderr).unwrap();
            let expected = format!("rekindle: {setting} {}: ", file.display());
            assert!(said.starts_with(&expected) && said.contains(words), "{said}");
            assert_eq!(output.status.code(), Some(1), "{said}");
        }
    }
    assert!(!folder.join(".rekindle").exists(), "nothing is created for a server that does not start");
    let good = run(folder, "check", &chain, &key);
    assert!(good.status.success(), "{good:?}");
}
