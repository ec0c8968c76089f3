//! Who comes to a key through others: every kind of edge, those that are not followed, and those that nobody
//! may take.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so"
)]

use std::collections::BTreeMap;

use sagelock_policy::access::{Circle, Users};
use sagelock_policy::case::Question;
use sagelock_policy::prove::{Proof, Prover};
use serde_json::{Value, json};

const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const ACCOUNT: &str = "111122223333";

fn arn(name: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:{name}")
}

fn policy(statements: &Value) -> Value {
    json!({ "Version": "2012-10-17", "Statement": statements })
}

fn own(actions: &[&str]) -> Value {
    json!([policy(
        &json!([{ "Effect": "Allow", "Action": actions, "Resource": "*" }])
    )])
}

fn trusts(principal: &Value) -> Value {
    policy(&json!([{ "Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole" }]))
}

/// The key policy lets Target use the key, and leaves the rest to the account where `is_left`.
fn question(principals: &Value, is_left: bool) -> Question {
    let target = json!({ "Effect": "Allow", "Principal": { "AWS": arn("role/Target") },
        "Action": "kms:Decrypt", "Resource": "*" });
    let root = json!({ "Effect": "Allow", "Principal": { "AWS": arn("root") },
        "Action": if is_left { "kms:*" } else { "kms:Describe*" }, "Resource": "*" });
    let question = json!({
        "key": { "arn": KEY, "grants": [], "aliases": [], "tags": {}, "policy": policy(&json!([target, root])) },
        "principals": principals,
    });
    let text = question.to_string();
    Question::read(&text).unwrap_or_else(|error| panic!("{question}: {error}"))
}

/// What the first of the principals can do through the others: the actions of its steps; of what may be, what
/// it depends on.
fn course(question: &Question) -> Option<Result<Vec<String>, Vec<String>>> {
    let prover = Prover::default();
    let users = Users::new(&question.key);
    let mut circle = Circle::default();
    for one in &question.principals {
        circle.add(one);
    }
    let mut own = BTreeMap::new();
    let mut rest = BTreeMap::new();
    for one in &question.principals {
        let place = circle.place(&one.arn).expect("a place");
        if let Some(found) = users.worst(one, true, &prover) {
            match found.proof {
                Proof::Proved => {}
                Proof::Possible(doubts) => {
                    own.insert(place, doubts);
                }
                Proof::Violated(_) => {
                    own.insert(place, Vec::new());
                    rest.insert(place, found.steps);
                }
            }
        }
    }
    let first = question.principals.first().expect("a principal");
    let first = circle.place(&first.arn).expect("a place");
    let mut courses = circle.spread(&users, &own, &prover);
    let course = courses.remove(&first)?;
    let steps = course.end.and_then(|end| rest.get(&end)).cloned();
    let found = course.found(&steps.unwrap_or_default());
    Some(match found.proof {
        Proof::Proved => return None,
        Proof::Violated(_) => {
            let steps = found.steps.iter();
            Ok(steps.map(|step| step.request.action_name()).collect())
        }
        Proof::Possible(doubts) => Err(doubts.iter().map(ToString::to_string).collect()),
    })
}

fn role(name: &str, actions: &[&str], trust: &Value) -> Value {
    json!({ "arn": arn(&format!("role/{name}")), "tags": {}, "identity": own(actions), "trust": trust })
}

fn trusts_if(principal: &Value, condition: &Value) -> Value {
    policy(
        &json!([{ "Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole",
        "Condition": condition }]),
    )
}

fn service(name: &str) -> Value {
    trusts(&json!({ "Service": name }))
}

fn sagemaker() -> Value {
    service("sagemaker.amazonaws.com")
}

