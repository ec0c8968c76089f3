//! `sagelock preflight` over HTTP: what a person and a program see, and how it ends.

use std::fs;
use std::path::Path;
use std::process::Output;

use serde_json::{Value, json};

use crate::server::{Sim, sagelock};

fn ask(sim: &Sim, home: &Path, account: &str, words: &[&str]) -> Output {
    let mut command = sagelock(home);
    command
        .env("AWS_ENDPOINT_URL", sim.url())
        .env("AWS_ACCESS_KEY_ID", account)
        .env("AWS_SECRET_ACCESS_KEY", "x")
        .args(words);
    command.output().expect("runs")
}

const ACCOUNT: &str = "222233334444";
const DEPLOYER: &str = "arn:aws:iam::222233334444:role/ml-fjord";
const ORGANIZATION: [&str; 3] = ["--org", "--role", "sagelock-audit"];
const KEY: [&str; 2] = ["--key", "alias/ml/aurora"];

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("UTF-8")
}

/// An endpoint of the account that has one configuration and is in service.
fn endpoint(sim: &Sim, home: &Path) -> String {
    let words = ["audit", "--region", "eu-west-1", "--format", "json"];
    let output = ask(sim, home, ACCOUNT, &words);
    let audit: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let findings = audit["findings"].as_array().expect("findings");
    let mut found = findings.iter().filter(|finding| {
        finding["rule"] == "EP-001" && finding["reason"] == "customer_managed_key"
    });
    let found = found.next().expect("one");
    found["subject"]["name"]
        .as_str()
        .expect("a name")
        .to_owned()
}

