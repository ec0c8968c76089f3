//! The command line, the configuration and the files.

use super::*;

#[test]
fn malformed_configuration() {
    let home = home();
    let cases = [
        (
            "serverles = \"exempt\"\n",
            "sagelock.toml:1:1: unknown key `serverles`",
        ),
        (
            "[tags]\nownr = \"x\"\n",
            "sagelock.toml:2:1: unknown key `tags.ownr`; known here: tags.tenant",
        ),
        (
            "[keys]\nalias_pattern = \"prod-[\"\n",
            "sagelock.toml:2:17: `keys.alias_pattern`: not a regular expression: unclosed character class",
        ),
        ("\n[keys\n", "sagelock.toml:2:"),
        ("regulated = \"x\" y\n", "sagelock.toml:1:"),
        (
            "[keys]\nrotation_days_max = 12\n",
            "sagelock.toml:2:21: `keys.rotation_days_max`: expected a whole number from 90 to 2560",
        ),
        ("[tags]\nrequired = [1]\n", "expected an array of strings"),
        (
            "[data_classes]\nsecret = \"huge\"\n",
            "sagelock.toml:2:10: `data_classes`: `secret`: expected low, medium, high or critical, found `huge`",
        ),
        (
            "[audit]\nfail_on = \"big\"\n",
            "expected low, medium, high, critical or none, found `big`",
        ),
        (
            "[regions]\nexpected_denied = [\"eu-west-1\", \"eu-wset-1\"]\n",
            "sagelock.toml:2:33: `regions.expected_denied`: there is no region `eu-wset-1`; did you mean eu-west-1",
        ),
        (
            "[tags]\nowner = \"\"\n",
            "sagelock.toml:2:9: `tags.owner`: expected a name",
        ),
        (
            "[tags]\nrequired = [\"owner\", \" \"]\n",
            "sagelock.toml:2:22: `tags.required`: expected a name",
        ),
        (
            "\nregulated = [\"phi\"]\n",
            "sagelock.toml:2: `regulated`: `phi` is not among `data_classes` (default): confidential",
        ),
        (
            "data_classes = { phi = \"high\" }\n",
            "default: `default_data_class`: `sensitive` is not among `data_classes` (sagelock.toml:1): phi",
        ),
        ("[rules]\noff = [\"EP-999\"]\n", "no rule `EP-999`"),
        ("tags = 1\n", "`tags` is a section, not a value"),
    ];
    for (text, words) in cases {
        fs::write(home.path().join("sagelock.toml"), text).expect("written");
        run(sagelock(home.path()).args(REGION)).ends(2, &[words]);
    }
    fs::remove_file(home.path().join("sagelock.toml")).expect("removed");
    run(sagelock(home.path())
        .args(REGION)
        .env("SAGELOCK_AUDIT_RATE", "fast"))
    .ends(2, &["$SAGELOCK_AUDIT_RATE"]);
    run(sagelock(home.path())
        .args(REGION)
        .env("SAGELOCK_REGULATD", "restricted"))
    .ends(2, &["$SAGELOCK_REGULATD: no setting has this name"]);
    run(sagelock(home.path()).args(["--config", "nowhere.toml", "config"]))
        .ends(2, &["nowhere.toml"]);
    run(sagelock(home.path()).args(["audit", "--rate", "0"])).ends(2, &["above 0"]);
    run(sagelock(home.path()).args(["audit", "--fail-on", "big"])).ends(2, &["critical, high"]);
    run(sagelock(home.path()).args(["audit", "-o", "pdf=x"])).ends(2, &["unknown format `pdf`"]);
    run(sagelock(home.path()).args(["audit", "-o", "json="])).ends(2, &["the path is empty"]);
}

