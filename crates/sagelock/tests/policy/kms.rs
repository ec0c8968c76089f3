//! The table of KMS actions, beside the model of the service that the AWS SDK for Python has.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use sagelock_policy::kms::{ACTIONS, REQUIRED, Reach, VALUES};
use sagelock_policy::{PARTITIONS, Partition};
use serde_json::Value;

use crate::python::python;

/// Actions that are no operations (Service Authorization Reference, "Actions defined by AWS KMS",
/// `[permission only]`; ReEncrypt needs two).
const NO_OPERATIONS: [&str; 3] = ["ReEncryptFrom", "ReEncryptTo", "SynchronizeMultiRegionKey"];

/// The model's lists by the condition keys that have their values (KMS Developer Guide, "Condition keys for
/// AWS KMS"); the constraints of a grant are fields, and no list.
const ENUMS: [(&str, &str); 14] = [
    ("kms:customermasterkeyspec", "KeySpec"),
    ("kms:customermasterkeyusage", "KeyUsageType"),
    ("kms:datakeypairspec", "DataKeyPairSpec"),
    ("kms:encryptionalgorithm", "EncryptionAlgorithmSpec"),
    ("kms:expirationmodel", "ExpirationModelType"),
    ("kms:grantoperations", "GrantOperation"),
    ("kms:keyagreementalgorithm", "KeyAgreementAlgorithmSpec"),
    ("kms:keyorigin", "OriginType"),
    ("kms:keyspec", "KeySpec"),
    ("kms:keyusage", "KeyUsageType"),
    ("kms:macalgorithm", "MacAlgorithmSpec"),
    ("kms:messagetype", "MessageType"),
    ("kms:multiregionkeytype", "MultiRegionKeyType"),
    ("kms:signingalgorithm", "SigningAlgorithmSpec"),
];

fn model() -> Value {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let output = Command::new(python(&tests.join("moto/requirements.txt")))
        .arg(tests.join("policy/kms/operations.py"))
        .output()
        .expect("runs");
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

#[test]
fn the_values_of_condition_keys_are_those_of_the_model() {
    let model = model();
    for (key, shape) in ENUMS {
        let list = model["enums"][shape].as_array().expect(shape);
        let theirs: BTreeSet<&str> = list.iter().filter_map(Value::as_str).collect();
        let (_, ours) = VALUES.iter().find(|(name, _)| *name == key).expect(key);
        let ours: BTreeSet<&str> = ours.iter().copied().collect();
        assert_eq!(ours, theirs, "{key}");
    }
    let others = VALUES
        .iter()
        .filter(|(key, _)| ENUMS.iter().all(|(one, _)| one != key));
    let others: Vec<&str> = others.map(|(key, _)| *key).collect();
    assert_eq!(others, ["kms:grantconstrainttype"]);
}

#[test]
fn partitions_are_those_of_the_sdk() {
    let model = model();
    let theirs = model["partitions"].as_array().expect("partitions");
    assert_eq!(theirs.len(), PARTITIONS.len());
    for one in theirs {
        let name = one["name"].as_str().expect("a name");
        let ours = Partition::named(name).expect(name);
        assert_eq!(one["suffix"], ours.suffix, "{name}");
        let regions = one["regions"].as_array().expect("Regions");
        let regions: Vec<&str> = regions.iter().filter_map(Value::as_str).collect();
        assert!(regions.contains(&ours.region), "{name}: {}", ours.region);
        // What stands for a partition as a whole is no Region: aws-cn-global.
        for region in regions.iter().filter(|region| !region.ends_with("-global")) {
            assert_eq!(Partition::of_region(region), ours, "{region}");
        }
    }
}

/// Condition keys and the parameters that they are of.
const PARAMETERS: [(&str, &str); 7] = [
    ("kms:datakeypairspec", "KeyPairSpec"),
    ("kms:grantoperations", "Operations"),
    ("kms:keyagreementalgorithm", "KeyAgreementAlgorithm"),
    ("kms:macalgorithm", "MacAlgorithm"),
    ("kms:signingalgorithm", "SigningAlgorithm"),
    ("kms:wrappingalgorithm", "WrappingAlgorithm"),
    ("kms:wrappingkeyspec", "WrappingKeySpec"),
];

#[test]
fn keys_that_are_always_there_are_required_parameters() {
    let model = model();
    let required = model["required"].as_object().expect("operations");
    for (key, parameter) in PARAMETERS {
        let theirs: BTreeSet<String> = required
            .iter()
            .filter(|(_, names)| {
                names
                    .as_array()
                    .expect("names")
                    .iter()
                    .any(|one| one == parameter)
            })
            .map(|(name, _)| format!("kms:{name}"))
            .collect();
        let (_, ours) = REQUIRED.iter().find(|(name, _)| *name == key).expect(key);
        let ours: BTreeSet<String> = ours.iter().map(|one| (*one).to_owned()).collect();
        assert_eq!(ours, theirs, "{key}");
    }
    assert_eq!(REQUIRED.len(), PARAMETERS.len());
}

#[test]
fn every_operation_of_kms_is_an_action_that_is_known() {
    let model = model();
    let listed = |field: &str| -> BTreeSet<String> {
        let list = model[field].as_array().expect("a list");
        let names = list.iter().filter_map(Value::as_str);
        names.map(ToOwned::to_owned).collect()
    };
    let named = ACTIONS
        .iter()
        .map(|action| action.name.trim_start_matches("kms:"));
    let named: BTreeSet<String> = named.map(ToOwned::to_owned).collect();
    let operations = listed("operations");
    assert!(operations.len() > 50, "{operations:?}");
    let missing: Vec<&String> = operations
        .iter()
        .filter(|name| *name != "ReEncrypt" && !named.contains(*name))
        .collect();
    assert!(missing.is_empty(), "the table lacks {missing:?}");
    let newer: Vec<&String> = named.difference(&operations).collect();
    let newer: Vec<&&String> = newer
        .iter()
        .filter(|name| !NO_OPERATIONS.contains(&name.as_str()))
        .collect();
    assert!(newer.is_empty(), "AWS KMS has no {newer:?}");

    let granted = ACTIONS
        .iter()
        .filter(|action| action.reach == Reach::Granted);
    let granted = granted.map(|action| action.name.trim_start_matches("kms:"));
    let granted: BTreeSet<String> = granted.map(ToOwned::to_owned).collect();
    assert_eq!(granted, listed("granted"));
}
