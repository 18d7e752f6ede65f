//! base64url without padding, in its one canonical spelling (RFC 7515 section 2).
//!
//! Canonical, because two spellings of one token defeat whatever remembers tokens by their text.

use base64_simd::{AsOut as _, Base64, URL_SAFE_NO_PAD};

/// Strict: no padding, no white space, no bits set after the end. Vectorised, because every request with a
/// token decodes its claims.
const ENGINE: Base64 = URL_SAFE_NO_PAD;

pub(crate) fn encode(bytes: &[u8]) -> String {
    ENGINE.encode_to_string(bytes)
}

pub(crate) fn encode_onto(bytes: &[u8], text: &mut String) {
    ENGINE.encode_append(bytes, text);
}

pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    ENGINE.decode_to_vec(text.as_bytes()).ok()
}

/// Decodes into `buffer` and says how many bytes there were; `None` also where they do not fit.
pub(crate) fn decode_into(text: &str, buffer: &mut [u8]) -> Option<usize> {
    if ENGINE.estimated_decoded_length(text.len()) > buffer.len() {
        return None;
    }
    ENGINE.decode(text.as_bytes(), buffer.as_out()).ok().map(|decoded| decoded.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_value_has_one_spelling() {
        assert_eq!(decode("-_8").unwrap(), [0xfb, 0xff]);
        for other in ["-_9", "-_8=", "+/8", "-_8 ", " -_8", "-_8\n", "-_", "-_8A=", "-", "-_8AA"] {
            assert_ne!(decode(other), Some(vec![0xfb, 0xff]), "{other}");
        }
        assert_eq!(decode("-_9"), None, "bits set after the end");
        assert_eq!(decode("-_8="), None, "padding");
    }
}
