//! A served fleet, what its server counts of its clients, and a thousand connections at once.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::server::{Sim, sagelock};

/// A `sim serve` whose every word is heard.
fn serve(home: &Path, arguments: &[&str]) -> (Child, BufReader<impl Read + use<>>, String) {
    let mut child = sagelock(home)
        .args(["sim", "serve", "--port", "0"])
        .args(arguments)
        .stderr(Stdio::piped())
        .spawn()
        .expect("starts");
    let mut lines = BufReader::new(child.stderr.take().expect("piped"));
    let mut ready = String::new();
    lines.read_line(&mut ready).expect("a line");
    (child, lines, ready)
}

fn signal(child: &Child, name: &str) {
    let id = child.id().to_string();
    let sent = Command::new("kill").args(["-s", name, &id]).status();
    assert!(sent.expect("kill").success(), "{name}");
}

/// The counts that are written after a file is gone.
fn written(path: &Path) -> Value {
    let begun = Instant::now();
    while !path.exists() {
        assert!(begun.elapsed() < Duration::from_secs(30), "no counts");
        std::thread::sleep(Duration::from_millis(5));
    }
    serde_json::from_str(&fs::read_to_string(path).expect("counts")).expect("JSON")
}

/// Requests by operation.
fn requests(counts: &Value) -> BTreeMap<String, u64> {
    let operations = counts["operations"].as_object().expect("operations");
    operations
        .iter()
        .map(|(name, row)| (name.clone(), row["requests"].as_u64().expect("a number")))
        .collect()
}

#[test]
fn a_fleet_is_served_and_its_server_counts_what_an_audit_says_it_asked() {
    let home = tempfile::tempdir().expect("a folder");
    let at = |name: &str| home.path().join(name);
    let (counts, accounts) = (at("counts.json"), at("accounts.yml"));
    let texts = [&counts, &accounts].map(|path| path.to_string_lossy().into_owned());
    let (mut server, mut said, ready) = serve(
        home.path(),
        &[
            "--world",
            "fleet",
            "--accounts",
            "3",
            "--regions",
            "2",
            "--endpoints",
            "20",
            "--counts",
            &texts[0],
            "--accounts-file",
            &texts[1],
        ],
    );
    assert!(
        ready.starts_with("ready: ") && ready.contains("120 endpoints in 3 accounts and 2 regions"),
        "{ready}"
    );
    let listed = fs::read_to_string(&accounts).expect("accounts");
    assert_eq!(listed.matches("account_id: '").count(), 3, "{listed}");
    assert!(listed.contains("role: arn:aws:iam::200000000002:role/sagelock-audit"));
    let none = written(&counts);
    assert_eq!(
        (&none["requests"], &none["schema"]),
        (&0.into(), &"sagelock.sim.counts/1".into())
    );

    let url = ready
        .split("http://")
        .nth(1)
        .and_then(|rest| rest.split(' ').next());
    let output = sagelock(home.path())
        .env(
            "AWS_ENDPOINT_URL",
            format!("http://{}", url.expect("an address")),
        )
        .env("AWS_ACCESS_KEY_ID", "200000000002")
        .env("AWS_SECRET_ACCESS_KEY", "x")
        .args([
            "audit",
            "--region",
            "eu-west-1",
            "--region",
            "us-east-1",
            "--format",
            "json",
        ])
        .output()
        .expect("runs");
    let audit: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(audit["totals"]["endpoints"]["live"], 40);

    fs::remove_file(&counts).expect("there");
    signal(&server, "USR1");
    let counted = written(&counts);
    let own: BTreeMap<String, u64> = serde_json::from_value(audit["calls"].clone()).expect("calls");
    for (operation, sent) in &own {
        let counted = requests(&counted).get(operation).copied();
        assert_eq!(counted, Some(*sent), "{operation}");
    }
    let of_account =
        &counted["accounts"]["200000000002"]["us-east-1"]["sagemaker:DescribeEndpoint"];
    assert_eq!(of_account["requests"], 20);
    let total: u64 = requests(&counted).values().sum();
    assert_eq!(counted["requests"], total);

    fs::remove_file(&counts).expect("there");
    signal(&server, "TERM");
    assert_eq!(server.wait().expect("ends").code(), Some(0));
    assert_eq!(
        requests(&written(&counts)),
        requests(&counted),
        "at the end as well"
    );
    let mut last = String::new();
    said.read_to_string(&mut last).expect("said");
    assert!(
        last.contains(&format!("{total} requests, 0 of them throttled")),
        "{last}"
    );
    assert!(last.contains("40 sagemaker:DescribeEndpoint\n"), "{last}");
}

#[test]
fn what_is_said_of_a_fleet_means_nothing_elsewhere() {
    let home = tempfile::tempdir().expect("a folder");
    for (arguments, wanted) in [
        (
            &["--accounts", "3"][..],
            "`--accounts` says nothing about this world",
        ),
        (
            &["--world", "empty", "--accounts-file", "a.yml"],
            "`--accounts-file` says nothing",
        ),
        (
            &["--world", "fleet", "--regions", "18"],
            "18 is not in 1..=17",
        ),
        (&["--world", "fleet", "--accounts", "0"], "0 is not in 1..="),
        (
            &["--world", "fleet", "--accounts-file", "/none/a.yml"],
            "cannot write `/none/a.yml`",
        ),
        (
            &["--counts", "/none/counts.json"],
            "cannot write `/none/counts.json`",
        ),
    ] {
        let output = sagelock(home.path())
            .args(["sim", "serve", "--port", "0"])
            .args(arguments)
            .output()
            .expect("runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(said.contains(wanted), "{arguments:?}: {said}");
    }
}

#[test]
fn a_thousand_connections_are_answered_at_once_though_each_answer_is_late() {
    const CONNECTIONS: usize = 1000;
    const ROUNDS: usize = 4;
    let home = tempfile::tempdir().expect("a folder");
    let faults = home.path().join("faults.toml");
    fs::write(
        &faults,
        "[[fault]]\neffect = \"slow\"\nmilliseconds = 200\n",
    )
    .expect("written");
    let faults = faults.to_string_lossy().into_owned();
    let sim = Sim::start(home.path(), &["--world", "empty", "--faults", &faults]);
    let begun = Instant::now();
    let mut connections: Vec<TcpStream> = (0..CONNECTIONS)
        .map(|_| TcpStream::connect(("127.0.0.1", sim.port)).expect("connects"))
        .collect();
    let mut head = [0; 15];
    for _ in 0..ROUNDS {
        for connection in &mut connections {
            let request = "POST / HTTP/1.1\r\nhost: x\r\nx-amz-target: SageMaker.ListEndpoints\r\n\
                authorization: AWS4-HMAC-SHA256 Credential=AKID/20260101/eu-west-1/sagemaker/aws4_request\r\n\
                content-length: 2\r\n\r\n{}";
            connection.write_all(request.as_bytes()).expect("sent");
        }
        for connection in &mut connections {
            connection.read_exact(&mut head).expect("an answer");
            assert_eq!(&head, b"HTTP/1.1 200 OK");
            let mut rest = [0; 4096];
            let _ = connection.read(&mut rest).expect("the rest of it");
        }
    }
    let seconds = begun.elapsed().as_secs_f64();
    // One after the other they would take 800 s.
    assert!(seconds < 60.0, "{seconds} s");
}
