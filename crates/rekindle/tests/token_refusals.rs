//! Attacks on tokens and keys by name, and junk.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::prelude::*;
use rekindle::core::Timestamp;
use rekindle::entropy::SystemEntropy;
use rekindle::token::jws::{self, MAX_TOKEN};
use rekindle::token::{
    Algorithm, Expected, Jwk, KeyError, KeySet, SigningKey, TokenError, TypRule, VerifyingKey, verify_access,
};

fn generate(id: Option<&str>, algorithm: Algorithm) -> SigningKey {
    let material = SigningKey::generate(algorithm, &SystemEntropy).unwrap();
    SigningKey::from_material(id, algorithm, &material).unwrap()
}

fn set(keys: &[&SigningKey]) -> KeySet {
    KeySet::new(keys.iter().map(|key| key.verifying_key().clone())).unwrap()
}

/// A token with a header of one's own making, signed with HMAC-SHA-256 under `secret`.
fn forged(header: &str, secret: &[u8]) -> String {
    let mut token =
        format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode("{\"sub\":\"root\"}"));
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, secret);
    let tag = aws_lc_rs::hmac::sign(&key, token.as_bytes());
    token.push('.');
    token.push_str(&URL_SAFE_NO_PAD.encode(tag));
    token
}

/// The oldest attack on JWT libraries (RFC 8725 section 2.1): HS256 with the public key as its secret.
#[test]
fn a_public_key_is_no_secret() {
    for algorithm in [Algorithm::Rs256, Algorithm::Ps256, Algorithm::Es256, Algorithm::EdDsa] {
        let key = generate(Some("k"), algorithm);
        let keys = set(&[&key]);
        let jwk = serde_json::to_value(key.verifying_key().jwk()).unwrap();
        let number = |name: &str| URL_SAFE_NO_PAD.decode(jwk[name].as_str().unwrap_or_default()).unwrap();
        for secret in [number("x"), number("n"), jwk.to_string().into_bytes(), Vec::new()] {
            for kid in ["", r#","kid":"k""#] {
                let token = forged(&format!(r#"{{"alg":"HS256"{kid}}}"#), &secret);
                let refused = jws::verify(&token, &keys, TypRule::PlainJwt).err();
                let expected =
                    if kid.is_empty() { TokenError::UnknownKey } else { TokenError::WrongAlgorithm };
                assert_eq!(refused, Some(expected));
            }
            let token = forged(&format!(r#"{{"alg":"{algorithm}","kid":"k"}}"#), &secret);
            assert_eq!(jws::verify(&token, &keys, TypRule::PlainJwt).err(), Some(TokenError::BadSignature));
        }
    }
    let pem = b"-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n-----END PUBLIC KEY-----\n";
    let refused = VerifyingKey::from_secret("k", Algorithm::Hs256, pem).err();
    assert_eq!(refused, Some(KeyError::PemAsSecret));
}

#[test]
fn a_key_has_one_algorithm() {
    let material = SigningKey::generate(Algorithm::Rs256, &SystemEntropy).unwrap();
    let rs = SigningKey::from_material(Some("k"), Algorithm::Rs256, &material).unwrap();
    let ps = SigningKey::from_material(Some("k"), Algorithm::Ps256, &material).unwrap();
    let token = ps.sign("JWT", b"{}").unwrap();
    assert_eq!(jws::verify(&token, &set(&[&rs]), TypRule::PlainJwt).err(), Some(TokenError::WrongAlgorithm));
    let jwk = ps.verifying_key().jwk().unwrap();
    assert!(VerifyingKey::from_jwk_for(jwk, Algorithm::Rs256).is_err());
    // The numbers alone fit both: somebody has to say.
    let json = serde_json::to_string(jwk).unwrap().replace(r#""alg":"PS256","#, "");
    let unnamed = Jwk::parse(&json).unwrap();
    assert_eq!(VerifyingKey::from_jwk(&unnamed).err(), Some(KeyError::AlgorithmMissing));
    assert_eq!(VerifyingKey::from_jwk_for(&unnamed, Algorithm::Rs256).unwrap().algorithm(), Algorithm::Rs256);
    for other in [Algorithm::EdDsa, Algorithm::Es256, Algorithm::Hs256] {
        assert!(VerifyingKey::from_jwk_for(&unnamed, other).is_err());
    }
}

#[test]
fn which_key_a_token_means() {
    let (a, b) = (generate(Some("a"), Algorithm::Hs256), generate(Some("b"), Algorithm::Hs256));
    let ed = generate(None, Algorithm::EdDsa);
    let keys = set(&[&a, &b, &ed]);
    let verify = |token: &str| jws::verify(token, &keys, TypRule::PlainJwt).map(|ok| ok.key.id().to_owned());
    for key in [&a, &b, &ed] {
        assert_eq!(verify(&key.sign("JWT", b"{}").unwrap()).unwrap(), key.id());
    }
    let stranger = generate(Some("c"), Algorithm::Hs256);
    assert_eq!(verify(&stranger.sign("JWT", b"{}").unwrap()), Err(TokenError::UnknownKey));
    let impostor = generate(Some("a"), Algorithm::Hs256);
    assert_eq!(verify(&impostor.sign("JWT", b"{}").unwrap()), Err(TokenError::BadSignature));

    let secret = SigningKey::generate(Algorithm::Hs256, &SystemEntropy).unwrap();
    let only = VerifyingKey::from_secret("only", Algorithm::Hs256, &secret).unwrap();
    let nameless = forged(r#"{"alg":"HS256","typ":"JWT"}"#, &secret);
    let one = KeySet::new([only.clone(), ed.verifying_key().clone()]).unwrap();
    assert_eq!(jws::verify(&nameless, &one, TypRule::PlainJwt).unwrap().key.id(), "only");
    let two = KeySet::new([only.clone(), a.verifying_key().clone()]).unwrap();
    assert_eq!(jws::verify(&nameless, &two, TypRule::PlainJwt).err(), Some(TokenError::UnknownKey));
    assert_eq!(KeySet::new([only.clone(), only]).err(), Some(KeyError::DuplicateId("only".to_owned())));
}

#[test]
fn ed25519_has_two_names_and_one_key() {
    let key = generate(None, Algorithm::EdDsa);
    let keys = set(&[&key]);
    let newer = key.clone().fully_specified();
    assert_eq!((newer.id(), newer.algorithm()), (key.id(), Algorithm::EdDsa));
    for (key, name) in [(&key, "EdDSA"), (&newer, "Ed25519")] {
        let token = key.sign("JWT", b"{}").unwrap();
        let header = URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap();
        let header: serde_json::Value = serde_json::from_slice(&header).unwrap();
        assert_eq!((&header["alg"], &header["kid"]), (&name.into(), &key.id().into()));
        assert!(jws::verify(&token, &keys, TypRule::PlainJwt).is_ok());
    }
    assert_eq!(key.id(), key.verifying_key().jwk().unwrap().thumbprint());
}

#[test]
fn keys_that_are_refused() {
    for (algorithm, needed) in [(Algorithm::Hs256, 32), (Algorithm::Hs384, 48), (Algorithm::Hs512, 64)] {
        assert!(SigningKey::from_material(Some("k"), algorithm, &vec![7; needed]).is_ok());
        let short = SigningKey::from_material(Some("k"), algorithm, &vec![7; needed - 1]).err();
        assert_eq!(short, Some(KeyError::SecretTooShort { needed }));
        let nameless = SigningKey::from_material(None, algorithm, &vec![7; needed]).err();
        assert_eq!(nameless, Some(KeyError::IdMissing));
    }
    for id in [String::new(), "x".repeat(257)] {
        assert_eq!(
            SigningKey::from_material(Some(&id), Algorithm::Hs256, &[7; 32]).err(),
            Some(KeyError::IdLength)
        );
    }
    let all = [Algorithm::EdDsa, Algorithm::Es256, Algorithm::Rs256];
    for own in all {
        let material = SigningKey::generate(own, &SystemEntropy).unwrap();
        for other in all {
            assert_eq!(
                SigningKey::from_material(None, other, &material).is_ok(),
                own == other,
                "{own} {other}"
            );
        }
        assert!(SigningKey::from_material(None, own, &material[1..]).is_err());
        assert!(SigningKey::from_material(None, own, b"").is_err());
    }
    let rsa = |bytes: usize, e: &str| {
        let mut n = vec![0xff; bytes];
        n[0] = 0x80;
        let n = URL_SAFE_NO_PAD.encode(n);
        Jwk::parse(&format!(r#"{{"kty":"RSA","alg":"RS256","n":"{n}","e":"{e}"}}"#)).is_ok()
    };
    assert!(rsa(256, "AQAB") && rsa(1024, "AQAB") && rsa(256, "Aw"));
    assert!(!rsa(255, "AQAB") && !rsa(1025, "AQAB"), "2048 to 8192 bits");
    assert!(!rsa(256, "AQ") && !rsa(256, "Ag") && !rsa(256, "") && !rsa(256, "AAEAAQ"), "exponents");
    let off_the_curve = URL_SAFE_NO_PAD.encode([7; 32]);
    let point = format!(r#"{{"kty":"EC","crv":"P-256","x":"{off_the_curve}","y":"{off_the_curve}"}}"#);
    assert!(VerifyingKey::from_jwk(&Jwk::parse(&point).unwrap()).is_err());
}

#[test]
fn a_secret_is_not_printed() {
    let key = SigningKey::from_material(Some("k"), Algorithm::Hs256, &[0xa5; 32]).unwrap();
    assert_eq!(format!("{key:?}"), r#"SigningKey { id: "k", algorithm: Hs256, .. }"#);
    assert_eq!(format!("{:?}", key.verifying_key()), r#"VerifyingKey { id: "k", algorithm: Hs256, .. }"#);
    assert!(key.verifying_key().jwk().is_none());
    assert_eq!(set(&[&key]).jwks().to_json(), r#"{"keys":[]}"#);
}

#[test]
fn a_long_token_is_refused_before_it_is_looked_at() {
    let key = generate(Some("k"), Algorithm::Hs256);
    let keys = set(&[&key]);
    // 8192 bytes that would be malformed, then one more.
    let junk = "x".repeat(MAX_TOKEN);
    let malformed = TokenError::Malformed("a token has three parts");
    assert_eq!(jws::verify(&junk, &keys, TypRule::PlainJwt).err(), Some(malformed));
    assert_eq!(jws::verify(&(junk + "x"), &keys, TypRule::PlainJwt).err(), Some(TokenError::TooLong));
    // What we would not read we do not write.
    for length in 6000..6200 {
        match key.sign("JWT", &vec![b' '; length]) {
            Ok(token) => assert!(jws::verify(&token, &keys, TypRule::PlainJwt).is_ok()),
            Err(error) => assert_eq!(error, KeyError::TokenTooLong),
        }
    }
    assert!(key.sign("JWT", &[b' '; 6000]).is_ok() && key.sign("JWT", &[b' '; 6199]).is_err());
}

#[test]
fn claims_of_others_are_read_strictly() {
    #[derive(serde::Deserialize, Debug, PartialEq)]
    struct Theirs {
        user_id: u64,
    }
    let key = generate(Some("k"), Algorithm::Hs256);
    let keys = set(&[&key]);
    let read = |json: &str| {
        let token = key.sign("JWT", json.as_bytes()).unwrap();
        jws::verify(&token, &keys, TypRule::PlainJwt).unwrap().claims::<Theirs>()
    };
    assert_eq!(read(r#"{"user_id":7,"token_type":"access"}"#), Ok(Theirs { user_id: 7 }));
    for bad in
        ["[7]", "7", "", r#"{"user_id":7,"x":{"y":1,"y":2}}"#, r#"{"user_id":"7"}"#, r#"{"user_id":7} x"#]
    {
        assert!(read(bad).is_err(), "{bad}");
    }
}

proptest! {
    #[test]
    fn junk_is_refused_and_never_panics(
        junk in prop_oneof![
            ".*",
            "[A-Za-z0-9_-]{0,80}\\.[A-Za-z0-9_-]{0,80}\\.[A-Za-z0-9_-]{0,90}",
            "eyJ[A-Za-z0-9_-]{0,40}\\.{0,4}[A-Za-z0-9_=-]{0,40}",
        ],
        bytes in proptest::collection::vec(any::<u8>(), 0..300),
    ) {
        let key = SigningKey::from_material(Some("k"), Algorithm::Hs256, &[7; 32]).unwrap();
        let keys = set(&[&key]);
        let expected = Expected::new("i", ["a".to_owned()]);
        let bytes = String::from_utf8_lossy(&bytes);
        let header = URL_SAFE_NO_PAD.encode(&*bytes);
        // As a token, as a header, and as claims that are properly signed.
        for token in [&junk, &*bytes, &format!("{header}.e30.AAAA"), &key.sign("at+jwt", bytes.as_bytes()).unwrap()] {
            prop_assert!(verify_access(token, &keys, &expected, Timestamp::ZERO).is_err());
        }
        prop_assert!(Jwk::parse(&junk).is_err() && Jwk::parse(&bytes).is_err());
        prop_assert!(SigningKey::from_material(None, Algorithm::EdDsa, bytes.as_bytes()).is_err());
    }
}