#[test]
fn every_kind_of_edge_is_followed() {
    let by_account = trusts(&json!({ "AWS": arn("root") }));
    let by_first = trusts(&json!({ "AWS": arn("role/First") }));
    let by_second = trusts(&json!({ "AWS": arn("role/Second") }));
    let first = |actions: &[&str]| role("First", actions, &service("ec2.amazonaws.com"));
    let target = |trust: &Value| role("Target", &["s3:ListBucket"], trust);
    let steps: Vec<(&str, Value, Vec<&str>)> = vec![
        (
            "the trust policy names the account, whose own policies decide",
            json!([first(&["sts:AssumeRole"]), target(&by_account)]),
            vec!["sts:AssumeRole", "kms:Decrypt"],
        ),
        (
            "the trust policy names the role: it needs no permission of its own",
            json!([first(&["s3:GetObject"]), target(&by_first)]),
            vec!["sts:AssumeRole", "kms:Decrypt"],
        ),
        (
            "the trust policy asks for an external id, which whoever asks gives",
            json!([
                first(&["sts:AssumeRole"]),
                target(&trusts_if(
                    &json!({ "AWS": arn("root") }),
                    &json!({ "StringEquals": { "sts:ExternalId": "x" } })
                ))
            ]),
            vec!["sts:AssumeRole", "kms:Decrypt"],
        ),
        (
            "a chain of roles",
            json!([
                first(&["s3:ListBucket"]),
                role("Second", &["s3:ListBucket"], &by_first),
                target(&by_second)
            ]),
            vec!["sts:AssumeRole", "sts:AssumeRole", "kms:Decrypt"],
        ),
        (
            "a role handed to a training job",
            json!([
                first(&["iam:PassRole", "sagemaker:CreateTrainingJob"]),
                target(&sagemaker())
            ]),
            vec!["iam:PassRole", "sagemaker:CreateTrainingJob", "kms:Decrypt"],
        ),
        (
            "a role handed to a function",
            json!([
                first(&[
                    "iam:PassRole",
                    "lambda:CreateFunction",
                    "lambda:InvokeFunction"
                ]),
                target(&service("lambda.amazonaws.com"))
            ]),
            vec![
                "iam:PassRole",
                "lambda:CreateFunction",
                "lambda:InvokeFunction",
                "kms:Decrypt",
            ],
        ),
        (
            "a trust policy that is changed first",
            json!([
                first(&["iam:UpdateAssumeRolePolicy", "sts:AssumeRole"]),
                target(&sagemaker())
            ]),
            vec![
                "iam:UpdateAssumeRolePolicy",
                "sts:AssumeRole",
                "kms:Decrypt",
            ],
        ),
    ];
    for (about, principals, expected) in steps {
        let found = course(&question(&principals, false));
        let expected: Vec<String> = expected.into_iter().map(ToOwned::to_owned).collect();
        assert_eq!(found, Some(Ok(expected)), "{about}");
    }
}

#[test]
fn whoever_changes_iam_can_use_a_key_that_is_left_to_the_account() {
    let first = |actions: &[&str]| json!([role("First", actions, &sagemaker())]);
    let put = course(&question(&first(&["iam:PutRolePolicy"]), true));
    assert_eq!(
        put,
        Some(Ok(vec!["iam:PutRolePolicy".into(), "kms:Decrypt".into()]))
    );
    let made = course(&question(
        &first(&[
            "iam:CreateUser",
            "iam:AttachUserPolicy",
            "iam:CreateAccessKey",
        ]),
        true,
    ));
    let steps = [
        "iam:CreateUser",
        "iam:AttachUserPolicy",
        "iam:CreateAccessKey",
        "kms:Decrypt",
    ];
    assert_eq!(made, Some(Ok(steps.map(ToOwned::to_owned).into())));
    // The key policy leaves nothing to the account: then it makes no difference.
    assert_eq!(
        course(&question(&first(&["iam:PutRolePolicy"]), false)),
        None
    );
}

#[test]
fn what_is_not_followed_is_possible_for_whoever_may_take_it() {
    let first = |actions: &[&str]| json!([role("First", actions, &sagemaker())]);
    for action in [
        "iam:CreatePolicyVersion",
        "iam:TagRole",
        "iam:DeleteRolePermissionsBoundary",
    ] {
        let found = course(&question(&first(&[action]), true));
        assert_eq!(found, Some(Err(vec![action.to_owned()])), "{action}");
    }
    assert_eq!(course(&question(&first(&["iam:ListRoles"]), true)), None);
    let first = role("First", &["sts:AssumeRole"], &sagemaker());
    let unread = json!({ "arn": arn("role/Target"), "tags": {}, "identity": [], "trust": null });
    let found = course(&question(&json!([first, unread]), false));
    assert_eq!(
        found,
        Some(Err(vec![format!("trust:{}", arn("role/Target"))]))
    );
}

