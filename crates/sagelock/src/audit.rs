//! The main job: collect, assess, count.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::anyhow;
use jiff::Timestamp;
use sagelock_domain::assess::{Assessor, Coverage, Finding, sort_findings};
use sagelock_domain::call::Op;
use sagelock_domain::collect::{Collector, Scope, StorageReading};
use sagelock_domain::drive::{Calls, Driver};
use sagelock_domain::fact::{Gap, GapReason};
use sagelock_domain::ids::Region;
use sagelock_domain::inventory::{Cell, Keys};
use sagelock_domain::rules::RULES;

use crate::config::Config;
use crate::drive::{Ended, run};
use crate::exit::{Exit, Failure};
use crate::progress::Progress;
use crate::report::{Audit, Names, names_of};
use crate::session::Session;

/// A finished job: the audit, how AWS took it, and what was collected.
pub(crate) struct Done {
    pub(crate) audit: Audit,
    pub(crate) calls: Calls,
    pub(crate) keys: Keys,
    /// The cells, where somebody asked to keep them.
    pub(crate) cells: Vec<Cell>,
}

/// Audits what a session has in scope. `keep` keeps the inventory for who wants to explain it.
pub(crate) async fn audit(
    session: &Session,
    config: &Config,
    progress: &Progress,
    keep: bool,
) -> Result<Done, Failure> {
    let scope = Scope {
        account: session.account.clone(),
        members: session.members.clone(),
        regions: session.regions.clone(),
        ask_organization: config.settings.allowed_accounts.is_empty(),
    };
    let mut driver = Driver::new(
        Collector::new(&scope).reading(StorageReading::of(&config.settings)),
        session.limits,
    );
    let mut assessor = Assessor::new(&config.settings, session.started_at);
    let mut findings: Vec<Finding> = Vec::new();
    let mut kept = Vec::new();
    let mut names = Names::new();
    let mut harvest = |driver: &mut Driver<Collector>| {
        for cell in driver.source_mut().take_cells() {
            findings.extend(assessor.assess_cell(&cell, driver.source().keys()));
            names.append(&mut names_of(&cell));
            if keep {
                kept.push(cell);
            }
        }
        progress.update(driver.source().progress(), driver.calls());
    };
    let ended = run(&mut driver, &session.port, &mut harvest).await;
    harvest(&mut driver);
    let (collected, mut calls) = driver.finish();
    progress.finish();
    findings.extend(assessor.assess_keys(collected.keys()));
    let totals = assessor.totals().clone();
    sort_findings(&mut findings);
    let mut gaps = collected.gaps().clone();
    gaps.extend(session.regions_gap.clone());
    refused_everywhere(&gaps, &calls)?;
    let interrupted = ended == Ended::Interrupted || session.replays_interrupted;
    let nothing_read = !collected.has_answered() && !interrupted;
    let coverage = Coverage::new(
        &totals,
        &gaps,
        &config.settings.expected_denied,
        nothing_read,
    );
    for (op, count) in &session.calls.sent {
        *calls.sent.entry(*op).or_default() += count;
    }
    calls.throttled += session.calls.throttled;
    calls.retried += session.calls.retried;
    let audit = Audit {
        started_at: session.started_at,
        finished_at: finished_at(session),
        accounts: std::iter::once(&session.account)
            .chain(&session.members)
            .cloned()
            .collect(),
        regions: session.regions.clone(),
        regions_off: session.regions_off.clone(),
        simulated: session.simulated.is_some(),
        interrupted,
        rules_off: config.settings.rules_off.iter().cloned().collect(),
        coverage,
        totals,
        findings,
        calls: calls.sent.clone(),
        names,
    };
    let keys = collected.keys().clone();
    Ok(Done {
        audit,
        calls,
        keys,
        cells: kept,
    })
}