#[test]
fn what_will_fail_is_said_with_its_patch() {
    let home = tempfile::tempdir().expect("a folder");
    let sim = Sim::start(home.path(), &["--seed", "4"]);
    let name = endpoint(&sim, home.path());
    let words = |more: &[&'static str]| -> Vec<String> {
        let own = ["preflight", &name, "--region", "eu-west-1"];
        let all = own
            .iter()
            .chain(&ORGANIZATION)
            .chain(&KEY)
            .copied()
            .chain(more.iter().copied());
        all.map(str::to_owned).collect()
    };
    let run = |more: &[&'static str]| {
        let words = words(more);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        ask(&sim, home.path(), "111122223333", &words)
    };
    // The role of a tenant may use keys, and deploy nothing.
    let output = run(&["--deployer", DEPLOYER, "--format", "json"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let told: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(told["schema"], "sagelock.preflight/1");
    assert_eq!(told["answer"], "blocked");
    assert_eq!(told["operation"], "UpdateEndpoint");
    assert_eq!(told["deployer"], DEPLOYER);
    assert_eq!(told["config"], format!("{name}-cmk"));
    let checks = told["checks"].as_array().expect("checks");
    let of = |step: &str| {
        checks
            .iter()
            .filter(|check| check["step"] == step)
            .collect::<Vec<_>>()
    };
    assert_eq!(of("key")[0]["answer"], "passed");
    assert_eq!(of("deploy").len(), 2, "the endpoint and the configuration");
    for check in of("deploy") {
        assert_eq!(check["answer"], "blocked");
        assert_eq!(check["because"][0]["policy"], "identity");
        let change = &check["changes"][0][0];
        assert_eq!(change["edit"], "allow");
        assert_eq!(change["write"]["Action"], "sagemaker:UpdateEndpoint");
    }
    assert_eq!(of("grant").len(), 2, "the deployer and the execution role");
    // Who is allowed everything deploys. What AWS does not document is told as not known.
    let root = "arn:aws:iam::222233334444:root";
    let output = run(&["--deployer", root]);
    let table = text(output.stdout);
    assert!(table.contains(" 0 blocked,"), "{table}");
    assert!(matches!(output.status.code(), Some(0 | 3)), "{table}");
    let output = run(&["--deployer", DEPLOYER]);
    assert_eq!(output.status.code(), Some(1));
    let table = text(output.stdout);
    assert!(table.contains("It will fail."), "{table}");
    assert!(
        table.contains("to mend it, add to identity policy of"),
        "{table}"
    );
    for line in table.lines().filter(|line| !line.contains("{\"")) {
        assert!(
            line.chars().count() <= 80 || !line.trim().contains(' '),
            "{line}"
        );
    }
}

#[test]
fn a_new_endpoint_is_told_by_a_file() {
    let home = tempfile::tempdir().expect("a folder");
    let sim = Sim::start(home.path(), &["--seed", "4"]);
    let file = home.path().join("config.json");
    let config = json!({
        "EndpointConfigName": "brand-new", "KmsKeyId": "alias/ml/aurora",
        "ProductionVariants": [{ "VariantName": "main", "ModelName": "not-there",
            "InstanceType": "ml.g5.xlarge", "InitialInstanceCount": 1 }],
    });
    fs::write(&file, config.to_string()).expect("written");
    let words = [
        "preflight",
        "brand-new",
        "--region",
        "eu-west-1",
        "--endpoint-config",
        "config.json",
        "--format",
        "json",
    ];
    let output = ask(&sim, home.path(), ACCOUNT, &words);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let told: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(told["operation"], "CreateEndpoint");
    let checks = told["checks"].as_array().expect("checks").iter();
    let blocked: Vec<&Value> = checks
        .filter(|check| check["answer"] == "blocked")
        .collect();
    assert_eq!(blocked.len(), 1, "{blocked:?}");
    assert!(
        blocked[0]["message"]
            .as_str()
            .expect("a text")
            .contains("there is no model not-there")
    );
    // What it will run as can be said.
    let role = "arn:aws:iam::222233334444:role/exec-chargeback";
    let words = [&words[..], &["--execution-role", role]].concat();
    let output = ask(&sim, home.path(), ACCOUNT, &words);
    let told: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(told["counts"]["blocked"], 0, "{told}");
    let checks = told["checks"].as_array().expect("checks");
    for action in [
        "sagemaker:CreateModel",
        "iam:PassRole",
        "sagemaker:CreateEndpoint",
    ] {
        assert!(
            checks.iter().any(|check| check["action"] == action),
            "{action}"
        );
    }
    let volume = checks
        .iter()
        .find(|check| check["step"] == "volume")
        .expect("a check");
    assert_eq!(
        volume["answer"], "noted",
        "local storage is under no key: {volume}"
    );
}

fn config(key: &str) -> Value {
    json!({ key: "alias/ml/aurora", "ProductionVariants": [{ "VariantName": "main",
        "ModelName": "m", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1 }] })
}

#[test]
fn a_configuration_that_is_none_is_an_error_that_says_why() {
    let home = tempfile::tempdir().expect("a folder");
    let sim = Sim::start(home.path(), &["--seed", "4"]);
    let good = config("KmsKeyId").to_string();
    for (written, says) in [
        (
            "{\"EndpointConfigName\": \"x\"".to_owned(),
            "is not the input of CreateEndpointConfig",
        ),
        (
            "{\"ModelName\": \"x\"}".to_owned(),
            "`ProductionVariants` is missing",
        ),
        (
            config("KmsKeyID").to_string(),
            "`KmsKeyID` is written `KmsKeyId`",
        ),
        (
            good.replace("ModelName", "ModelNmae"),
            "`ModelNmae` is written `ModelName`",
        ),
        (
            good.replace("\"alias/ml/aurora\"", "5"),
            "because: invalid type: integer `5`, expected a string",
        ),
    ] {
        fs::write(home.path().join("config.json"), &written).expect("written");
        let words = [
            "preflight",
            "e",
            "--endpoint-config",
            "config.json",
            "--region",
            "eu-west-1",
        ];
        let output = ask(&sim, home.path(), ACCOUNT, &words);
        let told = text(output.stderr);
        assert_eq!(output.status.code(), Some(2), "{written}: {told}");
        assert!(told.contains(says), "{written}: {told}");
    }
}

#[test]
fn what_cannot_be_looked_at_is_an_error_that_says_why() {
    let home = tempfile::tempdir().expect("a folder");
    let sim = Sim::start(home.path(), &["--seed", "4"]);
    let good = config("KmsKeyId").to_string();
    fs::write(home.path().join("good.json"), good).expect("written");
    let region = ["--region", "eu-west-1"];
    for (words, code, says) in [
        (
            &["nothing-here"][..],
            2,
            "no endpoint `nothing-here` in eu-west-1",
        ),
        (
            &["a b"],
            2,
            "`a b` is neither the name of an endpoint nor its ARN",
        ),
        (
            &["e", "--endpoint-config", "missing.json"],
            2,
            "cannot read missing.json",
        ),
        (
            &[
                "e",
                "--deployer",
                "arn:aws:iam::333344445555:role/Deployer",
                "--endpoint-config",
                "good.json",
            ],
            2,
            "is of another account than the endpoint, 222233334444",
        ),
        (
            &["arn:aws:sagemaker:eu-west-1:333344445555:endpoint/chargeback-fjord-020"],
            2,
            "endpoint/chargeback-fjord-020` is not looked at",
        ),
        (
            &["e", "--config-name", "bad_name"],
            2,
            "`bad_name` is no name of an endpoint configuration",
        ),
        (&["e", "--key", "foo"], 2, "`foo` is no key"),
        (
            &["e", "--deployer", "Deployer"],
            2,
            "`Deployer` is no ARN of who can deploy",
        ),
        (
            &["e", "--execution-role", "exec"],
            2,
            "`exec` is no ARN of a role",
        ),
    ] {
        let words = [&["preflight"][..], words, &region].concat();
        let output = ask(&sim, home.path(), ACCOUNT, &words);
        let told = text(output.stderr);
        assert_eq!(output.status.code(), Some(code), "{words:?}: {told}");
        assert!(told.contains(says), "{words:?}: {told}");
    }
}
