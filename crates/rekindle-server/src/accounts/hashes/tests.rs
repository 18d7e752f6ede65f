//! Vectors: made by Django 5.2, Werkzeug 3.1, bcrypt 5.0, argon2-cffi 25.1 and PHP 8.2 of the password
//! `correct horse`, most of them cheap. The originals themselves are asked by `cargo xtask test --only accounts`.

use super::*;

const PASSWORD: &[u8] = b"correct horse";

const VECTORS: &[(Format, &str)] = &[
    (Format::Django, "pbkdf2_sha256$1000$salt$boRToEKoQr22LeDTyHDsEkHpDsDOTyWJq16HknEiweU="),
    (Format::Django, "pbkdf2_sha1$1000$salt$um5PLH8ivEcrRJVasTZXh8+vxX0="),
    (
        Format::Django,
        "argon2$argon2id$v=19$m=64,t=1,p=2$O0jbfkpnCjHS9XL52pPnMA$yjMVoHlvXZ+3LedLGoW8QefOflPm1Uutyan6+Ixsro4",
    ),
    (
        Format::Django,
        "argon2$argon2i$v=19$m=64,t=1,p=2$+6BDCj8A/EGRZAPRAX5+gA$s+8sBEaA714GTFfQLrAv3B2IPL9+QaZvEptHzncyYj0",
    ),
    (
        Format::Django,
        "argon2$argon2d$v=19$m=64,t=1,p=2$sVhvx0ErCnPiESiqboj7+g$lUzvLZZ7AU88pW5FHh9Wln6HzdSrz5rTXHAl1nY4P+M",
    ),
    (Format::Django, "argon2$argon2i$v=16$m=64,t=1,p=1$c2FsdHNhbHRzYWx0c2FsdA$SXMLPQrT0E6cWc+PH6Ul5A"),
    (Format::Django, "bcrypt_sha256$$2b$04$6xkeueDNsRpibO264OE16uVM5EIzjrZX3Hdm2X1R.pEJQWyl0S90i"),
    (Format::Django, "bcrypt$$2b$04$.yNrn0ktj0I2xY9vGBAagerQDqLeL4IZ6iZYXXfLdPXauqwiK7K3i"),
    (
        Format::Django,
        "scrypt$1024$salt$8$5$IZ6wO/sZNIRA9Az3O7LYWTLYUrA8wZk7bq4FVaEcIBkH+c9k6/qembv/VTG6eKS38+4/gaLs7EqqssT91jAhqw==",
    ),
    (
        Format::Werkzeug,
        "scrypt:1024:8:1$SyjBNXt3mZuE0Fqv$231ca5d081ebf41f1489a31c8d95ac99d215b6d6eed32028f9c5424b5a03b29abac216c60445551ef01fdbff5b488d70d2598d98c660547e4c45d9ff424cf08e",
    ),
    (Format::Werkzeug, "pbkdf2:sha1:1000$IZUPY4La3eh3d9q5$d4e732e2fbabf8755833f7723794117f1b621e36"),
    (
        Format::Werkzeug,
        "pbkdf2:sha256:1000$HSqZCkdsz174zX3W$2002fc11620e6982a87d2c97ed044cf6b9dd13033b075c354fcc6ee09de9f2f1",
    ),
    (
        Format::Werkzeug,
        "pbkdf2:sha384:1000$B41MIsh7EyFcdCJI$df306745f9be1d9a3e22a75982d05fc61a00f2f88580dfa57046041efe08d2ed22ba513f34e6f696a97de611068b9088",
    ),
    (
        Format::Werkzeug,
        "pbkdf2:sha512:1000$9XU08AoYVL4WPwAo$4ac278ff7573c79069939b651283607a86cdd8764cc452e34d0294d5728e4ba693a70887cabd12dfa3671f0835701415fb0102ea26fba3b6ac95f78406e010ea",
    ),
    (Format::Php, "$2y$04$8kxdCIH79BopIY7bzr5/yOhyKx6L5Jd2E2nphx76k8T2DMBknXk8q"),
    (
        Format::Php,
        "$argon2id$v=19$m=64,t=1,p=1$WklOZGJGNmpzYTBra0RlQg$4iBAZVom9r0/TaQK+cOQcapYA17w4/K+bzteDkSNs30",
    ),
    (
        Format::Php,
        "$argon2i$v=19$m=64,t=1,p=1$emdQekZDMTRrWjhrYVh4NQ$4t4Me8RjBKBq7dWrB0q595BCyxoPaXo2Eb7MdT2QFUs",
    ),
    (Format::Php, "$2a$04$8kxdCIH79BopIY7bzr5/yOhyKx6L5Jd2E2nphx76k8T2DMBknXk8q"),
];

