//! Of many accounts the organisation's list says which are members; where it may not be read, they
//! are asked about by name, and nobody goes on asking who is denied.

#![expect(clippy::expect_used, reason = "a test that cannot go on says so")]

mod audited;
mod collected;

use std::collections::BTreeMap;

use audited::audit;
use sagelock_domain::audit::{Auditor, Keep};
use sagelock_domain::call::{CallError, CallErrorKind, Op};
use sagelock_domain::collect::{Collector, Scope};
use sagelock_domain::ids::{AccountId, Region};
use sagelock_domain::settings::Settings;
use sagelock_sim::estate::fleet::{Size, fleet};

type Said = BTreeMap<String, (&'static str, &'static str)>;

/// What EP-007 says of each endpoint, and how often each operation was asked.
fn said(accounts: usize, denied: &[Op]) -> (Said, BTreeMap<Op, usize>) {
    let size = Size {
        accounts,
        regions: 1,
        endpoints: 10,
        roles: 0,
    };
    let now = "2026-10-01T08:00:00Z".parse().expect("a time");
    let mut fleet = fleet(now, 1, size);
    let open = fleet.accounts.iter().filter(|account| !account.suspended);
    let ids: Vec<AccountId> = open.map(|account| AccountId::new(&account.id)).collect();
    assert_eq!(ids.len(), accounts);
    let regions: Vec<Region> = fleet.regions.iter().map(Region::new).collect();
    let scope = Scope::of(&ids, &regions, true);
    let first = |_| 0;
    let settings = Settings::default();
    let (findings, _, asked) = audit(
        Auditor::new(Collector::new(&scope), &settings, now, Keep::default()),
        now,
        first,
        |address, call| {
            if denied.contains(&call.op()) {
                return Err(CallError {
                    kind: CallErrorKind::AccessDenied,
                    code: "AccessDeniedException".to_owned(),
                    message: String::new(),
                });
            }
            let (account, region) = (address.account.as_str(), address.region.as_str());
            fleet.world.answer(account, region, call)
        },
    );
    let said = findings.into_iter().filter(|one| one.rule.id == "EP-007");
    let said = said.map(|finding| {
        let words = (finding.verdict().as_str(), finding.judgement.reason.code);
        (finding.subject.arn, words)
    });
    (said.collect(), asked)
}

#[test]
fn many_accounts_are_told_by_the_list() {
    let (by_list, asked) = said(30, &[]);
    assert_eq!(by_list.len(), 300);
    assert_eq!(asked.get(&Op::ListAccounts), Some(&2), "32 accounts");
    assert_eq!(asked.get(&Op::DescribeAccount), None);
    let (by_name, asked) = said(30, &[Op::ListAccounts]);
    assert_eq!(asked.get(&Op::ListAccounts), Some(&1));
    assert!(asked.get(&Op::DescribeAccount) > Some(&5), "{asked:?}");
    assert_eq!(by_name, by_list, "the same is said");
    let members = by_list.values().filter(|said| said.1 == "own_organization");
    assert!(members.count() > 10, "{by_list:?}");
}

#[test]
fn few_accounts_are_asked_about_by_name() {
    let (_, asked) = said(12, &[]);
    assert_eq!(asked.get(&Op::ListAccounts), None);
    assert!(asked.get(&Op::DescribeAccount) > Some(&2), "{asked:?}");
}

#[test]
fn who_is_denied_asks_once() {
    let (said, asked) = said(30, &[Op::ListAccounts, Op::DescribeAccount]);
    assert_eq!(asked.get(&Op::ListAccounts), Some(&1));
    assert_eq!(asked.get(&Op::DescribeAccount), Some(&1));
    let unknown = said.values().filter(|said| said.0 == "unknown");
    assert!(unknown.count() > 10, "{said:?}");
    assert!(said.values().all(|said| said.1 != "own_organization"));
}
