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
        .args(["isolation", "--region", "eu-west-1"])
        .args(more);
    command.output().expect("runs")
}

const ORGANIZATION: [&str; 3] = ["--org", "--role", "sagelock-audit"];

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
            other => assert_eq!(other, Some("own")),
        }
    }
    assert!(
        violated > 3 && possible > 3 && proved > 50,
        "{violated} {possible} {proved}"
    );
    let table = all("table");
    let text = String::from_utf8(table.stdout).expect("UTF-8");
    assert!(
        text.contains("= own  . proved  X violated  ? possible"),
        "{text}"
    );
    assert!(text.contains("taken for granted:"), "{text}");
    let page = String::from_utf8(all("html").stdout).expect("UTF-8");
    assert!(page.contains("default-src 'none'") && page.contains("class=\"violated\""));
    assert!(!page.contains("<script"));
    // An account alone does not know the organisation's policies: nothing is violated for sure.
    let own = isolation(&sim, home.path(), "333344445555", &["--format", "json"]);
    assert_eq!(own.status.code(), Some(3), "{own:?}");
    let text = String::from_utf8(own.stdout).expect("UTF-8");
    assert!(text.contains("\"scp\"") && !text.contains("\"violated\""));
}