#[test]
fn what_the_originals_write_is_known() {
    for (format, text) in VECTORS {
        let stored = Stored::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(stored.format, *format, "{text}");
        assert!(stored.is(PASSWORD), "{text}");
        for wrong in [&b"correct hors"[..], b"correct horse ", b"Correct horse", b""] {
            assert!(!stored.is(wrong), "{text}");
        }
    }
}

/// HMAC fills a short key up with zeros, and PBKDF2 and scrypt are made of it: to the originals, too, these are the same.
#[test]
fn a_nul_at_the_end_is_another_password_where_it_is_to_the_original() {
    for (_, text) in VECTORS {
        let is_hmac = text.starts_with("pbkdf2") || text.starts_with("scrypt");
        assert_eq!(Stored::parse(text).unwrap().is(b"correct horse\0"), is_hmac, "{text}");
    }
}

/// Any character of a stored hash counts.
#[test]
fn a_hash_that_differs_in_one_character_is_another() {
    for (_, text) in VECTORS {
        let last = text.trim_end_matches('=').len() - 2;
        let mut other = (*text).to_owned();
        let changed = if &text[last..=last] == "a" { "b" } else { "a" };
        other.replace_range(last..=last, changed);
        assert!(!Stored::parse(&other).is_ok_and(|stored| stored.is(PASSWORD)), "{text}\n{other}");
    }
}

#[test]
fn nobody_has_a_password_that_is_none() {
    for unusable in ["", "!", "!gEjVc4xvx49hJBURyBj3HfurIEiOxYnliZeMmOIg"] {
        assert_eq!(Stored::parse(unusable), Err(Unreadable::Unusable), "{unusable}");
    }
}

#[test]
fn what_is_damaged_or_of_another_kind_is_refused() {
    let long = format!("pbkdf2:sha256:1$salt${}", "00".repeat(600));
    for unknown in [
        "correct horse",
        "md5$salt$5f4dcc3b5aa765d61d8327deb882cf99",
        "pbkdf2_sha256$1000$salt",
        "pbkdf2_sha256$1000$salt$AAAA",
        "pbkdf2_sha256$1000$salt$not base64!",
        "pbkdf2_sha256$0$salt$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "pbkdf2_sha256$-1$salt$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "pbkdf2_sha256$1000$sa$lt$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "pbkdf2_sha512$1$salt$AAAA",
        "pbkdf2:md5:1$salt$00",
        "pbkdf2:sha256$salt$00",
        "pbkdf2:sha256:1$salt$0",
        "pbkdf2:sha256:1$salt$zz",
        "pbkdf2:sha256:1$salt$",
        &long,
        "scrypt:3:8:1$salt$00",
        "scrypt:0:8:1$salt$00",
        "scrypt:32768:0:1$salt$00",
        "scrypt:32768:8:0$salt$00",
        "scrypt$16384$salt$8$5$AAAA",
        "$2y$12$short",
        "$2x$04$DCq7YPn5Rq63x1Lad4cll.TV4S6ytwfsfvkgY8jIucDrjc8deX1s.",
        "$2y$03$DCq7YPn5Rq63x1Lad4cll.TV4S6ytwfsfvkgY8jIucDrjc8deX1s.",
        "bcrypt$2b$04$m76pdUzNjBbVcrmHbs9JTO1g7dC7KDWd4YJ.pgVKIXm4s./6/vsO2",
        "$argon2id$v=19$m=64,t=1,p=1$c2FsdA$AAAAAAAAAAAAAAAAAAAAAA",
        "$argon2id$v=19$m=64,t=0,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
        "$argon2id$v=19$m=4,t=1,p=8$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
        "$argon2id$v=19$t=1,m=64,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
        "$argon2id$v=18$m=64,t=1,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
        "$argon2x$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
        "$1$salt$hash",
        "$",
        "é$",
        "pbkdf2_sha256$1000$sält$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    ] {
        assert_eq!(Stored::parse(unknown), Err(Unreadable::Unknown), "{unknown}");
    }
}

