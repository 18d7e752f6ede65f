//! Wycheproof's vectors for the primitives, through our keys. `tests/vectors/README.md` says where they are
//! from; `tests/token_vectors.rs` runs the ones for whole tokens.

use serde::Deserialize;

use super::{Algorithm, Jwk, KeyError, VerifyingKey};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct File<G> {
    test_groups: Vec<G>,
}

#[derive(Deserialize)]
struct SignatureGroup {
    key: serde_json::Value,
    tests: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MacGroup {
    alg: String,
    tag_size: usize,
    tests: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Case {
    tc_id: u32,
    #[serde(default)]
    key: String,
    msg: String,
    sig: String,
    result: String,
    #[serde(default)]
    flags: Vec<String>,
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits = hex.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
    digits.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
}

fn signatures(file: &str) -> usize {
    let file: File<SignatureGroup> = serde_json::from_str(file).unwrap();
    let mut ran = 0;
    for group in file.test_groups {
        let jwk = Jwk::parse(&group.key.to_string()).unwrap();
        let key = VerifyingKey::from_jwk(&jwk).unwrap();
        for case in group.tests {
            let accepted = key.verify_bytes(&bytes(&case.msg), &bytes(&case.sig)).is_ok();
            match case.result.as_str() {
                "valid" => assert!(accepted, "{}", case.tc_id),
                "invalid" => assert!(!accepted, "{}", case.tc_id),
                // RFC 8017 appendix A.2.4: a DigestInfo without its NULL. Nobody gains from either answer.
                _ => assert_eq!(case.flags, ["MissingNull"], "{}", case.tc_id),
            }
            ran += 1;
        }
    }
    ran
}

#[test]
fn ed25519() {
    assert_eq!(signatures(include_str!("../../tests/vectors/ed25519.json")), 151);
}

#[test]
fn es256() {
    let file = include_str!("../../tests/vectors/ecdsa_secp256r1_sha256_p1363.json");
    assert_eq!(signatures(file), 262);
}

#[test]
fn rs256() {
    assert_eq!(signatures(include_str!("../../tests/vectors/rsa_signature_2048_sha256.json")), 259);
}

#[test]
fn ps256() {
    assert_eq!(signatures(include_str!("../../tests/vectors/rsa_pss_2048_sha256_mgf1_32.json")), 108);
}

/// JWS knows neither truncated tags nor secrets shorter than the hash, which the files also have: such tags
/// and secrets must be refused whatever the file says of them.
#[test]
fn hmac() {
    for (file, digits) in [
        (include_str!("../../tests/vectors/hmac_sha256.json"), 256),
        (include_str!("../../tests/vectors/hmac_sha384.json"), 384),
        (include_str!("../../tests/vectors/hmac_sha512.json"), 512),
    ] {
        let file: File<MacGroup> = serde_json::from_str(file).unwrap();
        let (mut judged, mut stricter) = (0, 0);
        for group in file.test_groups {
            let algorithm: Algorithm = group.alg.parse().unwrap();
            for case in group.tests {
                let key = match VerifyingKey::from_secret("k", algorithm, &bytes(&case.key)) {
                    Ok(key) => key,
                    Err(error) => {
                        assert_eq!(error, KeyError::SecretTooShort { needed: digits / 8 });
                        assert!(case.key.len() / 2 < digits / 8, "{}", case.tc_id);
                        stricter += 1;
                        continue;
                    }
                };
                let accepted = key.verify_bytes(&bytes(&case.msg), &bytes(&case.sig)).is_ok();
                let whole = group.tag_size == digits;
                assert_eq!(accepted, whole && case.result == "valid", "{digits}: {}", case.tc_id);
                if whole { judged += 1 } else { stricter += 1 }
            }
        }
        assert_eq!(judged + stricter, 174);
        assert!(judged > 60, "{digits}: {judged}");
    }
}
