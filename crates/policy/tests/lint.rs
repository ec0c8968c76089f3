//! What is said of the statements of a key policy: the answers of `corpus/proofs`, and what somebody meant who
//! made a spelling mistake.

#![expect(clippy::panic, reason = "a test that cannot go on says so")]

use std::collections::BTreeSet;

use sagelock_policy::access::Key;
use sagelock_policy::lint::remarks;
use sagelock_policy::prove::Prover;
use sagelock_policy::{Document, Kind};
use serde_json::{Value, json};

const CORPUS: &str = include_str!("../../../corpus/proofs/lint.jsonl");
/// What is said of a policy as a whole.
const WHOLE: [&str; 6] = [
    "both",
    "lockout",
    "outsiders",
    "anybody",
    "account_wide",
    "owner",
];

fn document(policy: &Value) -> Document {
    let text = policy.to_string();
    Document::read(Kind::Resource, &text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// A key of the account that owns it, where the policy tells which.
fn key(document: &Document) -> Option<Key> {
    let owners = document.owners();
    let [owner] = owners.as_slice() else {
        return None;
    };
    let partition = document.partition().unwrap_or_else(|| "aws".to_owned());
    Some(Key {
        policy: Some(document.clone()),
        grants: Some(Vec::new()),
        ..Key::new(&format!("arn:{partition}:kms:*:{owner}:key/*"))
    })
}

#[test]
fn each_statement_gets_its_remarks() {
    let mut compared = 0;
    for line in CORPUS.lines() {
        let case: Value = serde_json::from_str(line).expect("JSON");
        let document = document(&case["policy"]);
        let found = remarks(&document, key(&document).as_ref(), &Prover::default());
        let found: BTreeSet<&str> = found.iter().map(|one| one.kind.name()).collect();
        let codes = case["codes"].as_array().expect("codes");
        let codes = codes.iter().map(|code| code.as_str().expect("a code"));
        let expected: BTreeSet<&str> = codes.filter(|code| !WHOLE.contains(code)).collect();
        assert_eq!(found, expected, "{}", case["about"]);
        compared += expected.len();
    }
    assert!(compared > 40, "{compared} remarks");
}

/// What is said of one statement beside that of the root user.
fn says(statement: &Value) -> String {
    let root = json!({ "Effect": "Allow", "Action": "kms:*", "Resource": "*",
        "Principal": { "AWS": "arn:aws:iam::111122223333:root" } });
    let policy = json!({ "Version": "2012-10-17", "Statement": [root, statement] });
    let document = document(&policy);
    let found = remarks(&document, key(&document).as_ref(), &Prover::default());
    let found = found.into_iter();
    let all: Vec<String> = found
        .map(|one| format!("{}: {}", one.about, one.says))
        .collect();
    all.join("\n")
}

#[test]
fn who_was_meant_is_said_of_a_service_that_is_none() {
    let cases = [
        ("lamda.amazonaws.com", Some("lambda.amazonaws.com")),
        ("lbda.amazonaws.com", None),
        (
            "secretmanagr.amazonaws.com",
            Some("secretsmanager.amazonaws.com"),
        ),
        ("secrtmanagr.amazonaws.com", None),
        ("dinamodp.amazonaws.com", Some("dynamodb.amazonaws.com")),
        ("lambda.amazonaws.com", None),
    ];
    for (service, meant) in cases {
        let said = says(
            &json!({ "Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*",
            "Principal": { "Service": service },
            "Condition": { "StringEquals": { "aws:SourceAccount": "111122223333" } } }),
        );
        match meant {
            Some(meant) => assert!(said.contains(&format!("did you mean {meant}?")), "{said}"),
            None => assert!(!said.contains("did you mean"), "{service}: {said}"),
        }
    }
}

#[test]
fn which_condition_key_was_meant_is_said() {
    for (key, meant) in [
        ("kms:ViaServise", "kms:ViaService"),
        ("aws:PrincipalOrgId2", "aws:PrincipalOrgID"),
        ("kms:CalerAccount", "kms:CallerAccount"),
    ] {
        let said = says(
            &json!({ "Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*",
            "Principal": { "AWS": "arn:aws:iam::111122223333:role/exec" },
            "Condition": { "StringEquals": { key: "sagemaker.eu-west-1.amazonaws.com" } } }),
        );
        assert!(said.contains(&format!("did you mean {meant}?")), "{said}");
    }
}
