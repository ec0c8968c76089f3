//! Conditions: which key, compared how, with what.

use std::cmp::Ordering;
use std::{fmt, slice};

use base64::Engine;
use ipnet::IpNet;
use jiff::Timestamp;

use crate::pattern::{Pattern, Piece, Syntax};

/// One key of a condition block.
#[derive(Clone, Debug)]
pub(crate) struct Condition {
    pub(crate) operator: Operator,
    /// In lower case, as keys are compared.
    pub(crate) key: Box<str>,
    /// The key may have several values.
    pub(crate) is_list: bool,
    /// As it was written.
    pub(crate) name: Box<str>,
    /// In their order; an empty list says what AWS leaves open.
    pub(crate) expected: Box<[Expected]>,
}

impl Condition {
    /// The keys that it asks for, its variables' included.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        let expected = self.expected.iter().flat_map(Expected::variables);
        std::iter::once(&*self.key).chain(expected)
    }
}

/// How a condition compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Operator {
    pub(crate) quantity: Quantity,
    pub(crate) base: Base,
    pub(crate) is_negated: bool,
    pub(crate) if_exists: bool,
}

/// For which of a key's values it must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Quantity {
    /// For the one value.
    One,
    Any,
    All,
}

/// What is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Base {
    String,
    StringIgnoreCase,
    StringLike,
    Arn,
    Number(Comparison),
    Date(Comparison),
    Boolean,
    Binary,
    Address,
    Null,
}

/// Of numbers and dates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Comparison {
    pub(crate) fn holds(self, ordering: Ordering) -> bool {
        match self {
            Self::Equal => ordering.is_eq(),
            Self::Less => ordering.is_lt(),
            Self::LessOrEqual => ordering.is_le(),
            Self::Greater => ordering.is_gt(),
            Self::GreaterOrEqual => ordering.is_ge(),
        }
    }
}

/// A value that a condition compares with.
#[derive(Clone, Debug)]
pub(crate) enum Expected {
    Text(Pattern),
    /// The six fields of an ARN.
    Arn(Box<[Pattern; 6]>),
    /// An ARN whose fields are known when its variables are.
    FilledArn(Pattern),
    Number(Decimal),
    Date(Instant),
    Boolean(bool),
    Binary(Box<[u8]>),
    Address(IpNet),
    /// A variable under `Bool`, of which AWS's pages say two things.
    Disputed,
    /// Nothing that the operator could compare with.
    Unreadable,
}

impl Operator {
    /// Reads an operator's name: `ForAnyValue:StringLikeIfExists`. Its case does not matter.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let lower = text.to_ascii_lowercase();
        let (quantity, rest) = match lower.split_once(':') {
            None => (Quantity::One, lower.as_str()),
            Some(("foranyvalue", rest)) => (Quantity::Any, rest),
            Some(("forallvalues", rest)) => (Quantity::All, rest),
            Some(_) => return None,
        };
        let (name, if_exists) = match rest.strip_suffix("ifexists") {
            Some(name) => (name, true),
            None => (rest, false),
        };
        let (base, is_negated) = base(name)?;
        // IAM User Guide, "IAM JSON policy elements: Condition operators": `IfExists` goes with
        // every operator but `Null`.
        if base == Base::Null && (if_exists || quantity != Quantity::One) {
            return None;
        }
        Some(Self {
            quantity,
            base,
            is_negated,
            if_exists,
        })
    }
}

fn base(name: &str) -> Option<(Base, bool)> {
    use Comparison::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual};
    Some(match name {
        "stringequals" => (Base::String, false),
        "stringnotequals" => (Base::String, true),
        "stringequalsignorecase" => (Base::StringIgnoreCase, false),
        "stringnotequalsignorecase" => (Base::StringIgnoreCase, true),
        "stringlike" => (Base::StringLike, false),
        "stringnotlike" => (Base::StringLike, true),
        "arnequals" | "arnlike" => (Base::Arn, false),
        "arnnotequals" | "arnnotlike" => (Base::Arn, true),
        "numericequals" => (Base::Number(Equal), false),
        "numericnotequals" => (Base::Number(Equal), true),
        "numericlessthan" => (Base::Number(Less), false),
        "numericlessthanequals" => (Base::Number(LessOrEqual), false),
        "numericgreaterthan" => (Base::Number(Greater), false),
        "numericgreaterthanequals" => (Base::Number(GreaterOrEqual), false),
        "dateequals" => (Base::Date(Equal), false),
        "datenotequals" => (Base::Date(Equal), true),
        "datelessthan" => (Base::Date(Less), false),
        "datelessthanequals" => (Base::Date(LessOrEqual), false),
        "dategreaterthan" => (Base::Date(Greater), false),
        "dategreaterthanequals" => (Base::Date(GreaterOrEqual), false),
        "bool" => (Base::Boolean, false),
        "binaryequals" => (Base::Binary, false),
        "ipaddress" => (Base::Address, false),
        "notipaddress" => (Base::Address, true),
        "null" => (Base::Null, false),
        _ => return None,
    })
}

