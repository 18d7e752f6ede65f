//! What an access token costs, beside the bare primitive and beside jsonwebtoken, in one run.
//!
//! `cargo bench -p rekindle --bench tokens`. Each round times every candidate once, in turn, so that a
//! machine that slows down slows all of them; rounds are shorter than a scheduler's time slice, so that other
//! work spoils some rounds and not the median. The `null` row is a candidate timed twice: the difference is
//! what this machine's noise is worth.

#![expect(clippy::print_stdout, reason = "this is a report")]
#![expect(clippy::unwrap_used, reason = "a bench has nobody to hand an error to")]

mod timing;

use std::hint::black_box;

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, ParsedPublicKey};
use jsonwebtoken as oracle;
use rekindle::core::{Generation, Seconds, SessionId, Timestamp};
use rekindle::entropy::SystemEntropy;
use rekindle::token::{AccessClaims, Algorithm, Expected, KeySet, SigningKey, sign_access, verify_access};
use timing::{Candidate, compare};

const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

/// One reference session: UUID subject, 60 bytes of claims.
fn claims(audience: &[String]) -> AccessClaims<'_> {
    AccessClaims {
        issuer: "https://id.example.com",
        audience,
        subject: "3f1c9a52-7e0b-4d86-a1c5-9b2e8f60d714",
        client_id: "web",
        issued_at: NOW,
        expires_at: NOW + Seconds::minutes(5),
        token_id: "mJ3vTq0Yx8Kc5ZbNw2RfLg",
        session: SessionId(*b"0123456789abcdef"),
        generation: Generation(12),
        auth_time: NOW,
        extra: r#"{"roles":["editor","author"],"plan":"team","locale":"de-AT"}"#,
    }
}

#[derive(serde::Serialize, serde::Deserialize, Clone)]
struct OracleClaims {
    iss: String,
    aud: String,
    sub: String,
    client_id: String,
    iat: u64,
    exp: u64,
    jti: String,
    sid: String,
    r#gen: u64,
    auth_time: u64,
    roles: Vec<String>,
    plan: String,
    locale: String,
}

struct Bench<'a> {
    algorithm: Algorithm,
    title: &'a str,
    material: &'a [u8],
    bare_verify: &'a dyn Fn(&[u8], &[u8]),
    bare_sign: &'a dyn Fn(&[u8]),
    decoding: oracle::DecodingKey,
    encoding: oracle::EncodingKey,
}

fn run(bench: Bench<'_>) {
    let key = SigningKey::from_material(Some("2026-11"), bench.algorithm, bench.material).unwrap();
    let keys = KeySet::new([key.verifying_key().clone()]).unwrap();
    let audience = ["https://api.example.com".to_owned()];
    let token = sign_access(&key, &claims(&audience)).unwrap();
    let expected = Expected::new("https://id.example.com", audience.clone());
    verify_access(&token, &keys, &expected, NOW).unwrap();

    let algorithm =
        if bench.algorithm == Algorithm::Hs256 { oracle::Algorithm::HS256 } else { oracle::Algorithm::EdDSA };
    let mut validation = oracle::Validation::new(algorithm);
    validation.set_audience(&audience);
    validation.set_issuer(&["https://id.example.com"]);
    let decode = || oracle::decode::<OracleClaims>(&token, &bench.decoding, &validation).unwrap();
    let own = decode().claims;
    let mut header = oracle::Header::new(algorithm);
    header.typ = Some("at+jwt".to_owned());
    header.kid = Some("2026-11".to_owned());

    let (signed, signature) = token.rsplit_once('.').unwrap();
    let signature = {
        use base64::Engine as _;
        base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(signature).unwrap()
    };
    let verify = || {
        black_box(verify_access(black_box(&token), &keys, &expected, NOW).unwrap());
    };
    println!("\n{} bytes of token", token.len());
    compare(
        &format!("{} verify", bench.title),
        vec![
            Candidate::new("bare primitive", || {
                (bench.bare_verify)(black_box(signed.as_bytes()), &signature)
            }),
            Candidate::new("rekindle", verify),
            Candidate::new("null (rekindle again)", verify),
            Candidate::new("jsonwebtoken", || {
                black_box(decode());
            }),
        ],
    );
    compare(
        &format!("{} sign", bench.title),
        vec![
            Candidate::new("bare primitive", || (bench.bare_sign)(black_box(signed.as_bytes()))),
            Candidate::new("rekindle", || {
                black_box(sign_access(&key, black_box(&claims(&audience))).unwrap());
            }),
            Candidate::new("jsonwebtoken", || {
                black_box(oracle::encode(&header, black_box(&own), &bench.encoding).unwrap());
            }),
        ],
    );
}

fn main() {
    let secret = SigningKey::generate(Algorithm::Hs256, &SystemEntropy).unwrap();
    let bare = hmac::Key::new(hmac::HMAC_SHA256, &secret);
    run(Bench {
        algorithm: Algorithm::Hs256,
        title: "HS256",
        material: &secret,
        bare_verify: &|message, tag| hmac::verify(&bare, message, tag).unwrap(),
        bare_sign: &|message| {
            black_box(hmac::sign(&bare, message));
        },
        decoding: oracle::DecodingKey::from_secret(&secret),
        encoding: oracle::EncodingKey::from_secret(&secret),
    });

    let document = SigningKey::generate(Algorithm::EdDsa, &SystemEntropy).unwrap();
    let pair = Ed25519KeyPair::from_pkcs8(&document).unwrap();
    let public = ParsedPublicKey::new(&ED25519, pair.public_key()).unwrap();
    run(Bench {
        algorithm: Algorithm::EdDsa,
        title: "EdDSA",
        material: &document,
        bare_verify: &|message, signature| public.verify_sig(message, signature).unwrap(),
        bare_sign: &|message| {
            black_box(pair.sign(message));
        },
        decoding: oracle::DecodingKey::from_ed_der(pair.public_key().as_ref()),
        encoding: oracle::EncodingKey::from_ed_der(&document),
    });
}
