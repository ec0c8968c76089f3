//! `sagelock policy simulate` as it is used, and every policy that AWS manages.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on says so"
)]

mod kms;
mod known;
mod managed;
mod ministack;
mod proofs;
#[path = "../peers/python.rs"]
mod python;

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

fn simulate() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sagelock"));
    command.env_clear().args(["policy", "simulate"]);
    command
}

fn answered(text: &[u8]) -> Output {
    input(simulate(), text)
}

/// What a command says of an input.
fn input(mut command: Command, text: &[u8]) -> Output {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("runs");
    let mut stdin = child.stdin.take().expect("piped");
    let text = text.to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&text));
    let output = child.wait_with_output().expect("ends");
    writer.join().expect("no panic").expect("written");
    output
}

fn lines(output: &Output) -> Vec<Value> {
    let text = std::str::from_utf8(&output.stdout).expect("UTF-8");
    text.lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect()
}

fn case(id: &str, key: &str) -> String {
    format!(
        r#"{{"id":"{id}","principal":"arn:aws:sts::111122223333:assumed-role/Deployer/s1","action":"kms:Decrypt","resource":"arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab","context":{{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/Deployer","aws:PrincipalOrgID":null}},"identity":[],"key":{key}}}"#
    )
}

fn key(statement: &str) -> String {
    format!(r#"{{"Statement":[{{"Sid":"S","Action":"kms:*","Resource":"*",{statement}}}]}}"#)
}

/// The corpus through the program: what is decided, that it is told why, and in the same order.
#[test]
fn the_corpus_is_decided_as_it_says() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../corpus/policies");
    let mut count = 0;
    for entry in std::fs::read_dir(corpus).expect("the corpus") {
        let path = entry.expect("an entry").path();
        let cases: Vec<Value> = std::fs::read_to_string(&path)
            .expect("a file")
            .lines()
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .collect();
        let output = simulate().arg(&path).output().expect("runs");
        let unknown = cases.iter().any(|case| case["expect"] == "Unknown");
        let code = if unknown { 3 } else { 0 };
        assert_eq!(output.status.code(), Some(code), "{}", path.display());
        let answers = lines(&output);
        assert_eq!(answers.len(), cases.len());
        for (case, answer) in cases.iter().zip(&answers) {
            assert_eq!(answer["id"], case["id"]);
            assert_eq!(answer["decision"], case["expect"], "{case} {answer}");
            let is_denied = answer["decision"] == "Deny";
            assert_eq!(answer["kind"].is_string(), is_denied, "{answer}");
            let is_decided_by_statement = answer["kind"] == "explicit";
            let effects = answer["because"].as_array().expect("a list");
            assert!(!is_decided_by_statement || !effects.is_empty(), "{answer}");
            let wanted = if is_denied { "Deny" } else { "Allow" };
            assert!(
                effects.iter().all(|one| one["effect"] == wanted),
                "{answer}"
            );
            // An implicit denial says who would have to allow.
            let is_shut = !answer["shut"].as_array().expect("a list").is_empty();
            assert!(!is_shut || answer["kind"] == "implicit", "{answer}");
        }
        count += cases.len();
    }
    assert!(count >= 380, "{count} cases");
}

