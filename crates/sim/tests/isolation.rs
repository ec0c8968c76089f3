//! Which tenant of the simulated organisation can use which key, out of what IAM, KMS and Organizations
//! answer.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so"
)]

mod audited;
mod collected;

use std::collections::BTreeSet;

use audited::audit;
use sagelock_domain::assess::Finding;
use sagelock_domain::audit::{Auditor, Ended, Keep};
use sagelock_domain::call::{CallError, CallErrorKind, Op};
use sagelock_domain::collect::{Collector, Scope};
use sagelock_domain::fact::{Gap, GapReason};
use sagelock_domain::ids::{AccountId, KeyArn, Region};
use sagelock_domain::isolation::{Answer, Matrix, Row};
use sagelock_domain::settings::Settings;
use sagelock_domain::why::Why;
use sagelock_sim::estate::demo::{MANAGEMENT, accounts, demo};
use sagelock_sim::{Answer as Said, Body, Ctx, Input, Service, World};
use serde_json::{Value, json};

const HEALTH: &str = "333344445555";
/// Its keys' tags may not be read.
const RESEARCH: &str = "555566667777";
const NOW: &str = "2026-10-01T08:00:00Z";

fn world() -> World {
    demo(NOW.parse().expect("a time"), 1)
}

fn isolation(world: &mut World, settings: &Settings, denied: &[Op]) -> Matrix {
    let (_, ended) = audited(world, settings, denied, BTreeSet::new());
    ended.isolation(settings, |_, _| {})
}

/// Audits; `lacks` was not read before.
fn audited(
    world: &mut World,
    settings: &Settings,
    denied: &[Op],
    lacks: BTreeSet<Gap>,
) -> (Vec<Finding>, Ended) {
    let ids: Vec<AccountId> = accounts().into_iter().map(AccountId::new).collect();
    let ids: Vec<AccountId> = [AccountId::new(MANAGEMENT)]
        .into_iter()
        .chain(ids.into_iter().filter(|id| id.as_str() != MANAGEMENT))
        .collect();
    let scope = Scope::of(&ids, &[Region::new("eu-west-1")], true);
    let now = NOW.parse().expect("a time");
    let keep = Keep {
        references: false,
        principals: true,
    };
    let (findings, ended, _) = audit(
        Auditor::new(Collector::new(&scope), settings, now, keep).lacking(lacks),
        now,
        |open| open - 1,
        |address, call| {
            if denied.contains(&call.op()) {
                return Err(CallError {
                    kind: CallErrorKind::AccessDenied,
                    code: "AccessDeniedException".to_owned(),
                    message: String::new(),
                });
            }
            world.answer(address.account.as_str(), address.region.as_str(), call)
        },
    );
    (findings, ended)
}

/// The answers for a tenant about the keys of an account with the default policy.
fn of<'a>(matrix: &'a Matrix, tenant: &str, account: &str) -> Vec<(&'a Row, &'a Answer)> {
    let place = matrix.tenants.iter().position(|one| one.name == tenant);
    let place = place.unwrap_or_else(|| panic!("no {tenant}"));
    let rows = matrix.rows.iter();
    rows.filter(|row| row.key.account().as_str() == account)
        .filter_map(|row| Some((row, row.answers.get(place)?)))
        .filter(|(_, answer)| !matches!(answer, Answer::Own | Answer::Shared))
        .collect()
}

fn all(matrix: &Matrix, tenant: &str, account: &str, expected: &str) {
    let answers = of(matrix, tenant, account);
    assert!(answers.len() > 2, "{tenant} {account}");
    for (row, answer) in answers {
        assert_eq!(answer.name(), expected, "{tenant} {} {answer:?}", row.key);
    }
}

fn why(matrix: &Matrix, tenant: &str, account: &str) -> Vec<String> {
    let answers = of(matrix, tenant, account).into_iter();
    answers
        .filter_map(|(_, answer)| match answer {
            Answer::Possible { why, .. } => Some(why),
            Answer::Own | Answer::Shared | Answer::Proved(_) | Answer::Violated { .. } => None,
        })
        .flatten()
        .map(|why| {
            if let Why::Doubt(doubt) = why {
                doubt.to_string()
            } else {
                format!("{why:?}")
            }
        })
        .collect()
}

