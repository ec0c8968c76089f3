//! Properties of collecting and judging, on the recorded estate: the order in which answers come
//! changes nothing, and what is denied never becomes a pass or a fail.

#![expect(clippy::expect_used, reason = "a test that cannot go on says so")]

use std::collections::BTreeMap;

use jiff::Timestamp;
use proptest::prelude::*;
use sagelock_domain::assess::{Finding, sort_findings};
use sagelock_domain::audit::{Auditor, Keep, Last};
use sagelock_domain::call::{Call, CallError, CallErrorKind, Reply};
use sagelock_domain::collect::{Address, Collector, Next, Scope, Ticket};
use sagelock_domain::drive::Source as _;
use sagelock_domain::ids::{AccountId, Region};
use sagelock_domain::recording::{Recording, not_recorded};
use sagelock_domain::rules::Verdict;
use sagelock_domain::settings::Settings;

const CALLS: &str = include_str!("../../../corpus/recorded/moto/calls.ndjson");

fn recording() -> Recording {
    Recording::read(CALLS).expect("the recorded estate")
}

fn settings() -> Settings {
    Settings {
        required_tags: vec!["owner".to_owned()],
        required_key_tags: vec!["owner".to_owned()],
        regulated: ["restricted".to_owned()].into(),
        superseded_keep_days: 0,
        endpoints_per_key_max: 2,
        key_users: vec!["arn:aws:iam::*:role/deployer".to_owned()],
        proves_isolation: true,
        ..Settings::default()
    }
}

type Answer = Result<Reply, CallError>;

/// Collects and judges; `pick` chooses which of the open calls is answered next, `change` may
/// change an answer.
fn judge(
    recording: &Recording,
    mut pick: impl FnMut(usize) -> usize,
    mut change: impl FnMut(&Call, Answer) -> Answer,
) -> Vec<Finding> {
    let accounts = [AccountId::new("123456789012")];
    let scope = Scope::of(&accounts, &[Region::new("us-east-1")], true);
    let now: Timestamp = "2027-01-01T00:00:00Z".parse().expect("a time");
    let settings = settings();
    let mut auditor = Auditor::new(Collector::new(&scope), &settings, now, Keep::default());
    let mut findings = Vec::new();
    let mut open: Vec<(Ticket, Address, Call)> = Vec::new();
    loop {
        match auditor.advance() {
            Next::Start(ticket, address, _) => {
                let call = auditor.call(ticket).expect("a call");
                open.push((ticket, address, call));
                continue;
            }
            Next::Recall(_) => unreachable!("nothing is remembered"),
            Next::Wait if auditor.widen() => continue,
            Next::Wait => {}
            Next::Done => break,
        }
        let (ticket, address, call) = open.swap_remove(pick(open.len()) % open.len());
        let (at, answer) = recording
            .answer(&address, &call)
            .unwrap_or_else(|| (now, Err(not_recorded())));
        auditor.on_reply(ticket, change(&call, answer), at);
        let judged = auditor.take_findings();
        findings.extend(judged.into_iter().flat_map(|one| one.findings));
    }
    for last in auditor.close(|_, _| {}) {
        let (Last::Endpoints(_, found) | Last::Keys(_, found)) = last;
        findings.extend(found);
    }
    sort_findings(&mut findings);
    findings
}

fn shown(findings: &[Finding]) -> Vec<String> {
    findings
        .iter()
        .map(|one| {
            format!(
                "{} {} {} {:?}",
                one.id, one.rule.id, one.severity, one.judgement
            )
        })
        .collect()
}

fn verdicts(findings: &[Finding]) -> BTreeMap<(&'static str, String), Verdict> {
    findings
        .iter()
        .map(|one| ((one.rule.id, one.subject.arn.clone()), one.verdict()))
        .collect()
}

/// A small generator of our own: a test that fails prints its seed.
fn random(seed: u64) -> impl FnMut() -> u64 {
    let mut state = seed | 1;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn the_order_of_answers_changes_no_byte(seed: u64) {
        let recording = recording();
        let first_come = judge(&recording, |_| 0, |_, answer| answer);
        prop_assert!(first_come.len() > 300, "{} findings", first_come.len());
        let mut next = random(seed);
        let shuffled = judge(
            &recording,
            |open| usize::try_from(next() % open as u64).expect("small"),
            |_, answer| answer,
        );
        prop_assert_eq!(shown(&first_come), shown(&shuffled));
    }

    #[test]
    fn what_is_denied_is_the_same_or_unknown(seed: u64, share in 1_u64..60) {
        let recording = recording();
        let truth = verdicts(&judge(&recording, |_| 0, |_, answer| answer));
        let mut next = random(seed);
        let denied = judge(&recording, |_| 0, |_, answer| {
            if next() % 100 >= share {
                return answer;
            }
            let code = "AccessDeniedException".to_owned();
            Err(CallError { kind: CallErrorKind::AccessDenied, code, message: String::new() })
        });
        for (subject, verdict) in verdicts(&denied) {
            let right = truth.get(&subject);
            // A key that "does not exist" is no subject; one that may not be read is.
            let known = right == Some(&verdict) || verdict == Verdict::Unknown;
            let beside = right.is_none() && verdict == Verdict::NotApplicable;
            prop_assert!(known || beside, "{:?} is {}, right is {:?}", subject, verdict, right);
        }
    }
}
