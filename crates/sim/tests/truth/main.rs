//! The product's audit of the simulated AWS, in process and in virtual time: no verdict is wrong,
//! and no fault makes one wrong.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on says so"
)]

mod audit;
mod labels;

use std::collections::{BTreeMap, BTreeSet};

use audit::{Audit, Said, audit_of};
use jiff::Timestamp;
use labels::labels;
use sagelock_domain::settings::{Serverless, Settings};
use sagelock_sim::World;
use sagelock_sim::estate::cases::{ACCOUNT, Estate, REGION, estate};
use sagelock_sim::fault::{Effect, Fault, Plan};
use sagelock_sim::{Happening, check};

/// The estate of the requirement.
const CONFIGS: usize = 10_000;
const ENDPOINTS: usize = 3_000;
/// So many endpoints may share a key, in a strict organisation.
const SHARED_MAX: usize = 90;
/// For what is run many times.
const FEW: (usize, usize) = (900, 300);

fn begun() -> Timestamp {
    "2026-10-01T08:00:00Z".parse().expect("a time")
}

/// No settings, or those of a strict organisation.
fn settings(strict: bool) -> Settings {
    if !strict {
        return Settings::default();
    }
    Settings {
        serverless: Serverless::RequiresKey,
        regulated: ["restricted".to_owned()].into(),
        required_tags: vec!["owner".to_owned()],
        required_key_tags: vec!["owner".to_owned()],
        alias_pattern: Some(regex()),
        superseded_keep_days: 0,
        endpoints_per_key_max: u32::try_from(SHARED_MAX).expect("few"),
        key_users: vec!["arn:aws:iam::*:role/deployer".to_owned()],
        proves_isolation: true,
        ..Settings::default()
    }
}

fn regex() -> regex::Regex {
    regex::Regex::new("^(?:prod-.*)$").expect("a pattern")
}

fn audit(world: &mut World, settings: &Settings) -> Audit {
    audit_of(world, ACCOUNT, &[REGION], settings)
}

fn said(audit: &Audit) -> &BTreeMap<(String, String), Said> {
    &audit.said
}

fn differences(audit: &Audit, labels: &BTreeMap<(String, String), Said>) -> Vec<String> {
    let mut differences = Vec::new();
    for (id, label) in labels {
        match said(audit).get(id) {
            Some(said) if said == label => {}
            other => differences.push(format!("{id:?} should be {label:?}, is {other:?}")),
        }
    }
    for (id, said) in said(audit) {
        if !labels.contains_key(id) {
            differences.push(format!("{id:?} has no label, is {said:?}"));
        }
    }
    differences
}

#[track_caller]
fn assert_right(audit: &Audit, labels: &BTreeMap<(String, String), Said>) {
    let wrong = differences(audit, labels);
    assert!(
        wrong.is_empty(),
        "{} wrong of {}: {:#?}",
        wrong.len(),
        labels.len(),
        &wrong[..wrong.len().min(12)]
    );
}

#[track_caller]
fn assert_right_or_unknown(audit: &Audit, labels: &BTreeMap<(String, String), Said>) {
    for (id, said) in &audit.said {
        // Another reason for the same verdict is none that is wrong: what would have been
        // attached may be serverless as well.
        let right = labels.get(id).is_some_and(|label| label.0 == said.0);
        // A key that was never made may be one where nobody may look.
        let is_unknown =
            said.0 == "unknown" || (!labels.contains_key(id) && said.1 == "not_configured");
        assert!(
            right || is_unknown,
            "{id:?} is {said:?}, should be {:?} or unknown",
            labels.get(id)
        );
    }
}

#[test]
fn no_verdict_is_wrong() {
    let Estate {
        mut world,
        parameters,
    } = estate(begun(), CONFIGS, ENDPOINTS);
    let refused: BTreeSet<String> = world
        .ledger()
        .entries()
        .iter()
        .filter_map(|entry| match &entry.happening {
            Happening::Called {
                operation,
                refused: Some(code),
                input,
                ..
            } => Some(format!("{operation} {code} {input}")),
            Happening::Called { .. } | Happening::Endpoint { .. } => None,
        })
        .filter(|text| !text.starts_with("UpdateEndpoint"))
        .collect();
    assert!(
        refused.is_empty(),
        "the estate is one that AWS would have let be made: {refused:#?}"
    );
    let refusals = check::Invariant::RefusedIsRefused.broken_by(&world);
    assert!(
        refusals.is_empty(),
        "{:#?}",
        &refusals[..refusals.len().min(5)]
    );
    let stopped = check::Invariant::ServingStaysServing.broken_by(&world);
    assert!(
        stopped.is_empty(),
        "{:#?}",
        &stopped[..stopped.len().min(5)]
    );
    for strict in [false, true] {
        let audit = audit(&mut world, &settings(strict));
        let labels = labels(&parameters, strict);
        assert_right(&audit, &labels);
        let reasons: BTreeSet<&Said> = labels.values().collect();
        assert!(reasons.len() > 30, "{} different verdicts", reasons.len());
    }
}

