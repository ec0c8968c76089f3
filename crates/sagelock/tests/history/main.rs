//! What was: audits are kept, what cannot change is not asked for again, a killed audit goes on,
//! and what has changed is told. All against the simulated AWS, whose own count is read.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on says so"
)]

mod accounts;
mod killed;
mod refused;
#[path = "../peers/sim.rs"]
mod server;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use server::{Sim, sagelock};

/// The management account of the demo organisation, an account of it, and the role in each.
const MANAGEMENT: &str = "111122223333";
const MEMBER: &str = "222233334444";
const ROLE: &str = "sagelock-audit";
/// An account that names keys which it may not read.
const DENIED: &str = "555566667777";

/// The program in front of a server, as an account; what is kept is in `home`.
fn against(sim: &Sim, home: &Path, account: &str) -> Command {
    let mut command = sagelock(home);
    command
        .env("AWS_ENDPOINT_URL", sim.url())
        .env("AWS_ACCESS_KEY_ID", account)
        .env("AWS_SECRET_ACCESS_KEY", "x");
    command
}

struct Said {
    code: Option<i32>,
    out: String,
    err: String,
}

fn run(command: &mut Command) -> Said {
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().expect("runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Said {
        code: status.code(),
        out: text(&stdout),
        err: text(&stderr),
    }
}

impl Said {
    fn json(&self) -> Value {
        serde_json::from_str(&self.out)
            .unwrap_or_else(|_| panic!("no JSON: {}{}", self.out, self.err))
    }
}

/// An audit of one region of an account.
fn audit(sim: &Sim, home: &Path, further: &[&str]) -> Said {
    let mut command = against(sim, home, MEMBER);
    command.args(["audit", "--region", "eu-west-1", "--format", "json"]);
    run(command.args(further))
}

fn calls(document: &Value, operation: &str) -> u64 {
    document["calls"][operation].as_u64().unwrap_or(0)
}

/// Verdict and reason, by rule and ARN.
fn said(document: &Value) -> BTreeMap<(String, String), (String, String)> {
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let findings = document["findings"].as_array().expect("findings").iter();
    findings
        .map(|one| {
            let id = (text(&one["rule"]), text(&one["subject"]["arn"]));
            (id, (text(&one["verdict"]), text(&one["reason"])))
        })
        .collect()
}

/// Asks the simulated AWS as any client would.
fn ask(sim: &Sim, account: &str, target: &str, body: &str) -> String {
    use std::io::{Read, Write};
    let service = if target.starts_with("Trent") {
        "kms"
    } else {
        "sagemaker"
    };
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", sim.port)).expect("connects");
    let request = format!(
        "POST / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\nx-amz-target: {target}\r\n\
         content-type: application/x-amz-json-1.1\r\nauthorization: AWS4-HMAC-SHA256 \
         Credential={account}/20260101/eu-west-1/{service}/aws4_request, SignedHeaders=host, \
         Signature=0\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).expect("written");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("read");
    assert!(answer.starts_with("HTTP/1.1 200"), "{target}: {answer}");
    answer
}

#[test]
fn a_configuration_is_described_once_ever() {
    let home = tempfile::tempdir().expect("a folder");
    let sim = Sim::start(home.path(), &["--seed", "3"]);
    let first = audit(&sim, home.path(), &[]).json();
    let described = calls(&first, "sagemaker:DescribeEndpointConfig");
    assert!(described > 20, "{described} described");
    let second = audit(&sim, home.path(), &[]).json();
    // A configuration that was deleted under an endpoint is looked for again.
    let gone = calls(&second, "sagemaker:DescribeEndpointConfig");
    assert!(gone <= 3, "{gone} described again");
    assert!(said(&first) == said(&second), "the same verdicts");
    for operation in [
        "sagemaker:DescribeEndpoint",
        "sagemaker:ListTags",
        "kms:DescribeKey",
    ] {
        assert_eq!(
            calls(&first, operation),
            calls(&second, operation),
            "{operation}"
        );
    }
    let without = audit(&sim, home.path(), &["--no-store"]).json();
    assert_eq!(
        calls(&without, "sagemaker:DescribeEndpointConfig"),
        described
    );
}

const CONFIG: &str = r#"{"EndpointConfigName":"twice","ProductionVariants":[{"VariantName":"v",
    "ModelName":"m","InstanceType":"ml.m5.large","InitialInstanceCount":1}]"#;

