//! What cannot be read: gaps, coverage and exit codes.

use super::*;

#[test]
fn replies_that_are_not_json() {
    let home = home();
    let listing = Server::start(|asked| {
        (asked.operation == "ListEndpoints").then(|| Answer::new(200, "<html>proxy</html>"))
    });
    let said = json(against(&listing, home.path()).args(REGION));
    said.ends(3, &["not in AWS's format"]);
    let document = said.json();
    assert_eq!(document["complete"], false);
    assert_eq!(document["coverage"]["gaps"][0]["reason"], "malformed_reply");
    for body in ["{\"EndpointConfigName\": \"fraud-1\"", "{}", "[]", "\u{0}"] {
        let describing = Server::start(move |asked| {
            (asked.operation == "DescribeEndpointConfig").then(|| Answer::new(200, body))
        });
        let said = json(against(&describing, home.path()).args(REGION));
        said.ends(3, &[]);
        let document = said.json();
        assert_eq!(document["complete"], true, "the listings were whole");
        assert_eq!(
            document["totals"]["endpoints"]["unknown"], 1,
            "never a fail, never a pass: {body}"
        );
    }
}

#[test]
fn ctrl_c_reports_what_was_collected() {
    let home = home();
    let server = Server::start(|asked| {
        let slow = asked.region == "us-east-1" && asked.operation == "DescribeEndpoint";
        let answer = Answer::error("ThrottlingException", "slow");
        slow.then_some(Answer {
            after: Duration::from_secs(20),
            ..answer
        })
    });
    let mut child = against(&server, home.path())
        .args(["audit", "--format", "json", "--record", "rec"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("starts");
    let begun = Instant::now();
    while server
        .asked()
        .iter()
        .filter(|seen| *seen == "ListResourceTags")
        .count()
        < 1
    {
        assert!(
            begun.elapsed() < Duration::from_secs(20),
            "{:?}",
            server.asked()
        );
        thread::sleep(Duration::from_millis(20));
    }
    thread::sleep(Duration::from_millis(200));
    let pid = child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &pid])
            .status()
            .expect("kill")
            .success()
    );
    let mut out = String::new();
    child
        .stdout
        .take()
        .expect("piped")
        .read_to_string(&mut out)
        .expect("read");
    let status = child.wait().expect("ends");
    assert!(
        begun.elapsed() < Duration::from_secs(15),
        "it does not wait for the answer"
    );
    assert_eq!(status.code(), Some(3));
    let document: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(document["interrupted"], true);
    assert_eq!(document["complete"], false);
    let replayed = json(sagelock(home.path()).args(["audit", "--offline", "rec"]));
    replayed.ends(3, &[]);
    let replayed = replayed.json();
    assert_eq!(
        replayed["interrupted"], true,
        "the recording says how it ended"
    );
    assert_eq!(replayed["complete"], false);
    let endpoints = &document["totals"]["endpoints"];
    assert_eq!(
        (&endpoints["pass"], &endpoints["unknown"]),
        (&1.into(), &1.into()),
        "{endpoints}"
    );
}

#[test]
fn throttling_is_waited_out() {
    let home = home();
    let server = Server::start(|asked| {
        let early = asked.before < 2
            && asked.operation.starts_with("Describe")
            && asked.operation != "DescribeRegions";
        early.then(|| Answer::error("ThrottlingException", "Rate exceeded"))
    });
    let said = json(
        against(&server, home.path())
            .args(REGION)
            .env("SAGELOCK_AUDIT_DEADLINE_SECONDS", "30"),
    );
    said.ends(0, &["throttled"]);
    assert_eq!(said.json()["coverage"]["unknown"], 0);
}

#[test]
fn failures_become_gaps_and_never_verdicts() {
    let home = home();
    let operations = [
        "DescribeEndpoint",
        "DescribeEndpointConfig",
        "DescribeKey",
        "ListTags",
        "GetKeyRotationStatus",
    ];
    for operation in operations {
        for kind in ["denied", "500", "throttled"] {
            let server = Server::start(move |asked| {
                (asked.operation == operation).then(|| match kind {
                    "denied" => Answer::denied(asked),
                    "500" => Answer::new(500, ""),
                    _ => Answer::error("ThrottlingException", "Rate exceeded"),
                })
            });
            let said = json(
                against(&server, home.path())
                    .args(REGION)
                    .env("SAGELOCK_TAGS_REQUIRED", "owner"),
            );
            said.ends(3, &[operation]);
            let document = said.json();
            let unknown = document["coverage"]["unknown"].as_u64().expect("a number");
            assert!(unknown > 0, "{operation} {kind}");
            for finding in document["findings"].as_array().expect("findings") {
                assert_ne!(finding["verdict"], "fail", "{operation} {kind}: {finding}");
            }
        }
    }
}

#[test]
fn a_denied_region_is_one_gap_and_can_be_expected() {
    let home = home();
    let server = Server::start(|asked| {
        let denied = asked.region == "us-east-1" && asked.operation.starts_with("List");
        denied.then(|| Answer::denied(asked))
    });
    let regions = ["audit", "--region", "eu-west-1", "--region", "us-east-1"];
    let said = json(against(&server, home.path()).args(regions));
    said.ends(3, &[]);
    let document = said.json();
    let gaps = document["coverage"]["gaps"].as_array().expect("gaps");
    assert_eq!(gaps.len(), 1, "{gaps:#?}");
    assert_eq!(
        (&gaps[0]["reason"], &gaps[0]["region"]),
        (&"region_denied".into(), &"us-east-1".into())
    );
    assert_eq!(document["complete"], false);
    let said = json(
        against(&server, home.path())
            .args(regions)
            .env("SAGELOCK_REGIONS_EXPECTED_DENIED", "us-east-1"),
    );
    said.ends(0, &[]);
    let document = said.json();
    assert_eq!(document["complete"], true);
    assert_eq!(
        document["coverage"]["gaps"][0]["expected"], true,
        "waived, and still visible"
    );
}

