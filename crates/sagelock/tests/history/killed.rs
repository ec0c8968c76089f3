//! An audit that is killed goes on where it was.

use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::server::Sim;
use crate::{MANAGEMENT, MEMBER, ROLE, against, calls, run, said};

const REGIONS: [&str; 6] = [
    "--region",
    "eu-west-1",
    "--region",
    "us-east-1",
    "--region",
    "eu-central-1",
];

/// Answers that come late, so that there is a middle to be killed in.
const SLOW: &str = "[[fault]]\ncalls = \"*\"\neffect = \"slow\"\nmilliseconds = 20\n";

#[test]
fn a_killed_audit_does_not_begin_from_zero() {
    let home = tempfile::tempdir().expect("a folder");
    let faults = home.path().join("slow.toml");
    std::fs::write(&faults, SLOW).expect("written");
    let path = faults.to_str().expect("a path");
    let sim = Sim::start(home.path(), &["--faults", path]);
    let audit = |further: &[&str]| {
        let mut command = against(&sim, home.path(), MANAGEMENT);
        command.args(["audit", "--org", "--role", ROLE, "--format", "json"]);
        command.args(REGIONS).args(further);
        command
    };
    let whole = run(&mut audit(&["--no-store"])).json();
    let all: u64 = whole["calls"]
        .as_object()
        .expect("calls")
        .values()
        .filter_map(serde_json::Value::as_u64)
        .sum();

    let database = home.path().join(".local/share/sagelock/sagelock.db");
    let begun = Instant::now();
    let mut child = audit(&["--rate", "6"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("starts");
    // It is killed when it has written for a while.
    while begun.elapsed() < Duration::from_secs(7) {
        assert!(
            child.try_wait().expect("asked").is_none(),
            "it is not done before it is killed"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
    child.kill().expect("killed");
    child.wait().expect("waited for");
    assert!(database.exists());

    let second = run(&mut audit(&[]));
    assert!(
        second.err.contains("going on with the audit that began at"),
        "{}",
        second.err
    );
    let second = second.json();
    let asked: u64 = second["calls"]
        .as_object()
        .expect("calls")
        .values()
        .filter_map(serde_json::Value::as_u64)
        .sum();
    assert!(
        asked * 10 < all * 9,
        "{asked} of {all} calls were made again"
    );
    assert!(said(&second) == said(&whole), "what is said is the same");

    // It is done, so the next one begins anew, and describes no configuration that it knows.
    let third = run(&mut audit(&[]));
    assert!(!third.err.contains("going on"), "{}", third.err);
    let described = calls(&third.json(), "sagemaker:DescribeEndpointConfig");
    assert!(
        described < 10,
        "{described} configurations were described again"
    );
}

#[test]
fn two_audits_of_the_same_scope_do_not_run_at_once() {
    let home = tempfile::tempdir().expect("a folder");
    let faults = home.path().join("slow.toml");
    std::fs::write(&faults, SLOW).expect("written");
    let sim = Sim::start(home.path(), &["--faults", faults.to_str().expect("a path")]);
    let audit = |rate: &str| {
        let mut command = against(&sim, home.path(), MEMBER);
        command.args(["audit", "--region", "eu-west-1", "--rate", rate]);
        command
    };
    let mut child = audit("1")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("starts");
    let begun = Instant::now();
    let refused = loop {
        std::thread::sleep(Duration::from_millis(300));
        let said = run(&mut audit("max"));
        if said.code == Some(2) || begun.elapsed() > Duration::from_secs(20) {
            break said;
        }
    };
    assert_eq!(refused.code, Some(2), "{}", refused.err);
    let pid = child.id();
    assert!(
        refused.err.contains(&format!("process {pid} on ")),
        "{}",
        refused.err
    );
    assert!(
        refused
            .err
            .contains("is auditing the same accounts and regions"),
        "{}",
        refused.err
    );
    let apart = run(audit("max").arg("--no-store"));
    assert_ne!(apart.code, Some(2), "{}", apart.err);
    child.kill().expect("killed");
    child.wait().expect("waited for");
    // Its lease is taken at once: its process is gone.
    let on = run(&mut audit("max"));
    assert!(on.err.contains("going on with"), "{}", on.err);
    let anew = run(audit("max").arg("--fresh"));
    assert!(!anew.err.contains("going on with"), "{}", anew.err);
}
