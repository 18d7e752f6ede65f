//! What a dialect signs with: the secret that the application has, or a private key of which it has the public half.

use rekindle::token::{Algorithm, KeyError, SigningKey};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use zeroize::Zeroizing;

use crate::config::{Advice, ConfigError, KeyText, Keys};

/// Examples that stand in tutorials and templates. Whoever reads the same tutorial can make anybody's tokens. Shorter ones
/// are refused for their length.
const KNOWN_TO_ALL: [&str; 6] = [
    "a-string-secret-at-least-256-bits-long",
    "your-256-bit-secret-your-256-bit-secret",
    "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",
    "qwertyuiopasdfghjklzxcvbnm123456",
    "404E635266556A586E3272357538782F413F4428472B4B6250645367566B5970",
    "django-insecure-change-me-please-change-me-please-change",
];

/// Which key a dialect wants.
pub(crate) struct WantedKey<'a> {
    /// The dialect's own, where it has one.
    pub(crate) own: Option<&'a KeyText>,
    /// The full name of the key that sets it.
    pub(crate) own_name: &'static str,
    /// What it signs with.
    pub(crate) algorithm: Algorithm,
}

impl<'a> WantedKey<'a> {
    /// The secret or the private key, whichever `algorithm` needs; each with the full name of the key that sets it.
    pub(crate) fn of(
        algorithm: Algorithm,
        secret: (&'static str, Option<&'a KeyText>),
        private: (&'static str, Option<&'a KeyText>),
    ) -> Self {
        let (own_name, own) = if algorithm.is_symmetric() { secret } else { private };
        Self { own, own_name, algorithm }
    }
}

/// Reads it and parses it. It signs without naming itself: the application knows one key and no names.
///
/// # Errors
/// Where there is none, or it is of no use. Never shows it.
pub(crate) fn open(keys: &Keys, wanted: &WantedKey<'_>) -> Result<SigningKey, ConfigError> {
    let (name, text) = match wanted.own {
        Some(own) => (wanted.own_name, own.clone()),
        None => shared(keys, wanted)?,
    };
    let fail = |why: String| ConfigError::plain(format!("{name}: {why}"));
    let material = material(&text, wanted.algorithm).map_err(fail)?;
    // An id has to be there, and is not written.
    let key = SigningKey::from_material(Some("shared"), wanted.algorithm, &material);
    key.map(SigningKey::unnamed).map_err(|error| {
        let algorithm = wanted.algorithm;
        fail(match error {
            KeyError::SecretTooShort { needed } => format!(
                "{algorithm} needs a secret of {needed} bytes or more (RFC 7518 section 3.2), and this one can be guessed; \
                 give the application a longer one, which signs everybody out once: `openssl rand -hex 32` makes one"
            ),
            KeyError::PemAsSecret => format!("a PEM file is no secret for {algorithm}; is the algorithm RS256?"),
            other => format!("{algorithm}: {other}"),
        })
    })
}

/// What is worth a second thought about a key that can be used.
pub(crate) fn advice(keys: &Keys, wanted: &WantedKey<'_>) -> Option<Advice> {
    let (key, text) = match wanted.own {
        Some(own) => (wanted.own_name, own.clone()),
        None => shared(keys, wanted).ok()?,
    };
    // `startproject` writes it, and repositories are full of them.
    let is_for_development = wanted.algorithm.is_symmetric() && text.reveal().starts_with("django-insecure-");
    is_for_development.then(|| Advice {
        key,
        text: "begins with \"django-insecure-\": it was made for development, and whoever can read the repository can make \
               tokens; serve with another, which signs everybody out once"
            .to_owned(),
    })
}

fn shared(keys: &Keys, wanted: &WantedKey<'_>) -> Result<(&'static str, KeyText), ConfigError> {
    match (&keys.shared_secret, &keys.shared_secret_file) {
        (Some(text), None) => Ok(("keys.shared_secret", text.clone())),
        (None, Some(file)) => {
            let fail = |why: String| {
                let file = std::path::absolute(file).unwrap_or_else(|_| file.clone());
                ConfigError::plain(format!("keys.shared_secret_file: {}: {why}", file.display()))
            };
            let text =
                Zeroizing::new(std::fs::read_to_string(file).map_err(|error| fail(error.to_string()))?);
            let text = text.trim_end_matches(['\r', '\n']).parse().map_err(fail)?;
            Ok(("keys.shared_secret_file", text))
        }
        (Some(_), Some(_)) => Err(ConfigError::plain(
            "keys.shared_secret and keys.shared_secret_file do not go together: there is one secret",
        )),
        (None, None) => Err(ConfigError::plain(format!(
            "{} and keys.shared_secret_file are both missing: the application must be able to read the tokens; give the \
             secret or the private key that it has",
            wanted.own_name
        ))),
    }
}

fn material(text: &KeyText, algorithm: Algorithm) -> Result<Zeroizing<Vec<u8>>, String> {
    let text = text.reveal();
    if algorithm.is_symmetric() {
        if KNOWN_TO_ALL.contains(&text) {
            return Err("this secret stands in a tutorial: everybody can make tokens with it".to_owned());
        }
        return Ok(Zeroizing::new(text.as_bytes().to_vec()));
    }
    let key = PrivateKeyDer::from_pem_slice(text.as_bytes())
        .map_err(|_| format!("{algorithm} needs a private key as PEM text"))?;
    Ok(Zeroizing::new(key.secret_der().to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(text: &str, algorithm: Algorithm) -> Result<SigningKey, String> {
        let own = text.parse().unwrap();
        let wanted = WantedKey { own: Some(&own), own_name: "dialects.x.KEY", algorithm };
        open(&Keys::default(), &wanted).map_err(|error| error.to_string())
    }

    #[test]
    fn a_secret_that_can_be_guessed_is_refused_and_not_shown() {
        assert!(opened("0123456789abcdef0123456789abcdef", Algorithm::Hs256).is_ok());
        for (bad, why) in [
            ("super-secret", "32 bytes"),
            ("a-string-secret-at-least-256-bits-long", "tutorial"),
            ("-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA\n-----END PUBLIC KEY-----", "PEM"),
        ] {
            let said = opened(bad, Algorithm::Hs256).unwrap_err();
            assert!(said.starts_with("dialects.x.KEY: ") && said.contains(why), "{said}");
            assert!(!said.contains(bad), "{said}");
        }
        assert!(
            opened("0123456789abcdef0123456789abcdef", Algorithm::Rs256).unwrap_err().contains("PEM text")
        );
    }

    #[test]
    fn what_is_signed_names_no_key() {
        let key = opened("0123456789abcdef0123456789abcdef", Algorithm::Hs256).unwrap();
        let token = key.sign("JWT", b"{}").unwrap();
        assert!(token.starts_with("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."), "{token}");
    }
}
