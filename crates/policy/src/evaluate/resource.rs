//! Whether a statement's resources are what is asked for (IAM User Guide, "IAM JSON policy elements:
//! Resource" and "IAM policy elements: Variables and tags").

use super::leaves::{Evaluation, Why};
use super::{Open, Truth};
use crate::document::Listed;
use crate::pattern::{self, Filled, Pattern, Piece};

/// Whether they are.
pub(super) fn named(evaluation: &mut Evaluation<'_>, listed: &Listed<Pattern>) -> Truth {
    let mut found = Truth::No;
    for pattern in &listed.list {
        let truth = one(evaluation, pattern);
        if truth == Truth::Yes {
            found = truth;
            break;
        }
        found = found.max(truth);
    }
    if listed.is_all_but {
        found.negated()
    } else {
        found
    }
}

/// Whether one pattern is; a variable without a value matches nothing.
fn one(evaluation: &mut Evaluation<'_>, pattern: &Pattern) -> Truth {
    let request = evaluation.request;
    let text = &*request.resource;
    if let Some(pieces) = pattern.fixed() {
        return matched(evaluation, pieces, text);
    }
    match evaluation.fill(pattern) {
        // A variable is for the part after the fifth colon: whether one before it is replaced, the page does
        // not say. As text it matches nothing.
        Filled::Pieces(pieces) if pattern.has_early_variable() => {
            match matched(evaluation, &pieces, text) {
                Truth::No => Truth::No,
                Truth::Unknown | Truth::Yes => evaluation.unknown_open(Open::ArnVariable),
            }
        }
        Filled::Pieces(pieces) => matched(evaluation, &pieces, text),
        Filled::Nothing { .. } => Truth::No,
        Filled::Unknown(name) => evaluation.unknown(|| Why::Key(name)),
    }
}

fn matched(evaluation: &mut Evaluation<'_>, pieces: &[Piece], text: &str) -> Truth {
    if !pattern::matches(pieces, text) {
        return Truth::No;
    }
    // "If the * wildcard is the last character of a resource ARN segment, it can expand to match beyond the
    // colon boundaries": whether another can, the page does not say.
    if pattern::has_inner_wildcard(pieces) && !pattern::matches_in_segments(pieces, text) {
        return evaluation.unknown_open(Open::ArnWildcard);
    }
    Truth::Yes
}
