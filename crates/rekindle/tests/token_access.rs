//! Access tokens, written and read: what each claim may be, and when a token ends.

use std::collections::BTreeMap;

use rekindle::core::{Generation, Seconds, SessionId, Timestamp};
use rekindle::entropy::SystemEntropy;
use rekindle::token::claims::RESERVED;
use rekindle::token::{
    AccessClaims, AccessToken, Algorithm, Expected, KeySet, SigningKey, TokenError, sign_access,
    verify_access,
};

const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

fn key(algorithm: Algorithm) -> SigningKey {
    let material = SigningKey::generate(algorithm, &SystemEntropy).unwrap();
    SigningKey::from_material(Some("k1"), algorithm, &material).unwrap()
}

fn expected() -> Expected {
    Expected::new("https://id.example", ["api".to_owned()])
}

fn claims<'a>(audience: &'a [String], extra: &'a str) -> AccessClaims<'a> {
    AccessClaims {
        issuer: "https://id.example",
        audience,
        subject: "ada \"λ\" \\ lovelace",
        client_id: "web",
        issued_at: NOW,
        expires_at: NOW + Seconds(300),
        token_id: "t1",
        session: SessionId([7; 16]),
        generation: Generation(3),
        auth_time: Timestamp::from_unix(1_799_999_000),
        extra,
    }
}

/// Signs claims written by hand.
fn signed(key: &SigningKey, json: &str) -> Result<AccessToken, TokenError> {
    let token = key.sign("at+jwt", json.as_bytes()).unwrap();
    let keys = KeySet::new([key.verifying_key().clone()]).unwrap();
    verify_access(&token, &keys, &expected(), NOW)
}

const PLAIN_CLAIMS: &str = r#"{"iss":"https://id.example","aud":"api","sub":"s","client_id":"c",
    "iat":1800000000,"exp":1800000300,"jti":"j","sid":"07070707070707070707070707070707","gen":1,
    "auth_time":1800000000}"#;

#[test]
fn what_is_signed_is_read_back_under_every_algorithm() {
    for algorithm in Algorithm::ALL {
        let key = key(algorithm);
        let keys = KeySet::new([key.verifying_key().clone()]).unwrap();
        for audience in [vec!["api".to_owned()], vec!["else".to_owned(), "api".to_owned()]] {
            let extra = r#" {"role":"admin","deep":{"a":[1,{"b":null}]}} "#;
            let token = sign_access(&key, &claims(&audience, extra)).unwrap();
            let read = verify_access(&token, &keys, &expected(), NOW).unwrap();
            assert_eq!(read.subject(), "ada \"λ\" \\ lovelace");
            assert_eq!((read.client_id(), read.token_id()), ("web", "t1"));
            assert_eq!((read.session(), read.generation()), (SessionId([7; 16]), Generation(3)));
            assert_eq!((read.issued_at(), read.expires_at()), (NOW, NOW + Seconds(300)));
            assert_eq!(read.auth_time(), Timestamp::from_unix(1_799_999_000));
            assert_eq!(read.claims_json(), extra.trim());
            let own: BTreeMap<String, serde_json::Value> = read.claims().unwrap();
            assert_eq!(own.keys().collect::<Vec<_>>(), ["deep", "role"]);
        }
    }
}

