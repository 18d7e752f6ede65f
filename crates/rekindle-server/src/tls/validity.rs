//! Until when a certificate is good: all that has to be read of one here. rustls reads it too, and keeps it to
//! itself.

use std::time::UNIX_EPOCH;

use rekindle::core::Timestamp;

const SEQUENCE: u8 = 0x30;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// The `notAfter` of a certificate (RFC 5280 section 4.1), `None` where it is none.
pub(super) fn expires(certificate: &[u8]) -> Option<Timestamp> {
    let (certificate, _) = value(certificate, SEQUENCE)?;
    let (mut rest, _) = value(certificate, SEQUENCE)?;
    // Version (where it is given), serial number, signature algorithm, issuer.
    if rest.first() == Some(&0xa0) {
        rest = any(rest)?.2;
    }
    for _ in 0..3 {
        rest = any(rest)?.2;
    }
    let (validity, _) = value(rest, SEQUENCE)?;
    let (_, _, rest) = any(validity)?;
    let (tag, text, _) = any(rest)?;
    moment(tag, std::str::from_utf8(text).ok()?)
}

/// The content of an element with this tag, and what follows it.
fn value(bytes: &[u8], expected: u8) -> Option<(&[u8], &[u8])> {
    let (tag, content, rest) = any(bytes)?;
    (tag == expected).then_some((content, rest))
}

/// Tag and content of a DER element, and what follows it.
fn any(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = bytes.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81..=0x83 => {
            let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)), rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

/// `YYMMDDHHMMSSZ` until 2049, `YYYYMMDDHHMMSSZ` from then on (RFC 5280 section 4.1.2.5).
fn moment(tag: u8, text: &str) -> Option<Timestamp> {
    let digits = text.strip_suffix('Z').filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
    let (year, rest) = match (tag, digits.len()) {
        (UTC_TIME, 12) if digits < "50" => (format!("20{}", &digits[..2]), &digits[2..]),
        (UTC_TIME, 12) => (format!("19{}", &digits[..2]), &digits[2..]),
        (GENERALIZED_TIME, 14) => (digits[..4].to_owned(), &digits[4..]),
        _ => return None,
    };
    let [month, day, hour, minute, second] = [0, 2, 4, 6, 8].map(|at| &rest[at..at + 2]);
    let text = format!("{year}-{month}-{day}T{hour}:{minute}:{second}Z");
    let since_1970 = humantime::parse_rfc3339(&text).ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some(Timestamp::from_unix(since_1970.as_secs()))
}

#[cfg(test)]
mod tests {
    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject as _;

    use super::*;

    const FIRST: &[u8] = include_bytes!("../../tests/certificates/first.crt.pem");

    #[test]
    fn the_end_is_read_as_openssl_reads_it() {
        let der = CertificateDer::from_pem_slice(FIRST).unwrap();
        // `openssl x509 -enddate`: Jan  1 00:00:00 2076 GMT; `date +%s`.
        assert_eq!(expires(&der), Some(Timestamp::from_unix(3_345_062_400)));
    }

    #[test]
    fn both_forms_of_a_date_are_known() {
        let unix = |tag, text| moment(tag, text).map(Timestamp::as_unix);
        assert_eq!(unix(UTC_TIME, "700101000000Z"), Some(0));
        assert_eq!(unix(UTC_TIME, "491231235959Z"), Some(2_524_607_999));
        assert_eq!(unix(GENERALIZED_TIME, "20500101000000Z"), Some(2_524_608_000));
        assert_eq!(unix(GENERALIZED_TIME, "20240229120000Z"), Some(1_709_208_000));
        for (tag, text) in [
            (UTC_TIME, "20240229120000Z"),
            (GENERALIZED_TIME, "20240229120000"),
            (GENERALIZED_TIME, "20241329120000Z"),
            (GENERALIZED_TIME, "19691231235959Z"),
            (GENERALIZED_TIME, "00000101000000Z"),
            (UTC_TIME, "7001010000é"),
            (0x04, "700101000000Z"),
        ] {
            assert_eq!(unix(tag, text), None, "{text}");
        }
    }

    #[test]
    fn what_is_cut_or_changed_is_refused_and_does_no_harm() {
        let der = CertificateDer::from_pem_slice(FIRST).unwrap();
        for end in 0..der.len() {
            assert_eq!(expires(&der[..end]), None);
        }
        for place in 0..der.len() {
            for bit in 0..8 {
                let mut changed = der.to_vec();
                changed[place] ^= 1 << bit;
                let _ = expires(&changed);
            }
        }
    }
}
