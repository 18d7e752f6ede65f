//! Moments and spans, for people.

use std::time::{Duration, UNIX_EPOCH};

use rekindle::core::{Seconds, Timestamp};

/// `2027-01-15T08:00:00Z` (RFC 3339).
pub(crate) fn moment(at: Timestamp) -> String {
    humantime::format_rfc3339_seconds(UNIX_EPOCH + Duration::from_secs(at.as_unix())).to_string()
}

/// The two largest units: `4d 3h`, `5m`, `90s` is `1m 30s`.
pub(crate) fn span(Seconds(seconds): Seconds) -> String {
    let units = [(86_400, "d"), (3_600, "h"), (60, "m"), (1, "s")];
    let (mut rest, mut parts) = (seconds, Vec::new());
    for (length, name) in units {
        let count = rest / length;
        rest %= length;
        if count > 0 {
            parts.push(format!("{count}{name}"));
        } else if !parts.is_empty() {
            break;
        }
        if parts.len() == 2 {
            break;
        }
    }
    if parts.is_empty() { "0s".to_owned() } else { parts.join(" ") }
}

/// `in 4d 3h`, `5m ago`, `now`.
pub(crate) fn relative(at: Timestamp, now: Timestamp) -> String {
    match (at.since(now), now.since(at)) {
        (Seconds(0), Seconds(0)) => "now".to_owned(),
        (Seconds(0), past) => format!("{} ago", span(past)),
        (future, _) => format!("in {}", span(future)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_have_two_units_at_most() {
        let cases = [
            (0, "0s"),
            (5, "5s"),
            (90, "1m 30s"),
            (300, "5m"),
            (3_600, "1h"),
            (3_605, "1h"),
            (273_600, "3d 4h"),
            (604_800, "7d"),
        ];
        for (seconds, text) in cases {
            assert_eq!(span(Seconds(seconds)), text);
        }
    }

    #[test]
    fn moments_are_told_from_now() {
        let now = Timestamp::from_unix(1_800_000_000);
        assert_eq!(moment(now), "2027-01-15T08:00:00Z");
        assert_eq!(relative(now, now), "now");
        assert_eq!(relative(now + Seconds(60), now), "in 1m");
        assert_eq!(relative(now, now + Seconds(60)), "1m ago");
    }
}
