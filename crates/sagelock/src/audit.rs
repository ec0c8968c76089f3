//! The main job: collect, assess, count.

use std::collections::BTreeSet;
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

use crate::config::Config;
use crate::drive::{self, run_with};
use crate::exit::{Exit, Failure};
use crate::findings::Findings;
use crate::history::History;
use crate::outcome::{Audit, Done, Names, names_of};
use crate::progress::Progress;
use crate::report::words;
use crate::session::Session;

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
