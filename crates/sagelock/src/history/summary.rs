//! What is kept of an audit beside its findings.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, anyhow};
use jiff::Timestamp;
use sagelock_domain::ids::{AccountId, Region};
use sagelock_domain::inventory::CellId;
use sagelock_domain::kpi::Posture;
use serde::{Deserialize, Serialize};

use crate::outcome::Audit;

/// The version of the summary. A reader refuses what it does not know.
const SCHEMA: &str = "sagelock.summary/1";

/// What is kept of an audit beside its findings.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Summary {
    schema: String,
    pub(crate) started_at: Timestamp,
    pub(crate) finished_at: Timestamp,
    pub(crate) accounts: Vec<AccountId>,
    pub(crate) regions: Vec<Region>,
    /// The regions of each account that were looked at.
    pub(crate) looked_at: BTreeMap<AccountId, BTreeSet<Region>>,
    pub(crate) simulated: bool,
    pub(crate) complete: bool,
    pub(crate) interrupted: bool,
    pub(crate) rules_off: Vec<String>,
    pub(crate) verdicts: u64,
    pub(crate) unknown: u64,
    pub(crate) posture: Posture,
    /// Requests, by operation.
    pub(crate) calls: BTreeMap<String, u64>,
    /// How many facts could not be read.
    pub(crate) gaps: usize,
    /// Accounts and regions of which a listing was not read; the region is empty where it is the
    /// account as a whole.
    pub(crate) unlisted: BTreeSet<(AccountId, Region)>,
}

impl Summary {
    /// The summary of an audit.
    pub(crate) fn of(audit: &Audit) -> Self {
        let calls = audit.calls.iter();
        Self {
            schema: SCHEMA.to_owned(),
            started_at: audit.started_at,
            finished_at: audit.finished_at,
            accounts: audit.accounts.clone(),
            regions: audit.regions.clone(),
            looked_at: audit.looked_at.clone(),
            simulated: audit.simulated,
            complete: audit.complete(),
            interrupted: audit.interrupted,
            rules_off: audit.rules_off.clone(),
            verdicts: audit.coverage.verdicts,
            unknown: audit.coverage.unknown,
            posture: audit.totals.posture,
            calls: calls
                .map(|(op, count)| (op.name().to_owned(), *count))
                .collect(),
            gaps: audit.coverage.gaps.len(),
            unlisted: unlisted(audit),
        }
    }

    /// Reads a summary.
    pub(crate) fn read(text: &str) -> anyhow::Result<Self> {
        let summary: Self =
            serde_json::from_str(text).context("cannot read the summary of an audit")?;
        if summary.schema != SCHEMA {
            let schema = summary.schema;
            return Err(anyhow!(
                "the summary of an audit is of version `{schema}`; this release reads `{SCHEMA}`"
            ));
        }
        Ok(summary)
    }

    pub(crate) fn to_json(&self) -> anyhow::Result<String> {
        serde_json::to_string(self).context("cannot write the summary of an audit")
    }

    /// Whether an account and region was looked at.
    pub(crate) fn has_looked_at(&self, cell: &CellId) -> bool {
        let regions = self.looked_at.get(&cell.account);
        regions.is_some_and(|regions| regions.contains(&cell.region))
    }

    /// Whether every listing of an account and region was read.
    pub(crate) fn has_listed(&self, cell: &CellId) -> bool {
        let looked_at = self.has_looked_at(cell);
        let whole = (cell.account.clone(), Region::new(""));
        let here = (cell.account.clone(), cell.region.clone());
        looked_at
            && !self.interrupted
            && !self.unlisted.contains(&whole)
            && !self.unlisted.contains(&here)
    }
}

/// Where a listing was not read.
fn unlisted(audit: &Audit) -> BTreeSet<(AccountId, Region)> {
    let gaps = audit.coverage.gaps.iter().map(|gap| &gap.gap);
    gaps.filter(|gap| gap.is_of_listing())
        .map(|gap| {
            let region = if gap.is_of_account() {
                Region::new("")
            } else {
                gap.region.clone()
            };
            (gap.account.clone(), region)
        })
        .collect()
}