/// An operation of Organizations by the management account.
fn organizations(world: &mut World, operation: &str, input: &Value) -> Value {
    let ctx = Ctx::root(Service::Organizations, MANAGEMENT, "us-east-1");
    let input = Input::from_json(&input.to_string()).expect("an input");
    match world.perform(&ctx, operation, &input).answer {
        Said::Says(Ok(Body::Tree(tree))) => tree,
        Said::Says(Ok(_)) => Value::Null,
        other @ (Said::Says(Err(_))
        | Said::Nothing
        | Said::Reset
        | Said::Truncated(_)
        | Said::NotAws) => panic!("{operation}: {other:?}"),
    }
}

fn attach(world: &mut World, kind: &str, statement: &Value) {
    let roots = organizations(world, "ListRoots", &json!({}));
    let root = roots.pointer("/Roots/0/Id").and_then(Value::as_str);
    let root = root.expect("a root").to_owned();
    let input = json!({ "RootId": root, "PolicyType": kind });
    if kind == "RESOURCE_CONTROL_POLICY" {
        organizations(world, "EnablePolicyType", &input);
    }
    let document = json!({ "Version": "2012-10-17", "Statement": [statement] });
    let made = organizations(
        world,
        "CreatePolicy",
        &json!({ "Name": "guardrail", "Description": "", "Type": kind, "Content": document.to_string() }),
    );
    let id = made.pointer("/Policy/PolicySummary/Id").expect("an id");
    organizations(
        world,
        "AttachPolicy",
        &json!({ "PolicyId": id, "TargetId": HEALTH }),
    );
}

#[test]
fn tenants_are_isolated_where_their_roles_are() {
    let matrix = isolation(&mut world(), &Settings::default(), &[]);
    assert_eq!(matrix.tenants.len(), 6);
    // The role of delta in that account may do everything with every key that leaves it to the account.
    all(&matrix, "delta", HEALTH, "violated");
    all(&matrix, "aurora", HEALTH, "proved");
    // Whether their keys bear a tenant's tag is not known.
    all(&matrix, "aurora", RESEARCH, "possible");
    let why = why(&matrix, "aurora", RESEARCH);
    assert!(
        why.iter().all(|why| *why == "aws:ResourceTag/tenant"),
        "{why:?}"
    );
    // So it is not known whose they are; of the others it is.
    let is_of = |account| move |key: &KeyArn| key.account().as_str() == account;
    assert!(
        matrix.untold.iter().any(is_of(RESEARCH)),
        "{:?}",
        matrix.untold
    );
    assert!(
        !matrix.untold.iter().any(is_of(HEALTH)),
        "{:?}",
        matrix.untold
    );
    let denied = isolation(&mut world(), &Settings::default(), &[Op::ListResourceTags]);
    assert!(
        denied.untold.iter().any(is_of(HEALTH)),
        "{:?}",
        denied.untold
    );
}

#[test]
fn guardrails_of_the_organisation_count() {
    let mut world = world();
    attach(
        &mut world,
        "SERVICE_CONTROL_POLICY",
        &json!({ "Effect": "Deny", "Action": "kms:*", "Resource": "*",
            "Condition": { "ArnNotLike": { "aws:PrincipalArn": "arn:aws:iam::*:root" } } }),
    );
    let matrix = isolation(&mut world, &Settings::default(), &[]);
    all(&matrix, "delta", HEALTH, "proved");
    // What cannot be read may be there: the answer is neither a pass nor a fail.
    for op in [
        Op::DescribePolicy,
        Op::ListPoliciesForTarget,
        Op::ListParents,
    ] {
        let matrix = isolation(&mut world, &Settings::default(), &[op]);
        all(&matrix, "delta", HEALTH, "possible");
        assert!(why(&matrix, "delta", HEALTH).contains(&"scp".to_owned()));
        all(&matrix, "aurora", HEALTH, "proved");
    }
}

#[test]
fn resource_control_policies_count() {
    let mut world = world();
    attach(
        &mut world,
        "RESOURCE_CONTROL_POLICY",
        &json!({ "Effect": "Deny", "Action": "kms:*", "Resource": "*", "Principal": "*",
            "Condition": { "ArnLike": { "aws:PrincipalArn": "arn:aws:iam::*:role/ml-delta" } } }),
    );
    let matrix = isolation(&mut world, &Settings::default(), &[]);
    all(&matrix, "delta", HEALTH, "proved");
}

