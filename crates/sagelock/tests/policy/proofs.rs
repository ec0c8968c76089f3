//! `policy who-can` and `keys policy diff` as they are used.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::{input, lines, simulate};

const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const ROOT: &str = "arn:aws:iam::111122223333:root";

fn who_can(questions: &[Value]) -> Output {
    let text: Vec<String> = questions.iter().map(Value::to_string).collect();
    let mut command = Command::new(env!("CARGO_BIN_EXE_sagelock"));
    command.env_clear().args(["policy", "who-can"]);
    input(command, text.join("\n").as_bytes())
}

fn policy(statements: &Value) -> Value {
    json!({ "Version": "2012-10-17", "Statement": statements })
}

fn allow(principal: &str, action: &str) -> Value {
    json!({ "Effect": "Allow", "Principal": { "AWS": principal }, "Action": action, "Resource": "*" })
}

fn question(statements: &Value) -> Value {
    let reader = json!({ "arn": "arn:aws:iam::111122223333:role/Reader", "tags": {},
        "identity": [policy(&json!([{ "Effect": "Allow", "Action": "kms:CreateGrant",
            "Resource": "*" }]))] });
    let nobody = json!({ "arn": "arn:aws:iam::111122223333:role/Nobody", "identity": [] });
    json!({ "id": 7, "principals": [reader, nobody], "organizations": ["o-mine"],
        "key": { "arn": KEY, "policy": policy(statements), "grants": [], "tags": {}, "aliases": [] } })
}

/// What is violated comes with a request that `policy simulate` allows, with the same policies.
#[test]
fn every_violation_is_allowed_by_simulate() {
    let asked = question(&json!([allow(ROOT, "kms:*"), allow("*", "kms:Encrypt"),
        { "Effect": "Allow", "Principal": { "AWS": "*" }, "Action": "kms:Decrypt", "Resource": "*",
          "Condition": { "StringNotEquals": { "aws:PrincipalOrgID": "o-mine" } } }]));
    let output = who_can(std::slice::from_ref(&asked));
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    let answers = lines(&output);
    let [answer] = answers.as_slice() else {
        panic!("{answers:?}");
    };
    assert_eq!(answer["id"], 7);
    assert_eq!(answer["lockout"]["answer"], "safe");
    let users = &answer["principals"];
    assert_eq!(users[0]["answer"], "violated");
    let ways: Vec<&Value> = users[0]["ways"].as_array().expect("ways").iter().collect();
    // Whether the role is of a foreign organisation is not told; by a grant it can, in two steps.
    assert_eq!(ways[0]["way"], "kms:Decrypt", "{ways:?}");
    assert_eq!(ways[0]["answer"], "possible");
    assert_eq!(ways[0]["why"], json!(["aws:PrincipalOrgID"]));
    assert_eq!(ways[1]["way"], "kms:CreateGrant", "{ways:?}");
    assert_eq!(ways[1]["steps"], 2);
    let outsiders = answer["outsiders"].as_array().expect("outsiders");
    assert!(outsiders.iter().all(|one| one["anybody"] == true));
    let mut cases = Vec::new();
    let all = json!([policy(
        &json!([{ "Effect": "Allow", "Action": "*", "Resource": "*" }])
    )]);
    for (found, identity) in ways
        .into_iter()
        .filter(|way| way["answer"] == "violated")
        .map(|way| (way, &asked["principals"][0]["identity"]))
        .chain(outsiders.iter().map(|one| (one, &all)))
    {
        let mut case = found["request"].clone();
        case["key"] = asked["key"]["policy"].clone();
        case["identity"] = identity.clone();
        // A federated user has what its session policy allows.
        if case["principal"]
            .as_str()
            .is_some_and(|who| who.contains(":federated-user/"))
        {
            case["session"] = all[0].clone();
        }
        cases.push(case.to_string());
    }
    assert!(cases.len() > 5, "{cases:?}");
    let decided = lines(&input(simulate(), cases.join("\n").as_bytes()));
    assert_eq!(decided.len(), cases.len());
    for (one, case) in decided.iter().zip(&cases) {
        assert_eq!(one["decision"], "Allow", "{case}");
    }
}

