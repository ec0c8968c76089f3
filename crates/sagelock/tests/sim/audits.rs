//! The same audit by every road: over HTTP, from its recording, and in process.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::in_process::audit_of;
use crate::server::{Sim, sagelock};

fn json(command: &mut Command) -> (Option<i32>, Value) {
    let output = command.args(["--format", "json"]).output().expect("runs");
    let document = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    (output.status.code(), document)
}

/// Findings without the times of their evidence.
fn timeless(document: &Value) -> Value {
    let mut findings = document["findings"].clone();
    for finding in findings.as_array_mut().expect("findings") {
        for evidence in finding["evidence"].as_array_mut().expect("evidence") {
            evidence.as_object_mut().expect("an object").remove("at");
        }
    }
    findings
}

fn audit(sim: &Sim, home: &Path) -> Command {
    let mut command = sagelock(home);
    command
        .env("AWS_ENDPOINT_URL", sim.url())
        .env("AWS_ACCESS_KEY_ID", "333344445555")
        .env("AWS_SECRET_ACCESS_KEY", "x");
    command.args(["audit", "--region", "eu-west-1", "--region", "us-east-1"]);
    command
}

#[test]
fn an_audit_over_http_is_that_of_its_recording() {
    let home = tempfile::tempdir().expect("a folder");
    let sim = Sim::start(home.path(), &["--seed", "7"]);
    let recording = home.path().join("recording");
    let (code, live) = json(audit(&sim, home.path()).arg("--record").arg(&recording));
    assert_eq!(code, Some(1), "findings");
    assert!(live["scope"]["simulated"] == true);
    let found = live["findings"].as_array().expect("findings").len();
    assert!(found > 200, "{found} findings");
    let (_, offline) = json(
        sagelock(home.path())
            .args(["audit", "--offline"])
            .arg(&recording),
    );
    assert!(timeless(&offline) == timeless(&live), "the same findings");
    let (_, again) = json(&mut audit(&sim, home.path()));
    assert!(
        timeless(&again) == timeless(&live),
        "an audit changes nothing"
    );
}

/// The world of the server, asked without a server.
#[test]
fn an_audit_over_http_is_that_in_process() {
    let home = tempfile::tempdir().expect("a folder");
    let sim = Sim::start(home.path(), &["--seed", "9"]);
    let (_, document) = json(&mut audit(&sim, home.path()));
    let mut world = sagelock_sim::estate::demo::demo(jiff::Timestamp::now(), 9);
    let settings = sagelock_domain::settings::Settings::default();
    let regions = ["eu-west-1", "us-east-1"];
    let found = audit_of(&mut world, "333344445555", &regions, &settings);
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let over_http: BTreeMap<(String, String), (String, String)> = document["findings"]
        .as_array()
        .expect("findings")
        .iter()
        .map(|one| {
            let id = (text(&one["rule"]), text(&one["subject"]["arn"]));
            (id, (text(&one["verdict"]), text(&one["reason"])))
        })
        .collect();
    assert!(
        over_http == found.said,
        "the same verdicts, for the same reasons"
    );
    let gaps = document["coverage"]["gaps"].as_array().map(Vec::len);
    assert_eq!(gaps, Some(found.gaps));
    let whole = document["complete"] == true && document["coverage"]["ratio"] == 1.0;
    assert_eq!(whole, found.complete);
    let sent: u64 = document["calls"]
        .as_object()
        .expect("calls")
        .values()
        .filter_map(Value::as_u64)
        .sum();
    // Over HTTP two calls more: whose credentials these are, and which regions are on.
    assert_eq!(sent, found.calls.sent.values().sum::<u64>() + 2);
}

/// What is denied is told by the coverage and the exit code.
#[test]
fn denials_are_told_by_coverage_and_exit_code() {
    let home = tempfile::tempdir().expect("a folder");
    let faults = home.path().join("faults.toml");
    let some = "seed = 4\n[[fault]]\neffect = \"deny\"\ncalls = \"*:Describe*\"\nshare = 0.2\n";
    std::fs::write(&faults, some).expect("written");
    let path = faults.to_string_lossy().into_owned();
    let sim = Sim::start(home.path(), &["--seed", "7", "--faults", &path]);
    let (code, document) = json(audit(&sim, home.path()).args(["--fail-on", "none"]));
    assert_eq!(code, Some(3), "incomplete");
    assert!(document["coverage"]["unknown"].as_u64() > Some(10));
    assert!(document["coverage"]["ratio"].as_f64() < Some(1.0));
    let all = "[[fault]]\neffect = \"deny\"\ncalls = \"sagemaker:*\"\nbecause = \"scp\"\n";
    std::fs::write(&faults, all).expect("written");
    let sim = Sim::start(home.path(), &["--seed", "7", "--faults", &path]);
    let (code, document) = json(&mut audit(&sim, home.path()));
    assert_eq!(code, Some(4), "nothing at all could be read");
    assert!(document["complete"] == false);
}

