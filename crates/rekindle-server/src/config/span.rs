//! Spans of time as the configuration writes them: `"5m"`, `"14d"`, or whole seconds.

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use rekindle::core::Seconds;
use serde::de::{Deserializer, Error, Visitor};

/// No span is longer: every sum of a moment and a span stays far from the integer's end.
const LONGEST: Duration = Duration::from_secs(36_500 * 86_400);

/// How long something lives that a token speaks of: whole seconds, because tokens count in them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetime(pub Seconds);

/// How long the server waits for a peer. From a millisecond to an hour: neither zero nor for ever, because a
/// peer that may hold a connection for ever will.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeout(pub Duration);

/// A [`Lifetime`] that can be switched off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window(pub Option<Seconds>);

/// A [`Lifetime`] that says its unit: a bare number is seconds to one framework and minutes to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span(pub Seconds);

/// What is made of a span once it is read.
trait FromSpan: Sized {
    const EXPECTING: &'static str = "a span of time such as \"5m\" or \"14d\", or whole seconds";

    fn from_span(span: Duration) -> Result<Self, &'static str>;

    fn from_word(_word: &str) -> Option<Self> {
        None
    }

    /// What is wrong with a number without a unit, if anything.
    fn bare(_number: i64) -> Option<String> {
        None
    }
}

impl FromSpan for Span {
    const EXPECTING: &'static str = "a span of time such as \"5m\" or \"14d\"";

    fn from_span(span: Duration) -> Result<Self, &'static str> {
        Lifetime::from_span(span).map(|Lifetime(seconds)| Self(seconds))
    }

    fn bare(number: i64) -> Option<String> {
        let readings = format!("Django and Flask would read {number} as seconds, Laravel as minutes");
        Some(format!("{readings}: write \"{number}s\" or \"{number}m\""))
    }
}

impl FromSpan for Lifetime {
    fn from_span(span: Duration) -> Result<Self, &'static str> {
        if span.subsec_nanos() != 0 {
            return Err("tokens count in whole seconds, and so must this");
        }
        Ok(Self(Seconds(span.as_secs())))
    }
}

impl FromSpan for Timeout {
    fn from_span(span: Duration) -> Result<Self, &'static str> {
        match span {
            Duration::ZERO => Err("a wait of no time at all would refuse everybody"),
            _ if span > Duration::from_secs(3600) => {
                Err("at most an hour: a slow peer holds memory all the while")
            }
            _ => Ok(Self(span.max(Duration::from_millis(1)))),
        }
    }
}

impl FromSpan for Window {
    const EXPECTING: &'static str = "a span of time such as \"30s\", whole seconds, or \"off\"";

    fn from_span(span: Duration) -> Result<Self, &'static str> {
        match Lifetime::from_span(span)? {
            Lifetime(Seconds(0)) => Err("write \"off\" for no window at all"),
            Lifetime(seconds) => Ok(Self(Some(seconds))),
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        (word == "off").then_some(Self(None))
    }
}

/// Reads `text`, refusing the units whose length is a matter of opinion.
fn parse(text: &str) -> Result<Duration, String> {
    let unit = |word: &&str| ["M", "y", "yr", "month", "months", "year", "years"].contains(word);
    if let Some(word) = text.split(|c: char| !c.is_alphabetic()).find(unit) {
        return Err(format!("`{word}` has no fixed length; write days (`d`), or `m` for minutes"));
    }
    humantime::parse_duration(text).map_err(|e| match e {
        humantime::DurationError::Empty => "an empty text is no span of time".to_owned(),
        humantime::DurationError::NumberOverflow => "the number is too large".to_owned(),
        _ => "write a number with a unit, such as \"90s\", \"5m\", \"12h\" or \"14d\"".to_owned(),
    })
}

struct SpanVisitor<T>(PhantomData<T>);

impl<T: FromSpan> SpanVisitor<T> {
    fn finish<E: Error>(span: Duration) -> Result<T, E> {
        if span > LONGEST {
            return Err(E::custom("longer than a hundred years"));
        }
        T::from_span(span).map_err(E::custom)
    }
}

