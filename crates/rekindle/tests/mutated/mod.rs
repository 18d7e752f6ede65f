//! Access tokens, mutated: in their text, in their header and in their claims; signed after or before.
//!
//! A sample is a function of the seed and the keys, and says what was done to it.

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RSA_PKCS1_SHA256, RSA_PSS_SHA256,
    RsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rekindle::core::Timestamp;
use rekindle::entropy::SystemEntropy;
use rekindle::token::{AccessToken, Algorithm, Expected, KeySet, SigningKey, TokenError, verify_access};

/// Long ago, and the tokens end long from now: so the oracles, which only know the system's clock, see the
/// same past and future as we do.
pub(crate) const NOW: Timestamp = Timestamp::from_unix(1_700_000_000);
pub(crate) const ISSUER: &str = "https://id.example";
pub(crate) const AUDIENCE: &str = "api";
pub(crate) const ALGORITHMS: [Algorithm; 5] =
    [Algorithm::Hs256, Algorithm::EdDsa, Algorithm::Es256, Algorithm::Rs256, Algorithm::Ps256];

const HEADER: [(&str, &str); 2] = [("typ", "\"at+jwt\""), ("alg", "")];
const CLAIMS: [(&str, &str); 12] = [
    ("iss", "\"https://id.example\""),
    ("aud", "\"api\""),
    ("sub", "\"ada\""),
    ("client_id", "\"web\""),
    ("iat", "1700000000"),
    ("exp", "4000000000"),
    ("jti", "\"t1\""),
    ("sid", "\"07070707070707070707070707070707\""),
    ("gen", "3"),
    ("auth_time", "1699999000"),
    ("roles", "[\"editor\"]"),
    ("deep", "{\"x\":{\"y\":1.5}}"),
];

/// Raw JSON, and some that is none.
const VALUES: [&str; 34] = [
    "null",
    "true",
    "false",
    "0",
    "-0",
    "-1",
    "1.5",
    "1e3",
    "1e400",
    "01",
    "NaN",
    "Infinity",
    "3",
    "\"\"",
    "\"api\"",
    "\"x\"",
    "\"4000000000\"",
    "\"\\ud800\"",
    "\"\\u0061pi\"",
    "[]",
    "[\"api\"]",
    "[\"x\",\"api\"]",
    "[\"api\",1]",
    "[[\"api\"]]",
    "{}",
    "{\"a\":1,\"a\":2}",
    "[{\"a\":1,\"\\u0061\":2}]",
    "4000000000",
    "4000000000.0",
    "4000000000.5",
    "3900000000",
    "1000000000",
    "18446744073709551616",
    "\"at+jwt\"",
];
const HEADER_NAMES: [&str; 20] = [
    "alg",
    "typ",
    "kid",
    "crit",
    "b64",
    "jku",
    "jwk",
    "x5u",
    "x5c",
    "x5t",
    "x5t#S256",
    "zip",
    "cty",
    "enc",
    "iss",
    "\\u0061lg",
    "ALG",
    "nonce",
    "x",
    "",
];
const HEADER_VALUES: [&str; 26] = [
    "\"key-HS256\"",
    "\"key-EdDSA\"",
    "\"none\"",
    "\"None\"",
    "\"HS256\"",
    "\"HS384\"",
    "\"HS512\"",
    "\"RS256\"",
    "\"PS256\"",
    "\"ES256\"",
    "\"EdDSA\"",
    "\"Ed25519\"",
    "\"hs256\"",
    "\"JWT\"",
    "\"at+jwt\"",
    "\"AT+JWT\"",
    "\"application/at+jwt\"",
    "\"DEF\"",
    "\"https://evil.example/k\"",
    "[\"exp\"]",
    "{\"kty\":\"oct\",\"k\":\"AAAA\"}",
    "false",
    "null",
    "1",
    "\"\"",
    "\"x\"",
];
const CLAIM_NAMES: [&str; 17] = [
    "iss",
    "aud",
    "sub",
    "client_id",
    "iat",
    "exp",
    "nbf",
    "jti",
    "sid",
    "gen",
    "auth_time",
    "roles",
    "x",
    "",
    "\\u0065xp",
    "EXP",
    "roles",
];

