//! Several accounts: by a file, by the organisation, and what goes wrong with each.

use std::path::Path;

use crate::server::Sim;
use std::fmt::Write;

use crate::{DENIED, MANAGEMENT, MEMBER, ROLE, Said, against, calls, run, said};

fn audit(sim: &Sim, home: &Path, further: &[&str]) -> Said {
    audit_as(sim, home, MANAGEMENT, further)
}

fn audit_as(sim: &Sim, home: &Path, account: &str, further: &[&str]) -> Said {
    let mut command = against(sim, home, account);
    command.args([
        "audit",
        "--no-store",
        "--format",
        "json",
        "--region",
        "eu-west-1",
    ]);
    run(command.args(further))
}

#[test]
fn a_file_and_the_organisation_are_the_same_accounts() {
    let home = tempfile::tempdir().expect("a folder");
    let sim = Sim::start(home.path(), &[]);
    let org = audit(&sim, home.path(), &["--org", "--role", ROLE]).json();
    let accounts = org["scope"]["accounts"]
        .as_array()
        .expect("accounts")
        .clone();
    assert_eq!(accounts.len(), 6);
    assert_eq!(
        calls(&org, "sts:AssumeRole"),
        5,
        "the management account is ours"
    );
    let mut file = "accounts:\n".to_owned();
    for account in &accounts {
        let id = account.as_str().expect("an id");
        let _ = write!(
            file,
            "- account_id: '{id}'\n  name: a-{id}\n  tags: ['kind:{}']\n",
            &id[..1]
        );
        if id != MANAGEMENT {
            let _ = writeln!(file, "  role: arn:aws:iam::{id}:role/{ROLE}");
        }
    }
    let path = home.path().join("accounts.yml");
    std::fs::write(&path, file).expect("written");
    let path = path.to_str().expect("a path");
    let listed = audit(&sim, home.path(), &["--accounts-file", path]).json();
    assert!(said(&org) == said(&listed), "the same verdicts");
    let one = audit(
        &sim,
        home.path(),
        &["--accounts-file", path, "--account", "a-222233334444"],
    );
    let one = one.json();
    assert_eq!(one["scope"]["accounts"].as_array().map(Vec::len), Some(1));
    assert_eq!(one["scope"]["accounts"][0], MEMBER);
    let tagged = audit(
        &sim,
        home.path(),
        &["--accounts-file", path, "--account-tag", "kind=3"],
    )
    .json();
    assert_eq!(tagged["scope"]["accounts"][0], "333344445555");
    let nobody = audit(
        &sim,
        home.path(),
        &["--accounts-file", path, "--account", "x"],
    );
    assert_eq!(nobody.code, Some(2), "{}", nobody.err);
}

#[test]
fn an_account_that_cannot_be_entered_holds_nobody() {
    let home = tempfile::tempdir().expect("a folder");
    let faults = home.path().join("faults.toml");
    let text = "[[fault]]\ncalls = \"sts:AssumeRole\"\nresource = \"*222233334444*\"\neffect = \"deny\"\n\
                [[fault]]\naccount = \"333344445555\"\ncalls = \"sagemaker:*\"\neffect = \"fail\"\n";
    std::fs::write(&faults, text).expect("written");
    let sim = Sim::start(home.path(), &["--faults", faults.to_str().expect("a path")]);
    let mut command = against(&sim, home.path(), MANAGEMENT);
    command
        .env("SAGELOCK_AUDIT_DEADLINE_SECONDS", "1")
        .args([
            "audit",
            "--no-store",
            "--format",
            "json",
            "--region",
            "eu-west-1",
        ])
        .args(["--org", "--role", ROLE, "--fail-on", "none"]);
    let audit = run(&mut command);
    assert_eq!(audit.code, Some(3), "{}", audit.err);
    assert!(
        audit.err.contains("not entered: 222233334444"),
        "{}",
        audit.err
    );
    let document = audit.json();
    assert_eq!(document["complete"], false);
    let accounts: std::collections::BTreeSet<&str> = document["findings"]
        .as_array()
        .expect("findings")
        .iter()
        .map(|one| one["subject"]["account"].as_str().expect("an account"))
        .collect();
    assert!(accounts.contains("444455556666"), "{accounts:?}");
    assert!(!accounts.contains("222233334444"), "{accounts:?}");
}

#[test]
fn what_owners_tell_of_their_keys_is_believed() {
    let home = tempfile::tempdir().expect("a folder");
    let sim = Sim::start(home.path(), &[]);
    let audit = |further: &[&str]| audit_as(&sim, home.path(), DENIED, further);
    let alone = audit(&[]).json();
    let denied: Vec<String> = alone["coverage"]["gaps"]
        .as_array()
        .expect("gaps")
        .iter()
        .filter(|gap| gap["call"] == "kms:DescribeKey")
        .map(|gap| gap["subject"].as_str().expect("a subject").to_owned())
        .filter(|subject| !subject.contains(DENIED) && subject.contains(":key/"))
        .collect();
    assert!(
        !denied.is_empty(),
        "a key of another account that may not be read"
    );
    let mut facts = String::new();
    for arn in &denied {
        let id = arn.rsplit('/').next().expect("an id");
        let _ = writeln!(
            facts,
            "{{\"KeyMetadata\":{{\"Arn\":\"{arn}\",\"KeyId\":\"{id}\",\"KeyManager\":\"CUSTOMER\",\
             \"KeyState\":\"Enabled\",\"KeySpec\":\"SYMMETRIC_DEFAULT\",\"KeyUsage\":\"ENCRYPT_DECRYPT\",\
             \"Origin\":\"AWS_KMS\"}},\"Rotation\":{{\"KeyRotationEnabled\":true}}}}"
        );
    }
    let path = home.path().join("keys.json");
    std::fs::write(&path, facts).expect("written");
    let told = audit(&["--key-facts", path.to_str().expect("a path")]).json();
    let (before, after) = (said(&alone), said(&told));
    let learned = before.iter().filter(|(id, (verdict, _))| {
        verdict == "unknown" && after.get(*id).is_some_and(|(verdict, _)| verdict == "pass")
    });
    assert!(learned.count() > 0, "what was unknown is known");
    assert!(calls(&told, "kms:DescribeKey") < calls(&alone, "kms:DescribeKey"));
    std::fs::write(&path, "{\"KeyMetadata\":{}}").expect("written");
    let bad = audit(&["--key-facts", path.to_str().expect("a path")]);
    assert_eq!(bad.code, Some(2), "{}", bad.err);
}

#[test]
fn a_denied_key_is_asked_about_once_a_day() {
    let home = tempfile::tempdir().expect("a folder");
    let sim = Sim::start(home.path(), &[]);
    let audit = |further: &[&str]| {
        let mut command = against(&sim, home.path(), DENIED);
        command.args(["audit", "--format", "json", "--region", "eu-west-1"]);
        run(command.args(further)).json()
    };
    let first = audit(&[]);
    let second = audit(&[]);
    let asked = |document| calls(document, "kms:DescribeKey");
    assert!(
        asked(&second) < asked(&first),
        "{} {}",
        asked(&second),
        asked(&first)
    );
    assert!(said(&first) == said(&second), "the same verdicts");
    let third = audit(&["--ask-denied"]);
    assert_eq!(asked(&third), asked(&first));
}
