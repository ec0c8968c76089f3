//! Clients that nobody here wrote.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::peer::{passed, texts};
use crate::python::python;
use crate::server::Sim;

fn files() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sim")
}

/// boto3 drives every simulated service, and botocore holds every answer against its own model.
#[test]
fn boto3_finds_what_the_api_reference_says() {
    let home = tempfile::tempdir().expect("a folder");
    let sim = Sim::start(home.path(), &["--world", "empty", "--speed", "600"]);
    let requirements = files().join("../moto/requirements.txt");
    let passed = passed(
        Command::new(python(&requirements))
            .arg(files().join("conformance/conformance.py"))
            .args([sim.port.to_string(), "600".to_owned()]),
    );
    assert!(passed >= 820, "{passed} checks");
}

/// Cloud Custodian's own filters match what they must in a seeded estate.
#[test]
fn cloud_custodian_matches_what_it_must() {
    let home = tempfile::tempdir().expect("a folder");
    let sim = Sim::start(home.path(), &["--world", "empty", "--speed", "60"]);
    let requirements = files().join("strangers/requirements-custodian.txt");
    let passed = passed(
        Command::new(python(&requirements))
            .arg(files().join("strangers/custodian.py"))
            .arg(sim.port.to_string()),
    );
    assert!(passed >= 26, "{passed} policies");
}

/// The AWS CLI, as people type it.
#[test]
fn the_aws_cli_works() {
    let home = tempfile::tempdir().expect("a folder");
    let sim = Sim::start(home.path(), &["--world", "empty", "--speed", "600"]);
    let python = python(&files().join("strangers/requirements-awscli.txt"));
    let aws = python.with_file_name("aws");
    let run = |words: &str| {
        let output = Command::new(&python)
            .arg(&aws)
            .args(words.split_whitespace())
            .env_clear()
            .env("HOME", home.path())
            .env("AWS_ENDPOINT_URL", sim.url())
            .env("AWS_ACCESS_KEY_ID", "444455556666")
            .env("AWS_SECRET_ACCESS_KEY", "x")
            .env("AWS_DEFAULT_REGION", "eu-west-1")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .output()
            .expect("runs");
        let (out, err) = texts(&output);
        (output.status.success(), out, err)
    };
    let model = "sagemaker create-model --model-name m --execution-role-arn arn:aws:iam::444455556666:role/r --primary-container Image=i";
    let variant = "VariantName=v,ModelName=m,InstanceType=ml.m5.large,InitialInstanceCount=1";
    let config = format!(
        "sagemaker create-endpoint-config --endpoint-config-name c --production-variants {variant} --tags Key=a,Value=b"
    );
    for (words, expected) in [
        ("sts get-caller-identity", "arn:aws:iam::444455556666:root"),
        ("kms create-key", "SYMMETRIC_DEFAULT"),
        (model, "model/m"),
        (&config, "endpoint-config/c"),
        (
            "sagemaker create-endpoint --endpoint-name e --endpoint-config-name c",
            "endpoint/e",
        ),
        ("sagemaker wait endpoint-in-service --endpoint-name e", ""),
        (
            "sagemaker describe-endpoint --endpoint-name e",
            "\"InService\"",
        ),
        (
            "sagemaker list-endpoints --status-equals InService",
            "\"e\"",
        ),
        (
            "sagemaker list-tags --resource-arn arn:aws:sagemaker:eu-west-1:444455556666:endpoint-config/c",
            "\"b\"",
        ),
        ("ec2 describe-regions --all-regions", "not-opted-in"),
        (
            "s3api create-bucket --bucket some-bucket --create-bucket-configuration LocationConstraint=eu-west-1",
            "some-bucket",
        ),
        ("s3api get-bucket-encryption --bucket some-bucket", "AES256"),
        ("iam list-roles", "Roles"),
        ("sagemaker delete-endpoint --endpoint-name e", ""),
        ("sagemaker wait endpoint-deleted --endpoint-name e", ""),
    ] {
        let (ok, out, err) = run(words);
        assert!(ok && out.contains(expected), "aws {words}: {out}{err}");
    }
    let (ok, _, err) = run("sagemaker describe-endpoint --endpoint-name e");
    assert!(!ok && err.contains("Could not find endpoint"), "{err}");
    let (ok, _, err) = run("sagemaker list-hubs");
    assert!(!ok && err.contains("not simulated"), "{err}");
}
