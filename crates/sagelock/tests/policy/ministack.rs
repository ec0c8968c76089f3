//! `sagelock policy simulate` against an emulator that nobody here wrote: MiniStack decides calls to KMS by
//! identity policies and key policies.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::python::python;

/// What it answers otherwise than AWS: to it `aws:PrincipalArn` is the ARN of the session. "For IAM roles,
/// the request context returns the ARN of the role, not the ARN of the user that assumed the role" (IAM
/// User Guide, "AWS global condition context keys"). What is right there is written here.
const BY_PRINCIPAL_ARN: [(&str, bool); 3] = [
    ("everything denies-all-but-one kms:GenerateDataKey", true),
    ("but-encrypt denies-by-name kms:DescribeKey", false),
    ("not-encrypt denies-by-name kms:DescribeKey", false),
];

#[test]
fn decides_as_an_emulator_does() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/policy/ministack");
    let output = Command::new(python(&folder.join("requirements.txt")))
        .arg(folder.join("ask.py"))
        .output()
        .expect("runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let lines = String::from_utf8(output.stdout).expect("UTF-8");
    let theirs: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert_eq!(theirs.len(), 360);

    let mut child = Command::new(env!("CARGO_BIN_EXE_sagelock"))
        .args(["policy", "simulate"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("starts");
    let mut input = child.stdin.take().expect("piped");
    let cases: Vec<String> = theirs.iter().map(|one| one["case"].to_string()).collect();
    let writer = std::thread::spawn(move || {
        for case in cases {
            writeln!(input, "{case}").expect("written");
        }
    });
    let output = child.wait_with_output().expect("ends");
    writer.join().expect("written");
    assert_eq!(output.status.code(), Some(0), "every case is decided");
    let ours = String::from_utf8(output.stdout).expect("UTF-8");
    let ours = ours.lines().map(|line| {
        let answer: Value = serde_json::from_str(line).expect("JSON");
        answer["decision"] == "Allow"
    });

    let known: BTreeMap<&str, bool> = BY_PRINCIPAL_ARN.into();
    let (mut allowed, mut wrong) = (0, Vec::new());
    for (one, is_allowed) in theirs.iter().zip(ours) {
        let id = one["case"]["id"].as_str().expect("a name");
        let asks = one["case"]["key"].to_string().contains("aws:PrincipalArn");
        let right = match known.get(id) {
            Some(right) if asks => *right,
            Some(_) | None => one["allowed"] == true,
        };
        allowed += usize::from(is_allowed);
        if is_allowed != right {
            wrong.push(id);
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!((100..260).contains(&allowed), "{allowed} are allowed");
}
