//! The product's audit, driven by hand through virtual time.

use std::collections::BTreeMap;
use std::time::Duration;

use sagelock_domain::assess::Coverage;
use sagelock_domain::audit::{Auditor, Keep, Last};
use sagelock_domain::collect::{Collector, Scope, Ticket};
use sagelock_domain::drive::{Calls, Driver, Limits, Rate, Step};
use sagelock_domain::ids::{AccountId, Region};
use sagelock_domain::settings::Settings;
use sagelock_sim::World;

/// Verdict and reason.
pub(crate) type Said = (String, String);

/// What an audit said.
pub(crate) struct Audit {
    /// By rule and subject.
    pub(crate) said: BTreeMap<(String, String), Said>,
    pub(crate) calls: Calls,
    pub(crate) gaps: usize,
    pub(crate) complete: bool,
}

/// Audits an account and its regions. Answers come at once; only waiting takes time.
pub(crate) fn audit_of(
    world: &mut World,
    account: &str,
    regions: &[&str],
    settings: &Settings,
) -> Audit {
    let regions: Vec<Region> = regions.iter().map(|name| Region::new(*name)).collect();
    let scope = Scope::of(&[AccountId::new(account)], &regions, true);
    let limits = Limits {
        rate: Rate::Max,
        deadline: Duration::from_hours(24),
        ..Limits::default()
    };
    let begun = world.now();
    let collector = Collector::new(&scope);
    let auditor = Auditor::new(collector, settings, begun, Keep::default());
    let mut driver = Driver::new(auditor, limits);
    let mut findings = Vec::new();
    let mut now = Duration::ZERO;
    let mut open: Vec<(Ticket, _)> = Vec::new();
    loop {
        match driver.step(now) {
            Step::Start(ticket, address, call) => {
                let answer = world.answer(address.account.as_str(), address.region.as_str(), &call);
                open.push((ticket, answer));
                continue;
            }
            Step::Recall(_) => unreachable!("nothing is remembered"),
            Step::WaitUntil(at) if open.is_empty() => now = now.max(at),
            Step::WaitUntil(_) | Step::Wait => {}
            Step::Done => break,
        }
        for (ticket, answer) in open.drain(..) {
            driver.on_reply(ticket, answer, now, begun);
        }
        let judged = driver.source_mut().take_findings();
        findings.extend(judged.into_iter().flat_map(|one| one.findings));
    }
    let (mut auditor, calls) = driver.finish();
    let judged = auditor.take_findings();
    findings.extend(judged.into_iter().flat_map(|one| one.findings));
    let mut closing = auditor.close(|_, _| {});
    for last in &mut closing {
        let (Last::Endpoints(_, found) | Last::Keys(_, found)) = last;
        findings.extend(found);
    }
    let ended = closing.end();
    let expected = &settings.expected_denied;
    let coverage = Coverage::new(&ended.totals, &ended.gaps, expected, !ended.has_answered);
    let said = findings
        .iter()
        .map(|finding| {
            let id = (finding.rule.id.to_owned(), finding.subject.arn.clone());
            let said = (
                finding.verdict().as_str().to_owned(),
                finding.judgement.reason.code.to_owned(),
            );
            (id, said)
        })
        .collect();
    Audit {
        said,
        calls,
        gaps: ended.gaps.len(),
        complete: coverage.complete && coverage.ratio() >= 1.0,
    }
}
