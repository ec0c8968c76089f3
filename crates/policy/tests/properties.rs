//! What must hold of every case, whatever its policies say.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test reads files, and one that cannot go on says so"
)]

use std::fs;
use std::path::Path;

use sagelock_policy::case::Case;
use sagelock_policy::evaluate::{Verdict, evaluate, explain};
use serde_json::{Value, json};

fn cases() -> Vec<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../corpus/policies");
    let mut cases = Vec::new();
    for entry in fs::read_dir(folder).expect("the corpus") {
        let text = fs::read_to_string(entry.expect("an entry").path()).expect("a file");
        cases.extend(
            text.lines()
                .map(|line| serde_json::from_str::<Value>(line).expect("JSON")),
        );
    }
    cases
}

fn read(case: &Value) -> Case {
    Case::read(&case.to_string()).unwrap_or_else(|error| panic!("{case}: {error}"))
}

fn decided(case: &Value) -> Verdict {
    let case = read(case);
    evaluate(&case.request, &case.stack)
}

/// Every document of a case.
fn documents(case: &mut Value, change: &mut dyn FnMut(&mut Value)) {
    fn each(value: &mut Value, change: &mut dyn FnMut(&mut Value)) {
        match value {
            Value::Array(items) => items.iter_mut().for_each(|item| each(item, change)),
            Value::Object(_) => change(value),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    for field in ["identity", "key", "pb", "session", "scp", "rcp", "vpce"] {
        each(&mut case[field], change);
    }
}

fn class(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Denied { .. } => 0,
        Verdict::Unknown => 1,
        Verdict::Allowed => 2,
    }
}

/// Who decides without knowing a key decides as they would if they knew it, whatever it is.
#[test]
fn what_is_decided_without_knowing_holds_whatever_is_so() {
    let others = [
        "aws:PrincipalOrgID",
        "aws:ResourceTag/t",
        "kms:ViaService",
        "aws:SourceIp",
        "kms:GrantOperations",
    ];
    let (mut decided_anyway, mut unknown) = (0, 0);
    for case in cases() {
        let known = decided(&case);
        let context = case["context"].as_object().expect("a context");
        let keys = context.keys().map(String::as_str).chain(others);
        for key in keys {
            let mut blind = case.clone();
            blind["context"][key] = Value::Null;
            let verdict = decided(&blind);
            if verdict == Verdict::Unknown {
                let answer = {
                    let case = read(&blind);
                    explain(&case.request, &case.stack)
                };
                assert!(
                    !answer.missing.is_empty() || !answer.open.is_empty(),
                    "{blind}"
                );
                unknown += 1;
            } else {
                // What is unknown for another reason stays so.
                assert_eq!(class(verdict), class(known), "without {key}: {blind}");
                decided_anyway += 1;
            }
        }
    }
    assert!(
        decided_anyway > 1_000 && unknown > 150,
        "{decided_anyway} {unknown}"
    );
}

#[test]
fn the_order_of_statements_decides_nothing() {
    for case in cases() {
        let mut turned = case.clone();
        documents(&mut turned, &mut |document| {
            if let Some(statements) = document["Statement"].as_array_mut() {
                statements.reverse();
            }
        });
        assert_eq!(decided(&turned), decided(&case), "{case}");
    }
}

/// What denies more never allows more.
#[test]
fn a_statement_that_denies_takes_only() {
    let deny = json!({"Effect": "Deny", "Action": "kms:Decrypt", "Resource": "*"});
    for case in cases() {
        let before = class(decided(&case));
        let mut more = case.clone();
        documents(&mut more, &mut |document| {
            let has_principal = document["Statement"].as_array().is_some_and(|all| {
                all.iter()
                    .any(|one| one.get("Principal").is_some() || one.get("NotPrincipal").is_some())
            });
            let mut one = deny.clone();
            if has_principal {
                one["Principal"] = json!("*");
            }
            if let Some(statements) = document["Statement"].as_array_mut()
                && !statements.is_empty()
            {
                statements.push(one);
            }
        });
        assert!(class(decided(&more)) <= before, "{more}");
    }
}

/// What allows more never denies more; and a boundary that allows all changes only who is hit by a
/// `NotPrincipal` and what is not known of grants.
#[test]
fn a_policy_that_allows_all_takes_nothing() {
    let all = json!({"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]});
    for case in cases() {
        let before = class(decided(&case));
        let mut more = case.clone();
        more["identity"]
            .as_array_mut()
            .expect("a list")
            .push(all.clone());
        assert!(class(decided(&more)) >= before, "{more}");
        if case["pb"].is_null() && !case["key"].to_string().contains("NotPrincipal") {
            let mut bounded = case.clone();
            bounded["pb"] = all.clone();
            assert_eq!(class(decided(&bounded)), before, "{bounded}");
        }
        let mut level = case.clone();
        level["scp"]
            .as_array_mut()
            .expect("levels")
            .push(json!([all]));
        assert_eq!(class(decided(&level)), before, "{level}");
    }
}

#[test]
fn the_case_of_keys_and_actions_decides_nothing() {
    for case in cases() {
        // Two keys that differ in case only are a case of their own.
        if case["topic"] == "key-name" {
            continue;
        }
        let mut loud = case.clone();
        let action = case["action"].as_str().expect("an action");
        loud["action"] = json!(action.to_uppercase());
        let context = case["context"].as_object().expect("a context");
        let is_exact = |key: &str| key.to_lowercase().starts_with("kms:encryptioncontext:");
        loud["context"] = context
            .iter()
            .map(|(key, value)| {
                let key = if is_exact(key) {
                    key.clone()
                } else {
                    key.to_uppercase()
                };
                (key, value.clone())
            })
            .collect();
        assert_eq!(decided(&loud), decided(&case), "{loud}");
    }
}
