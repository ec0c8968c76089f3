//! Inputs that were answered wrongly once, each with its right answer: `corpus/proofs`.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use crate::{input, lines};

fn corpus(name: &str) -> Vec<Value> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../corpus/proofs");
    let text = fs::read_to_string(root.join(name)).expect("a corpus");
    let read = |line| serde_json::from_str(line).expect("JSON");
    text.lines().map(read).collect()
}

fn sagelock(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sagelock"));
    command.env_clear().args(words);
    command
}

#[test]
fn what_is_odd_is_said_of_every_policy() {
    let mut wrong = Vec::new();
    for case in corpus("lint.jsonl") {
        let text = case["policy"].to_string();
        let output = input(
            sagelock(&["keys", "lint", "--format", "json", "-"]),
            text.as_bytes(),
        );
        let told: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let remarks = told["policies"][0]["remarks"].as_array().expect("remarks");
        let mut codes: Vec<&Value> = remarks.iter().map(|one| &one["code"]).collect();
        codes.dedup();
        let expected: Vec<&Value> = case["codes"].as_array().expect("codes").iter().collect();
        let exit = case["exit"].as_i64();
        let is_exit = exit.is_none_or(|exit| output.status.code().map(i64::from) == Some(exit));
        if codes != expected || !is_exit {
            wrong.push(format!("{}: {remarks:#?}", case["about"]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn nobody_is_proved_to_have_no_way_who_has_one() {
    let mut wrong = Vec::new();
    for case in corpus("who-can.jsonl") {
        let text = case["question"].to_string();
        let output = input(sagelock(&["policy", "who-can"]), text.as_bytes());
        let [told] = lines(&output).try_into().expect("one answer");
        let told: Value = told;
        let answers = |field: &str| -> Vec<Value> {
            let list = told[field].as_array().expect("a list");
            list.iter().map(|one| one["answer"].clone()).collect()
        };
        let expected = case["principals"].as_array();
        let worst = answers("outsiders");
        let is_worst = |answer: &Value| match answer.as_str() {
            None => true,
            Some("possible") => !worst.contains(&Value::from("violated")),
            Some(answer) => worst.contains(&answer.into()),
        };
        let is_expected = expected.is_none_or(|expected| answers("principals") == *expected);
        if !is_expected || !is_worst(&case["outsiders"]) {
            wrong.push(format!("{}: {told:#}", case["about"]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_policy_is_called_equal_that_is_wider() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, policy: &Value| {
        let path = folder.path().join(name);
        fs::write(&path, policy.to_string()).expect("written");
        path
    };
    for case in corpus("diff.jsonl") {
        let (old, new) = (write("old", &case["old"]), write("new", &case["new"]));
        let mut command = sagelock(&["keys", "policy", "diff", "--format", "json"]);
        command.args([&old, &new]);
        if let Some(key) = case["key"].as_str() {
            command.args(["--key", key]);
        }
        let output: Output = command.output().expect("runs");
        let told: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        assert_eq!(told["answer"], case["answer"], "{}", case["about"]);
        assert_eq!(output.status.code(), Some(1), "{}", case["about"]);
    }
}