/// A small generator, so that a seed means the same everywhere (splitmix64).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }
}

pub(crate) struct Keys {
    pub(crate) set: KeySet,
    pub(crate) secret: Vec<u8>,
    ed25519: Ed25519KeyPair,
    p256: EcdsaKeyPair,
    rsa: RsaKeyPair,
}

/// The key of `algorithm` has this id.
pub(crate) fn id(algorithm: Algorithm) -> String {
    format!("key-{algorithm}")
}

impl Keys {
    pub(crate) fn generate() -> Self {
        let generate = |algorithm| SigningKey::generate(algorithm, &SystemEntropy).unwrap().to_vec();
        let (secret, ed25519, p256) =
            (generate(Algorithm::Hs256), generate(Algorithm::EdDsa), generate(Algorithm::Es256));
        let rsa = generate(Algorithm::Rs256);
        let materials = [&secret, &ed25519, &p256, &rsa, &rsa];
        let keys = ALGORITHMS.iter().zip(materials).map(|(algorithm, material)| {
            let key = SigningKey::from_material(Some(&id(*algorithm)), *algorithm, material).unwrap();
            key.verifying_key().clone()
        });
        Self {
            set: KeySet::new(keys).unwrap(),
            ed25519: Ed25519KeyPair::from_pkcs8(&ed25519).unwrap(),
            p256: EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &p256).unwrap(),
            rsa: RsaKeyPair::from_pkcs8(&rsa).unwrap(),
            secret,
        }
    }

    fn sign(&self, algorithm: Algorithm, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        let mut rsa = vec![0; self.rsa.public_modulus_len()];
        match algorithm {
            Algorithm::EdDsa => self.ed25519.sign(message).as_ref().to_vec(),
            Algorithm::Es256 => self.p256.sign(&random, message).unwrap().as_ref().to_vec(),
            Algorithm::Rs256 => {
                self.rsa.sign(&RSA_PKCS1_SHA256, &random, message, &mut rsa).unwrap();
                rsa
            }
            Algorithm::Ps256 => {
                self.rsa.sign(&RSA_PSS_SHA256, &random, message, &mut rsa).unwrap();
                rsa
            }
            _ => hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &self.secret), message).as_ref().to_vec(),
        }
    }

    pub(crate) fn verify(&self, token: &str) -> Result<AccessToken, TokenError> {
        verify_access(token, &self.set, &Expected::new(ISSUER, [AUDIENCE.to_owned()]), NOW)
    }
}

pub(crate) struct Sample {
    /// Whose key signed it, and whose key the oracle is told to use.
    pub(crate) algorithm: Algorithm,
    pub(crate) token: String,
    /// What was done.
    pub(crate) done: Vec<String>,
}

pub(crate) fn sample(keys: &Keys, random: &mut Random) -> Sample {
    // RSA signs a hundred times slower than the others.
    let algorithm = ALGORITHMS[[0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 4][random.below(11)]];
    let mut done = Vec::new();
    let mut header = members(&HEADER);
    header[1].1 = format!("\"{algorithm}\"");
    header.push(("kid".to_owned(), format!("\"{}\"", id(algorithm))));
    let mut claims = members(&CLAIMS);
    for _ in 0..random.below(4) {
        match random.below(10) {
            0..4 => change(&mut claims, &CLAIM_NAMES, &VALUES, random, &mut done),
            4..7 => change(&mut header, &HEADER_NAMES, &HEADER_VALUES, random, &mut done),
            _ => {}
        }
    }
    let header = render(&header, random, &mut done);
    let claims = render(&claims, random, &mut done);
    let mut token = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    if random.below(12) == 0 {
        // The signature will cover the changed text, so that only the text's own form can be refused.
        change_text(&mut token, random, &mut done);
        done.push("signed after that".to_owned());
    }
    let signature = keys.sign(algorithm, token.as_bytes());
    token.push('.');
    token.push_str(&URL_SAFE_NO_PAD.encode(signature));
    if random.below(4) == 0 {
        for _ in 0..=random.below(2) {
            change_text(&mut token, random, &mut done);
        }
    }
    Sample { algorithm, token, done }
}