#[test]
fn output_that_cannot_be_written_is_found_before_the_first_call() {
    let (home, server) = (home(), Server::start(|_| None));
    let said = run(against(&server, home.path())
        .args(REGION)
        .args(["-o", "json=/nowhere/audit.json"]));
    said.ends(2, &["cannot write `/nowhere/audit.json`"]);
    assert!(server.asked().is_empty(), "nothing was asked");
}

#[test]
fn recordings_that_cannot_be_used() {
    let (home, server) = (home(), Server::start(|_| None));
    let at = |name: &str| home.path().join(name);
    let replay = || run(sagelock(home.path()).args(["audit", "--offline", "rec"]));
    replay().ends(2, &["cannot read `rec/recording.json`"]);
    run(against(&server, home.path())
        .args(REGION)
        .args(["--record", "rec"]))
    .ends(0, &[]);
    run(against(&server, home.path())
        .args(REGION)
        .args(["--record", "rec"]))
    .ends(2, &["already holds a recording"]);
    let text = fs::read_to_string(at("rec/calls.ndjson")).expect("recorded");
    fs::write(at("rec/calls.ndjson"), format!("{text}{{\"call\"\n")).expect("written");
    replay().ends(2, &["cannot read line"]);
    fs::write(at("rec/calls.ndjson"), &text).expect("written");
    run(sagelock(home.path()).args(["audit", "--offline", "rec", "--region", "us-west-2"]))
        .ends(2, &["does not hold region `us-west-2`"]);
    let first_half = text.lines().take(4).collect::<Vec<_>>().join(
        "
",
    );
    fs::write(at("rec/calls.ndjson"), first_half).expect("written");
    replay().ends(3, &["not in the recording"]);
    let meta = fs::read_to_string(at("rec/recording.json")).expect("recorded");
    fs::write(
        at("rec/recording.json"),
        meta.replace("recording/1", "recording/2"),
    )
    .expect("written");
    replay().ends(2, &["is of version `sagelock.recording/2`"]);
}

#[test]
fn an_estimate_makes_no_call() {
    let (home, server) = (home(), Server::start(|_| None));
    let said = json(against(&server, home.path()).args([
        "audit",
        "--estimate",
        "--region",
        "eu-west-1",
        "--assume",
        "300,1000,20",
    ]));
    said.ends(0, &[]);
    assert_eq!(
        said.json()["calls"]["sagemaker:DescribeEndpointConfig"],
        1000
    );
    assert!(server.asked().is_empty());
}

#[test]
fn the_configuration_can_be_printed_and_read_again() {
    let home = home();
    fs::write(
        home.path().join("sagelock.toml"),
        "[keys]\nalias_pattern = 'prod-\\d+'\n",
    )
    .expect("written");
    let first = run(sagelock(home.path())
        .arg("config")
        .env("SAGELOCK_REGULATED", "Restricted, confidential"));
    first.ends(0, &[]);
    assert!(
        first.out.contains("(sagelock.toml:2)") && first.out.contains("($SAGELOCK_REGULATED)"),
        "{}",
        first.out
    );
    fs::write(home.path().join("sagelock.toml"), &first.out).expect("written");
    let second = run(sagelock(home.path()).arg("config"));
    second.ends(0, &[]);
    let values = |text: &str| -> Vec<String> {
        text.lines()
            .filter(|line| !line.starts_with('#'))
            .map(ToOwned::to_owned)
            .collect()
    };
    assert_eq!(values(&first.out), values(&second.out));
}

#[test]
fn roles_are_printed_in_three_forms() {
    let home = home();
    for (form, words) in [
        ("json", "\"Version\": \"2012-10-17\""),
        ("cfn", "AWS::IAM::Role"),
        ("terraform", "resource \"aws_iam_role\""),
    ] {
        let said = run(sagelock(home.path()).args(["doctor", "--print-role", form]));
        said.ends(0, &[]);
        assert!(
            said.out.contains(words) && said.out.contains("sagemaker:DescribeEndpointConfig"),
            "{}",
            said.out
        );
    }
}