#[test]
fn what_is_not_known_is_possible_and_bad_lines_are_told() {
    let closed = json!([allow(ROOT, "kms:Describe*")]);
    let proved = question(&closed);
    let mut without_grants = proved.clone();
    without_grants["key"]["grants"] = Value::Null;
    let mut without_policy = proved.clone();
    without_policy["key"]["policy"] = Value::Null;
    let mut misspelt = proved.clone();
    misspelt["key"]["grant"] = json!([]);
    let output = who_can(&[proved, without_grants, without_policy, misspelt]);
    assert_eq!(output.status.code(), Some(2));
    let answers = lines(&output);
    assert_eq!(answers[0]["principals"][0]["answer"], "proved");
    assert_eq!(answers[0]["outsiders"], json!([]));
    assert_eq!(answers[0]["lockout"]["answer"], "locked");
    let ways = &answers[1]["principals"][0]["ways"];
    assert_eq!(ways[0]["answer"], "possible");
    assert_eq!(ways[0]["why"], json!(["grants"]));
    assert_eq!(answers[2]["lockout"]["answer"], "unknown");
    assert_eq!(
        answers[2]["principals"][0]["ways"][0]["why"],
        json!(["resource_policy"])
    );
    let message = answers[3]["error"]["message"].as_str().expect("a message");
    assert!(
        message.contains("`grant` is no field of a key"),
        "{message}"
    );
    assert_eq!(answers[3]["error"]["line"], 4);
}

struct Files(tempfile::TempDir);

impl Files {
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).expect("written");
        }
        Self(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn diff(&self, old: &str, new: &str, more: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_sagelock"))
            .env_clear()
            .args(["keys", "policy", "diff"])
            .args([self.path(old), self.path(new)])
            .args(more)
            .output()
            .expect("runs")
    }
}

fn generate(more: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_sagelock"))
        .env_clear()
        .args(["keys", "policy", "generate"])
        .args(more)
        .output()
        .expect("runs")
}

/// An endpoint of two models, the second of which may not be read.
fn recording(folder: &Path) {
    let (account, region, time) = ("111122223333", "eu-west-1", 1_772_323_200);
    let arn =
        |kind: &str, name: &str| format!("arn:aws:sagemaker:{region}:{account}:{kind}/{name}");
    let variant = |model: &str| {
        json!({ "VariantName": model, "ModelName": model, "InstanceType": "ml.m5.large",
            "InitialInstanceCount": 1 })
    };
    let role = format!("arn:aws:iam::{account}:role/exec-one");
    let answers = [
        (
            "DescribeEndpoint",
            json!({ "EndpointName": "fraud" }),
            json!({ "reply": {
            "EndpointName": "fraud", "EndpointArn": arn("endpoint", "fraud"),
            "EndpointStatus": "InService", "EndpointConfigName": "fraud-1",
            "CreationTime": time, "LastModifiedTime": time } }),
        ),
        (
            "DescribeEndpointConfig",
            json!({ "EndpointConfigName": "fraud-1" }),
            json!({ "reply": {
            "EndpointConfigName": "fraud-1", "CreationTime": time,
            "EndpointConfigArn": arn("endpoint-config", "fraud-1"),
            "ProductionVariants": [variant("one"), variant("two")] } }),
        ),
        (
            "DescribeModel",
            json!({ "ModelName": "one" }),
            json!({ "reply": { "ModelName": "one",
            "ModelArn": arn("model", "one"), "ExecutionRoleArn": role, "CreationTime": time } }),
        ),
        (
            "DescribeModel",
            json!({ "ModelName": "two" }),
            json!({ "error": {
            "kind": "access_denied", "code": "AccessDeniedException", "message": "no" } }),
        ),
    ];
    let lines = answers.map(|(call, input, mut told)| {
        told["call"] = json!(format!("sagemaker:{call}"));
        told["account"] = json!(account);
        told["region"] = json!(region);
        told["input"] = input;
        told["at"] = json!("2026-06-01T00:00:01Z");
        format!("{told}\n")
    });
    fs::write(folder.join("calls.ndjson"), lines.concat()).expect("written");
    let head = json!({ "schema": "sagelock.recording/1", "account": account, "regions": [region],
        "simulated": true, "started_at": "2026-06-01T00:00:00Z", "ending": "whole" });
    fs::write(folder.join("recording.json"), head.to_string()).expect("written");
}

