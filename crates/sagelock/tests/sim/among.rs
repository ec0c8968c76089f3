//! What is said of one endpoint or key among all is not known where not all was looked at: an account that
//! was left out, one that could not be entered.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::server::{Sim, sagelock};

/// The findings of an audit of the organisation.
fn findings(sim: &Sim, home: &Path, more: &[&str]) -> Vec<Value> {
    let mut command = sagelock(home);
    command
        .env("AWS_ENDPOINT_URL", sim.url())
        .env("AWS_ACCESS_KEY_ID", "111122223333")
        .env("AWS_SECRET_ACCESS_KEY", "x")
        .args(["audit", "--no-store", "--format", "json"])
        .args(["--org", "--role", "sagelock-audit"])
        .args(more);
    let output = command.output().expect("runs");
    let told: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    told["findings"].as_array().expect("findings").clone()
}

/// What is said by a rule of the subjects that a text is said of.
fn said(findings: &[Value], rule: &str, part: &str) -> BTreeSet<String> {
    let of_rule = findings.iter().filter(|one| one["rule"] == rule);
    let meant = of_rule.filter(|one| one.to_string().contains(part));
    meant
        .map(|one| {
            let text = |field: &str| one[field].as_str().expect("a text").to_owned();
            format!("{} {}", text("verdict"), text("reason"))
        })
        .collect()
}

/// Three accounts; the central keys of 200000000001 let in everybody of the organisation.
const FLEET: [&str; 10] = [
    "--world",
    "fleet",
    "--accounts",
    "3",
    "--regions",
    "1",
    "--endpoints",
    "40",
    "--roles",
    "0",
];
const CENTRAL: &str = "arn:aws:kms:eu-west-1:200000000001:key/";

#[test]
fn accounts_that_were_left_out_may_use_a_key() {
    let home = tempfile::tempdir().expect("a folder");
    let sim = Sim::start(home.path(), &FLEET);
    let settings = "[keys]\nendpoints_max = 1000\n";
    fs::write(home.path().join("sagelock.toml"), settings).expect("written");
    let of_member = |more: &[&str]| {
        let mut found = findings(&sim, home.path(), more);
        found.retain(|one| one["subject"]["account"] == "200000000002");
        said(&found, "EP-008", CENTRAL)
    };
    let all = ["pass within_the_limit".to_owned()];
    assert_eq!(of_member(&[]), all.into(), "all accounts were looked at");
    let some = ["--account", "200000000001", "--account", "200000000002"];
    let unknown = ["unknown uses_not_all_known".to_owned()];
    assert_eq!(of_member(&some), unknown.into(), "one was left out");
}

#[test]
fn an_account_that_could_not_be_entered_may_use_a_key() {
    let home = tempfile::tempdir().expect("a folder");
    let fault = "[[fault]]\ncalls = \"sts:AssumeRole\"\nresource = \"*200000000002*\"\n\
                 effect = \"deny\"\n";
    fs::write(home.path().join("faults.toml"), fault).expect("written");
    let settings = "[keys]\nusers = [\"arn:aws:iam::*:role/sagelock-audit\"]\n";
    fs::write(home.path().join("sagelock.toml"), settings).expect("written");
    let ask = |more: &[&str]| {
        let sim = Sim::start(home.path(), &[&FLEET[..], more].concat());
        let mut found = findings(&sim, home.path(), &[]);
        found.retain(|one| {
            let arn = one["subject"]["arn"].as_str();
            arn.is_some_and(|arn| arn.starts_with(CENTRAL))
        });
        said(&found, "KEY-003", CENTRAL)
    };
    let whole = ask(&[]);
    assert!(whole.contains("pass only_allowed"), "{whole:?}");
    let denied = ask(&["--faults", "faults.toml"]);
    assert!(denied.contains("unknown users_not_read"), "{denied:?}");
}

/// Roles are global: an endpoint in a region that was left out may make one another tenant's.
#[test]
fn nothing_is_isolated_where_regions_were_left_out() {
    let home = tempfile::tempdir().expect("a folder");
    let sim = Sim::start(home.path(), &["--seed", "4"]);
    let settings = "[isolation]\naudits = \"prove\"\n";
    fs::write(home.path().join("sagelock.toml"), settings).expect("written");
    let of = |more: &[&str]| {
        let found = findings(&sim, home.path(), more);
        said(&found, "EP-009", "arn:")
    };
    assert!(of(&[]).contains("pass isolated"));
    let one = of(&["--region", "eu-west-1"]);
    assert!(!one.contains("pass isolated"), "{one:?}");
    assert!(one.contains("unknown not_all_read"), "{one:?}");
}
