//! What is written: documents, files, recordings, explanations.

use super::*;

/// Fields that no release has heard of, in every form of number.
const ODD: &str = r#""Unheard":{"Big":123456789012345678901234567890,"Forms":[1.0,1e5,1E-7,-0.0,0.10],"Text":"\u00e9\/"},"#;

#[test]
fn a_healthy_estate_is_clean() {
    let (home, server) = (home(), Server::start(|_| None));
    let said = json(against(&server, home.path()).args(REGION));
    said.ends(0, &[]);
    let document = said.json();
    assert_eq!(document["schema"], "sagelock.audit/1");
    assert_eq!(document["complete"], true);
    assert_eq!(document["scope"]["simulated"], true);
    assert_eq!(document["scope"]["accounts"][0], ACCOUNT);
    assert_eq!(document["totals"]["endpoints"]["pass"], 1);
    let sent: u64 = document["calls"]
        .as_object()
        .expect("calls")
        .values()
        .filter_map(Value::as_u64)
        .sum();
    assert_eq!(
        sent,
        server.asked().len() as u64,
        "every request is announced"
    );
}

#[test]
fn files_are_private() {
    let (home, server) = (home(), Server::start(|_| None));
    let said = run(against(&server, home.path()).args(REGION).args([
        "-o",
        "json=a.json",
        "-o",
        "csv=a.csv",
        "-o",
        "md=a.md",
        "-o",
        "ndjson=a.ndjson",
        "-o",
        "table=a.txt",
        "-o",
        "sarif=a.sarif",
        "-o",
        "junit=a.xml",
        "-o",
        "ocsf=a.ocsf",
        "-o",
        "asff=a.asff",
        "--record",
        "rec",
    ]));
    said.ends(0, &[]);
    for name in [
        "a.json",
        "a.csv",
        "a.md",
        "a.ndjson",
        "a.txt",
        "a.sarif",
        "a.xml",
        "a.ocsf",
        "a.asff",
        "rec/calls.ndjson",
        "rec/recording.json",
    ] {
        let mode = fs::metadata(home.path().join(name))
            .expect(name)
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    let table = fs::read_to_string(home.path().join("a.txt")).expect("the table");
    assert!(!table.contains('\u{1b}'), "no colour in a file");
}

#[test]
fn fields_never_heard_of_survive_read_record_and_replay() {
    let home = home();
    let server = Server::start(|asked| {
        (asked.operation == "DescribeEndpointConfig").then(|| {
            let key = format!("arn:aws:kms:eu-west-1:{ACCOUNT}:key/{KEY}");
            Answer::new(200, format!(
                r#"{{{ODD}"EndpointConfigName":"fraud-1","EndpointConfigArn":"arn:aws:sagemaker:eu-west-1:{ACCOUNT}:endpoint-config/fraud-1","CreationTime":1.7723232E9,"KmsKeyId":"{key}","ProductionVariants":[{{"VariantName":"v","ModelName":"model","InstanceType":"ml.m5.large","New":[]}}]}}"#
            ))
        })
    });
    let live = json(
        against(&server, home.path())
            .args(REGION)
            .args(["--record", "rec"]),
    );
    live.ends(0, &[]);
    let kept = fs::read_to_string(home.path().join("rec/calls.ndjson")).expect("recorded");
    assert!(kept.contains(ODD), "to the letter");
    let replayed = json(sagelock(home.path()).args(["audit", "--offline", "rec"]));
    replayed.ends(0, &[]);
    assert_eq!(replayed.json()["findings"], live.json()["findings"]);
}

#[test]
fn a_redacted_audit_names_nobody() {
    let home = home();
    let server = Server::start(|asked| match asked.operation.as_str() {
        "DescribeEndpointConfig" => Some(Answer::new(
            200,
            format!(
                r#"{{"EndpointConfigName":"fraud-1","EndpointConfigArn":"arn:aws:sagemaker:eu-west-1:{ACCOUNT}:endpoint-config/fraud-1","CreationTime":1.7723232E9,"KmsKeyId":"keyofours","ProductionVariants":[{{"VariantName":"blueprint","ModelName":"mortgages","InstanceType":"ml.m5.large","CoreDumpConfig":{{"DestinationS3Uri":"s3://quarries/x"}}}}]}}"#
            ),
        )),
        "DescribeKey" => Some(Answer::error(
            "AccessDeniedException",
            "User: arn:aws:sts::111122223333:assumed-role/audit/jane is not authorized, says Bob",
        )),
        "ListMonitoringSchedules" => Some(Answer::error("ThrottlingException", "slow, says Bob")),
        _ => None,
    });
    for format in [
        "json", "table", "csv", "md", "ndjson", "html", "sarif", "junit", "ocsf", "asff",
    ] {
        let said = run(against(&server, home.path())
            .args(REGION)
            .args(["--redact", "--quiet", "--format", format]));
        said.ends(3, &[]);
        let named = [
            "blueprint",
            "mortgages",
            "keyofours",
            "quarries",
            "s3://dumps",
            "jane",
            "Bob",
        ];
        for name in [ACCOUNT, KEY, "fraud"].into_iter().chain(named) {
            assert!(
                !said.out.contains(name),
                "{format} names {name}:\n{}",
                said.out
            );
        }
    }
}

#[test]
fn a_table_fits_its_page_and_keeps_the_codes() {
    let home = home();
    let server = Server::start(|asked| {
        let gone = "Could not find endpoint configuration";
        (asked.operation == "DescribeEndpointConfig")
            .then(|| Answer::error("ValidationException", gone))
    });
    for (columns, widest) in [(None, 100), (Some("60"), 60), (Some("nonsense"), 100)] {
        let mut command = against(&server, home.path());
        command.args(REGION).args(["-o", "table=a.txt"]);
        if let Some(columns) = columns {
            command.env("COLUMNS", columns);
        }
        let said = run(&mut command);
        said.ends(3, &[]);
        let file = fs::read_to_string(home.path().join("a.txt")).expect("the table");
        assert_eq!(file, said.out);
        for line in file.lines() {
            let width = line.chars().count();
            let is_row = line.starts_with("SEV") || line.starts_with("- ");
            assert!(width <= widest || is_row, "{columns:?}: {width}: {line}");
        }
        let rows = file.lines().filter(|line| line.ends_with("config_deleted"));
        assert_eq!(rows.count(), 1, "one cause, one row:\n{file}");
        assert!(file.contains("8 rules"), "{file}");
    }
}

#[test]
fn explain_shows_the_chain() {
    let (home, server) = (home(), Server::start(|_| None));
    run(against(&server, home.path())
        .args(REGION)
        .args(["--record", "rec"]))
    .ends(0, &[]);
    let explain =
        |what: &str| run(sagelock(home.path()).args(["explain", what, "--offline", "rec"]));
    let said = explain("FRAUD");
    said.ends(0, &[]);
    for words in [
        "EP-001 PASS customer_managed_key",
        "KeyManager = CUSTOMER  (kms:DescribeKey at",
        "role/exec",
        "also alias/fraud",
    ] {
        assert!(
            said.out.contains(words),
            "`{words}` is not there:\n{}",
            said.out
        );
    }
    explain("frau").ends(2, &["did you mean fraud?"]);
    explain("0000000000000000").ends(2, &["no endpoint and no finding"]);
}