/// RFC 9068 section 2: the header's type, and the claims that must be there.
#[test]
fn the_shape_of_an_access_token() {
    use base64::Engine as _;
    let key = key(Algorithm::EdDsa);
    let part = |token: &str, at: usize| -> serde_json::Value {
        let text = token.split('.').nth(at).unwrap();
        let json = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text).unwrap();
        serde_json::from_slice(&json).unwrap()
    };
    let token = sign_access(&key, &claims(&["api".to_owned()], r#"{"role":"admin"}"#)).unwrap();
    assert_eq!(part(&token, 0), serde_json::json!({"alg": "EdDSA", "typ": "at+jwt", "kid": "k1"}));
    assert_eq!(
        part(&token, 1),
        serde_json::json!({
            "iss": "https://id.example", "aud": "api", "sub": "ada \"λ\" \\ lovelace", "client_id": "web",
            "iat": 1_800_000_000, "exp": 1_800_000_300, "jti": "t1", "sid": "07070707070707070707070707070707",
            "gen": 3, "auth_time": 1_799_999_000, "role": "admin",
        })
    );
    let token = sign_access(&key, &claims(&["a".to_owned(), "b".to_owned()], "{}")).unwrap();
    assert_eq!(part(&token, 1)["aud"], serde_json::json!(["a", "b"]));
    assert!(sign_access(&key, &claims(&[], "{}")).is_err());
    assert!(sign_access(&key, &claims(&["a".to_owned()], "[]")).is_err());
}

#[test]
fn a_token_ends_at_its_exp_and_not_a_second_later() {
    let key = key(Algorithm::Hs256);
    let keys = KeySet::new([key.verifying_key().clone()]).unwrap();
    let token = sign_access(&key, &claims(&["api".to_owned()], "{}")).unwrap();
    let verdict =
        |leeway, now| verify_access(&token, &keys, &expected().with_leeway(Seconds(leeway)), now).map(|_| ());
    assert_eq!(verdict(0, NOW + Seconds(299)), Ok(()));
    assert_eq!(verdict(0, NOW + Seconds(300)), Err(TokenError::Expired));
    assert_eq!(verdict(30, NOW + Seconds(329)), Ok(()));
    assert_eq!(verdict(30, NOW + Seconds(330)), Err(TokenError::Expired));
    assert_eq!(verdict(99_999, NOW + Seconds(599)), Ok(()));
    assert_eq!(verdict(99_999, NOW + Seconds(600)), Err(TokenError::Expired), "leeway has a limit");
    assert_eq!(verdict(0, Timestamp::ZERO), Ok(()), "iat is not compared");
}

#[test]
fn a_claim_of_the_wrong_type_is_invalid_and_never_absent() {
    let key = key(Algorithm::Hs256);
    assert_eq!(signed(&key, PLAIN_CLAIMS).map(|_| ()), Ok(()));
    let object: serde_json::Map<String, serde_json::Value> = serde_json::from_str(PLAIN_CLAIMS).unwrap();
    let wrong = [
        "null",
        "true",
        "1.0",
        "1e3",
        "-1",
        "-0",
        "1.8e9",
        "18446744073709551616",
        "\"1800000300\"",
        "{}",
        "[1]",
        "[null]",
        "[[\"api\"]]",
        "[\"api\",1]",
        "12",
    ];
    for name in RESERVED {
        let invalid = Err(TokenError::InvalidClaim(name));
        let mut without = object.clone();
        without.remove(name);
        let text = serde_json::to_string(&without).unwrap();
        let absent = signed(&key, &text).map(|_| ());
        assert_eq!(absent, if name == "nbf" { Ok(()) } else { invalid }, "{name}");
        let number = ["iat", "exp", "nbf", "gen", "auth_time"].contains(&name);
        for value in wrong {
            if (number && value == "12") || (!number && value.starts_with('"')) {
                continue;
            }
            let text = format!(r#"{},"{name}":{value}}}"#, &text[..text.len() - 1]);
            assert_eq!(signed(&key, &text).map(|_| ()), invalid, "{name}: {value}");
        }
    }
    for sid in ["", "0707", "0707070707070707070707070707070G", "07070707-0707-0707-0707-070707070707"] {
        let text = PLAIN_CLAIMS.replace("07070707070707070707070707070707", sid);
        assert_eq!(signed(&key, &text).map(|_| ()), Err(TokenError::InvalidClaim("sid")));
    }
}

#[test]
fn a_repeated_claim_is_refused_at_every_level() {
    let key = key(Algorithm::Hs256);
    for member in [
        r#""iss":"https://id.example""#,
        r#""\u0065xp":1800000300"#,
        r#""x":1,"x":1"#,
        r#""x":{"y":1,"y":1}"#,
        r#""x":[{"y":{"z":1,"\u007a":1}}]"#,
    ] {
        let text = PLAIN_CLAIMS.replacen('{', &format!("{{{member},"), 1);
        assert_eq!(signed(&key, &text).map(|_| ()), Err(REPEATED), "{member}");
    }
    const REPEATED: TokenError = TokenError::Malformed("the claims repeat a member");
}

#[test]
fn who_it_is_from_and_for() {
    let key = key(Algorithm::Hs256);
    let read = |from: &str, to: &str| signed(&key, &PLAIN_CLAIMS.replace(from, to)).map(|_| ());
    assert_eq!(read("https://id.example", "https://id.example/"), Err(TokenError::WrongIssuer));
    assert_eq!(read("\"api\"", "\"API\""), Err(TokenError::WrongAudience));
    assert_eq!(read("\"api\"", "[]"), Err(TokenError::WrongAudience));
    assert_eq!(read("\"api\"", r#"["x","\u0061pi"]"#), Ok(()));
    assert_eq!(read("\"gen\":1", "\"gen\":1,\"nbf\":1800000000"), Ok(()));
    assert_eq!(read("\"gen\":1", "\"gen\":1,\"nbf\":1800000001"), Err(TokenError::NotYetValid));
}

#[test]
fn payloads_that_are_no_object_are_refused() {
    let key = key(Algorithm::Hs256);
    for junk in ["", "null", "[]", "1", "\"x\"", "{", "{}x", "{} {}", "{\"a\":}", "\u{feff}{}"] {
        assert!(signed(&key, junk).is_err(), "{junk}");
    }
    let token = key.sign("at+jwt", b"{\"iss\":\"\xff\"}").unwrap();
    let keys = KeySet::new([key.verifying_key().clone()]).unwrap();
    let refused = verify_access(&token, &keys, &expected(), NOW).map(|_| ());
    assert_eq!(refused, Err(TokenError::Malformed("the claims are not UTF-8")));
}

#[test]
fn another_kind_of_token_is_no_access_token() {
    let key = key(Algorithm::EdDsa);
    let keys = KeySet::new([key.verifying_key().clone()]).unwrap();
    for typ in ["JWT", "dpop+jwt", "logout+jwt", ""] {
        let token = key.sign(typ, PLAIN_CLAIMS.as_bytes()).unwrap();
        assert_eq!(verify_access(&token, &keys, &expected(), NOW).map(|_| ()), Err(TokenError::WrongType));
    }
    let token = key.sign("application/AT+jwt", PLAIN_CLAIMS.as_bytes()).unwrap();
    assert!(verify_access(&token, &keys, &expected(), NOW).is_ok());
}
