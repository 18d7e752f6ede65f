//! Whatever we accept, jsonwebtoken accepts too and reads in the same way; and where it accepts what we
//! refuse, it is for one of the reasons listed here. The one exception: `Ed25519` as a name for EdDSA.
//! `pyjwt/compare.py` says the same of PyJWT.

mod mutated;

use std::collections::BTreeMap;

use jsonwebtoken as oracle;
use mutated::{AUDIENCE, ISSUER, Keys, Random, Sample, has_newer_name, sample};
use rekindle::token::{Algorithm, TokenError};

const SAMPLES: usize = 30_000;

/// Where we are stricter, by the words of our refusal, and why.
const STRICTER: [(&str, &str); 13] = [
    ("the token is of another type", "typ must be at+jwt: one kind of token must not pass for another"),
    ("the token's key is not known", "kid chooses the key; the oracle is handed one and does not look"),
    ("the token's algorithm is not that of its key", "kid names a key of another algorithm"),
    (
        "the token is malformed: the header has a member that is not allowed",
        "an allow-list; the oracle ignores crit",
    ),
    ("the token's iss claim is missing or invalid", "the oracle takes an iss of the wrong type for none"),
    ("the token is malformed: the header is not a JSON object of strings", "null is not absent"),
    ("the token is malformed: the claims repeat a member", "at every level; the oracle takes the last"),
    ("the token's aud claim is missing or invalid", "the oracle takes an aud of the wrong type for none"),
    ("the token's exp claim is missing or invalid", "ours are whole seconds"),
    ("the token's nbf claim is missing or invalid", "ours are whole seconds, and null is not absent"),
    ("the token's iat claim is missing or invalid", "required by RFC 9068; the oracle does not look"),
    ("the token's sub claim is missing or invalid", "required by RFC 9068; the oracle does not look"),
    (
        "another claim of ours is missing or invalid",
        "client_id, jti, sid, gen, auth_time; the oracle does not look",
    ),
];

fn reason(error: TokenError) -> String {
    match error {
        TokenError::InvalidClaim("client_id" | "jti" | "sid" | "gen" | "auth_time") => {
            "another claim of ours is missing or invalid".to_owned()
        }
        other => other.to_string(),
    }
}

struct Oracle<'a> {
    keys: &'a Keys,
}

impl Oracle<'_> {
    fn verify(&self, sample: &Sample) -> Option<serde_json::Value> {
        let algorithm = match sample.algorithm {
            Algorithm::EdDsa => oracle::Algorithm::EdDSA,
            Algorithm::Es256 => oracle::Algorithm::ES256,
            Algorithm::Rs256 => oracle::Algorithm::RS256,
            Algorithm::Ps256 => oracle::Algorithm::PS256,
            _ => oracle::Algorithm::HS256,
        };
        let key = match self.keys.set.get(&mutated::id(sample.algorithm)).unwrap().jwk() {
            Some(jwk) => {
                let jwk = serde_json::to_value(jwk).unwrap();
                oracle::DecodingKey::from_jwk(&serde_json::from_value(jwk).unwrap()).unwrap()
            }
            None => oracle::DecodingKey::from_secret(&self.keys.secret),
        };
        let mut validation = oracle::Validation::new(algorithm);
        validation.set_audience(&[AUDIENCE]);
        validation.set_issuer(&[ISSUER]);
        validation.validate_nbf = true;
        validation.leeway = 0;
        oracle::decode(&sample.token, &key, &validation).ok().map(|data| data.claims)
    }
}

#[test]
fn jsonwebtoken_agrees_or_the_difference_is_listed() {
    let keys = Keys::generate();
    let oracle = Oracle { keys: &keys };
    let mut stricter: BTreeMap<String, usize> = BTreeMap::new();
    let (mut both, mut neither, mut wider) = (0, 0, 0);
    for seed in 0..SAMPLES as u64 {
        let sample = sample(&keys, &mut Random(seed));
        let story = || format!("seed {seed}, {}: {:?}\n{}", sample.algorithm, sample.done, sample.token);
        match (keys.verify(&sample.token), oracle.verify(&sample)) {
            (Ok(own), Some(claims)) => {
                let read: serde_json::Value = serde_json::from_str(own.payload()).unwrap();
                assert_eq!(read, claims, "{}", story());
                both += 1;
            }
            (Ok(_), None) if has_newer_name(&sample.token) => wider += 1,
            (Ok(_), None) => panic!("accepted here only: {}", story()),
            (Err(error), Some(_)) => {
                let reason = reason(error);
                assert!(STRICTER.iter().any(|(listed, _)| *listed == reason), "{reason}: {}", story());
                *stricter.entry(reason).or_default() += 1;
            }
            (Err(_), None) => neither += 1,
        }
    }
    println!("both accept {both}, both refuse {neither}, Ed25519 {wider}, stricter: {stricter:#?}");
    assert!(wider > 0);
    assert!(both > SAMPLES / 10 && neither > SAMPLES / 10, "a fair mixture: {both}, {neither}");
    for (listed, why) in STRICTER {
        assert!(stricter.contains_key(listed), "never seen: {listed} ({why})");
    }
}
