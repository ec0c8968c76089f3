//! Counts of verdicts.

use std::collections::BTreeMap;

use super::Finding;
use crate::kpi::Posture;
use crate::rules::Verdict;

/// How many of each verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Passes.
    pub pass: u64,
    /// Fails.
    pub fail: u64,
    /// Unknowns.
    pub unknown: u64,
    /// Not applicable.
    pub not_applicable: u64,
}

impl Counts {
    fn add(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::NotApplicable => self.not_applicable += 1,
            Verdict::Pass => self.pass += 1,
            Verdict::Unknown => self.unknown += 1,
            Verdict::Fail => self.fail += 1,
        }
    }

    /// All of them.
    #[must_use]
    pub fn all(&self) -> u64 {
        self.pass + self.fail + self.unknown + self.not_applicable
    }
}

/// What an audit counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// EP-001 over live endpoints.
    pub endpoints: Counts,
    /// Live endpoints, by key and by verdict.
    pub posture: Posture,
    /// Every rule over its subjects.
    pub rules: BTreeMap<&'static str, Counts>,
}

impl Totals {
    pub(super) fn count_endpoint(&mut self, live: bool, verdict: Verdict) {
        if live {
            self.endpoints.add(verdict);
        }
    }

    pub(super) fn count(&mut self, findings: &[Finding]) {
        for finding in findings {
            self.rules
                .entry(finding.rule.id)
                .or_default()
                .add(finding.verdict());
        }
    }
}
