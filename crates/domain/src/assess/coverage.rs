//! How much of the truth was seen.

use std::collections::BTreeSet;

use super::Totals;
use crate::call::Finds;
use crate::fact::{Gap, GapReason};
use crate::ids::Region;

/// How much of the truth was seen.
#[derive(Clone, Debug)]
pub struct Coverage {
    /// Verdicts given.
    pub verdicts: u64,
    /// Of these, unknown.
    pub unknown: u64,
    /// What could not be read.
    pub gaps: Vec<CoverageGap>,
    /// Whether every listing was read to its end.
    pub complete: bool,
    /// Whether no listing of any region was answered at all.
    pub nothing_read: bool,
}

/// A gap, and whether it was expected.
#[derive(Clone, Debug)]
pub struct CoverageGap {
    /// The gap.
    pub gap: Gap,
    /// Whether the configuration expects the region to be denied.
    pub expected: bool,
}

impl Coverage {
    /// Weighs the gaps of a run; `nothing_read`: no listing was answered.
    #[must_use]
    pub fn new(
        totals: &Totals,
        gaps: &BTreeSet<Gap>,
        expected_denied: &BTreeSet<Region>,
        nothing_read: bool,
    ) -> Self {
        let gaps: Vec<CoverageGap> = gaps
            .iter()
            .map(|gap| CoverageGap {
                gap: gap.clone(),
                expected: gap.reason == GapReason::RegionDenied
                    && expected_denied.contains(&gap.region),
            })
            .collect();
        let complete = gaps
            .iter()
            .all(|gap| gap.expected || !gap.gap.is_of_listing());
        Self {
            verdicts: totals.rules.values().map(super::Counts::all).sum(),
            unknown: totals.rules.values().map(|counts| counts.unknown).sum(),
            gaps,
            complete: complete && !nothing_read,
            nothing_read,
        }
    }

    /// The share of verdicts that are not unknown; where there are none, 1 if every listing says
    /// so, and 0 if there may be some.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        reason = "verdicts are counted in millions at the most"
    )]
    pub fn ratio(&self) -> f64 {
        if self.verdicts == 0 {
            return if self.complete { 1.0 } else { 0.0 };
        }
        (self.verdicts - self.unknown) as f64 / self.verdicts as f64
    }
}

impl Gap {
    /// Whether it leaves us without knowing what there is, as opposed to what it is like.
    #[must_use]
    pub fn is_of_listing(&self) -> bool {
        match self.call.row().finds {
            Finds::Resources | Finds::Account | Finds::Accounts => true,
            Finds::Facts | Finds::Nothing => false,
        }
    }
}
