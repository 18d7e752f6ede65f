//! Secrets that can be told from anything else, and the search for them.

use std::collections::{HashMap, HashSet};

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;

use super::spellings::readings;

/// What of a secret is looked for: long enough to be no accident, short enough to be found in a secret that was cut.
const PIECE: usize = 12;

type Piece = [u8; PIECE];

/// Whoever looks at every `STEP`th half of a piece meets one in each piece, and saves the time for the others.
const HALF: usize = PIECE / 2;
const STEP: usize = HALF + 1;

type Half = [u8; HALF];

/// Who may see what stands in a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd)]
pub enum Told {
    /// Nobody.
    Never,
    /// Whoever asks, in the answer: the documents say so.
    InAnswers,
    /// Operators, too: what a subject and an application are called.
    Everywhere,
}

/// All secrets of one run.
#[derive(Default)]
pub struct Marks {
    places: Vec<(String, Told)>,
    pieces: HashMap<Piece, usize>,
    halves: HashSet<Half>,
}

impl Marks {
    /// A secret of 40 characters of its own for the place called `name`.
    pub fn secret(&mut self, name: impl Into<String>) -> String {
        self.told(name, Told::Never)
    }

    /// The same for a place that is shown.
    pub fn told(&mut self, name: impl Into<String>, told: Told) -> String {
        let name = name.into();
        // By the number as well: a place may be tried more than once. Lower case: HTTP changes the case of some.
        let bytes = digest(&SHA256, format!("{} {name}", self.places.len()).as_bytes());
        let letter = |byte: &u8| char::from(b"abcdefghijkmnopqrstuvwxyz2345678"[usize::from(byte % 32)]);
        let secret: String = bytes.as_ref().iter().chain(&bytes.as_ref()[..8]).map(letter).collect();
        self.add(name, told, secret.as_bytes());
        secret
    }

    /// A secret that somebody else made.
    pub fn known(&mut self, name: impl Into<String>, secret: &[u8]) {
        assert!(secret.len() >= PIECE, "too short to be looked for");
        self.add(name.into(), Told::Never, secret);
    }

    /// A token: of a JWT its signature; of others the last 43 characters, which are a refresh token's tags, or all of an API
    /// key. The rest of them is no secret.
    pub fn token(&mut self, token: &str) {
        let secret = match token.rsplit_once('.') {
            Some((_, signature)) => signature,
            None => &token[token.len().saturating_sub(43)..],
        };
        self.known("a token that was handed out", secret.as_bytes());
    }

    /// A private key: its lines, and the bytes that they stand for.
    pub fn pem(&mut self, pem: &str) {
        let lines: Vec<&str> = pem.lines().filter(|line| !line.starts_with('-')).collect();
        lines
            .iter()
            .filter(|line| line.len() >= PIECE)
            .for_each(|line| self.known("a private key", line.as_bytes()));
        let bytes = base64::engine::general_purpose::STANDARD.decode(lines.concat()).unwrap();
        self.known("the bytes of a private key", &bytes);
    }

