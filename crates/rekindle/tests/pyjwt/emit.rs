//! Writes mutated tokens with our verdict on each, one JSON object a line, for `compare.py`.

#[path = "../mutated/mod.rs"]
mod mutated;

use std::io::Write as _;

use base64::Engine as _;
use mutated::{ALGORITHMS, AUDIENCE, ISSUER, Keys, Random, has_newer_name, id, sample};
use serde_json::{Value, json};

fn main() -> std::io::Result<()> {
    let samples: u64 = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(40_000);
    let keys = Keys::generate();
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let named = ALGORITHMS.map(|algorithm| {
        let public = keys.set.get(&id(algorithm)).and_then(|key| key.jwk());
        let secret = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(&keys.secret);
        let key = public.map_or_else(|| json!({"kty": "oct", "k": secret}), |jwk| json!(jwk));
        (algorithm.name().to_owned(), key)
    });
    let named: serde_json::Map<String, Value> = named.into_iter().collect();
    writeln!(out, "{}", json!({"keys": named, "issuer": ISSUER, "audience": AUDIENCE}))?;
    for seed in 0..samples {
        let sample = sample(&keys, &mut Random(seed));
        let (payload, refused) = match keys.verify(&sample.token) {
            Ok(token) => (Some(token.payload().to_owned()), None),
            Err(error) => (None, Some(error.to_string())),
        };
        let line = json!({
            "seed": seed,
            "algorithm": sample.algorithm.name(),
            "done": sample.done,
            "token": sample.token,
            "payload": payload,
            "refused": refused,
            "newer_name": has_newer_name(&sample.token),
        });
        writeln!(out, "{line}")?;
    }
    writeln!(out, "{}", json!({"end": samples}))?;
    out.flush()
}