#[test]
fn a_key_policy_needs_every_execution_role_of_an_endpoint() {
    let folder = tempfile::tempdir().expect("a folder");
    recording(folder.path());
    let at = folder.path().to_str().expect("UTF-8");
    let admin = "arn:aws:iam::111122223333:role/KeyAdmin";
    let words = [
        "fraud",
        "--offline",
        at,
        "--region",
        "eu-west-1",
        "--admin",
        admin,
    ];
    let output = generate(&words);
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    let told = String::from_utf8(output.stderr).expect("UTF-8");
    assert!(
        told.contains("not every execution role of `fraud`"),
        "{told}"
    );
    assert!(told.contains("sagemaker:DescribeModel"), "{told}");
    let two = "arn:aws:iam::111122223333:role/exec-two";
    let output = generate(&[&words[..], &["--execution-role", two]].concat());
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let written = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(
        written.contains("role/exec-one") && written.contains(two),
        "{written}"
    );
}

#[test]
fn a_key_policy_is_written_in_three_languages() {
    let role = |name: &str| format!("arn:aws:iam::111122223333:role/{name}");
    let (admin, exec) = (role("KeyAdmin"), role("exec"));
    let words = ["--region", "eu-west-1"];
    let words = [&words[..], &["--admin", &admin, "--execution-role", &exec]].concat();
    let output = generate(&words);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let written: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let reader = json!({ "arn": exec, "tags": {}, "organization": "o-mine",
        "identity": [policy(&json!([{ "Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*" }]))] });
    let asked = json!({ "id": 1, "principals": [reader], "organizations": ["o-mine"],
        "key": { "arn": KEY, "policy": written, "grants": [], "tags": {}, "aliases": [] } });
    let answers = lines(&who_can(&[asked]));
    assert_eq!(answers[0]["principals"][0]["answer"], "proved");
    assert_eq!(answers[0]["lockout"]["answer"], "safe");
    assert_eq!(answers[0]["outsiders"], json!([]));
    let told = |format: &str| {
        let output = generate(&[&words[..], &["--format", format]].concat());
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    let template: Value = serde_json::from_str(&told("cloudformation")).expect("JSON");
    assert_eq!(
        template["Resources"]["Key"]["Properties"]["KeyPolicy"],
        written
    );
    let terraform = told("terraform");
    assert!(
        terraform.starts_with("resource \"aws_kms_key\" \"endpoints\" {"),
        "{terraform}"
    );
    assert!(terraform.contains("policy = jsonencode({"), "{terraform}");
    for (more, message) in [
        (
            &["--admin", "arn:aws:iam::111122223333:role/*"][..],
            "no wildcard there",
        ),
        (&["--admin", "KeyAdmin"], "is no ARN of a role or user"),
        (
            &["--key-account", "1234", "--region", "eu-west-1"],
            "is no account",
        ),
        (
            &["--key-account", "111122223333"],
            "the key's region is not known",
        ),
        (&[], "neither an endpoint nor a role"),
    ] {
        let output = generate(more);
        assert_eq!(output.status.code(), Some(2), "{more:?}");
        let told = String::from_utf8(output.stderr).expect("UTF-8");
        assert!(told.contains(message), "{told}");
    }
}

#[test]
fn key_policies_are_compared() {
    let of = |statements: Value| policy(&statements).to_string();
    let all = of(json!([allow(ROOT, "kms:*")]));
    let less = of(
        json!([allow(ROOT, "kms:*"), { "Effect": "Deny", "Principal": "*",
        "Action": "kms:Decrypt", "Resource": "*",
        "Condition": { "Bool": { "aws:MultiFactorAuthPresent": "false" } } }]),
    );
    let public = of(json!([allow(ROOT, "kms:*"), allow("*", "kms:Decrypt")]));
    let open = of(
        json!([allow(ROOT, "kms:*"), { "Effect": "Allow", "Principal": "*",
        "Action": "kms:Decrypt", "Resource": "*",
        "Condition": { "StringEquals": { "aws:PrincipalTag/a": "${aws:PrincipalTag/b}x" } } }]),
    );
    let region = of(
        json!([allow(ROOT, "kms:*"), { "Effect": "Allow", "Principal": "*",
        "Action": "kms:Decrypt", "Resource": "*",
        "Condition": { "StringEquals": { "aws:RequestedRegion": "eu-west-1" } } }]),
    );
    let arn = of(
        json!([allow(ROOT, "kms:*"), { "Effect": "Allow", "Principal": "*",
        "Action": "kms:Decrypt",
        "Resource": [KEY, "arn:aws:kms:eu-west-1:111122223333:key/another"] }]),
    );
    let files = Files::new(&[
        ("region", &region),
        ("arn", &arn),
        ("wrapped", &Value::from(all.as_str()).to_string()),
        (
            "answered",
            &json!({ "Policy": all, "PolicyName": "default" }).to_string(),
        ),
        ("all", &all),
        ("less", &less),
        ("public", &public),
        ("open", &open),
        ("cut", &all[..40]),
        ("nobody", &of(json!([]))),
    ]);
    for (old, new, answer, code) in [
        ("all", "all", "equal", 0),
        ("all", "less", "narrower", 0),
        ("less", "all", "wider", 1),
        ("all", "public", "wider", 1),
        ("less", "public", "wider", 1),
        ("public", "less", "narrower", 0),
        ("all", "open", "possible", 3),
        ("open", "all", "not_wider", 0),
        ("all", "wrapped", "equal", 0),
        ("all", "answered", "equal", 0),
        ("all", "region", "wider", 1),
    ] {
        let output = files.diff(old, new, &["--format", "json"]);
        let told: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        assert_eq!(told["answer"], answer, "{old} {new}");
        assert_eq!(output.status.code(), Some(code), "{old} {new}");
        assert_eq!(told["schema"], "sagelock.keys.policy.diff/1");
        let table = files.diff(old, new, &[]);
        let table = String::from_utf8(table.stdout).expect("UTF-8");
        assert!(table.starts_with(&answer.replace('_', " ")), "{table}");
        assert!(
            table.lines().all(|line| line.chars().count() <= 80),
            "{table}"
        );
    }
    let public = files.diff("all", "public", &[]);
    let table = String::from_utf8(public.stdout).expect("UTF-8");
    assert!(table.contains("WIDER anybody, like"), "{table}");
    assert!(
        table.contains("without any permission of its own"),
        "{table}"
    );
    for (old, new, more, message) in [
        ("all", "cut", &[][..], "line 1, column"),
        ("all", "missing", &[], "cannot read"),
        ("nobody", "nobody", &[], "which account owns the key"),
        ("nobody", "all", &[], "which account owns the key"),
        ("all", "arn", &[], "cannot tell which key it is"),
        ("all", "all", &["--key", "alias/a"], "is no ARN of a key"),
    ] {
        let output = files.diff(old, new, more);
        assert_eq!(output.status.code(), Some(2), "{old} {new}");
        let told = String::from_utf8(output.stderr).expect("UTF-8");
        assert!(told.contains(message), "{told}");
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn what_is_odd_in_a_key_policy_is_said() {
    let of = |statements: Value| policy(&statements).to_string();
    let files = Files::new(&[
        (
            "odd",
            &of(json!([
                allow(ROOT, "kms:*"),
                allow("*", "kms:Decyrpt"),
                allow("*", "kms:Encrypt")
            ])),
        ),
        ("right", &of(json!([allow(ROOT, "kms:PutKeyPolicy")]))),
        ("cut", "{"),
    ]);
    let lint = |name: &str, more: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_sagelock"))
            .env_clear()
            .args(["keys", "lint"])
            .arg(files.path(name))
            .args(more)
            .output()
            .expect("runs")
    };
    let odd = lint("odd", &["--format", "json"]);
    assert_eq!(odd.status.code(), Some(1), "{odd:?}");
    let told: Value = serde_json::from_slice(&odd.stdout).expect("JSON");
    let remarks = told["policies"][0]["remarks"].as_array().expect("remarks");
    let codes: Vec<&str> = remarks
        .iter()
        .filter_map(|one| one["code"].as_str())
        .collect();
    assert_eq!(codes[0], "unknown_action");
    assert_eq!(remarks[0]["statement"], 1);
    assert!(
        codes.contains(&"outsiders") && codes.contains(&"both"),
        "{codes:?}"
    );
    let table = String::from_utf8(lint("odd", &[]).stdout).expect("UTF-8");
    assert!(
        table.contains("kms:Decyrpt: not a KMS action; did you mean kms:Decrypt?"),
        "{table}"
    );
    let right = lint("right", &[]);
    assert_eq!(right.status.code(), Some(0), "{right:?}");
    assert_eq!(lint("cut", &[]).status.code(), Some(2));
}
