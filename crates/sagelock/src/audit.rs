//! The main job: collect, assess, count.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use anyhow::anyhow;
use jiff::{SignedDuration, Timestamp};
use sagelock_domain::assess::{Coverage, Finding, Record};
use sagelock_domain::audit::{Auditor, Ended, Judged, Last};
use sagelock_domain::call::{Finds, Op};
use sagelock_domain::collect::{Collector, Scope, Told};
use sagelock_domain::drive::{Calls, Driver};
use sagelock_domain::fact::{Gap, GapReason};
use sagelock_domain::ids::Region;
use sagelock_domain::inventory::{Cell, Keys, Principals};
use sagelock_domain::isolation::{Matrix, Tenancy};
use sagelock_domain::rules::RULES;

use crate::config::Config;
use crate::drive::{self, run_with};
use crate::exit::{Exit, Failure};
use crate::findings::Findings;
use crate::history::History;
use crate::progress::Progress;
use crate::report::{Audit, Names, names_of, some_of, words};
use crate::session::Session;

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

/// What is kept of an audit beside its findings.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Keep {
    /// The inventory, for who wants to explain it.
    pub(crate) cells: bool,
    /// Every name, for who wants none of them said.
    pub(crate) names: bool,
    /// Who there is and what binds them, for who wants to know who can use a key.
    pub(crate) principals: bool,
}

/// What is known before anything is asked.
pub(crate) struct Past {
    /// The audits that were kept.
    pub(crate) history: Rc<History>,
    /// What the owners of foreign keys tell about them.
    pub(crate) told: Told,
    /// Whether what was kept is made use of.
    pub(crate) remembers: bool,
    /// Whether a key that was denied not long ago is asked about again.
    pub(crate) ask_denied: bool,
}

impl Past {
    /// Nothing.
    pub(crate) fn none() -> Self {
        Self {
            history: Rc::new(History::none()),
            told: Told::default(),
            remembers: false,
            ask_denied: true,
        }
    }
}

/// A denied key of another account is asked about once in so many hours.
const ASKED_AGAIN_HOURS: i64 = 24;

/// Audits what a session has in scope.
pub(crate) async fn audit(
    session: &Session,
    config: &Config,
    progress: &Progress,
    keep: Keep,
    past: Past,
) -> Result<Done, Failure> {
    let scope = Scope {
        remembers: past.remembers,
        ask_organization: config.settings.allowed_accounts.is_empty(),
        ..session.scope.clone()
    };
    let mut collector = Collector::new(&scope);
    let history = &past.history;
    collector.hear(past.told);
    if past.remembers {
        collector.recall_shared(history.recall_shared().await);
    }
    if past.remembers && !past.ask_denied {
        let since = session.started_at - SignedDuration::from_hours(ASKED_AGAIN_HOURS);
        collector.recall_denied(history.denied(since).await);
    }
    let of_domain = sagelock_domain::audit::Keep {
        references: keep.cells,
        principals: keep.principals,
    };
    let settings = &config.settings;
    let auditor = Auditor::new(collector, settings, session.started_at, of_domain)
        .lacking(session.regions_gap.clone());
    let mut driver = Driver::new(auditor, session.limits);
    let mut findings = Findings::default();
    let mut packed = Ok(());
    let mut kept = Vec::new();
    let mut names = Names::new();
    let mut harvest = |driver: &mut Driver<Auditor<'_>>| {
        for Judged {
            cell,
            findings: found,
        } in driver.source_mut().take_findings()
        {
            match findings.add(cell.id.clone(), records(&found)) {
                Ok(pack) => history.close(&cell, pack.clone()),
                Err(error) => packed = Err(error),
            }
            if keep.names {
                names.append(&mut names_of(&cell));
            }
            if keep.cells {
                kept.push(cell);
            }
        }
        let collector = driver.source().collector();
        progress.update(collector.progress(), driver.calls());
    };
    let ended = run_with(&mut driver, &session.port, history, &mut harvest).await;
    harvest(&mut driver);
    let (auditor, mut calls) = driver.finish();
    progress.finish();
    packed.map_err(internal)?;
    let of_accounts = progress.of_accounts();
    let mut closing = auditor.close(|done, of| of_accounts.at(done, of));
    of_accounts.finish();
    for last in &mut closing {
        add_last(last, &mut findings, history).map_err(internal)?;
    }
    let collected = closing.end();
    refused_everywhere(&collected.gaps, &calls)?;
    let interrupted = ended == drive::Ended::Interrupted || session.replays_interrupted;
    let nothing_read = !collected.has_answered && !interrupted;
    let coverage = Coverage::new(
        &collected.totals,
        &collected.gaps,
        &settings.expected_denied,
        nothing_read,
    );
    calls.add(&session.calls);
    let audit = Audit {
        started_at: session.started_at,
        finished_at: finished_at(session),
        accounts: session.scope.accounts().cloned().collect(),
        regions: regions_of(session, &collected),
        regions_off: regions_off(session, &collected),
        off_in_accounts: off_in_accounts(&collected),
        looked_at: collected.looked_at,
        simulated: session.simulated.is_some(),
        interrupted,
        rules_off: settings.rules_off.iter().cloned().collect(),
        coverage,
        totals: collected.totals,
        findings,
        calls: calls.sent.clone(),
        names,
    };
    Ok(Done {
        audit,
        calls,
        principals: collected.principals,
        tenancy: collected.tenancy,
        keys: collected.keys,
        cells: kept,
    })
}

