//! `cargo xtask bench isolation`: which of 100 tenants can use which of 1,000 keys, on one core.

use std::collections::BTreeMap;
use std::time::Instant;

use anyhow::{Result, ensure};
use sagelock_policy::access::{Circle, Key, Organization, Principal, Trust, Users};
use sagelock_policy::prove::{Budget, Proof, Prover};
use sagelock_policy::request::Caller;
use sagelock_policy::{Document, Kind};
use serde_json::{Value, json};

use crate::figures::{self, Figure};

const TENANTS: usize = 100;
const ROLES: usize = 20;
const KEYS: usize = 1_000;
const ACCOUNT: &str = "111122223333";

/// Builds itself in release, and measures.
pub(crate) fn isolation(words: &[&str]) -> Result<()> {
    if words == ["--here"] {
        return here();
    }
    ensure!(words.is_empty(), "`bench isolation` has no options");
    super::in_release("isolation")
}

fn here() -> Result<()> {
    // One tenant of the first is bounded by nothing; of the second, all are.
    let seconds = measured(1)?;
    let open = measured(TENANTS)?;
    let name = "isolation: 1,000 keys, 100 tenants of 20 roles";
    figures::write(
        "cargo xtask bench isolation",
        &[
            Figure::less(name, seconds, "s"),
            Figure::less("isolation: the same without boundaries", open, "s"),
        ],
    )
}

/// Asks who can use which key, where some of the tenants have no permissions boundary.
fn measured(unbounded: usize) -> Result<f64> {
    let begun = Instant::now();
    let tenants: Vec<Vec<Principal>> = (0..TENANTS)
        .map(|tenant| {
            (0..ROLES)
                .map(|role| principal(tenant, role, unbounded))
                .collect()
        })
        .collect::<Result<_>>()?;
    let keys: Vec<Key> = (0..KEYS).map(key).collect::<Result<_>>()?;
    let made = begun.elapsed();
    let begun = Instant::now();
    let mut tally: BTreeMap<&str, usize> = BTreeMap::new();
    let mut foreign = BTreeMap::new();
    let mut circle = Circle::default();
    for role in tenants.iter().flatten() {
        circle.add(role);
    }
    for (number, key) in keys.iter().enumerate() {
        let answers = answers(key, &tenants, &circle);
        for (tenant, answer) in answers.into_iter().enumerate() {
            *tally.entry(answer).or_default() += 1;
            if tenant != number % TENANTS {
                *foreign.entry(answer).or_insert(0_usize) += 1;
            }
        }
    }
    let taken = begun.elapsed();
    println!("{KEYS} keys, {TENANTS} tenants of {ROLES} roles; {unbounded} without boundary");
    println!("documents read in {made:.1?}");
    println!("all cells        {tally:?}");
    println!("of other tenants {foreign:?}");
    println!(
        "{:.2} s on one core, {:.1} us a cell",
        taken.as_secs_f64(),
        taken.as_secs_f64() * 1e6 / f64::from(u32::try_from(KEYS * TENANTS)?)
    );
    Ok(taken.as_secs_f64())
}

/// Of each tenant, what a role of it can do with a key.
fn answers(key: &Key, tenants: &[Vec<Principal>], circle: &Circle) -> Vec<&'static str> {
    let users = Users::new(key);
    let prover = Prover::new(Budget::of_audit(TENANTS * ROLES));
    let mut answers = vec!["proved"; TENANTS];
    let mut own = BTreeMap::new();
    for (tenant, roles) in tenants.iter().enumerate() {
        for role in roles {
            let found = users.worst(role, true, &prover).map(|found| found.proof);
            let doubts = match found {
                Some(Proof::Violated(_)) => Vec::new(),
                Some(Proof::Possible(doubts)) => doubts,
                Some(Proof::Proved) | None => continue,
            };
            worse(&mut answers, tenant, doubts.is_empty());
            own.extend(circle.place(&role.arn).map(|place| (place, doubts)));
        }
    }
    for (place, course) in circle.spread(&users, &own, &prover) {
        worse(&mut answers, place / ROLES, course.doubts.is_empty());
    }
    answers
}