#[test]
fn an_answer_says_why() {
    let role = r#""Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/Deployer"}"#;
    let everybody = r#""Effect":"Deny","Principal":"*""#;
    let organisation = r#""Effect":"Allow","Principal":"*","Condition":{"StringEquals":{"aws:principalOrgID":"o-abc"}}"#;
    let input = [
        case("allowed", &key(role)),
        case("denied", &key(everybody)),
        case("unknown", &key(organisation)),
        case("nothing", r#"{"Statement":[]}"#),
        case("as text", &json!(key(role)).to_string()),
    ];
    let output = answered(input.join("\n").as_bytes());
    assert_eq!(output.status.code(), Some(3));
    let statement =
        |effect: &str| json!([{"policy": "key", "statement": 0, "sid": "S", "effect": effect}]);
    let role = "arn:aws:iam::111122223333:role/Deployer";
    let allow = json!({"edit": "allow", "policy": "key", "statement": null, "sid": null,
        "write": {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*", "Principal": {"AWS": role}}});
    let except = json!({"edit": "except", "policy": "key", "statement": 0, "sid": "S",
        "write": {"ArnNotEquals": {"aws:PrincipalArn": role}}});
    let expected = [
        json!({"id": "allowed", "decision": "Allow", "kind": null, "because": statement("Allow"), "missing": [], "open": [], "shut": [], "changes": []}),
        json!({"id": "denied", "decision": "Deny", "kind": "explicit", "because": statement("Deny"), "missing": [], "open": [], "shut": [], "changes": [[except, allow]]}),
        json!({"id": "unknown", "decision": "Unknown", "kind": null, "because": [], "missing": ["aws:principalOrgID"], "open": [], "shut": [], "changes": []}),
        json!({"id": "nothing", "decision": "Deny", "kind": "implicit", "because": [], "missing": [], "open": [], "shut": ["key", "identity"], "changes": [[allow]]}),
        json!({"id": "as text", "decision": "Allow", "kind": null, "because": statement("Allow"), "missing": [], "open": [], "shut": [], "changes": []}),
    ];
    assert_eq!(lines(&output), expected);
}

#[test]
fn what_cannot_be_read_is_told_and_the_rest_is_decided() {
    let good = case("good", r#"{"Statement":[]}"#);
    let twice = case("twice", r#"{"Statement":[],"Statement":[]}"#);
    let text = case("text", r#""{\n\"Statement\":7}""#);
    let encoded = case("encoded", r#""%7B%22Statement%22:[]%7D""#);
    let mut input = b"\xEF\xBB\xBF".to_vec();
    input.extend_from_slice(good.as_bytes());
    input.extend_from_slice(b"\n\n{\"id\":\"cut\n\xff\xfe\n");
    input.extend_from_slice(format!("{twice}\n{text}\n{{\"id\":1,\"identiy\":[]}}\n").as_bytes());
    input.extend_from_slice(format!("{encoded}\r\n").as_bytes());
    input.extend_from_slice(&vec![b' '; (16 << 20) + 5]);
    input.push(b'\n');
    input.extend_from_slice(good.as_bytes());
    let output = answered(&input);
    assert_eq!(output.status.code(), Some(2));
    let answers = lines(&output);
    let told: Vec<Value> = answers
        .iter()
        .map(|answer| match answer.get("error") {
            None => answer["decision"].clone(),
            Some(error) => {
                assert!(answer.get("decision").is_none(), "{answer}");
                json!([
                    answer["id"],
                    error["policy"],
                    error["path"],
                    error["line"],
                    error["message"]
                ])
            }
        })
        .collect();
    let column = twice.find(r#","Statement":[]}}"#).expect("there") + 2;
    assert_eq!(answers[3]["error"]["column"], column);
    assert_eq!(
        told,
        [
            json!("Deny"),
            json!([
                null,
                null,
                "",
                3,
                "not JSON: EOF while parsing a string; it has to be on one line, and `jq -c . FILE` makes it one"
            ]),
            json!([null, null, "", 4, "the text is not UTF-8"]),
            json!([
                "twice",
                "key",
                "Statement",
                5,
                "`Statement` stands here twice"
            ]),
            json!([
                "text",
                "key",
                "Statement",
                2,
                "expected a statement, found a number"
            ]),
            json!([
                1,
                null,
                "identiy",
                7,
                "`identiy` is no field of a case; there are id, principal, action, resource, resourceAccount, context, identity, key, pb, session, scp, rcp, vpce and grants"
            ]),
            json!([
                "encoded",
                "key",
                "",
                8,
                "the policy is URL-encoded, as IAM returns it: decode it"
            ]),
            json!([null, null, "", 9, "the line is longer than 16 MiB"]),
            json!("Deny"),
        ]
    );
}

/// Whoever asks one thing at a time gets its answer before the next.
#[test]
fn answers_do_not_wait_for_the_end() {
    let mut child = simulate()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("runs");
    let mut stdin = child.stdin.take().expect("piped");
    let mut stdout = BufReader::new(child.stdout.take().expect("piped"));
    for id in ["one", "two", "three"] {
        writeln!(stdin, "{}", case(id, r#"{"Statement":[]}"#)).expect("written");
        let mut line = String::new();
        stdout.read_line(&mut line).expect("an answer");
        assert!(line.contains(id), "{line}");
    }
    drop(stdin);
    assert_eq!(child.wait().expect("ends").code(), Some(0));
}

#[test]
fn a_file_that_is_not_there_is_told() {
    let output = simulate().arg("no-such-file.jsonl").output().expect("runs");
    assert_eq!(output.status.code(), Some(2));
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("cannot read `no-such-file.jsonl`"), "{text}");
    let output = simulate()
        .arg(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("runs");
    assert_eq!(output.status.code(), Some(2));
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("cannot read the requests"), "{text}");
}
