//! Every rule against its fixtures: what AWS answers, and what is right to say of it.
//!
//! A fixture is `corpus/rules/<ID>/<verdict>.json`: exchanges as the recorder writes them, the
//! settings, and the verdict and reason of one subject.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on says so"
)]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

const VERDICTS: [&str; 4] = ["pass", "fail", "unknown", "not-applicable"];

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../corpus/rules")
}

/// Runs one case and says what is wrong with the answer.
fn run(fixture: &Value, case: &Value, rule: &str) -> Result<(), String> {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    let meta = json!({
        "schema": "sagelock.recording/1",
        "account": fixture["account"],
        "regions": [fixture["region"]],
        "simulated": false,
        "started_at": fixture["now"],
    });
    let mut lines = String::new();
    for exchange in case["exchanges"].as_array().expect("exchanges") {
        writeln!(lines, "{exchange}").expect("a line");
    }
    fs::write(at("recording.json"), meta.to_string()).expect("written");
    fs::write(at("calls.ndjson"), lines).expect("written");
    fs::write(
        at("sagelock.toml"),
        case["settings"].as_str().expect("settings"),
    )
    .expect("written");
    let output = Command::new(env!("CARGO_BIN_EXE_sagelock"))
        .env_clear()
        .arg("--config")
        .arg(at("sagelock.toml"))
        .args(["audit", "--format", "json", "--offline"])
        .arg(folder.path())
        .output()
        .expect("runs");
    let said = String::from_utf8_lossy(&output.stderr);
    let document: Value = serde_json::from_slice(&output.stdout).map_err(|_| said.to_string())?;
    let expect = &case["expect"];
    let found: Vec<&Value> = document["findings"]
        .as_array()
        .expect("findings")
        .iter()
        .filter(|finding| finding["rule"] == rule && finding["subject"]["arn"] == expect["subject"])
        .collect();
    let [finding] = found.as_slice() else {
        return Err(format!("{} findings of the subject", found.len()));
    };
    for field in ["verdict", "reason", "severity"] {
        if !expect[field].is_null() && finding[field] != expect[field] {
            return Err(format!(
                "{field} is {}, should be {}",
                finding[field], expect[field]
            ));
        }
    }
    // What a verdict needs is recorded: nothing may be unknown for lack of a recording.
    let gaps = document["coverage"]["gaps"].as_array().expect("gaps");
    match gaps.iter().find(|gap| gap["reason"] == "not_recorded") {
        Some(gap) => Err(format!(
            "the fixture lacks {} {}",
            gap["call"], gap["subject"]
        )),
        None => Ok(()),
    }
}

#[test]
fn every_rule_judges_its_fixtures() {
    let mut wrong = Vec::new();
    let mut reasons: BTreeSet<(String, String)> = BTreeSet::new();
    for folder in fs::read_dir(corpus()).expect("the corpus") {
        let folder = folder.expect("an entry").path();
        let rule = folder
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        for verdict in VERDICTS {
            let path = folder.join(format!("{verdict}.json"));
            let text = fs::read_to_string(&path).unwrap_or_else(|_| String::new());
            let fixture: Value = serde_json::from_str(&text).unwrap_or_default();
            let cases = fixture["cases"].as_array().cloned().unwrap_or_default();
            if cases.is_empty() {
                wrong.push(format!("{rule} has no {verdict}.json"));
            }
            for case in cases {
                let expect = &case["expect"];
                if expect["verdict"] != verdict.replace('-', "_") {
                    wrong.push(format!(
                        "{rule} {verdict}: {} stands in the wrong file",
                        case["about"]
                    ));
                }
                reasons.insert((
                    rule.clone(),
                    expect["reason"].as_str().unwrap_or("").to_owned(),
                ));
                if let Err(why) = run(&fixture, &case, &rule) {
                    wrong.push(format!("{rule} {verdict}: {}: {why}", case["about"]));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(reasons.len() > 60, "{} reasons are covered", reasons.len());
}