impl<T: FromSpan> Visitor<'_> for SpanVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTING)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        match T::from_word(text) {
            Some(value) => Ok(value),
            None => Self::finish(parse(text).map_err(E::custom)?),
        }
    }

    fn visit_i64<E: Error>(self, seconds: i64) -> Result<T, E> {
        if let Some(wrong) = T::bare(seconds) {
            return Err(E::custom(wrong));
        }
        let seconds = u64::try_from(seconds).map_err(|_| E::custom("a span of time is not negative"))?;
        Self::finish(Duration::from_secs(seconds))
    }
}

macro_rules! deserialize_span {
    ($($name:ty),*) => {$(
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any(SpanVisitor(PhantomData))
            }
        }
    )*};
}
deserialize_span!(Lifetime, Span, Timeout, Window);

impl fmt::Display for Lifetime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Timeout(Duration::from_secs(self.0.0)).fmt(f)
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Lifetime(self.0).fmt(f)
    }
}

/// In the largest unit that leaves no rest: 604800 s is `7d`, 90 s is `90s`.
impl fmt::Display for Timeout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, nanos) = (self.0.as_secs(), self.0.subsec_nanos());
        match seconds {
            _ if nanos != 0 => write!(f, "{}ms", self.0.as_millis()),
            0 => f.write_str("0s"),
            s if s % 86_400 == 0 => write!(f, "{}d", s / 86_400),
            s if s % 3600 == 0 => write!(f, "{}h", s / 3600),
            s if s % 60 == 0 => write!(f, "{}m", s / 60),
            s => write!(f, "{s}s"),
        }
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(seconds) => Lifetime(seconds).fmt(f),
            None => f.write_str("off"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<T: serde::de::DeserializeOwned>(value: &str) -> Result<T, String> {
        T::deserialize(toml::de::ValueDeserializer::parse(value).unwrap()).map_err(|e| e.message().to_owned())
    }

    #[test]
    fn a_span_is_a_text_with_a_unit_or_whole_seconds() {
        assert_eq!(read("\"5m\""), Ok(Lifetime(Seconds(300))));
        assert_eq!(read("\"1h 30m\""), Ok(Lifetime(Seconds(5400))));
        assert_eq!(read("300"), Ok(Lifetime(Seconds(300))));
        assert_eq!(read("\"250ms\""), Ok(Timeout(Duration::from_millis(250))));
        assert_eq!(read("\"off\""), Ok(Window(None)));
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_refused() {
        assert!(read::<Lifetime>("\"5M\"").unwrap_err().contains("write days"));
        assert!(read::<Lifetime>("\"1year\"").unwrap_err().contains("write days"));
        assert!(read::<Lifetime>("\"300\"").unwrap_err().contains("with a unit"));
        assert!(read::<Lifetime>("\"1500ms\"").unwrap_err().contains("whole seconds"));
        assert!(read::<Lifetime>("1.5").unwrap_err().contains("expected a span of time"));
        assert!(read::<Lifetime>("-1").unwrap_err().contains("not negative"));
        assert!(read::<Lifetime>("9223372036854775807").unwrap_err().contains("hundred years"));
        assert!(read::<Window>("0").unwrap_err().contains("\"off\""));
        assert!(read::<Timeout>("0").unwrap_err().contains("no time at all"));
        assert!(read::<Timeout>("\"2h\"").unwrap_err().contains("at most an hour"));
    }

    #[test]
    fn a_number_that_two_frameworks_read_differently_is_refused_with_both_readings() {
        assert_eq!(read("\"300s\""), Ok(Span(Seconds(300))));
        let said = read::<Span>("300").unwrap_err();
        for reading in ["seconds", "minutes", "\"300s\"", "\"300m\""] {
            assert!(said.contains(reading), "{said}");
        }
    }

    #[test]
    fn a_span_is_shown_as_it_would_be_written() {
        for text in ["7d", "5m", "90s", "36h", "250ms"] {
            let span = humantime::parse_duration(text).unwrap();
            assert_eq!(Timeout(span).to_string(), text);
        }
    }
}