#[test]
fn who_there_is_has_to_be_known() {
    let mut world = world();
    let denied = [Op::GetAccountAuthorizationDetails];
    let matrix = isolation(&mut world, &Settings::default(), &denied);
    // Only the roles that endpoints run as are known, and nothing of what they may do.
    assert!(!matrix.tenants.is_empty());
    for row in &matrix.rows {
        for answer in &row.answers {
            assert_ne!(answer.name(), "violated", "{}", row.key);
        }
    }
    let possible = matrix.rows.iter().flat_map(|row| &row.answers);
    assert!(possible.filter(|one| one.name() == "possible").count() > 10);
}

/// What was not read before the audit began, the regions of an account for one, counts for the rules that
/// ask of all: an endpoint of another region may run as a role of a tenant, or write to a bucket of this one.
#[test]
fn what_was_not_read_before_counts() {
    let account = "222233334444";
    let settings = Settings {
        endpoints_per_key_max: 1000,
        proves_isolation: true,
        ..Settings::default()
    };
    let of = |regions: &[&str]| {
        let gaps = regions.iter().map(|region| Gap {
            call: Op::DescribeRegions,
            account: AccountId::new(account),
            region: Region::new(*region),
            reason: GapReason::AccessDenied,
            subject: String::new(),
            said: String::new(),
        });
        let (findings, ended) = audited(&mut world(), &settings, &[], gaps.collect());
        assert_eq!(
            ended.gaps.iter().filter(|gap| gap.is_of_account()).count(),
            regions.len()
        );
        let verdicts = |rule: &'static str, account: &'static str| {
            let of_rule = findings.iter().filter(move |one| one.rule.id == rule);
            let of_account = of_rule.filter(move |one| one.subject.account.as_str() == account);
            of_account
                .map(|one| one.judgement.reason.code)
                .collect::<BTreeSet<_>>()
        };
        (verdicts("EP-008", account), verdicts("EP-009", account))
    };
    let (shared, isolated) = of(&[]);
    assert!(shared.contains("within_the_limit"), "{shared:?}");
    assert!(isolated.contains("isolated"), "{isolated:?}");
    let (unknown_shared, unknown_isolated) = of(&["eu-west-1"]);
    assert!(
        !unknown_shared.contains("within_the_limit"),
        "{unknown_shared:?}"
    );
    assert!(
        !unknown_isolated.contains("isolated"),
        "{unknown_isolated:?}"
    );
}

#[test]
fn trusted_administrators_take_no_second_step() {
    let mut world = world();
    let settings = Settings {
        trusted_admins: vec!["arn:aws:iam::*:role/ml-delta".to_owned()],
        ..Settings::default()
    };
    let matrix = isolation(&mut world, &settings, &[]);
    // What it can by itself it can all the same.
    all(&matrix, "delta", HEALTH, "violated");
    let told = matrix
        .assumptions
        .iter()
        .any(|one| one.contains("role/ml-delta"));
    assert!(told, "{:?}", matrix.assumptions);
}

#[test]
fn a_key_that_bears_anothers_tag_is_shared_by_whose_endpoints_use_it() {
    let mut world = world();
    let settings = Settings::default();
    let before = isolation(&mut world, &settings, &[]);
    let mut rows = before.rows.iter();
    let row = rows.find(|row| row.users.len() == 1 && row.owners == row.users);
    let row = row.expect("a tenant's own");
    let (account, key) = (row.key.account(), row.key.as_str());
    let user = row.users.first().expect("a tenant");
    let mut names = before.tenants.iter().map(|one| &one.name);
    let other = names.find(|name| *name != user).expect("another");
    let ctx = Ctx::root(Service::Kms, account.as_str(), "eu-west-1");
    let tags = json!([{ "TagKey": settings.tags.tenant, "TagValue": other }]);
    let input = json!({ "KeyId": key, "Tags": tags }).to_string();
    let input = Input::from_json(&input).expect("an input");
    let said = world.perform(&ctx, "TagResource", &input).answer;
    assert!(matches!(said, Said::Says(Ok(_))), "{said:?}");
    let after = isolation(&mut world, &settings, &[]);
    let row = after.row(&row.key).expect("the key");
    let answer = |tenant: &str| {
        let place = after.tenants.iter().position(|one| one.name == tenant);
        row.answers[place.expect("a tenant")].name()
    };
    assert_eq!((answer(user), answer(other)), ("shared", "own"));
}
