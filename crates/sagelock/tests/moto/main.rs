//! The truth test: an audit of a server that nobody here wrote, against labels that no code of
//! ours derived.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on says so"
)]

mod labels;
#[path = "../peers/python.rs"]
mod python;
mod server;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use labels::{Labels, STRICT, Settings, labels};
use serde_json::Value;
use server::Moto;

/// The estate of the requirement: 1,000 configurations and 300 endpoints.
const CONFIGS: usize = 1000;
const ENDPOINTS: usize = 300;

/// A home of this process alone: audits are kept in it.
fn home() -> PathBuf {
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("home-{}", std::process::id()));
    std::fs::create_dir_all(&home).expect("a folder");
    home
}

fn sagelock() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sagelock"));
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", home())
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test");
    command
}

/// Runs an audit and reads its document.
fn audit(command: &mut Command, out: &Path) -> Value {
    let output = command
        .arg("-o")
        .arg(format!("json={}", out.display()))
        .output()
        .expect("runs");
    let code = output.status.code();
    assert_eq!(
        code,
        Some(1),
        "findings: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_str(&fs::read_to_string(out).expect("written")).expect("JSON")
}

/// Where a document and the labels differ; empty where no verdict is wrong.
fn differences(document: &Value, labels: &Labels) -> Vec<String> {
    let mut said: BTreeMap<(String, String), (String, String)> = BTreeMap::new();
    let mut differences = Vec::new();
    for finding in document["findings"].as_array().expect("findings") {
        let text = |value: &Value| value.as_str().expect("text").to_owned();
        let id = (text(&finding["rule"]), text(&finding["subject"]["arn"]));
        let verdict = (text(&finding["verdict"]), text(&finding["reason"]));
        if said.insert(id.clone(), verdict).is_some() {
            differences.push(format!("{id:?} stands twice"));
        }
    }
    for (id, (verdict, reason)) in labels {
        match said.remove(id) {
            Some((said, why)) if said == *verdict && why == *reason => {}
            other => differences.push(format!("{id:?} should be {verdict} {reason}, is {other:?}")),
        }
    }
    differences.extend(
        said.into_iter()
            .map(|(id, said)| format!("{id:?} has no label, is {said:?}")),
    );
    differences
}

#[test]
fn no_verdict_is_wrong() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    let moto = Moto::start(folder.path());
    let estate = moto.seed(CONFIGS, ENDPOINTS, &at("estate.json"));
    fs::write(at("strict.toml"), STRICT).expect("written");

    let live = audit(
        sagelock()
            .args(["audit", "--region", "us-east-1", "--record"])
            .arg(at("recording"))
            .env("AWS_ENDPOINT_URL", moto.url()),
        &at("live.json"),
    );
    let by_default = labels(&estate, Settings::Defaults);
    let wrong = differences(&live, &by_default);
    assert!(
        wrong.is_empty(),
        "{} wrong, first {:#?}",
        wrong.len(),
        &wrong[..wrong.len().min(10)]
    );
    let rules = live["totals"]["rules"].as_object().expect("rules");
    assert_eq!(
        by_default.len() as u64,
        live["coverage"]["verdicts"].as_u64().expect("a number")
    );

    let mut replay = sagelock();
    replay.args(["audit", "--offline"]).arg(at("recording"));
    let replayed = audit(&mut replay, &at("replayed.json"));
    let listed = |document: &Value| document["findings"].as_array().cloned().unwrap_or_default();
    let (first, second) = (listed(&live), listed(&replayed));
    let other = first.iter().zip(&second).find(|(one, two)| one != two);
    assert!(
        replayed["findings"] == live["findings"],
        "a replay says the same: {other:#?}"
    );

    let mut replay = sagelock();
    replay
        .arg("--config")
        .arg(at("strict.toml"))
        .args(["audit", "--offline"])
        .arg(at("recording"));
    let strict = audit(&mut replay, &at("strict.json"));
    let by_strict = labels(&estate, Settings::Strict);
    let wrong = differences(&strict, &by_strict);
    assert!(
        wrong.is_empty(),
        "{} wrong, first {:#?}",
        wrong.len(),
        &wrong[..wrong.len().min(10)]
    );

    // The test can fail: with any one rule switched off it is red.
    for rule in rules.keys() {
        let mut replay = sagelock();
        replay
            .env("SAGELOCK_RULES_OFF", rule)
            .arg("--config")
            .arg(at("strict.toml"));
        replay
            .args(["audit", "--fail-on", "low", "--offline"])
            .arg(at("recording"));
        let without = audit(&mut replay, &at("without.json"));
        let wrong = differences(&without, &by_strict);
        let own = by_strict.keys().filter(|(of, _)| of == rule).count();
        assert_eq!(
            wrong.len(),
            own,
            "{rule} is off, and every label of it is missed"
        );
        assert!(own > 0, "{rule} has labels");
    }
    // And every rule is seen to give more than one verdict.
    for rule in rules.keys() {
        let verdicts: std::collections::BTreeSet<&str> = by_default
            .iter()
            .chain(&by_strict)
            .filter(|((of, _), _)| of == rule)
            .map(|(_, (verdict, _))| *verdict)
            .collect();
        assert!(verdicts.len() > 1, "{rule} says only {verdicts:?}");
    }

    // What moto saw.
    let requests = moto.requests("sagelock");
    let announced = live["calls"].as_object().expect("calls");
    let mut seen: BTreeMap<&str, u64> = BTreeMap::new();
    for (operation, subject) in &requests {
        *seen.entry(operation).or_default() += 1;
        let reads = ["List", "Describe", "Get", "Head"]
            .iter()
            .any(|verb| operation.starts_with(verb));
        assert!(reads, "an audit does not write: {operation}");
        assert!(
            !subject.contains("alias/aws/"),
            "DescribeKey of {subject} could create a key"
        );
    }
    for (name, count) in announced {
        let operation = name.rsplit(':').next().expect("a name");
        assert_eq!(seen.remove(operation), count.as_u64(), "{name}");
    }
    assert!(seen.is_empty(), "calls that were not announced: {seen:?}");

    // No secret of a container's environment is kept.
    let kept = fs::read_to_string(at("recording").join("calls.ndjson")).expect("the recording");
    assert!(kept.contains("TOKEN") && !kept.contains("not-to-be-recorded"));
}