/// Notes of a tenant that one of its roles can use a key, or may.
fn worse(answers: &mut [&'static str], tenant: usize, is_certain: bool) {
    if let Some(answer) = answers.get_mut(tenant) {
        if is_certain {
            *answer = "violated";
        } else if *answer == "proved" {
            *answer = "possible";
        }
    }
}

fn arn(number: usize) -> String {
    format!("arn:aws:kms:eu-west-1:{ACCOUNT}:key/00000000-0000-0000-0000-{number:012}")
}

fn document(kind: Kind, statements: &Value) -> Result<Document> {
    let text = json!({ "Version": "2012-10-17", "Statement": statements }).to_string();
    Ok(Document::read(kind, &text)?)
}

/// A role of a tenant: half read by the ARNs of the keys, others by tag, others may do everything.
fn principal(tenant: usize, role: usize, unbounded: usize) -> Result<Principal> {
    let arn = format!("arn:aws:iam::{ACCOUNT}:role/tenants/t{tenant}-r{role}");
    let keys: Vec<String> = (0..KEYS / TENANTS)
        .map(|nth| self::arn(nth * TENANTS + tenant))
        .collect();
    let mut statements = vec![
        json!({ "Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"],
            "Resource": format!("arn:aws:s3:::tenant-{tenant}/*") }),
        json!({ "Effect": "Allow", "Action": ["logs:*", "ecr:Get*", "cloudwatch:PutMetricData"],
            "Resource": "*" }),
    ];
    statements.push(match role % 4 {
        0 | 1 => json!({ "Effect": "Allow", "Resource": keys,
            "Action": ["kms:Decrypt", "kms:GenerateDataKey*", "kms:DescribeKey"],
            "Condition": { "StringLike": { "kms:ViaService": "s3.*.amazonaws.com" } } }),
        2 => json!({ "Effect": "Allow", "Resource": "*", "Action": "kms:Decrypt",
            "Condition": { "StringEquals": { "aws:ResourceTag/tenant": "${aws:PrincipalTag/tenant}" } } }),
        _ => json!({ "Effect": "Allow", "Resource": "*", "Action": "kms:*" }),
    });
    // Every tenant has a role that changes and hands on those of its own path.
    if role == 0 {
        let own = format!("arn:aws:iam::{ACCOUNT}:role/tenants/t{tenant}-*");
        statements.push(json!({ "Effect": "Allow", "Resource": own,
            "Action": ["iam:PassRole", "iam:PutRolePolicy", "sts:AssumeRole"] }));
        statements.push(json!({ "Effect": "Allow", "Resource": "*",
            "Action": "sagemaker:CreateTrainingJob" }));
    }
    // What isolates a tenant: without it, whoever puts policies on its own role may do everything.
    let boundary = json!([{ "Effect": "Allow", "Resource": "*",
            "Action": ["s3:*", "logs:*", "ecr:*", "cloudwatch:*", "kms:*",
                "sagemaker:CreateTrainingJob"] },
        { "Effect": "Allow", "Action": ["iam:PassRole", "iam:PutRolePolicy", "sts:AssumeRole"],
            "Resource": format!("arn:aws:iam::{ACCOUNT}:role/tenants/t{tenant}-*") }]);
    let boundary = document(Kind::Boundary, &boundary)?;
    let trust = json!([{ "Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": { "Service": "sagemaker.amazonaws.com" } }]);
    Ok(Principal {
        identity: vec![document(Kind::Identity, &json!(statements))?],
        trust: Trust::Known(document(Kind::Trust, &trust)?),
        boundary: Some(boundary).filter(|_| tenant >= unbounded),
        tags: Some(vec![("tenant".into(), format!("t{tenant}").into())]),
        organization: Organization::Of("o-exampleorgid".into()),
        ..Principal::new(&arn, Caller::read(&arn)?)
    })
}

/// A key of a tenant: every second leaves the decision to the account, but by tags; one in fifty
/// leaves it altogether.
fn key(number: usize) -> Result<Key> {
    let tenant = number % TENANTS;
    let root = format!("arn:aws:iam::{ACCOUNT}:root");
    let roles: Vec<String> = (0..ROLES)
        .map(|role| format!("arn:aws:iam::{ACCOUNT}:role/tenants/t{tenant}-r{role}"))
        .collect();
    let mut statements = vec![
        json!({ "Sid": "Administration", "Effect": "Allow", "Principal": { "AWS": root },
            "Action": ["kms:Describe*", "kms:Get*", "kms:List*", "kms:EnableKeyRotation"],
            "Resource": "*" }),
        json!({ "Sid": "Use", "Effect": "Allow", "Principal": { "AWS": roles },
            "Action": ["kms:Decrypt", "kms:GenerateDataKey*"], "Resource": "*",
            "Condition": { "StringEquals": { "kms:ViaService": "s3.eu-west-1.amazonaws.com" } } }),
        json!({ "Sid": "Deploy", "Effect": "Allow", "Principal": { "AWS": roles },
            "Action": "kms:CreateGrant", "Resource": "*",
            "Condition": { "Bool": { "kms:GrantIsForAWSResource": "true" } } }),
    ];
    if number.is_multiple_of(50) {
        statements.push(
            json!({ "Sid": "All", "Effect": "Allow", "Principal": { "AWS": root },
            "Action": "kms:*", "Resource": "*" }),
        );
    } else if number.is_multiple_of(2) {
        statements.push(
            json!({ "Sid": "ByTag", "Effect": "Allow", "Principal": { "AWS": root },
            "Action": "kms:Decrypt", "Resource": "*",
            "Condition": { "StringEquals": { "aws:PrincipalTag/tenant": format!("t{tenant}") } } }),
        );
    }
    Ok(Key {
        arn: arn(number).into(),
        policy: Some(document(Kind::Resource, &json!(statements))?),
        grants: Some(Vec::new()),
        aliases: Some(Vec::new()),
        tags: Some(vec![("tenant".into(), format!("t{tenant}").into())]),
        rcp: Some(Vec::new()),
    })
}