/// Whether the token's header calls EdDSA `Ed25519`, the newer name (RFC 9864) that the oracles do not know.
pub(crate) fn has_newer_name(token: &str) -> bool {
    let header = token.split('.').next().and_then(|text| URL_SAFE_NO_PAD.decode(text).ok());
    let header = header.and_then(|json| serde_json::from_slice::<serde_json::Value>(&json).ok());
    header.is_some_and(|header| header["alg"] == "Ed25519")
}

fn members(from: &[(&str, &str)]) -> Vec<(String, String)> {
    from.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn change(
    members: &mut Vec<(String, String)>,
    names: &[&str],
    values: &[&str],
    random: &mut Random,
    done: &mut Vec<String>,
) {
    let at = random.below(members.len());
    let (name, value) = (random.pick(names), random.pick(values));
    match random.below(6) {
        0 if !members.is_empty() => done.push(format!("removed {}", members.remove(at).0)),
        1 => {
            members.insert(at, (name.to_owned(), value.to_owned()));
            done.push(format!("inserted {name}: {value}"));
        }
        2 if !members.is_empty() => {
            let copy = members[at].clone();
            done.push(format!("repeated {}", copy.0));
            members.push(copy);
        }
        3 if !members.is_empty() => {
            let to = random.below(members.len());
            members.swap(at, to);
            done.push("reordered".to_owned());
        }
        _ => {
            if let Some(member) = members.get_mut(at) {
                done.push(format!("set {} to {value}", member.0));
                value.clone_into(&mut member.1);
            }
        }
    }
}

fn render(members: &[(String, String)], random: &mut Random, done: &mut Vec<String>) -> Vec<u8> {
    let space = if random.below(20) == 0 { random.pick(&[" ", "\r\n ", "\t", "\u{a0}"]) } else { "" };
    let members = members.iter().map(|(name, value)| format!("\"{name}\":{space}{value}"));
    let mut json = format!("{{{}}}", members.collect::<Vec<_>>().join(&format!(",{space}"))).into_bytes();
    if random.below(25) == 0 {
        let junk: &[u8] =
            random.pick(&[b" ", b"\0", b",", b"}", b"{}", b"x", b"\xff", b"\xef\xbb\xbf", b"//", b"\""]);
        let at = random.pick(&[0, json.len(), json.len() - 1, 1]);
        json.splice(at..at, junk.iter().copied());
        done.push(format!("put {junk:?} at {at} of the JSON"));
    }
    json
}

/// Keeps to ASCII, as everything that carries a token does.
fn change_text(token: &mut String, random: &mut Random, done: &mut Vec<String>) {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = std::mem::take(token).into_bytes();
    let at = random.below(text.len());
    let ends: Vec<usize> =
        (0..=text.len()).filter(|at| text.get(*at).is_none_or(|byte| *byte == b'.')).collect();
    let end = random.pick(&ends);
    match random.below(8) {
        0 => text[at] = random.pick(ALPHABET),
        1 => text.insert(at, random.pick(b"A-_+/=. \n%\0?")),
        2 => {
            text.remove(at);
        }
        3 => text.splice(end..end, *b"=").for_each(drop),
        4 => text.insert(end, random.pick(b" \n\t=A.")),
        // The last character of a part carries bits that nothing needs.
        5 if end > 0 => {
            if let Some(place) = ALPHABET.iter().position(|byte| *byte == text[end - 1]) {
                text[end - 1] = ALPHABET[place ^ (1 + random.below(3))];
            }
        }
        6 => text.truncate(at),
        _ => {
            let part = text[..end].to_vec();
            text.extend(part);
        }
    }
    done.push(format!("changed the text near {at} or {end}"));
    *token = String::from_utf8(text).unwrap();
}
