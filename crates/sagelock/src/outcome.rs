//! What came of an audit, and how it ended.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use sagelock_domain::assess::{Coverage, Totals};
use sagelock_domain::call::Op;
use sagelock_domain::drive::Calls;
use sagelock_domain::ids::{AccountId, Region};
use sagelock_domain::inventory::{Cell, Keys, Principals};
use sagelock_domain::isolation::{Matrix, Tenancy};
use sagelock_domain::rules::{SUPERSEDES_TAG, Verdict};

use crate::config::Config;
use crate::exit::Exit;
use crate::findings::Findings;

/// A finished audit.
pub(crate) struct Audit {
    pub(crate) started_at: Timestamp,
    pub(crate) finished_at: Timestamp,
    pub(crate) accounts: Vec<AccountId>,
    pub(crate) regions: Vec<Region>,
    /// The regions of each account that were looked at.
    pub(crate) looked_at: BTreeMap<AccountId, BTreeSet<Region>>,
    pub(crate) regions_off: Vec<Region>,
    /// In how many of several accounts they are off.
    pub(crate) off_in_accounts: usize,
    pub(crate) simulated: bool,
    pub(crate) interrupted: bool,
    /// Rules that are switched off.
    pub(crate) rules_off: Vec<String>,
    pub(crate) coverage: Coverage,
    pub(crate) totals: Totals,
    /// In the order of the contract, and after `--verdict`.
    pub(crate) findings: Findings,
    pub(crate) calls: BTreeMap<Op, u64>,
    /// Every name of the inventory, for who wants none of them said.
    pub(crate) names: Names,
}

impl Audit {
    /// Whether every listing was read to its end and nothing was interrupted.
    pub(crate) fn complete(&self) -> bool {
        self.coverage.complete && !self.interrupted
    }
}

/// A finished job: the audit, how AWS took it, and what was collected.
pub(crate) struct Done {
    pub(crate) audit: Audit,
    pub(crate) calls: Calls,
    pub(crate) keys: Keys,
    /// The cells, where somebody asked to keep them.
    pub(crate) cells: Vec<Cell>,
    /// Who there is, and whose endpoints run as whom, where somebody asked for them.
    pub(crate) principals: Principals,
    pub(crate) tenancy: Tenancy,
}

impl Done {
    /// Whether all was read that a matrix of tenants and keys rests on.
    pub(crate) fn is_whole(&self, found: &Matrix) -> bool {
        self.audit.complete()
            && self.keys.left_out.is_empty()
            && found.is_whole(&self.tenancy, &self.principals)
    }
}

/// Exit code of an audit, by its findings and its completeness.
pub(crate) fn exit_of(audit: &Audit, config: &Config) -> Exit {
    let bad = config.audit.fail_on.is_some_and(|threshold| {
        let mut kinds = audit.findings.tally().keys();
        kinds.any(|(verdict, severity)| *verdict == Verdict::Fail && *severity >= threshold)
    });
    let incomplete = !audit.complete() || audit.coverage.ratio() < config.audit.min_coverage;
    let findings = if bad { Exit::Findings } else { Exit::Clean };
    let coverage = if incomplete {
        Exit::Incomplete
    } else {
        Exit::Clean
    };
    let reading = if audit.coverage.nothing_read {
        Exit::Credentials
    } else {
        Exit::Clean
    };
    findings.or(coverage).or(reading)
}

/// Names by what they name.
pub(crate) type Names = BTreeSet<(&'static str, String)>;

/// The kind of a team's name.
pub(crate) const TEAM: &str = "team";

/// Every name that a cell holds.
pub(crate) fn names_of(cell: &Cell) -> Names {
    let mut names = Names::new();
    for name in cell.endpoints.keys() {
        names.insert(("endpoint", name.to_string()));
    }
    for (name, config) in &cell.configs {
        names.insert(("endpoint_config", name.to_string()));
        // The configuration that it took the place of may be gone, and be named all the same.
        let tags = config.tags.fact.known();
        let superseded = tags.and_then(|tags| tags.get(SUPERSEDES_TAG));
        names.extend(superseded.map(|name| ("endpoint_config", name.to_owned())));
        let facts = config.described.fact.known().and_then(Option::as_ref);
        for variant in facts.iter().flat_map(|facts| &facts.variants) {
            names.insert(("variant", variant.name.clone()));
        }
    }
    for name in cell.models.keys() {
        names.insert(("model", name.to_string()));
    }
    for name in cell.schedules.keys() {
        names.insert(("schedule", name.clone()));
    }
    // A key may have blanks and commas, so that its form does not tell where it ends.
    for used in cell.place_uses() {
        names.insert(("place", used.uri.to_owned()));
    }
    for bucket in cell.storage.buckets.keys() {
        names.insert(("place", format!("s3://{bucket}")));
    }
    names
}
