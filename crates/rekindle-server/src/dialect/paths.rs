//! Where dialects may be mounted: the router would refuse the rest when the server starts, without saying which key it was.

use super::Clash;
use super::Dialect;

/// What the server answers itself.
const OWN: [&str; 6] = ["/v1", "/oauth2", "/.well-known", "/healthz", "/readyz", "/openapi.json"];

/// # Errors
/// A path that is none, is the server's own, or is another endpoint's as well.
pub(crate) fn check(mounted: &[&dyn Dialect]) -> Result<(), Clash> {
    let mut seen: Vec<(&'static str, String)> = Vec::new();
    for (key, path) in mounted.iter().flat_map(|dialect| dialect.paths()) {
        let plain = |c: char| c.is_ascii_alphanumeric() || "/-._~".contains(c);
        if path.len() < 2 || !path.starts_with('/') || path.contains("//") || !path.chars().all(plain) {
            let rule = "a path begins with a slash and has letters, digits, and `-`, `.`, `_`, `~` after it"
                .to_owned();
            return Err(Clash { keys: (key, key), rule });
        }
        let own = OWN
            .iter()
            .find(|own| path.strip_prefix(*own).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')));
        if let Some(own) = own {
            let rule = format!("{own} is the server's own");
            return Err(Clash { keys: (key, key), rule });
        }
        if let Some((other, _)) = seen.iter().find(|(_, other)| *other == path) {
            return Err(Clash { keys: (key, other), rule: format!("both are at {path}") });
        }
        seen.push((key, path));
    }
    Ok(())
}