#[test]
fn any_rule_switched_off_is_noticed() {
    let Estate {
        mut world,
        parameters,
    } = estate(begun(), FEW.0, FEW.1);
    let labels = labels(&parameters, true);
    let rules: BTreeSet<&str> = labels.keys().map(|(rule, _)| rule.as_str()).collect();
    assert_eq!(rules.len(), 21, "{rules:?}");
    for rule in rules {
        let settings = Settings {
            rules_off: [rule.to_owned()].into(),
            ..settings(true)
        };
        let wrong = differences(&audit(&mut world, &settings), &labels);
        let own = labels.keys().filter(|(of, _)| of == rule).count();
        assert_eq!(wrong.len(), own, "{rule} is off");
    }
}

/// Each bucket and each artifact is asked about once, and once more where it is in another region;
/// what only an unattached configuration names is not asked about at all.
#[test]
fn s3_is_asked_once_about_what_live_endpoints_use() {
    use sagelock_domain::call::Op;
    use sagelock_domain::settings::ModelArtifacts;

    let Estate { mut world, .. } = estate(begun(), FEW.0, FEW.1);
    let sent = |audit: &Audit, op: Op| audit.calls.sent.get(&op).copied().unwrap_or(0);
    let all = audit(&mut world, &settings(false));
    // Of outputs ten buckets that can be asked about, of artifacts none more: the prefix and the
    // many models are in two of them. One is asked about again, where it is.
    assert_eq!(sent(&all, Op::GetBucketEncryption), 11);
    // Seven models load eight objects, of which one is elsewhere; under the prefix are two.
    assert_eq!(sent(&all, Op::HeadObject), 11);
    assert_eq!(sent(&all, Op::ListObjectsV2), 2);
    let buckets_only = Settings {
        model_artifacts: ModelArtifacts::Bucket,
        ..settings(false)
    };
    let only = audit(&mut world, &buckets_only);
    let of_objects = [Op::HeadObject, Op::ListObjectsV2];
    assert_eq!(of_objects.map(|op| sent(&only, op)), [0, 0]);
    // And the two that hold nothing but artifacts.
    assert_eq!(sent(&only, Op::GetBucketEncryption), 13);
    let off = ["EP-003", "EP-004", "EP-005", "EP-012"].map(ToOwned::to_owned);
    let none = Settings {
        rules_off: off.into(),
        ..settings(false)
    };
    let none = audit(&mut world, &none);
    assert_eq!(
        sent(&none, Op::GetBucketEncryption) + sent(&none, Op::HeadObject),
        0
    );
    let Estate { mut world, .. } = estate(begun(), FEW.0, 0);
    let unattached = audit(&mut world, &settings(false));
    assert!(sent(&unattached, Op::DescribeEndpointConfig) > 800);
    let asked = [Op::GetBucketEncryption, Op::HeadObject, Op::DescribeModel];
    assert_eq!(asked.map(|op| sent(&unattached, op)), [0, 0, 0]);
}

/// 20 % throttled, 5 % failed, 2 % timed out: the same findings.
#[test]
fn weather_changes_no_verdict() {
    let Estate {
        mut world,
        parameters,
    } = estate(begun(), CONFIGS / 2, ENDPOINTS / 2);
    world.set_faults(Plan::of(
        5,
        vec![
            Fault::new("*", Effect::Throttle).share(0.20),
            Fault::new("*", Effect::Fail { status: 500 }).share(0.03),
            Fault::new("*", Effect::Fail { status: 503 }).share(0.02),
            Fault::new("*", Effect::TimeOut).share(0.02),
        ],
    ));
    let audit = audit(&mut world, &settings(false));
    assert!(
        audit.calls.throttled > 1000,
        "{} throttles",
        audit.calls.throttled
    );
    assert_eq!(
        audit.gaps, 3,
        "a key, a bucket and an object of another account, and nothing else"
    );
    assert_right(&audit, &labels(&parameters, false));
}

/// Whatever is denied, what is said is right or unknown.
#[test]
fn denials_never_make_a_wrong_verdict() {
    let Estate {
        mut world,
        parameters,
    } = estate(begun(), FEW.0, FEW.1);
    for strict in [false, true] {
        let labels = labels(&parameters, strict);
        for seed in 0..12 {
            let because = [
                sagelock_sim::fault::Because::Identity,
                sagelock_sim::fault::Because::Resource,
                sagelock_sim::fault::Because::Scp,
            ][seed % 3];
            let share = [0.02, 0.1, 0.4, 0.9][seed % 4];
            world.set_faults(Plan::of(
                seed as u64,
                vec![Fault::new("*", Effect::Deny { because }).share(share)],
            ));
            let audit = audit(&mut world, &settings(strict));
            assert!(audit.gaps > 0, "something was denied");
            assert_right_or_unknown(&audit, &labels);
            let unknown = audit
                .said
                .values()
                .filter(|said| said.0 == "unknown")
                .count();
            assert!(!audit.complete || unknown > 0, "coverage tells it");
        }
    }
}

/// Answers that end in the middle, or that something else gives, are gaps or asked again.
#[test]
fn broken_answers_never_make_a_wrong_verdict() {
    let Estate {
        mut world,
        parameters,
    } = estate(begun(), FEW.0, FEW.1);
    let labels = labels(&parameters, false);
    world.set_faults(Plan::of(
        3,
        vec![
            Fault::new("*", Effect::Truncate).share(0.05),
            Fault::new("*", Effect::Reset).share(0.05),
            Fault::new("*", Effect::NotAws).share(0.05),
        ],
    ));
    let audit = audit(&mut world, &settings(false));
    assert_right_or_unknown(&audit, &labels);
}
