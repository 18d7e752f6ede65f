//! JSON without repeated members.
//!
//! Which of two members of one name counts is up to each parser, so a token that has both says one thing to
//! us and another to the next reader (RFC 8725 section 2.8, RFC 7515 section 4). Refused at every level.

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// Text, borrowed where it has no escapes.
pub(super) struct Text<'a>(pub(super) Cow<'a, str>);

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;

        impl<'de> Visitor<'de> for TextVisitor {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }

        deserializer.deserialize_str(TextVisitor)
    }
}

/// The member names of one object seen so far.
#[derive(Default)]
pub(super) struct Names<'a>(Vec<Cow<'a, str>>);

impl<'a> Names<'a> {
    pub(super) fn add(&mut self, name: Cow<'a, str>) {
        self.0.push(name);
    }

    pub(super) fn contains(&self, name: &str) -> bool {
        self.0.iter().any(|own| own == name)
    }

    /// Whether no name came twice. Asked once at the end, so that a large object costs a sort, not a square.
    pub(super) fn are_distinct(mut self) -> bool {
        if self.0.len() > 1 {
            self.0.sort_unstable();
        }
        self.0.windows(2).all(|pair| pair[0] != pair[1])
    }
}

/// The members of an object, in order, with their values' text.
pub(super) fn members(json: &str) -> Result<Vec<(String, &RawValue)>, serde_json::Error> {
    struct MembersVisitor;

    impl<'de> Visitor<'de> for MembersVisitor {
        type Value = Vec<(String, &'de RawValue)>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a JSON object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut json: A) -> Result<Self::Value, A::Error> {
            let mut members = Vec::new();
            while let Some(member) = json.next_entry()? {
                members.push(member);
            }
            Ok(members)
        }
    }

    serde_json::Deserializer::from_str(json).deserialize_map(MembersVisitor)
}

/// Any JSON value, dropped after a look for repeated members. The only error of category `Data` it gives
/// rise to is a repeated member.
pub(super) struct Distinct;

impl<'de> Deserialize<'de> for Distinct {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DistinctVisitor)
    }
}

struct DistinctVisitor;

impl<'de> Visitor<'de> for DistinctVisitor {
    type Value = Distinct;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Distinct, E> {
        Ok(Distinct)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Distinct, E> {
        Ok(Distinct)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Distinct, E> {
        Ok(Distinct)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Distinct, E> {
        Ok(Distinct)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Distinct, E> {
        Ok(Distinct)
    }

    fn visit_str<E>(self, _: &str) -> Result<Distinct, E> {
        Ok(Distinct)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Distinct, A::Error> {
        while items.next_element::<Distinct>()?.is_some() {}
        Ok(Distinct)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Distinct, A::Error> {
        let mut names = Names::default();
        while let Some(Text(name)) = members.next_key()? {
            names.add(name);
            members.next_value::<Distinct>()?;
        }
        if names.are_distinct() { Ok(Distinct) } else { Err(de::Error::custom("a member is repeated")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_members_are_found_at_every_level_and_under_every_spelling() {
        let distinct = |text: &str| serde_json::from_str::<Distinct>(text).is_ok();
        assert!(distinct(r#"{"a":{"a":[{"a":1},{"a":2}]},"b":null,"c":1.5,"d":-1,"e":true,"f":"x"}"#));
        for repeated in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"b":2,"\u0061":1}"#,
            r#"[[{"x":{"y":1,"z":2,"y":3}}]]"#,
            r#"{"":0,"":0}"#,
        ] {
            assert!(!distinct(repeated), "{repeated}");
        }
        assert!(!distinct(&"[".repeat(200)), "no depth that could exhaust the stack");
    }
}