impl Expected {
    /// The patterns that it is made of.
    fn patterns(&self) -> &[Pattern] {
        match self {
            Self::Text(pattern) | Self::FilledArn(pattern) => slice::from_ref(pattern),
            Self::Arn(fields) => &**fields,
            Self::Number(_)
            | Self::Date(_)
            | Self::Boolean(_)
            | Self::Binary(_)
            | Self::Address(_)
            | Self::Disputed
            | Self::Unreadable => &[],
        }
    }

    /// Whether it has policy variables.
    pub(crate) fn has_variables(&self) -> bool {
        let mut patterns = self.patterns().iter();
        patterns.any(|pattern| pattern.fixed().is_none())
    }

    /// The keys of its variables.
    pub(crate) fn variables(&self) -> impl Iterator<Item = &str> {
        self.patterns().iter().flat_map(Pattern::variables)
    }

    /// The texts that it writes out.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        let patterns = self.patterns().iter();
        patterns
            .flat_map(Pattern::pieces)
            .filter_map(|piece| match piece {
                Piece::Text(text) => Some(&**text),
                Piece::Run | Piece::One | Piece::Variable(_) => None,
            })
    }

    /// Reads a value for an operator.
    pub(crate) fn read(base: Base, text: &str, has_variables: bool) -> Self {
        let syntax = |wildcards| Syntax {
            wildcards,
            variables: has_variables,
        };
        match base {
            Base::String | Base::StringIgnoreCase => Self::Text(Pattern::read(text, syntax(false))),
            Base::StringLike => Self::Text(Pattern::read(text, syntax(true))),
            Base::Arn => {
                let pattern = Pattern::read(text, syntax(true));
                match arn_fields(pattern.pieces()) {
                    Some(fields) => Self::Arn(Box::new(fields)),
                    None if pattern.fixed().is_none() => Self::FilledArn(pattern),
                    None => Self::Unreadable,
                }
            }
            Base::Boolean if has_variables && text.contains("${") => Self::Disputed,
            Base::Boolean | Base::Null => boolean(text).map_or(Self::Unreadable, Self::Boolean),
            Base::Number(_) => Decimal::read(text).map_or(Self::Unreadable, Self::Number),
            Base::Date(_) => Instant::read(text).map_or(Self::Unreadable, Self::Date),
            Base::Binary => binary(text).map_or(Self::Unreadable, Self::Binary),
            Base::Address => address(text).map_or(Self::Unreadable, Self::Address),
        }
    }
}

pub(crate) fn boolean(text: &str) -> Option<bool> {
    if text.eq_ignore_ascii_case("true") {
        Some(true)
    } else if text.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        None
    }
}

pub(crate) fn binary(text: &str) -> Option<Box<[u8]>> {
    let bytes = base64::engine::general_purpose::STANDARD.decode(text);
    bytes.ok().map(Vec::into_boxed_slice)
}

/// A network, or one address of it.
pub(crate) fn address(text: &str) -> Option<IpNet> {
    text.parse()
        .ok()
        .or_else(|| text.parse::<std::net::IpAddr>().ok().map(IpNet::from))
}

/// The fields of an ARN that has wildcards and variables: a colon in a variable divides nothing.
pub(crate) fn arn_fields(pieces: &[Piece]) -> Option<[Pattern; 6]> {
    let mut fields: Vec<Vec<Piece>> = vec![Vec::new()];
    for piece in pieces {
        let Piece::Text(text) = piece else {
            if let Some(last) = fields.last_mut() {
                last.push(piece.clone());
            }
            continue;
        };
        let mut rest = &**text;
        while fields.len() < 6
            && let Some((field, after)) = rest.split_once(':')
        {
            push(&mut fields, field);
            fields.push(Vec::new());
            rest = after;
        }
        push(&mut fields, rest);
    }
    let fields: Vec<Pattern> = fields.into_iter().map(Pattern::of).collect();
    fields.try_into().ok()
}

fn push(fields: &mut [Vec<Piece>], text: &str) {
    if let Some(last) = fields.last_mut()
        && !text.is_empty()
    {
        last.push(Piece::Text(text.into()));
    }
}

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
    fn operators_have_quantities_and_endings() {
        for (text, is_there) in [
            ("StringEquals", true),
            ("ForAllValues:StringNotLikeIfExists", true),
            ("foranyvalue:arnlike", true),
            ("NullIfExists", false),
            ("ForAnyValue:Null", false),
            ("ForSomeValues:StringLike", false),
            ("StringMatches", false),
            ("BoolNotEquals", false),
        ] {
            assert_eq!(Operator::read(text).is_some(), is_there, "{text}");
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
