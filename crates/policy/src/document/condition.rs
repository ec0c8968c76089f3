//! Conditions: which key, compared how, with what.

use std::cmp::Ordering;
use std::slice;

use base64::Engine;
use ipnet::IpNet;

use super::measure::{Decimal, Instant};
use crate::pattern::{Pattern, Piece, Syntax};
use crate::spelling::nearest;

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
    /// Whether it says something of the values of its key: one that any value meets, or that asks only whether the
    /// key is there, does not.
    pub(crate) fn restricts(&self) -> bool {
        let operator = self.operator;
        let mut expected = self.expected.iter();
        let is_any = !operator.is_negated && expected.any(Expected::is_any);
        operator.base != Base::Null && !is_any
    }

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
    /// What AWS's pages do not decide: a variable under `Bool`, or a pattern of fewer fields than an ARN has.
    Disputed(Dispute),
    /// Nothing that the operator could compare with.
    Unreadable(Box<str>),
}

/// What AWS's pages do not decide about a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dispute {
    /// A variable under `Bool`: two pages differ.
    BooleanVariable,
    /// A wildcard that stands for several fields of an ARN.
    ShortArn,
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

/// The operators without quantity and ending: what is compared, and whether it is negated (IAM User Guide, "IAM JSON
/// policy elements: Condition operators").
const OPERATORS: [(&str, Base, bool); 27] = [
    ("StringEquals", Base::String, false),
    ("StringNotEquals", Base::String, true),
    ("StringEqualsIgnoreCase", Base::StringIgnoreCase, false),
    ("StringNotEqualsIgnoreCase", Base::StringIgnoreCase, true),
    ("StringLike", Base::StringLike, false),
    ("StringNotLike", Base::StringLike, true),
    ("ArnEquals", Base::Arn, false),
    ("ArnLike", Base::Arn, false),
    ("ArnNotEquals", Base::Arn, true),
    ("ArnNotLike", Base::Arn, true),
    ("NumericEquals", Base::Number(Comparison::Equal), false),
    ("NumericNotEquals", Base::Number(Comparison::Equal), true),
    ("NumericLessThan", Base::Number(Comparison::Less), false),
    (
        "NumericLessThanEquals",
        Base::Number(Comparison::LessOrEqual),
        false,
    ),
    (
        "NumericGreaterThan",
        Base::Number(Comparison::Greater),
        false,
    ),
    (
        "NumericGreaterThanEquals",
        Base::Number(Comparison::GreaterOrEqual),
        false,
    ),
    ("DateEquals", Base::Date(Comparison::Equal), false),
    ("DateNotEquals", Base::Date(Comparison::Equal), true),
    ("DateLessThan", Base::Date(Comparison::Less), false),
    (
        "DateLessThanEquals",
        Base::Date(Comparison::LessOrEqual),
        false,
    ),
    ("DateGreaterThan", Base::Date(Comparison::Greater), false),
    (
        "DateGreaterThanEquals",
        Base::Date(Comparison::GreaterOrEqual),
        false,
    ),
    ("Bool", Base::Boolean, false),
    ("BinaryEquals", Base::Binary, false),
    ("IpAddress", Base::Address, false),
    ("NotIpAddress", Base::Address, true),
    ("Null", Base::Null, false),
];

fn base(name: &str) -> Option<(Base, bool)> {
    let mut all = OPERATORS.iter();
    let found = all.find(|(known, ..)| known.eq_ignore_ascii_case(name));
    found.map(|(_, base, is_negated)| (*base, *is_negated))
}

/// Typing errors in the name of an operator.
const ERRORS: usize = 3;

/// The operator that somebody may have meant.
pub(crate) fn meant(written: &str) -> Option<String> {
    let (quantity, rest) = written.split_once(':').unwrap_or(("", written));
    let quantity = nearest(quantity, ["ForAllValues", "ForAnyValue"], ERRORS).unwrap_or_default();
    let forms = OPERATORS
        .iter()
        .flat_map(|(known, ..)| ["", "IfExists"].map(|ending| format!("{known}{ending}")));
    let form = nearest(rest, forms, ERRORS)?;
    let colon = if quantity.is_empty() { "" } else { ":" };
    let meant = format!("{quantity}{colon}{form}");
    Operator::read(&meant).is_some().then_some(meant)
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
            | Self::Disputed(_)
            | Self::Unreadable(_) => &[],
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

    /// Whether it is a pattern that every value matches.
    fn is_any(&self) -> bool {
        let is_run = |pattern: &Pattern| {
            let mut pieces = pattern.pieces().iter();
            pattern.pieces().contains(&Piece::Run) && pieces.all(|one| *one == Piece::Run)
        };
        match self {
            Self::Text(pattern) | Self::FilledArn(pattern) => is_run(pattern),
            Self::Arn(fields) => fields.iter().skip(1).all(is_run),
            Self::Number(_)
            | Self::Date(_)
            | Self::Boolean(_)
            | Self::Binary(_)
            | Self::Address(_)
            | Self::Unreadable(_) => false,
            // What every value may meet restricts none for certain.
            Self::Disputed(what) => *what == Dispute::ShortArn,
        }
    }

    /// A text as it was written; of an ARN, with its colons.
    pub(crate) fn written(&self) -> String {
        let patterns: Vec<String> = self.patterns().iter().map(ToString::to_string).collect();
        patterns.join(":")
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
        let unreadable = || Self::Unreadable(text.into());
        match base {
            Base::String | Base::StringIgnoreCase => Self::Text(Pattern::read(text, syntax(false))),
            Base::StringLike => Self::Text(Pattern::read(text, syntax(true))),
            Base::Arn => {
                let pattern = Pattern::read(text, syntax(true));
                match arn_fields(pattern.pieces()) {
                    Some(fields) => Self::Arn(Box::new(fields)),
                    None if pattern.fixed().is_none() => Self::FilledArn(pattern),
                    // "Each of the six colon-delimited components of the ARN is checked separately" (IAM User Guide,
                    // "ARN condition operators"): of a wildcard in the place of several, the page says nothing.
                    None if pattern.pieces().last() == Some(&Piece::Run) => {
                        Self::Disputed(Dispute::ShortArn)
                    }
                    None => unreadable(),
                }
            }
            Base::Boolean if has_variables && text.contains("${") => {
                Self::Disputed(Dispute::BooleanVariable)
            }
            Base::Boolean | Base::Null => boolean(text).map_or_else(unreadable, Self::Boolean),
            Base::Number(_) => Decimal::read(text).map_or_else(unreadable, Self::Number),
            Base::Date(_) => Instant::read(text).map_or_else(unreadable, Self::Date),
            Base::Binary => binary(text).map_or_else(unreadable, Self::Binary),
            Base::Address => address(text).map_or_else(unreadable, Self::Address),
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

#[cfg(test)]
mod tests {
    use super::*;

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
    fn a_misspelt_operator_is_told_what_it_may_be() {
        for (written, expected) in [
            ("StringEqual", Some("StringEquals")),
            ("stringmatches", None),
            ("StringLikes", Some("StringLike")),
            (
                "ForAnyValues:StringEquals",
                Some("ForAnyValue:StringEquals"),
            ),
            ("ArnLikeIfExist", Some("ArnLikeIfExists")),
            ("NullIfExists", None),
            ("IpAdress", Some("IpAddress")),
            ("NumericLessThenEquals", Some("NumericLessThanEquals")),
        ] {
            assert_eq!(meant(written).as_deref(), expected, "{written}");
        }
    }
}
