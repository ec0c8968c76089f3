//! `sagelock isolation` over HTTP: IAM's XML, Organizations' policies, and what a person sees.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use crate::server::{Sim, sagelock};

fn isolation(sim: &Sim, home: &Path, account: &str, more: &[&str]) -> Output {
    let mut command: Command = sagelock(home);
    command
        .env("AWS_ENDPOINT_URL", sim.url())
        .env("AWS_ACCESS_KEY_ID", account)
        .env("AWS_SECRET_ACCESS_KEY", "x")
        .arg("isolation")
        .args(more);
    command.output().expect("runs")
}

const ORGANIZATION: [&str; 3] = ["--org", "--role", "sagelock-audit"];

/// The account, the region and the execution role of a key policy are those of the endpoint.
#[test]
fn a_key_policy_is_generated_for_an_endpoint() {
    let home = tempfile::tempdir().expect("a folder");
    let sim = Sim::start(home.path(), &["--seed", "4"]);
    let mut names = Vec::new();
    let ask = |words: &[&str]| {
        let mut command: Command = sagelock(home.path());
        command
            .env("AWS_ENDPOINT_URL", sim.url())
            .env("AWS_ACCESS_KEY_ID", "333344445555")
            .env("AWS_SECRET_ACCESS_KEY", "x")
            .args(words);
        command.output().expect("runs")
    };
    let region = ["--region", "eu-west-1"];
    let output = ask(&[&["audit", "--format", "json"][..], &region].concat());
    let audit: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    for finding in audit["findings"].as_array().expect("findings") {
        if finding["rule"] == "EP-001" && finding["verdict"] == "pass" {
            names.push(
                finding["subject"]["name"]
                    .as_str()
                    .expect("a name")
                    .to_owned(),
            );
        }
    }
    let name = names.first().expect("an endpoint");
    let admin = "arn:aws:iam::333344445555:role/KeyAdmin";
    let generate = ["keys", "policy", "generate"];
    let words = [&generate[..], &[name, "--admin", admin], &region].concat();
    let output = ask(&words);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    for part in [
        "arn:aws:iam::333344445555:root",
        "arn:aws:iam::333344445555:role/exec-",
        "sagemaker.eu-west-1.amazonaws.com",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let output = ask(&[&generate[..], &["nothing-here"], &region].concat());
    assert_eq!(output.status.code(), Some(2));
    let told = String::from_utf8(output.stderr).expect("UTF-8");
    assert!(told.contains("no endpoint `nothing-here`"), "{told}");
}

#[test]
fn tenants_by_keys_are_shown() {
    let home = tempfile::tempdir().expect("a folder");
    let sim = Sim::start(home.path(), &["--seed", "4"]);
    let all = |format: &str| {
        let words = [&ORGANIZATION[..], &["--format", format]].concat();
        isolation(&sim, home.path(), "111122223333", &words)
    };
    let output = all("json");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let told: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(told["schema"], "sagelock.isolation/1");
    assert_eq!(told["simulated"], true);
    // The tags of one account's keys may not be read.
    assert_eq!(told["complete"], false);
    assert_eq!(told["regions_left_out"], serde_json::json!([]));
    let untold = told["untold"].as_array().expect("keys");
    assert!(!untold.is_empty());
    let of_whom = |key: &Value| key.as_str().expect("an ARN").contains(":555566667777:");
    assert!(untold.iter().any(of_whom), "{untold:?}");
    let tenants = told["tenants"].as_array().expect("tenants");
    assert_eq!(tenants.len(), 6);
    let keys = told["keys"].as_array().expect("keys");
    assert!(keys.len() > 20, "{}", keys.len());
    let answers = keys.iter().flat_map(|key| {
        let answers = key["tenants"].as_array().expect("answers");
        answers.iter().map(move |answer| (key, answer))
    });
    let (mut violated, mut possible, mut proved) = (0, 0, 0);
    for (key, answer) in answers {
        match answer["answer"].as_str() {
            Some("violated") => {
                violated += 1;
                assert_eq!(answer["request"]["resource"], key["key"]);
                assert!(
                    answer["principal"]
                        .as_str()
                        .expect("who")
                        .contains(":role/")
                );
            }
            Some("possible") => {
                possible += 1;
                assert!(answer["why"][0].is_string(), "{answer}");
            }
            Some("proved") => proved += 1,
            other => assert!(matches!(other, Some("own" | "shared")), "{other:?}"),
        }
    }
    assert!(
        violated > 3 && possible > 3 && proved > 50,
        "{violated} {possible} {proved}"
    );
    let table = all("table");
    let text = String::from_utf8(table.stdout).expect("UTF-8");
    assert!(
        text.contains("= own  + shared by tenants  . proved  X violated  ? possible"),
        "{text}"
    );
    assert!(text.contains("taken for granted:"), "{text}");
    assert!(
        text.contains("keys whose tags, and so whose tenant, are not known"),
        "{text}"
    );
    let page = String::from_utf8(all("html").stdout).expect("UTF-8");
    assert!(page.contains("default-src 'none'") && page.contains("class=\"violated\""));
    assert!(!page.contains("<script"));
    // An account alone does not know the organisation's policies: nothing is violated for sure.
    let own = isolation(&sim, home.path(), "333344445555", &["--format", "json"]);
    assert_eq!(own.status.code(), Some(1), "keys are shared: {own:?}");
    let text = String::from_utf8(own.stdout).expect("UTF-8");
    assert!(text.contains("\"scp\"") && !text.contains("\"violated\""));
}

/// Roles are global: where regions were left out, whose they are is not known.
#[test]
fn nothing_is_proved_where_regions_were_left_out() {
    let home = tempfile::tempdir().expect("a folder");
    let sim = Sim::start(home.path(), &["--seed", "4"]);
    let one = ["--region", "eu-west-1", "--format", "json"];
    let words = [&ORGANIZATION[..], &one].concat();
    let output = isolation(&sim, home.path(), "111122223333", &words);
    let told: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let left_out = told["regions_left_out"].as_array().expect("accounts");
    assert_eq!(left_out.len(), 6);
    let keys = told["keys"].as_array().expect("keys");
    let tenants = keys.iter().filter_map(|key| key["tenants"].as_array());
    let mut answers = tenants.flatten();
    assert!(answers.clone().any(|one| one["answer"] == "violated"));
    assert!(!answers.any(|one| one["answer"] == "proved"), "{told}");
}
