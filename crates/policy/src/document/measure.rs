//! Values that have an order: numbers and points of time.

use std::cmp::Ordering;
use std::fmt;

use jiff::Timestamp;

/// A decimal number of any length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Decimal {
    is_negative: bool,
    /// Without zeros in front.
    whole: Box<str>,
    /// Without zeros behind.
    fraction: Box<str>,
}

impl Decimal {
    pub(crate) fn read(text: &str) -> Option<Self> {
        let (is_negative, digits) = match text.strip_prefix(['-', '+']) {
            Some(digits) => (text.starts_with('-'), digits),
            None => (false, text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if digits.is_empty() || digits == "." || !all_digits(whole) || !all_digits(fraction) {
            return None;
        }
        let whole = whole.trim_start_matches('0');
        let fraction = fraction.trim_end_matches('0');
        let is_zero = whole.is_empty() && fraction.is_empty();
        Some(Self {
            is_negative: is_negative && !is_zero,
            whole: whole.into(),
            fraction: fraction.into(),
        })
    }

    fn size(&self, other: &Self) -> Ordering {
        let whole = self.whole.len().cmp(&other.whole.len());
        whole
            .then_with(|| self.whole.cmp(&other.whole))
            .then_with(|| self.fraction.cmp(&other.fraction))
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.is_negative { "-" } else { "" };
        let whole = if self.whole.is_empty() {
            "0"
        } else {
            &self.whole
        };
        write!(f, "{sign}{whole}")?;
        if self.fraction.is_empty() {
            return Ok(());
        }
        write!(f, ".{}", self.fraction)
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.is_negative, other.is_negative) {
            (false, false) => self.size(other),
            (true, true) => other.size(self),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
        }
    }
}

/// A point of time: ISO 8601 as W3C profiles it, or seconds since 1970 (IAM User Guide, "Date
/// condition operators").
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Instant(Timestamp);

impl Instant {
    pub(crate) fn read(text: &str) -> Option<Self> {
        if let Ok(seconds) = text.parse::<i64>()
            && text.len() != 4
        {
            return Timestamp::from_second(seconds).ok().map(Self);
        }
        let completed = match text.len() {
            4 => format!("{text}-01-01T00:00:00Z"),
            7 => format!("{text}-01T00:00:00Z"),
            10 => format!("{text}T00:00:00Z"),
            _ => text.to_owned(),
        };
        completed.parse().ok().map(Self)
    }

    /// The moment before it, it, and the moment after, as texts.
    pub(crate) fn beside(self) -> Vec<String> {
        let moment = jiff::SignedDuration::from_nanos(1);
        let (before, after) = (self.0.checked_sub(moment), self.0.checked_add(moment));
        let moments = [before.ok(), Some(self.0), after.ok()];
        moments
            .into_iter()
            .flatten()
            .map(|one| one.to_string())
            .collect()
    }

    /// Seconds after a point that is told in seconds since 1970.
    pub(crate) fn seconds_after(self, earlier: i64) -> i64 {
        self.0.as_second().saturating_sub(earlier)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_compared_by_their_value() {
        let ascending = [
            "-10",
            "-9.5",
            "-0.1",
            "0",
            "0.05",
            "0.1",
            "1",
            "1.5",
            "9",
            "10",
            "100000000000000000000.1",
        ];
        for (index, small) in ascending.iter().enumerate() {
            for large in &ascending[index + 1..] {
                assert!(
                    Decimal::read(small) < Decimal::read(large),
                    "{small} < {large}"
                );
            }
        }
        for (one, other) in [
            ("1", "1.0"),
            ("01", "1"),
            ("-0", "0"),
            ("+2", "2"),
            (".5", "0.50"),
        ] {
            assert_eq!(Decimal::read(one), Decimal::read(other), "{one} = {other}");
        }
        for wrong in ["", "-", ".", "1e3", "0x10", "1 ", "1.2.3", "∞"] {
            assert_eq!(Decimal::read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn points_of_time_are_read() {
        let same = [
            "2026-11-25T00:00:00Z",
            "2026-11-25",
            "1795564800",
            "2026-11-25T01:00:00+01:00",
        ];
        for text in same {
            assert_eq!(Instant::read(text), Instant::read(same[0]), "{text}");
            assert!(Instant::read(text).is_some(), "{text}");
        }
        for wrong in ["", "soon", "2026-13-01", "25.11.2026"] {
            assert_eq!(Instant::read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn moments_beside_one_are_before_it_and_after() {
        let moments = Instant::read("2026-01-01").map(Instant::beside);
        let around = ["2025-12-31T23:59:59.999999999Z", "2026-01-01T00:00:00Z"];
        let after = ["2026-01-01T00:00:00.000000001Z"];
        let all: Vec<String> = around
            .iter()
            .chain(&after)
            .map(ToString::to_string)
            .collect();
        assert_eq!(moments, Some(all));
    }
}
