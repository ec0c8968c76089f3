//! Whether a condition holds (IAM User Guide, "IAM JSON policy elements: Condition operators" and
//! "Set operators for multi-valued context keys").

use super::leaves::{Evaluation, Why};
use super::{Open, Truth};
use crate::context::Found;
use crate::document::{Arn, Base, Condition, Decimal, Dispute, Expected, Instant, Quantity};
use crate::document::{address, arn_fields, binary, boolean};
use crate::pattern::{self, Filled, Piece};

pub(super) fn holds(evaluation: &mut Evaluation<'_>, condition: &Condition) -> Truth {
    let operator = condition.operator;
    let request = evaluation.request;
    let found = request.context.get(&condition.key);
    let values: &[Box<str>] = match found {
        Some(Found::Unknown) => {
            return evaluation.unknown(|| Why::Key(condition.name.clone()));
        }
        Some(Found::Twice) => return evaluation.unknown_open(Open::KeyTwice),
        None => &[],
        Some(Found::One(text)) => std::slice::from_ref(text),
        Some(Found::List(list)) => list,
    };
    if condition.expected.is_empty() {
        return evaluation.unknown_open(Open::NoValues);
    }
    if operator.base == Base::Null {
        let is_absent = values.is_empty();
        return Truth::of(condition.expected.iter().any(
            |expected| matches!(expected, Expected::Boolean(wanted) if *wanted == is_absent),
        ));
    }
    // For the set operators an empty text is no value.
    let is_empty = values.iter().all(|value| value.is_empty());
    match operator.quantity {
        Quantity::One if values.is_empty() => Truth::of(operator.if_exists || operator.is_negated),
        Quantity::One => {
            let is_list = values.len() > 1 || condition.is_list;
            match (values.first(), is_list) {
                (Some(value), false) => compared(evaluation, condition, value),
                _ if operator.is_negated => evaluation.unknown_open(Open::NegatedList),
                _ => Truth::No,
            }
        }
        Quantity::Any if is_empty && operator.if_exists => {
            evaluation.unknown_open(Open::AnyIfExists)
        }
        Quantity::Any if is_empty => Truth::No,
        Quantity::All if is_empty => Truth::Yes,
        Quantity::Any => {
            let mut any = Truth::No;
            for value in values {
                any = any.max(compared(evaluation, condition, value));
            }
            any
        }
        Quantity::All => {
            let mut all = Truth::Yes;
            for value in values {
                all = all.min(compared(evaluation, condition, value));
            }
            all
        }
    }
}

/// Whether one value is one of those expected; under a negated operator, none of them.
fn compared(evaluation: &mut Evaluation<'_>, condition: &Condition, value: &str) -> Truth {
    let found = is_expected(evaluation, condition, value);
    if condition.operator.is_negated {
        found.negated()
    } else {
        found
    }
}

/// Whether one value is one of those expected.
pub(crate) fn is_expected(
    evaluation: &mut Evaluation<'_>,
    condition: &Condition,
    value: &str,
) -> Truth {
    let mut found = Truth::No;
    for expected in &condition.expected {
        let truth = matched(evaluation, condition, expected, value);
        if truth == Truth::Yes {
            found = truth;
            break;
        }
        found = found.max(truth);
    }
    found
}