#[test]
fn one_that_was_deleted_and_made_again_is_noticed() {
    let home = tempfile::tempdir().expect("a folder");
    let sim = Sim::start(home.path(), &["--world", "empty"]);
    let do_it = |operation: &str, body: &str| {
        ask(&sim, MEMBER, &format!("SageMaker.{operation}"), body);
    };
    do_it("CreateModel", r#"{"ModelName":"m"}"#);
    do_it("CreateEndpointConfig", &format!("{CONFIG}}}"));
    let verdict = |document: &Value| {
        let said = said(document);
        let mut of = said
            .iter()
            .filter(|((rule, arn), _)| rule == "EP-002" && arn.ends_with("/twice"));
        of.next()
            .map(|(_, (verdict, reason))| format!("{verdict} {reason}"))
    };
    let config = home.path().join("sagelock.toml");
    std::fs::write(&config, "[superseded]\nkeep_days = 0\n").expect("written");
    let first = audit(&sim, home.path(), &[]).json();
    assert_eq!(verdict(&first).as_deref(), Some("fail unattached"));
    do_it("DeleteEndpointConfig", r#"{"EndpointConfigName":"twice"}"#);
    do_it(
        "CreateEndpointConfig",
        &format!("{CONFIG},\"KmsKeyId\":\"alias/aws/ebs\"}}"),
    );
    let second = audit(&sim, home.path(), &[]).json();
    assert_eq!(calls(&second, "sagemaker:DescribeEndpointConfig"), 1);
    let third = audit(&sim, home.path(), &[]).json();
    assert_eq!(calls(&third, "sagemaker:DescribeEndpointConfig"), 0);
    assert!(said(&second) == said(&third));
    let names_the_key = |document: &Value| {
        let findings = document["findings"].as_array().expect("findings");
        let one = findings.iter().find(|one| one["rule"] == "EP-002");
        one.expect("judged")["evidence"]
            .to_string()
            .contains("alias/aws/ebs")
    };
    assert!(!names_the_key(&first));
    assert!(names_the_key(&third));
}

/// Makes an endpoint, and waits until it runs.
fn run_endpoint(do_it: &impl Fn(&str, &str), name: &str) {
    do_it("CreateModel", r#"{"ModelName":"m"}"#);
    do_it("CreateEndpointConfig", &format!("{CONFIG}}}"));
    do_it(
        "CreateEndpoint",
        &format!(r#"{{"EndpointName":"{name}","EndpointConfigName":"twice"}}"#),
    );
    std::thread::sleep(std::time::Duration::from_millis(300));
}

#[test]
fn one_that_was_deleted_under_an_endpoint_is_judged_by_what_it_said() {
    let home = tempfile::tempdir().expect("a folder");
    let sim = Sim::start(home.path(), &["--world", "empty", "--speed", "1000"]);
    let do_it = |operation: &str, body: &str| {
        ask(&sim, MEMBER, &format!("SageMaker.{operation}"), body);
    };
    run_endpoint(&do_it, "e");
    let verdict = |document: &Value| {
        let said = said(document);
        let mut of = said.iter().filter(|((rule, _), _)| rule == "EP-001");
        of.next()
            .map(|(_, (verdict, reason))| format!("{verdict} {reason}"))
    };
    let first = audit(&sim, home.path(), &[]).json();
    assert_eq!(verdict(&first).as_deref(), Some("fail no_key"));
    do_it("DeleteEndpointConfig", r#"{"EndpointConfigName":"twice"}"#);
    let unkept = audit(&sim, home.path(), &["--no-store"]).json();
    assert_eq!(verdict(&unkept).as_deref(), Some("unknown config_deleted"));
    let second = audit(&sim, home.path(), &[]).json();
    assert_eq!(verdict(&second).as_deref(), Some("fail no_key"));
    let findings = second["findings"].as_array().expect("findings");
    let one = findings
        .iter()
        .find(|one| one["rule"] == "EP-001")
        .expect("judged");
    let message = one["message"].as_str().expect("a message");
    assert!(
        message.contains("was deleted under the endpoint; as it was described at"),
        "{message}"
    );
}

#[test]
fn what_has_changed_is_told() {
    let home = tempfile::tempdir().expect("a folder");
    let sim = Sim::start(home.path(), &["--world", "empty", "--speed", "1000"]);
    let do_it = |operation: &str, body: &str| {
        ask(&sim, MEMBER, &format!("SageMaker.{operation}"), body);
    };
    run_endpoint(&do_it, "before");
    let first = audit(&sim, home.path(), &["--diff"]);
    assert!(first.err.contains("this is the first"), "{}", first.err);
    let same = audit(&sim, home.path(), &["--diff"]).json();
    assert_eq!(same["schema"], "sagelock.audit.diff/1");
    assert_eq!(same["changes"].as_array().map(Vec::len), Some(0));
    do_it(
        "CreateEndpoint",
        r#"{"EndpointName":"after","EndpointConfigName":"twice"}"#,
    );
    do_it("DeleteEndpoint", r#"{"EndpointName":"before"}"#);
    std::thread::sleep(std::time::Duration::from_millis(300));
    let changed = audit(&sim, home.path(), &["--diff"]).json();
    let of = |rule: &str| -> BTreeMap<String, String> {
        let all = changed["changes"].as_array().expect("changes").iter();
        all.filter(|one| one["rule"] == rule)
            .map(|one| {
                let text = |value: &Value| value.as_str().expect("text").to_owned();
                (text(&one["subject"]["name"]), text(&one["change"]))
            })
            .collect()
    };
    let expected = [("after", "new"), ("before", "removed")];
    let expected: BTreeMap<String, String> = expected
        .iter()
        .map(|(name, change)| ((*name).to_owned(), (*change).to_owned()))
        .collect();
    assert_eq!(of("EP-001"), expected);
    let id = changed["since"]["id"].as_str().expect("an id").to_owned();
    let by_id = format!("--diff={}", &id[..id.len() - 2]);
    let again = audit(&sim, home.path(), &[&by_id]).json();
    assert_eq!(again["since"]["id"], id.as_str());
    let nobody = audit(&sim, home.path(), &["--diff=19700101"]);
    assert_eq!(nobody.code, Some(2));
    assert!(
        nobody.err.contains("there is no audit `19700101`"),
        "{}",
        nobody.err
    );

    let kpi = run(sagelock(home.path()).args(["kpi", "--format", "json"])).json();
    assert_eq!(kpi["schema"], "sagelock.kpi/1");
    let audits = kpi["audits"].as_array().expect("audits");
    assert_eq!(audits.len(), 4, "each one that ended");
    assert_eq!(audits[0]["kpis"][0]["id"], "share_under_cmk");
    assert_eq!(audits[0]["kpis"][0]["share"], 0.0);
    assert_eq!(audits[0]["live"], 1);
    let table = run(sagelock(home.path()).args(["kpi"]));
    assert!(
        table.out.contains("0 of 1 (0.0 %), 0.0 % not known"),
        "{}",
        table.out
    );
}
