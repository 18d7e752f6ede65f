//! Real servers for tests: from Debian's packages, on free ports, gone when the value or the test's process is.
//!
//! Whatever is missing is an error with the package's name, never a reason to skip.

pub mod pgbouncer;
pub mod postgres;
pub mod process;
pub mod proxy;
pub mod redis;

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// Nothing, or why it could not be done.
pub type Done = Result<(), String>;

/// A port of the loopback interface that nobody listens on.
///
/// # Errors
/// Where none is left.
pub fn free_port() -> Result<u16, String> {
    let listener = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    listener.map(|address| address.port()).map_err(|error| error.to_string())
}

/// An empty folder below `target`, on the disk that a build is on: `/tmp` may be memory. Its name tells `name` and this
/// process.
///
/// # Errors
/// Where it cannot be made.
pub fn folder(name: &str) -> Result<PathBuf, String> {
    folder_for(name, |_| Ok(true))
}

/// The same, below `target` or where everybody may be: the first that `reaches` is content with.
fn folder_for(name: &str, reaches: impl Fn(&Path) -> Result<bool, String>) -> Result<PathBuf, String> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    static SWEPT: Once = Once::new();
    let below_target = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/servers");
    let places = [below_target, std::env::temp_dir().join("rekindle-servers")];
    SWEPT.call_once(|| places.iter().for_each(|place| sweep(place)));
    let own = format!("{name}-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    for place in places {
        let folder = place.join(&own);
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        let folder = folder.canonicalize().map_err(|error| error.to_string())?;
        if reaches(&folder)? {
            return Ok(folder);
        }
        let _ = std::fs::remove_dir_all(&folder);
    }
    Err("who runs the server can write neither below target nor in the folder for temporary files".to_owned())
}

/// Removes what processes left that are gone: a test that fails, or a server that a static holds, cleans nothing up.
fn sweep(place: &Path) {
    for entry in std::fs::read_dir(place).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let owner =
            name.to_str().and_then(|name| name.rsplit('-').nth(1)).and_then(|id| id.parse::<u32>().ok());
        if owner.is_some_and(|id| !Path::new(&format!("/proc/{id}")).exists()) {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

/// Waits until `is`, for as long as `limit`.
///
/// # Errors
/// Where it has not come by then.
#[expect(clippy::disallowed_methods, reason = "a real server takes real time")]
pub fn until(limit: Duration, mut is: impl FnMut() -> bool) -> Done {
    let start = Instant::now();
    while !is() {
        if start.elapsed() > limit {
            return Err(format!("is not ready after {} s", limit.as_secs()));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}
