//! base64url without padding, in its one canonical spelling (RFC 7515 section 2).
//!
//! Canonical, because two spellings of one token defeat whatever remembers tokens by their text.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Said in full, so that nobody has to know which defaults are strict.
const ENGINE: GeneralPurpose = GeneralPurpose::new(
    &alphabet::URL_SAFE,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone)
        .with_decode_allow_trailing_bits(false),
);

pub(super) fn encode(bytes: &[u8]) -> String {
    ENGINE.encode(bytes)
}

pub(super) fn encode_onto(bytes: &[u8], text: &mut String) {
    ENGINE.encode_string(bytes, text);
}

pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    ENGINE.decode(text).ok()
}

/// Decodes into `buffer` and says how many bytes there were; `None` also where they do not fit.
pub(super) fn decode_into(text: &str, buffer: &mut [u8]) -> Option<usize> {
    ENGINE.decode_slice(text, buffer).ok()
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
