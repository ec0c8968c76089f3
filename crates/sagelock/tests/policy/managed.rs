//! The policies that AWS manages, those of service-linked roles too, as moto ships them.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use sagelock_policy::{Document, Kind};

use crate::python::python;

const SCRIPT: &str = "
import json, moto.iam.aws_managed_policies as managed
for name, policy in sorted(json.loads(managed.aws_managed_policies_data).items()):
    print(name + '\\t' + json.dumps(policy['Document']))
";

#[test]
fn every_policy_that_aws_manages_is_understood() {
    let requirements = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/moto/requirements.txt");
    let output = Command::new(python(&requirements))
        .args(["-c", SCRIPT])
        .output()
        .expect("runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let mut wrong: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    let (mut policies, mut statements) = (0, 0);
    for line in text.lines() {
        let (name, document) = line.split_once('\t').expect("a name and a document");
        policies += 1;
        match Document::read(Kind::Identity, document) {
            Ok(document) => statements += document.statements().len(),
            Err(error) => wrong.entry(error.message).or_default().push(name),
        }
    }
    println!(
        "{policies} policies, {statements} statements, not understood: {}",
        wrong.len()
    );
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(policies > 1_500, "{policies} policies");
}