fn matched(
    evaluation: &mut Evaluation<'_>,
    condition: &Condition,
    expected: &Expected,
    value: &str,
) -> Truth {
    let read = match (expected, condition.operator.base) {
        (Expected::Text(pattern), base) => {
            return text(evaluation, condition, pattern, |pieces| {
                if base == Base::StringIgnoreCase {
                    same_but_case(pieces, value)
                } else {
                    pattern::matches(pieces, value)
                }
            });
        }
        (Expected::Arn(fields), _) => return arn(evaluation, condition, fields, value),
        (Expected::FilledArn(pattern), _) => {
            return text(evaluation, condition, pattern, |pieces| {
                arn_fields(pieces).is_some_and(|fields| is_arn(&fields, value))
            });
        }
        (Expected::Number(wanted), Base::Number(comparison)) => {
            Decimal::read(value).map(|number| comparison.holds(number.cmp(wanted)))
        }
        (Expected::Date(wanted), Base::Date(comparison)) => {
            Instant::read(value).map(|instant| comparison.holds(instant.cmp(wanted)))
        }
        (Expected::Boolean(wanted), _) => boolean(value).map(|is| is == *wanted),
        (Expected::Binary(wanted), _) => binary(value).map(|bytes| bytes == *wanted),
        (Expected::Address(network), _) => address(value).map(|one| network.contains(&one)),
        (Expected::Disputed(what), _) => return evaluation.unknown_open(open(*what)),
        (Expected::Unreadable(_) | Expected::Number(_) | Expected::Date(_), _) => None,
    };
    match read {
        Some(is) => Truth::of(is),
        None if condition.operator.is_negated => evaluation.unknown_open(Open::NegatedUnreadable),
        None => Truth::No,
    }
}

const fn open(what: Dispute) -> Open {
    match what {
        Dispute::BooleanVariable => Open::BooleanVariable,
        Dispute::ShortArn => Open::ShortArn,
    }
}

/// Whether a pattern matches once its variables are filled.
fn text(
    evaluation: &mut Evaluation<'_>,
    condition: &Condition,
    pattern: &pattern::Pattern,
    is: impl Fn(&[Piece]) -> bool,
) -> Truth {
    if let Some(pieces) = pattern.fixed() {
        return Truth::of(is(pieces));
    }
    match evaluation.fill(pattern) {
        Filled::Pieces(pieces) => Truth::of(is(&pieces)),
        // What is not there is equal to nothing, and a negated operator is true.
        Filled::Nothing { is_list: true } if condition.operator.is_negated => {
            evaluation.unknown_open(Open::ListVariable)
        }
        Filled::Nothing { .. } => Truth::No,
        Filled::Unknown(name) => evaluation.unknown(|| Why::Key(name)),
    }
}

/// ARNs are compared field by field: a wildcard does not cross a colon, but in the last.
fn arn(
    evaluation: &mut Evaluation<'_>,
    condition: &Condition,
    fields: &[pattern::Pattern; 6],
    value: &str,
) -> Truth {
    let Some(arn) = Arn::split(value) else {
        return Truth::No;
    };
    let parts = [
        "arn",
        arn.partition,
        arn.service,
        arn.region,
        arn.account,
        arn.resource,
    ];
    let mut all = Truth::Yes;
    for (field, part) in fields.iter().zip(parts) {
        let truth = text(evaluation, condition, field, |pieces| {
            pattern::matches(pieces, part)
        });
        if truth == Truth::No {
            return truth;
        }
        all = all.min(truth);
    }
    all
}

/// The same, where no variable is left.
pub(super) fn is_arn(fields: &[pattern::Pattern; 6], value: &str) -> bool {
    let parts: Vec<&str> = value.splitn(6, ':').collect();
    parts.len() == 6
        && fields.iter().zip(parts).all(|(field, part)| {
            field
                .fixed()
                .is_some_and(|pieces| pattern::matches(pieces, part))
        })
}

fn same_but_case(pieces: &[Piece], value: &str) -> bool {
    let mut wanted = pieces
        .iter()
        .filter_map(|piece| match piece {
            Piece::Text(text) => Some(text.chars()),
            Piece::Run | Piece::One | Piece::Variable(_) => None,
        })
        .flatten()
        .flat_map(char::to_lowercase);
    let mut found = value.chars().flat_map(char::to_lowercase);
    loop {
        match (wanted.next(), found.next()) {
            (None, None) => return true,
            (one, other) if one != other => return false,
            _ => {}
        }
    }
}
