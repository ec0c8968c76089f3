//! An organisation of several accounts: in whatever order answers come, the same is said.

#![expect(clippy::expect_used, reason = "a test that cannot go on says so")]

mod audited;
mod collected;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use sagelock_domain::audit::{Auditor, Keep};
use sagelock_domain::collect::{Collector, Scope};
use sagelock_domain::ids::{AccountId, Region};
use sagelock_domain::settings::Settings;
use sagelock_sim::World;
use sagelock_sim::estate::demo;

type Said = BTreeMap<(String, String), (String, String, String)>;

/// Audits every account; a seed chooses which of the open calls is answered next.
fn audit(world: &mut World, seed: u64) -> (Said, Vec<String>) {
    let accounts: Vec<AccountId> = demo::accounts().into_iter().map(AccountId::new).collect();
    let regions: Vec<Region> = demo::REGIONS
        .iter()
        .map(|name| Region::new(*name))
        .collect();
    let scope = Scope::of(&accounts, &regions, true);
    let now = world.now();
    let mut state = seed | 1;
    let pick = |open: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        usize::try_from(state >> 33).expect("31 bits") % open
    };
    let settings = Settings {
        endpoints_per_key_max: 2,
        key_users: vec!["arn:aws:iam::*:role/admin*".to_owned()],
        proves_isolation: true,
        ..Settings::default()
    };
    let (findings, ended, _) = audited::audit(
        Auditor::new(Collector::new(&scope), &settings, now, Keep::default()),
        now,
        pick,
        |address, call| world.answer(address.account.as_str(), address.region.as_str(), call),
    );
    let said = findings.into_iter().map(|finding| {
        let id = (finding.rule.id.to_owned(), finding.subject.arn.clone());
        let verdict = finding.verdict().as_str().to_owned();
        let code = finding.judgement.reason.code.to_owned();
        let message = finding.judgement.message.worded(|why| format!("{why:?}"));
        (id, (verdict, code, message))
    });
    let gaps = ended.gaps.iter().map(ToString::to_string);
    (said.collect(), gaps.collect())
}

#[test]
fn the_order_of_answers_changes_nothing_across_accounts() {
    let now: Timestamp = "2026-06-01T00:00:00Z".parse().expect("a time");
    let mut world = demo::demo(now, 1);
    let (said, gaps) = audit(&mut world, 1);
    assert!(said.len() > 4000, "{} verdicts", said.len());
    for rule in ["EP-008", "EP-009", "KEY-003"] {
        let of_rule = said.iter().filter(|((of, _), _)| of == rule);
        let codes: BTreeSet<(&str, &str)> = of_rule
            .map(|(_, (verdict, code, _))| (verdict.as_str(), code.as_str()))
            .collect();
        for verdict in ["pass", "fail", "unknown"] {
            let says = codes.iter().any(|(one, _)| *one == verdict);
            assert!(says, "{rule} says {verdict} of nothing: {codes:?}");
        }
    }
    for seed in 2..40 {
        let (again, other_gaps) = audit(&mut world, seed * 7919);
        for (id, was) in &said {
            assert_eq!(again.get(id), Some(was), "seed {seed}: {id:?}");
        }
        assert_eq!(again.len(), said.len());
        assert_eq!(other_gaps, gaps, "seed {seed}");
    }
}
