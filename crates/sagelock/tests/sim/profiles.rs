//! Credentials of every kind of profile that the AWS SDK knows and that needs no other machine.

use std::fs;

use crate::server::{Sim, sagelock};

const ROLE: &str = "arn:aws:iam::222233334444:role/sagelock-audit";

#[test]
fn every_kind_of_profile_gives_credentials() {
    let home = tempfile::tempdir().expect("a folder");
    let sim = Sim::start(home.path(), &["--seed", "4"]);
    let process = r#"{"Version":1,"AccessKeyId":"111122223333","SecretAccessKey":"x"}"#;
    let answer = home.path().join("credentials.json");
    fs::write(&answer, process).expect("written");
    let config = home.path().join("config");
    let text = format!(
        "[profile base]\naws_access_key_id = 111122223333\naws_secret_access_key = x\n\
         [profile role]\nrole_arn = {ROLE}\nsource_profile = base\n\
         [profile region]\nregion = eu-central-1\nrole_arn = {ROLE}\nsource_profile = base\n\
         [profile environment]\nrole_arn = {ROLE}\ncredential_source = Environment\n\
         [profile process]\ncredential_process = cat {}\n\
         [profile chained]\nrole_arn = {ROLE}\nsource_profile = process\n",
        answer.display()
    );
    fs::write(&config, text).expect("written");
    for (profile, account) in [
        ("base", "111122223333"),
        ("role", "222233334444"),
        ("region", "222233334444"),
        ("environment", "222233334444"),
        ("process", "111122223333"),
        ("chained", "222233334444"),
    ] {
        // A profile that is named goes before the keys of the environment.
        let key = if profile == "environment" {
            "111122223333"
        } else {
            "333344445555"
        };
        let mut command = sagelock(home.path());
        command
            .env("AWS_CONFIG_FILE", &config)
            .env("AWS_ENDPOINT_URL", sim.url())
            .env("AWS_ACCESS_KEY_ID", key)
            .env("AWS_SECRET_ACCESS_KEY", "x")
            .env("PATH", "/usr/bin:/bin")
            .args(["doctor", "--region", "eu-west-1", "--profile", profile]);
        let output = command.output().expect("runs");
        let told = String::from_utf8_lossy(&output.stdout);
        let expected = format!("account  {account}");
        assert!(told.starts_with(&expected), "{profile}: {output:?}");
    }
}

/// AWS is simulated where all services are overridden to this machine; `--simulated` needs an override.
#[test]
fn simulated_is_for_an_override() {
    let home = tempfile::tempdir().expect("a folder");
    let sim = Sim::start(home.path(), &["--seed", "4"]);
    let doctor = |name: &str, more: &[&str]| {
        let mut command = sagelock(home.path());
        command
            .env(name, sim.url())
            .env("AWS_ACCESS_KEY_ID", "111122223333")
            .env("AWS_SECRET_ACCESS_KEY", "x")
            .args(["doctor", "--region", "eu-west-1"])
            .args(more);
        command.output().expect("runs")
    };
    let all = doctor("AWS_ENDPOINT_URL", &[]);
    assert!(
        String::from_utf8_lossy(&all.stdout).contains("SIMULATED"),
        "{all:?}"
    );
    let mut none = sagelock(home.path());
    none.env("AWS_ACCESS_KEY_ID", "111122223333")
        .env("AWS_SECRET_ACCESS_KEY", "x")
        .args(["doctor", "--region", "eu-west-1", "--simulated"]);
    let none = none.output().expect("runs");
    assert_eq!(none.status.code(), Some(2), "{none:?}");
    let told = String::from_utf8_lossy(&none.stderr);
    assert!(told.contains("set AWS_ENDPOINT_URL"), "{told}");
}