#[test]
fn permissions_that_do_not_meet_open_nothing() {
    let first = |actions: &[&str]| role("First", actions, &sagemaker());
    let other = policy(&json!([{ "Effect": "Allow", "Action": "iam:PassRole",
        "Resource": arn("role/Other") }, { "Effect": "Allow",
        "Action": "sagemaker:CreateTrainingJob", "Resource": "*" }]));
    let passes_another = json!({ "arn": arn("role/First"), "tags": {}, "identity": [other],
        "trust": sagemaker() });
    let target = |trust: &Value| role("Target", &["s3:ListBucket"], trust);
    let denies = policy(&json!([{ "Effect": "Deny", "Action": "sts:*", "Resource": "*" }]));
    let denies_itself = json!({ "arn": arn("role/First"), "tags": {}, "identity": [denies],
        "trust": sagemaker() });
    let conditional = policy(
        &json!([{ "Effect": "Allow", "Principal": { "AWS": arn("root") },
        "Action": "sts:AssumeRole", "Condition": { "StringEquals": {
            "aws:PrincipalArn": arn("role/Another") } } }]),
    );
    for (about, principals) in [
        (
            "PassRole alone",
            json!([first(&["iam:PassRole"]), target(&sagemaker())]),
        ),
        (
            "jobs alone",
            json!([
                first(&["sagemaker:CreateTrainingJob"]),
                target(&sagemaker())
            ]),
        ),
        (
            "another role's",
            json!([passes_another, target(&sagemaker())]),
        ),
        (
            "a service that does not run it",
            json!([
                first(&["iam:PassRole", "sagemaker:CreateTrainingJob"]),
                target(&service("lambda.amazonaws.com"))
            ]),
        ),
        (
            "the role that is named denies itself to assume others",
            json!([
                denies_itself,
                target(&trusts(&json!({ "AWS": arn("role/First") })))
            ]),
        ),
        (
            "a trust policy of another",
            json!([first(&["sts:AssumeRole"]), target(&conditional)]),
        ),
    ] {
        assert_eq!(course(&question(&principals, false)), None, "{about}");
    }
}

/// Of an account that a trust policy or the key names and of which nobody is known, nobody knows whom its roles
/// trust and what they may do: whoever may assume one of them may come back.
#[test]
fn who_may_go_to_an_account_that_is_not_known_may_come_back_from_it() {
    const OUTSIDE: &str = "444455556666";
    let goes = |resource: &str, denied: &str| {
        let statements = json!([
            { "Effect": "Allow", "Action": "sts:AssumeRole", "Resource": resource },
            { "Effect": "Deny", "Action": "sts:AssumeRole", "Resource": denied } ]);
        json!({ "arn": arn("role/First"), "tags": {}, "identity": [policy(&statements)],
            "trust": sagemaker() })
    };
    let outside = |name: &str| format!("arn:aws:iam::{OUTSIDE}:{name}");
    let by = |principal: &str| trusts(&json!({ "AWS": principal }));
    let conditioned = trusts_if(
        &json!({ "AWS": "*" }),
        &json!({ "StringEquals": { "aws:PrincipalAccount": OUTSIDE } }),
    );
    let nowhere = "arn:aws:iam::999999999999:role/*";
    let possible = Some(Err(vec![format!("account:{OUTSIDE}")]));
    let cases = [
        ("*", nowhere, by(&outside("root")), true),
        (
            "arn:aws:iam::*:role/deploy-*",
            nowhere,
            by(&outside("role/ci")),
            true,
        ),
        (
            &outside("role/deploy"),
            nowhere,
            by(&outside("role/ci")),
            true,
        ),
        (&outside("role/*"), nowhere, conditioned, true),
        (&outside("role/deploy"), nowhere, by("777788889999"), false),
        (
            "arn:aws:iam::777788889999:role/*",
            nowhere,
            by(&outside("root")),
            false,
        ),
        (
            "*",
            "arn:aws:iam::444455556666:*",
            by(&outside("root")),
            false,
        ),
        ("*", "*", by(&outside("root")), false),
    ];
    for (resource, denied, trust, may) in cases {
        let target = role("Target", &["s3:ListBucket"], &trust);
        let found = course(&question(&json!([goes(resource, denied), target]), false));
        let expected = may.then(|| possible.clone()).flatten();
        assert_eq!(found, expected, "{resource} but {denied}: {trust}");
    }
    // Once somebody of the account is known, so is whom its roles trust.
    let target = role("Target", &["s3:ListBucket"], &by(&outside("role/ci")));
    let first = goes("*", nowhere);
    let known =
        json!({ "arn": outside("role/ci"), "tags": {}, "identity": [], "trust": sagemaker() });
    let found = course(&question(&json!([first, target, known]), false));
    assert_eq!(found, None);
    // The key policy names the account itself.
    let allows = json!({ "Effect": "Allow", "Principal": { "AWS": OUTSIDE }, "Action": "kms:Decrypt",
        "Resource": "*" });
    let asked = |first: &Value| {
        let key = json!({ "arn": KEY, "grants": [], "aliases": [], "tags": {},
            "policy": policy(&json!([allows])) });
        let question = json!({ "key": key, "principals": [first] });
        Question::read(&question.to_string()).expect("a question")
    };
    assert_eq!(course(&asked(&goes("*", nowhere))), possible);
    assert_eq!(course(&asked(&goes("*", "*"))), None);
}
