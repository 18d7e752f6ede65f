//! The file with the master key: 32 bytes as 64 hexadecimal digits, as `openssl rand -hex 32` writes them.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use anyhow::{Context as _, bail};
use rekindle::entropy::Entropy;
use rekindle::keyring::MasterKey;
use zeroize::Zeroizing;

use crate::config::{Checked, StoreAt};

/// The master key of this server. One that the configuration names must be there; the server's own is made
/// at the first start.
pub(crate) fn open(config: &Checked, entropy: &dyn Entropy) -> anyhow::Result<MasterKey> {
    // What a store in memory wraps ends with it, and so may its key.
    if config.store == StoreAt::Memory && config.keys.master_file.is_none() {
        let mut secret = Zeroizing::new([0; 32]);
        entropy.fill(&mut *secret);
        return Ok(MasterKey::new(&secret));
    }
    let path = config.master_file();
    if config.keys.master_file.is_none() {
        config.create_data_dir()?;
        if !path.exists() {
            create(&path, entropy).with_context(|| format!("cannot create {}", path.display()))?;
        }
    }
    read(&path).with_context(|| format!("keys.master_file {}", path.display()))
}

/// Sees whether there is a master key where the configuration says there is one.
pub(crate) fn look(config: &Checked) -> anyhow::Result<()> {
    let path = config.master_file();
    if config.keys.master_file.is_some() || path.exists() {
        read(&path).with_context(|| format!("keys.master_file {}", path.display()))?;
    }
    Ok(())
}

/// Creates the file whole or not at all. Where two servers start at once, the first one's key is everybody's.
fn create(path: &Path, entropy: &dyn Entropy) -> io::Result<()> {
    let mut secret = Zeroizing::new([0; 32]);
    entropy.fill(&mut *secret);
    let digits = secret.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let digits = Zeroizing::new(digits + "\n");

    let draft = path.with_extension(format!("{}.draft", std::process::id()));
    let _ = fs::remove_file(&draft);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    file.write_all(digits.as_bytes())?;
    // On the disk before anything is wrapped with it: a store whose key is lost opens nothing.
    file.sync_all()?;
    let linked = match fs::hard_link(&draft, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    };
    fs::remove_file(&draft)?;
    linked?;
    if let Some(folder) = path.parent() {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

fn read(path: &Path) -> anyhow::Result<MasterKey> {
    let file = File::open(path)
        .map_err(|error| anyhow::anyhow!("cannot be read: {error}; `openssl rand -hex 32` makes one"))?;
    // A group may read it: a file of root's is handed to a service like that, and systemd's credentials are.
    if file.metadata()?.permissions().mode() & 0o037 != 0 {
        tracing::warn!(file = %path.display(), "others can read the master key, or its group write it; chmod 600 it");
    }
    let mut text = Zeroizing::new(String::new());
    file.take(1024).read_to_string(&mut text).context("cannot be read")?;
    match digits(text.trim()) {
        Some(secret) => Ok(MasterKey::new(&secret)),
        None => bail!("is not a master key: 64 hexadecimal digits, as `openssl rand -hex 32` writes them"),
    }
}

fn digits(text: &str) -> Option<Zeroizing<[u8; 32]>> {
    let mut secret = Zeroizing::new([0; 32]);
    if text.len() != 64 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    for (byte, pair) in secret.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(secret)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Counting;

    impl Entropy for Counting {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.iter_mut().enumerate().for_each(|(i, b)| *b = i as u8);
        }
    }

    #[test]
    fn a_created_key_is_for_its_owner_alone_and_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        create(&path, &Counting).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("000102030405") && text.len() == 65);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);

        create(&path, &rekindle::entropy::SystemEntropy).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for text in
            ["", "00", &"0".repeat(63), &"0".repeat(65), &"g".repeat(64), &"é".repeat(32), &"+0".repeat(32)]
        {
            assert!(digits(text).is_none(), "{text}");
        }
        assert!(digits(&"Ab".repeat(32)).is_some());
    }
}