fn internal(error: std::io::Error) -> Failure {
    Failure::new(Exit::Internal, error)
}

/// Adds what is said of an account and region last.
fn add_last(last: Last, findings: &mut Findings, history: &History) -> std::io::Result<()> {
    match last {
        Last::Endpoints(cell, found) => {
            let pack = findings.join(&cell, records(&found))?;
            history.join(&cell, pack.clone());
        }
        Last::Keys(cell, found) => {
            let pack = findings.add(cell.clone(), records(&found))?;
            history.add_keys(&cell, pack.clone());
        }
    }
    Ok(())
}

/// The regions that an account, or one of several, has not enabled.
fn regions_off(session: &Session, collected: &Ended) -> Vec<Region> {
    let off = collected.regions_off.iter().map(|(_, region)| region);
    let off: BTreeSet<&Region> = off.chain(&session.regions_off).collect();
    off.into_iter().cloned().collect()
}

fn off_in_accounts(collected: &Ended) -> usize {
    let accounts = collected.regions_off.iter().map(|(account, _)| account);
    accounts.collect::<BTreeSet<_>>().len()
}

fn regions_of(session: &Session, collected: &Ended) -> Vec<Region> {
    let regions: BTreeSet<&Region> = collected.looked_at.values().flatten().collect();
    if regions.is_empty() {
        session.regions.clone()
    } else {
        regions.into_iter().cloned().collect()
    }
}

fn record(finding: &Finding) -> Record {
    Record::of(finding, words)
}

fn records(findings: &[Finding]) -> Vec<Record> {
    findings.iter().map(record).collect()
}

/// A replay ends when it began, so that it gives the same document every time.
fn finished_at(session: &Session) -> Timestamp {
    match &*session.port {
        drive::Port::Aws(..) => Timestamp::now(),
        drive::Port::Replay(..) => session.started_at,
    }
}

/// Credentials that no listing accepts are no audit.
fn refused_everywhere(gaps: &BTreeSet<Gap>, calls: &Calls) -> Result<(), Failure> {
    let is_listing = |op: Op| op.row().finds == Finds::Resources;
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

/// The permissions that were missing, and the rules whose verdicts they would unlock. What the
/// configuration expects to be denied is not missing.
pub(crate) fn missing_permissions(audit: &Audit) -> Vec<String> {
    let mut denied: BTreeMap<Op, (u64, BTreeSet<&Region>)> = BTreeMap::new();
    let missing = audit
        .coverage
        .gaps
        .iter()
        .filter(|gap| !gap.expected && gap.gap.reason == GapReason::AccessDenied)
        .filter(|gap| !gap.gap.is_of_account());
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

/// The accounts that could not be entered, and why; alike ones together.
pub(crate) fn not_entered(audit: &Audit) -> Vec<String> {
    let mut groups: BTreeMap<String, Vec<&Gap>> = BTreeMap::new();
    for gap in audit.coverage.gaps.iter().map(|gap| &gap.gap) {
        if gap.is_of_account() {
            let code = gap.said.split(':').next().unwrap_or_default();
            groups.entry(code.to_owned()).or_default().push(gap);
        }
    }
    let line = |group: &Vec<&Gap>| {
        let first = group.first()?;
        let accounts: Vec<&str> = group.iter().map(|gap| gap.account.as_str()).collect();
        let accounts = some_of(&accounts, NAMED_MAX, "accounts");
        Some(format!("not entered: {accounts}: {first}"))
    };
    groups.values().filter_map(line).collect()
}

/// Accounts that are named one by one.
const NAMED_MAX: usize = 5;

/// The other gaps, alike ones in one line.
pub(crate) fn other_gaps(audit: &Audit) -> Vec<String> {
    let mut groups: BTreeMap<(Op, GapReason), Vec<&Gap>> = BTreeMap::new();
    let other = audit
        .coverage
        .gaps
        .iter()
        .filter(|gap| !gap.expected && gap.gap.reason != GapReason::AccessDenied)
        .filter(|gap| !gap.gap.is_of_account());
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