#[test]
fn denied_everywhere_is_a_missing_permission_and_nothing_was_read() {
    let home = home();
    let server = |message: &'static str| {
        Server::start(move |asked| {
            (asked.operation.starts_with("List"))
                .then(|| Answer::error("AccessDeniedException", message))
        })
    };
    let regions = ["audit", "--region", "eu-west-1", "--region", "us-east-1"];
    let expected = |command: &mut Command| {
        command.env("SAGELOCK_REGIONS_EXPECTED_DENIED", "eu-west-1,us-east-1");
        json(command.args(regions))
    };
    let identity = server("no identity-based policy allows the sagemaker:ListEndpoints action");
    let said = json(against(&identity, home.path()).args(regions));
    let nothing = "nothing at all could be read";
    said.ends(
        4,
        &[
            nothing,
            "sagemaker:ListEndpoints denied 2 × in 2 regions: allow it",
        ],
    );
    let document = said.json();
    let gaps = document["coverage"]["gaps"].as_array().expect("gaps");
    assert_eq!(gaps.len(), 6, "{gaps:#?}");
    assert!(gaps.iter().all(|gap| gap["reason"] == "access_denied"));
    assert_eq!(
        (&document["complete"], &document["coverage"]["ratio"]),
        (&false.into(), &0.0.into())
    );
    expected(&mut against(&identity, home.path())).ends(4, &[nothing]);
    let by_scp = server("with an explicit deny in a service control policy");
    let said = expected(&mut against(&by_scp, home.path()));
    said.ends(4, &[nothing]);
    assert!(!said.err.contains("allow it for"), "waived: {}", said.err);
    let document = said.json();
    assert_eq!(document["coverage"]["gaps"][0]["reason"], "region_denied");
    assert_eq!(document["complete"], false);
}

#[test]
fn a_strangers_server_error_is_asked_again_a_few_times() {
    let home = home();
    for (faults, code) in [(2, 0), (3, 3)] {
        let server = Server::start(move |asked| {
            (asked.operation == "DescribeKey" && asked.before < faults)
                .then(|| Answer::new(500, "<html>upstream</html>"))
        });
        let said = json(
            against(&server, home.path())
                .args(REGION)
                .env("SAGELOCK_AUDIT_DEADLINE_SECONDS", "30"),
        );
        said.ends(code, &[]);
        let asked = server.asked();
        assert_eq!(asked.iter().filter(|one| *one == "DescribeKey").count(), 3);
        if code == 3 {
            let document = said.json();
            assert_eq!(document["coverage"]["gaps"][0]["reason"], "malformed_reply");
        }
    }
}

#[test]
fn an_endpoint_deleted_during_the_audit_is_not_live() {
    let home = home();
    let server = Server::start(|asked| {
        let gone = "Could not find endpoint \"fraud\".";
        (asked.operation == "DescribeEndpoint").then(|| Answer::error("ValidationException", gone))
    });
    let said = json(against(&server, home.path()).args(REGION));
    said.ends(0, &[]);
    assert_eq!(said.json()["totals"]["endpoints"]["live"], 0);
}

#[test]
fn missing_permissions_are_named_with_what_they_unlock() {
    let home = home();
    let server =
        Server::start(|asked| (asked.operation == "DescribeKey").then(|| Answer::denied(asked)));
    let said = run(against(&server, home.path()).args(REGION));
    said.ends(3, &["kms:DescribeKey denied", "allow it for"]);
    let said = run(against(&server, home.path()).args(["doctor", "--region", "eu-west-1"]));
    assert_eq!(said.code, Some(3));
    assert!(
        said.out.contains("DENIED   kms:DescribeKey"),
        "{}",
        said.out
    );
    assert!(said.out.contains("EP-001"), "{}", said.out);
    assert!(
        server
            .asked()
            .iter()
            .all(|asked| !asked.starts_with("Create"))
    );
}

#[test]
fn exit_codes_follow_the_threshold_and_the_coverage() {
    let home = home();
    let server =
        Server::start(|asked| {
            (asked.operation == "DescribeKey").then(|| {
            let key = format!("arn:aws:kms:eu-west-1:{ACCOUNT}:key/{KEY}");
            let metadata = serde_json::json!({ "Arn": key, "KeyId": KEY, "KeyManager": "CUSTOMER",
                "KeyState": "Disabled", "KeySpec": "SYMMETRIC_DEFAULT",
                "KeyUsage": "ENCRYPT_DECRYPT", "Origin": "AWS_KMS" });
            Answer::new(200, serde_json::json!({ "KeyMetadata": metadata }).to_string())
        })
        });
    let cases: [(&[&str], i32); 4] = [
        (&[], 1),
        (&["--fail-on", "critical"], 0),
        (&["--fail-on", "none"], 0),
        (&["--fail-on", "low"], 1),
    ];
    for (arguments, code) in cases {
        let said = run(against(&server, home.path()).args(REGION).args(arguments));
        assert_eq!(said.code, Some(code), "{arguments:?}: {}", said.err);
    }
    let denied =
        Server::start(|asked| (asked.operation == "ListTags").then(|| Answer::denied(asked)));
    for (share, code) in [("1.0", 3), ("0.5", 0)] {
        let said = run(against(&denied, home.path())
            .args(REGION)
            .args(["--min-coverage", share])
            .env("SAGELOCK_TAGS_REQUIRED", "owner"));
        assert_eq!(said.code, Some(code), "{share}: {}", said.err);
    }
}