    fn add(&mut self, name: String, told: Told, secret: &[u8]) {
        self.places.push((name, told));
        for piece in secret.windows(PIECE).filter_map(|piece| Piece::try_from(piece).ok()) {
            self.pieces.entry(piece).or_insert(self.places.len() - 1);
        }
        self.halves.extend(secret.windows(HALF).filter_map(|half| Half::try_from(half).ok()));
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Fails where operators can see a secret in `text`, in whatever spelling.
    pub fn assert_hidden(&self, where_: &str, text: &str) {
        let found = self.found(text, Told::InAnswers);
        assert!(found.is_empty(), "in {where_}: {found:#?}");
    }

    /// Fails where an answer has a secret in it.
    pub fn assert_not_answered(&self, request: &str, answer: &str) {
        let found = self.found(answer, Told::Never);
        assert!(found.is_empty(), "in the answer to {request}: {found:#?}\n{answer}");
    }

    /// The secrets in `text` that are told to nobody but `to`.
    fn found(&self, text: &str, to: Told) -> Vec<String> {
        let mut found = Vec::new();
        for (spelling, bytes) in readings(text) {
            for at in (0..bytes.len().saturating_sub(HALF - 1)).step_by(STEP) {
                if !Half::try_from(&bytes[at..at + HALF]).is_ok_and(|half| self.halves.contains(&half)) {
                    continue;
                }
                let near = &bytes[at.saturating_sub(HALF)..(at + PIECE).min(bytes.len())];
                let places = near.windows(PIECE).filter_map(|piece| self.place(piece));
                let Some((name, told)) = places.into_iter().find(|(_, told)| *told <= to) else { continue };
                // Once each will do.
                if found.iter().any(|found: &String| found.starts_with(name.as_str())) {
                    continue;
                }
                let around = &bytes[at.saturating_sub(160)..(at + 60).min(bytes.len())];
                found.push(format!("{name} ({told:?}), {spelling}: {}", String::from_utf8_lossy(around)));
                if found.len() == 5 {
                    return found;
                }
            }
        }
        found
    }

    fn place(&self, window: &[u8]) -> Option<&(String, Told)> {
        let number = self.pieces.get(&Piece::try_from(window).ok()?)?;
        self.places.get(*number)
    }
}

/// A search that finds nothing proves something only if it can find.
#[test]
fn a_secret_is_found_however_it_is_spelt() {
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

    let mut marks = Marks::default();
    let secret = marks.secret("a header");
    let subject = marks.told("a subject", Told::Everywhere);
    let device = marks.told("a device", Told::InAnswers);
    let token = "rkrt1_AAAAAAAAAAAAAAAAAAAAAA0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-_abcdefgh";
    marks.token(token);
    marks.known("a key", &[0xf3, 0, 1, 0x9c, 0xc3, 0x28, 7, 8, 9, 10, 11, 12, 13]);
    let shown = |text: &str| !marks.found(text, Told::InAnswers).is_empty();
    for harmless in [
        "an ordinary line, with eyJ and rkrt1_ in it",
        "session=040f29c65d2e357a1a1b3fe435ea9ac6 [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14]",
        &format!("opened subject={subject}"),
        &secret[..11],
    ] {
        assert!(!shown(harmless), "{harmless}");
    }

    let bytes = secret.as_bytes();
    let each = |form: fn(&u8) -> String| bytes.iter().map(form).collect::<String>();
    let spelt = [
        secret.clone(),
        secret[3..15].to_owned(),
        secret[28..].to_owned(),
        secret.to_uppercase(),
        each(|byte| format!("%{byte:02X}")),
        each(|byte| format!("%{byte:02x}")),
        each(|byte| format!("{byte:02x}")),
        each(|byte| format!("{byte:02X}")),
        format!("f{}", each(|byte| format!("{byte:02x}"))),
        format!("{bytes:?}"),
        format!("{bytes:02x?}"),
        format!("{secret:?}"),
        STANDARD.encode(bytes),
        STANDARD.encode(format!("ada:{secret}")),
        URL_SAFE_NO_PAD.encode(format!("a:{secret}>>")),
        STANDARD.encode(format!("\u{fe}b{secret}")),
        format!("/a/b/{}", URL_SAFE_NO_PAD.encode(bytes)),
        format!("{}%3D", STANDARD.encode(bytes)),
        token[40..60].to_owned(),
        token.to_owned(),
        "8wABnMMoBwgJCgsMDQ".to_owned(),
        "f300019cc32807 f300019cc3280708090a0b0c0d".to_owned(),
        device,
    ];
    for spelt in spelt {
        assert!(shown(&format!("level=ERROR error=\"{spelt}\" and more")), "{spelt}");
    }
    assert!(shown("[243, 0, 1, 156, 195, 40, 7, 8, 9, 10, 11, 12, 13]"));
}
