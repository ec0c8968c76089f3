//! What a rule is made of.

use super::subject::{ConfigView, EndpointView, KeyView};
use super::verdict::{Judgement, Reason};
use crate::call::Op;
use crate::severity::Severity;

/// A rule.
pub struct Rule {
    /// Its id, `EP-001`.
    pub id: &'static str,
    /// What it asks.
    pub title: &'static str,
    /// The severity of a fail about data of weight high.
    pub severity: Severity,
    /// The AWS page and field that it rests on.
    pub source: &'static str,
    /// The clauses it is evidence for.
    pub compliance: &'static [&'static str],
    /// The operations that its verdict needs.
    pub needs: &'static [Op],
    /// Every reason it gives, beside those of [`GAP_REASONS`](super::GAP_REASONS).
    pub reasons: &'static [&'static [&'static Reason]],
    /// The rule itself.
    pub check: Check,
}

impl Rule {
    /// Every reason it gives, those of [`GAP_REASONS`](super::GAP_REASONS) aside.
    pub fn own_reasons(&self) -> impl Iterator<Item = &'static Reason> {
        self.reasons.iter().flat_map(|group| group.iter().copied())
    }
}

/// What a rule looks at.
pub enum Check {
    /// A live endpoint.
    Endpoint(fn(&EndpointView<'_>) -> Judgement),
    /// An endpoint configuration.
    Config(fn(&ConfigView<'_>) -> Judgement),
    /// A KMS key.
    Key(fn(&KeyView<'_>) -> Judgement),
}