/// Which Regions are on is not known: it is said, and which one was looked at.
#[test]
fn regions_that_are_not_known_are_told() {
    let home = tempfile::tempdir().expect("a folder");
    let faults = home.path().join("faults.toml");
    let denied = "[[fault]]\ncalls = \"account:*\"\neffect = \"deny\"\n\
        [[fault]]\ncalls = \"ec2:DescribeRegions\"\neffect = \"deny\"\nbecause = \"scp\"\n";
    std::fs::write(&faults, denied).expect("written");
    let path = faults.to_string_lossy().into_owned();
    let sim = Sim::start(home.path(), &["--seed", "7", "--faults", &path]);
    let mut command = sagelock(home.path());
    command
        .env("AWS_ENDPOINT_URL", sim.url())
        .env("AWS_ACCESS_KEY_ID", "333344445555")
        .env("AWS_SECRET_ACCESS_KEY", "x")
        .env("AWS_REGION", "eu-west-1");
    let output = command.arg("audit").output().expect("an audit");
    let table = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(
        table.contains("INCOMPLETE: Regions not known, only eu-west-1 looked at"),
        "{table}"
    );
    assert!(!table.contains("a listing could not be read"), "{table}");
}

/// 20 % throttled, 5 % failed, 2 % timed out or broken, over HTTP.
#[test]
fn weather_changes_no_finding() {
    let home = tempfile::tempdir().expect("a folder");
    let calm = Sim::start(home.path(), &["--seed", "7"]);
    let (_, expected) = json(&mut audit(&calm, home.path()));
    let faults = home.path().join("faults.toml");
    let weather = r#"
        seed = 3
        [[fault]]
        effect = "throttle"
        share = 0.20
        [[fault]]
        effect = "fail"
        status = 503
        share = 0.05
        [[fault]]
        effect = "reset"
        share = 0.01
        [[fault]]
        effect = "truncate"
        share = 0.01
    "#;
    std::fs::write(&faults, weather).expect("written");
    let path = faults.to_string_lossy().into_owned();
    let stormy = Sim::start(home.path(), &["--seed", "7", "--faults", &path]);
    let (_, found) = json(&mut audit(&stormy, home.path()));
    // Every start is at another moment, so that dates in messages differ: compare what is said.
    let said = |document: &Value| -> Vec<(Value, Value, Value)> {
        let findings = document["findings"].as_array().expect("findings");
        let said = |one: &Value| {
            (
                one["id"].clone(),
                one["verdict"].clone(),
                one["reason"].clone(),
            )
        };
        findings.iter().map(said).collect()
    };
    assert!(said(&found) == said(&expected), "the same findings");
}

#[test]
fn the_demo_shows_every_verdict_and_exits_0() {
    let home = tempfile::tempdir().expect("a folder");
    let mut demo = sagelock(home.path());
    demo.args(["demo", "--once", "--seed", "3"]);
    let (code, document) = json(&mut demo);
    assert_eq!(code, Some(0));
    assert_eq!(
        document["scope"]["accounts"].as_array().map(Vec::len),
        Some(6)
    );
    assert_eq!(
        document["scope"]["regions"].as_array().map(Vec::len),
        Some(17)
    );
    let totals = &document["totals"]["endpoints"];
    assert!(totals["live"].as_u64() >= Some(380), "{totals}");
    for verdict in ["pass", "fail", "unknown", "not_applicable"] {
        assert!(totals[verdict].as_u64() > Some(0), "{verdict}: {totals}");
    }
    let findings = document["findings"].as_array().expect("findings");
    // No key policy of the demo is too much work.
    let mut messages = findings.iter().filter_map(|one| one["message"].as_str());
    let unfinished = messages.find(|message| message.contains("more work than"));
    assert_eq!(unfinished, None);
    for rule in document["totals"]["rules"]
        .as_object()
        .expect("rules")
        .keys()
    {
        let fails = |one: &&Value| one["rule"] == rule.as_str() && one["verdict"] == "fail";
        assert!(
            findings.iter().any(|one| fails(&one)),
            "no {rule} fails in the demo"
        );
    }
    let mut again = sagelock(home.path());
    again.args(["demo", "--once"]);
    let output = again.output().expect("runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(
        text.contains("SIMULATED") && text.contains("EP-001"),
        "{text}"
    );
}

/// `sagelock audit --format csv | head -1`.
#[test]
fn whoever_reads_may_have_had_enough() {
    let home = tempfile::tempdir().expect("a folder");
    for format in ["csv", "ndjson", "table", "json", "md"] {
        let mut command = sagelock(home.path());
        command
            .args(["demo", "--once", "--format", format])
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped());
        let mut child = command.spawn().expect("runs");
        let mut stdout = child.stdout.take().expect("piped");
        let mut first = [0; 16];
        std::io::Read::read_exact(&mut stdout, &mut first).expect("some of it");
        drop(stdout);
        let output = child.wait_with_output().expect("ends");
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{format}: {told}");
        assert!(!told.contains("Broken pipe"), "{format}: {told}");
    }
}
