//! Names of tokens in the form of a random UUID (RFC 9562 section 5.4), as the packages write them.

/// 32 hexadecimal digits.
pub(crate) fn hex(bytes: [u8; 16]) -> String {
    marked(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// With dashes.
pub(crate) fn dashed(bytes: [u8; 16]) -> String {
    let mut text = hex(bytes);
    for at in [8, 13, 18, 23] {
        text.insert(at, '-');
    }
    text
}

/// Version 4, variant 10.
fn marked(mut bytes: [u8; 16]) -> [u8; 16] {
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_uuid_of_version_4() {
        assert_eq!(hex([0xff; 16]), "ffffffffffff4fffbfffffffffffffff");
        assert_eq!(dashed([0; 16]), "00000000-0000-4000-8000-000000000000");
    }
}
