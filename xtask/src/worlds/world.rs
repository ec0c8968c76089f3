//! Worlds by chance: a few users and roles of two accounts, and a key.

use serde_json::{Value, json};

use crate::random::Random;

pub(crate) const KEY: &str =
    "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
pub(crate) const OWN: &str = "111122223333";
pub(crate) const OTHER: &str = "444455556666";

pub(crate) fn arn(account: &str, name: &str) -> String {
    format!("arn:aws:iam::{account}:{name}")
}

/// Everybody of a world, the last of another account than the key's.
pub(crate) fn everybody() -> Vec<String> {
    let own = ["role/Eve", "role/Ops", "role/Target", "user/Ann"].map(|name| arn(OWN, name));
    let other = ["role/Ci", "role/Far"].map(|name| arn(OTHER, name));
    own.into_iter().chain(other).collect()
}

const ACTIONS: &[&[&str]] = &[
    &["sts:AssumeRole"],
    &["sts:AssumeRole"],
    &["iam:PutRolePolicy"],
    &["iam:AttachRolePolicy"],
    &["iam:PutUserPolicy"],
    &["iam:UpdateAssumeRolePolicy"],
    &["iam:UpdateAssumeRolePolicy", "sts:AssumeRole"],
    &["iam:CreateAccessKey"],
    &["iam:CreateRole"],
    &["iam:CreateRole", "iam:PutRolePolicy"],
    &["iam:CreateUser", "iam:CreateAccessKey"],
    &["iam:PassRole", "lambda:CreateFunction"],
    &["lambda:InvokeFunction"],
    &["iam:*"],
    &["kms:Decrypt"],
    &["kms:TagResource"],
    &["kms:CreateAlias"],
    &["kms:CreateGrant"],
    &["kms:PutKeyPolicy"],
    &["kms:*"],
    &["s3:GetObject"],
    &["*"],
];

fn resource(random: &mut Random) -> Value {
    let everybody = everybody();
    match random.below(10) {
        0..4 => "*".into(),
        4..8 => random.pick(&everybody).as_str().into(),
        8 => arn(OWN, "role/x-*").into(),
        _ => arn(OWN, "user/*").into(),
    }
}

fn condition(random: &mut Random) -> Value {
    let everybody = everybody();
    match random.below(3) {
        0 => json!({ "ArnLike": { "aws:PrincipalArn": random.pick(&everybody) } }),
        1 => json!({ "StringEquals": { "aws:ResourceTag/team": "a" } }),
        _ => json!({ "ForAnyValue:StringEquals": { "kms:ResourceAliases": "alias/a" } }),
    }
}

fn statement(random: &mut Random, denies: usize) -> Value {
    let actions = *random.pick(ACTIONS);
    let is_kms = actions.iter().any(|action| action.starts_with("kms:"));
    let resource = if is_kms { "*".into() } else { resource(random) };
    let effect = if random.in_thousand(denies) {
        "Deny"
    } else {
        "Allow"
    };
    let mut statement = json!({ "Effect": effect, "Action": actions, "Resource": resource });
    if random.in_thousand(if is_kms { 400 } else { 50 }) {
        statement["Condition"] = condition(random);
    }
    statement
}

fn policy(statements: &[Value]) -> Value {
    json!({ "Version": "2012-10-17", "Statement": statements })
}

fn trust(random: &mut Random) -> Value {
    let everybody = everybody();
    let principal = match random.below(8) {
        0 | 1 => json!({ "Service": "nobody.amazonaws.com" }),
        2 | 3 => json!({ "Service": "lambda.amazonaws.com" }),
        4 => json!({ "AWS": arn(OWN, "root") }),
        5 => json!({ "AWS": arn(OTHER, "root") }),
        _ => json!({ "AWS": random.pick(&everybody) }),
    };
    let mut statement =
        json!({ "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal });
    if principal["AWS"].is_string() && random.in_thousand(150) {
        statement["Condition"] =
            json!({ "ArnLike": { "aws:PrincipalArn": random.pick(&everybody) } });
    }
    policy(&[statement])
}

fn principal(random: &mut Random, arn: &str, scp: &Value) -> Value {
    let count = 1 + random.below(2);
    let statements: Vec<Value> = (0..count).map(|_| statement(random, 100)).collect();
    let mut principal = json!({ "arn": arn, "tags": {}, "scp": scp,
        "identity": if random.in_thousand(200) { json!([]) } else { json!([policy(&statements)]) } });
    if arn.contains(":role/") {
        principal["trust"] = trust(random);
    }
    if random.in_thousand(200) {
        let bounds: Vec<Value> = (0..2 + random.below(2))
            .map(|_| statement(random, 0))
            .collect();
        principal["pb"] = policy(&bounds);
    }
    principal
}

fn key_policy(random: &mut Random) -> Value {
    let everybody = everybody();
    let count = 1 + random.below(2);
    let statements: Vec<Value> = (0..count)
        .map(|_| {
            let who = if random.in_thousand(500) {
                arn(OWN, "root")
            } else {
                random.pick(&everybody).clone()
            };
            let action = random.one(&["kms:*", "kms:Decrypt", "kms:Decrypt", "kms:TagResource"]);
            let mut statement = json!({ "Effect": "Allow", "Principal": { "AWS": who },
                "Action": action, "Resource": "*" });
            if random.in_thousand(300) {
                statement["Condition"] = condition(random);
            }
            statement
        })
        .collect();
    policy(&statements)
}

/// A question about everybody.
pub(crate) fn question(random: &mut Random) -> Value {
    let mut scps = || {
        if random.in_thousand(800) {
            return json!([]);
        }
        let allows = json!({ "Effect": "Allow", "Action": "*", "Resource": "*" });
        let mut denies = statement(random, 1000);
        if let Some(fields) = denies.as_object_mut() {
            fields.remove("Condition");
        }
        json!([[policy(&[allows, denies])]])
    };
    let (own, other) = (scps(), scps());
    let principals: Vec<Value> = everybody()
        .iter()
        .map(|arn| {
            let scp = if arn.contains(OWN) { &own } else { &other };
            principal(random, arn, scp)
        })
        .collect();
    let tags = if random.in_thousand(500) {
        json!({})
    } else {
        json!({ "team": "b" })
    };
    json!({ "key": { "arn": KEY, "policy": key_policy(random), "grants": [], "tags": tags,
        "aliases": [], "rcp": [] }, "principals": principals })
}