/// A replay ends when it began, so that it gives the same document every time.
fn finished_at(session: &Session) -> Timestamp {
    match &*session.port {
        crate::drive::Port::Aws(..) => Timestamp::now(),
        crate::drive::Port::Replay(..) => session.started_at,
    }
}

/// Credentials that no listing accepts are no audit.
fn refused_everywhere(gaps: &BTreeSet<Gap>, calls: &Calls) -> Result<(), Failure> {
    let is_listing = |op: Op| matches!(op, Op::ListEndpoints | Op::ListEndpointConfigs);
    let asked: u64 = calls
        .sent
        .iter()
        .filter(|(op, _)| is_listing(**op))
        .map(|(_, n)| n)
        .sum();
    let mut refused = gaps
        .iter()
        .filter(|gap| is_listing(gap.call) && gap.reason == GapReason::Credentials)
        .peekable();
    let Some(said) = refused.peek().map(|gap| gap.said.clone()) else {
        return Ok(());
    };
    if (refused.count() as u64) < asked {
        return Ok(());
    }
    let error = anyhow!("{said}").context("the credentials were refused everywhere");
    Err(Failure::new(Exit::Credentials, error).hint("they are wrong or have expired: log in again"))
}

/// Exit code of an audit, by its findings and its completeness.
pub(crate) fn exit_of(audit: &Audit, config: &Config) -> Exit {
    use sagelock_domain::rules::Verdict;

    let bad = config.audit.fail_on.is_some_and(|threshold| {
        audit
            .findings
            .iter()
            .any(|finding| finding.verdict() == Verdict::Fail && finding.severity >= threshold)
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

/// The permissions that were missing, and the rules whose verdicts they would unlock. What the
/// configuration expects to be denied is not missing.
pub(crate) fn missing_permissions(audit: &Audit) -> Vec<String> {
    let mut denied: BTreeMap<Op, (u64, BTreeSet<&Region>)> = BTreeMap::new();
    let missing = audit
        .coverage
        .gaps
        .iter()
        .filter(|gap| !gap.expected && gap.gap.reason == GapReason::AccessDenied);
    for gap in missing {
        let (count, regions) = denied.entry(gap.gap.call).or_default();
        *count += 1;
        regions.insert(&gap.gap.region);
    }
    let line = |(op, (count, regions)): (&Op, &(u64, BTreeSet<&Region>))| {
        let rules: Vec<&str> = RULES
            .iter()
            .filter(|rule| rule.needs.contains(op))
            .map(|rule| rule.id)
            .collect();
        let unlocks = match rules.as_slice() {
            [] => "no verdict".to_owned(),
            few if few.len() <= 4 => few.join(", "),
            many => format!("{} rules", many.len()),
        };
        let name = op.name();
        format!(
            "{name} denied {count} ×{}: allow it for {unlocks}",
            in_regions(regions.len())
        )
    };
    denied.iter().map(line).collect()
}

/// The other gaps, alike ones in one line.
pub(crate) fn other_gaps(audit: &Audit) -> Vec<String> {
    let mut groups: BTreeMap<(Op, GapReason), Vec<&Gap>> = BTreeMap::new();
    let other = audit
        .coverage
        .gaps
        .iter()
        .filter(|gap| !gap.expected && gap.gap.reason != GapReason::AccessDenied);
    for gap in other {
        let kind = (gap.gap.call, gap.gap.reason);
        groups.entry(kind).or_default().push(&gap.gap);
    }
    let line = |group: &Vec<&Gap>| {
        let first = group.first()?;
        let regions: BTreeSet<&Region> = group.iter().map(|gap| &gap.region).collect();
        Some(match group.len() {
            1 => first.to_string(),
            more => format!(
                "{first} (and {} more{})",
                more - 1,
                in_regions(regions.len())
            ),
        })
    };
    groups.values().filter_map(line).collect()
}

fn in_regions(regions: usize) -> String {
    if regions < 2 {
        String::new()
    } else {
        format!(" in {regions} regions")
    }
}
