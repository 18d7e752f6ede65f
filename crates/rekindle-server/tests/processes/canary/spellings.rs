//! How a secret may look that somebody meant to hide, or that was printed by `{:?}`.

/// A text and what it says when it is decoded. What a reading cannot be of is left out of it, so that few bytes remain.
pub fn readings(text: &str) -> Vec<(&'static str, Vec<u8>)> {
    let plain = plain(text.as_bytes());
    let runs = || plain.split(|byte| *byte == b' ');
    vec![
        ("as it is", plain.clone()),
        ("in another case", plain.to_ascii_lowercase()),
        ("percent-encoded", self::plain(&percent(text.as_bytes()))),
        ("in base64", runs().flat_map(base64).collect()),
        ("in hexadecimal", runs().flat_map(hexadecimal).collect()),
        ("as numbers", listed(text, 10)),
        ("as hexadecimal numbers", listed(text, 16)),
    ]
}

/// What no letter of a secret, in whatever encoding, is: it stands between others.
fn plain(text: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    for run in text.split(|byte| !is_base64(*byte)) {
        // A shorter one holds no piece of a secret.
        if run.len() >= 12 {
            plain.extend_from_slice(run);
            plain.push(b' ');
        }
    }
    plain
}

const fn is_base64(byte: u8) -> bool {
    matches!(byte, b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' | b'-' | b'_')
}

fn percent(text: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, after @ ..] = rest {
        let byte = (*first == b'%').then(|| after.get(..2).and_then(pair)).flatten();
        decoded.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &after[2..] } else { after };
    }
    decoded
}

/// From each of the four places where a group of letters can begin, in both alphabets.
fn base64(run: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::new();
    for start in 0..4.min(run.len()) {
        for group in run[start..].chunks(4) {
            let mut bits = group.iter().fold(0_u32, |bits, letter| bits << 6 | value(*letter));
            bits <<= 6 * (4 - group.len());
            decoded.extend_from_slice(&bits.to_be_bytes()[1..group.len()]);
        }
        decoded.push(b' ');
    }
    decoded
}

fn value(letter: u8) -> u32 {
    u32::from(match letter {
        b'A'..=b'Z' => letter - b'A',
        b'a'..=b'z' => letter - b'a' + 26,
        b'0'..=b'9' => letter - b'0' + 52,
        b'+' | b'-' => 62,
        _ => 63,
    })
}

fn hexadecimal(run: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::new();
    for digits in run.split(|byte| !byte.is_ascii_hexdigit()).filter(|digits| digits.len() >= 24) {
        for start in 0..2 {
            decoded.extend(digits[start..].chunks_exact(2).filter_map(pair));
            decoded.push(b' ');
        }
    }
    decoded
}

/// `[122, 113]`, `7a, 71`.
fn listed(text: &str, radix: u32) -> Vec<u8> {
    let numbers = text.split([',', '[', ']']).map(|number| u8::from_str_radix(number.trim(), radix));
    numbers.map(|number| number.unwrap_or(b' ')).collect()
}

fn pair(digits: &[u8]) -> Option<u8> {
    let digits = std::str::from_utf8(digits).ok().filter(|digits| !digits.starts_with('+'))?;
    u8::from_str_radix(digits, 16).ok()
}
