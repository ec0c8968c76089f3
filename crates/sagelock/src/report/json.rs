//! The contract's JSON document, `sagelock.audit/1`.

use std::collections::BTreeMap;
use std::io::{self, Write};

use sagelock_domain::assess::{Counts, CoverageGap};
use serde::ser::SerializeSeq;
use serde::{Serialize, Serializer};

use super::stream::stream;
use crate::outcome::Audit;

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    started_at: String,
    finished_at: String,
    scope: Scope<'a>,
    complete: bool,
    interrupted: bool,
    coverage: Coverage<'a>,
    totals: Totals,
    rules_off: &'a [String],
    findings: Findings<'a>,
    calls: BTreeMap<&'static str, u64>,
}

#[derive(Serialize)]
struct Scope<'a> {
    accounts: Vec<&'a str>,
    regions: Vec<&'a str>,
    regions_off: Vec<&'a str>,
    simulated: bool,
}

#[derive(Serialize)]
struct Coverage<'a> {
    verdicts: u64,
    unknown: u64,
    ratio: f64,
    gaps: Vec<Gap<'a>>,
}

/// What could not be read.
#[derive(Serialize)]
pub(super) struct Gap<'a> {
    call: &'static str,
    account: &'a str,
    region: &'a str,
    reason: &'static str,
    subject: &'a str,
    said: &'a str,
    expected: bool,
}

#[derive(Serialize)]
struct Totals {
    endpoints: Endpoints,
    rules: BTreeMap<&'static str, Count>,
}

#[derive(Serialize)]
struct Endpoints {
    live: u64,
    pass: u64,
    fail: u64,
    unknown: u64,
    not_applicable: u64,
}

#[derive(Serialize)]
struct Count {
    pass: u64,
    fail: u64,
    unknown: u64,
    not_applicable: u64,
}

/// The findings, written one after the other.
struct Findings<'a>(&'a crate::findings::Findings);

impl Serialize for Findings<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        stream(self.0, serializer, |list, record| {
            list.serialize_element(record)
        })
    }
}

/// The share to three places, rounded down: what is not whole never looks whole.
pub(super) fn floor_share(ratio: f64) -> f64 {
    (ratio * 1000.0).floor() / 1000.0
}

pub(super) fn write(audit: &Audit, out: &mut dyn Write) -> io::Result<()> {
    let document = Document {
        schema: "sagelock.audit/1",
        started_at: audit.started_at.to_string(),
        finished_at: audit.finished_at.to_string(),
        scope: Scope {
            accounts: audit
                .accounts
                .iter()
                .map(sagelock_domain::ids::AccountId::as_str)
                .collect(),
            regions: audit
                .regions
                .iter()
                .map(sagelock_domain::ids::Region::as_str)
                .collect(),
            regions_off: audit
                .regions_off
                .iter()
                .map(sagelock_domain::ids::Region::as_str)
                .collect(),
            simulated: audit.simulated,
        },
        complete: audit.complete(),
        interrupted: audit.interrupted,
        coverage: Coverage {
            verdicts: audit.coverage.verdicts,
            unknown: audit.coverage.unknown,
            ratio: floor_share(audit.coverage.ratio()),
            gaps: audit.coverage.gaps.iter().map(Gap::of).collect(),
        },
        totals: Totals {
            endpoints: Endpoints::of(&audit.totals.endpoints),
            rules: audit
                .totals
                .rules
                .iter()
                .map(|(id, counts)| (*id, Count::of(counts)))
                .collect(),
        },
        rules_off: &audit.rules_off,
        findings: Findings(&audit.findings),
        calls: audit
            .calls
            .iter()
            .map(|(op, count)| (op.name(), *count))
            .collect(),
    };
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}

impl<'a> Gap<'a> {
    pub(super) fn of(gap: &'a CoverageGap) -> Self {
        let CoverageGap { gap, expected } = gap;
        Self {
            call: gap.call.name(),
            account: gap.account.as_str(),
            region: gap.region.as_str(),
            reason: gap.reason.code(),
            subject: &gap.subject,
            said: &gap.said,
            expected: *expected,
        }
    }
}

impl Endpoints {
    fn of(counts: &Counts) -> Self {
        let Count {
            pass,
            fail,
            unknown,
            not_applicable,
        } = Count::of(counts);
        Self {
            live: counts.all(),
            pass,
            fail,
            unknown,
            not_applicable,
        }
    }
}

impl Count {
    fn of(counts: &Counts) -> Self {
        Self {
            pass: counts.pass,
            fail: counts.fail,
            unknown: counts.unknown,
            not_applicable: counts.not_applicable,
        }
    }
}