/// One row of the table must not be able to take the server's time or memory.
#[test]
fn what_is_too_costly_is_not_computed() {
    let (b32, hex64) = ("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "00".repeat(64));
    for costly in [
        format!("pbkdf2_sha256$10000001$salt${b32}"),
        format!("pbkdf2_sha256$99999999999999999999$salt${b32}"),
        format!("scrypt:4194304:8:1$salt${hex64}"),
        format!("scrypt:2:4294967295:4294967295$salt${hex64}"),
        format!("scrypt:32768:8:4000000000$salt${hex64}"),
        format!("scrypt:2147483648:1:1$salt${hex64}"),
        "$2y$17$DCq7YPn5Rq63x1Lad4cll.TV4S6ytwfsfvkgY8jIucDrjc8deX1s.".to_owned(),
        "$argon2id$v=19$m=262145,t=1,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA".to_owned(),
        "$argon2id$v=19$m=262144,t=17,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA".to_owned(),
        "$argon2id$v=19$m=8,t=4294967295,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA".to_owned(),
    ] {
        assert!(matches!(Stored::parse(&costly), Err(Unreadable::TooCostly(_))), "{costly}");
    }
}

#[test]
fn only_what_is_weaker_than_its_writer_writes_today_is_outdated() {
    let (b32, b64, hex) =
        ("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", format!("{}==", "A".repeat(86)), "00".repeat(64));
    let bcrypt = |cost: &str| format!("{cost}DCq7YPn5Rq63x1Lad4cll.TV4S6ytwfsfvkgY8jIucDrjc8deX1s.");
    for (text, outdated) in [
        (format!("pbkdf2_sha256$999999$salt${b32}"), Some(Format::Django)),
        (format!("pbkdf2_sha256$1000000$salt${b32}"), None),
        (format!("pbkdf2_sha256$1500000$salt${b32}"), None),
        ("pbkdf2_sha1$2000000$salt$AAAAAAAAAAAAAAAAAAAAAAAAAAA=".to_owned(), Some(Format::Django)),
        (format!("scrypt$16384$salt$8$5${b64}"), None),
        ("argon2$argon2i$v=19$m=512,t=2,p=2$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA".to_owned(), None),
        (bcrypt("bcrypt_sha256$$2b$10$"), None),
        (format!("pbkdf2:sha512:1000000$salt${hex}"), Some(Format::Werkzeug)),
        (format!("scrypt:16384:8:1$salt${hex}"), Some(Format::Werkzeug)),
        (format!("scrypt:32768:8:1$salt${hex}"), None),
        (bcrypt("$2y$11$"), Some(Format::Php)),
        (bcrypt("$2y$12$"), None),
        ("$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA".to_owned(), None),
    ] {
        assert_eq!(Stored::parse(&text).unwrap().outdated(), outdated, "{text}");
    }
}

#[test]
fn what_is_written_anew_is_known_and_of_today() {
    for (format, begin) in [
        (Format::Django, "pbkdf2_sha256$1000000$"),
        (Format::Werkzeug, "scrypt:32768:8:1$"),
        (Format::Php, "$2y$12$"),
    ] {
        let text = format.hash(PASSWORD, [7; 16]).unwrap();
        assert!(text.starts_with(begin), "{text}");
        let stored = Stored::parse(&text).unwrap();
        assert!(stored.is(PASSWORD) && !stored.is(b"correct house"));
        assert_eq!((stored.format, stored.outdated()), (format, None));
        assert_eq!(stored.work(), format.nobody().work());
        assert_ne!(text, format.hash(PASSWORD, [8; 16]).unwrap(), "a salt of its own");
    }
    assert_eq!(Format::Php.hash(b"a\0b", [7; 16]), None);
}

/// bcrypt reads 72 bytes; what comes before it decides what that means.
#[test]
fn the_72_bytes_of_bcrypt_are_the_originals() {
    let long = [b'x'; 73];
    let php = Stored::parse(&Format::Php.hash(&long, [1; 16]).unwrap()).unwrap();
    assert!(php.is(&long) && php.is(&long[..72]) && !php.is(&long[..71]));
    // PHP's own check stops at a NUL, and takes what follows for right.
    let short = Stored::parse(&Format::Php.hash(b"x", [1; 16]).unwrap()).unwrap();
    assert!(short.is(b"x") && !short.is(b"x\0y"));
}

#[test]
fn nobody_is_checked_at_the_full_cost_and_never_right() {
    for format in [Format::Django, Format::Werkzeug, Format::Php] {
        assert!(!format.nobody().is(PASSWORD));
        assert!(format.nobody().work().iterations > 200_000);
    }
}

#[test]
fn a_salt_is_of_letters_and_digits() {
    let salt = letters([0xff; 16], 22);
    assert_eq!(salt.len(), 22);
    assert!(salt.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    assert_ne!(salt, letters([0xfe; 16], 22));
}

#[test]
fn a_hash_is_not_printed() {
    for (_, text) in VECTORS {
        let shown = format!("{:?}", Stored::parse(text).unwrap());
        assert!(!shown.contains(&text[text.len() - 12..]), "{shown}");
    }
}

proptest::proptest! {
    #[test]
    fn no_text_brings_it_down(text in "[a-z0-9$:=,!./+]{0,80}") {
        let _ = Stored::parse(&text);
    }

    #[test]
    fn no_damage_brings_it_down(vector in 0..VECTORS.len(), place in 0_usize..200, byte in 0x20_u8..0x7f) {
        let mut text = VECTORS[vector].1.as_bytes().to_vec();
        let place = place % text.len();
        text[place] = byte;
        let _ = Stored::parse(std::str::from_utf8(&text).unwrap());
    }
}
