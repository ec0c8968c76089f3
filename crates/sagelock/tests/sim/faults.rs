//! What a person sees who starts the simulated AWS the wrong way, and what faults look like.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::server::{Sim, sagelock};

#[test]
fn what_cannot_be_served_is_said() {
    let home = tempfile::tempdir().expect("a folder");
    let at = |name: &str| home.path().join(name).to_string_lossy().into_owned();
    let sim = Sim::start(home.path(), &["--world", "empty"]);
    for (name, text) in [
        ("key.toml", "[[fault]]\neffect = \"throttle\"\nshard = 1\n"),
        ("effect.toml", "[[fault]]\neffect = \"melt\"\n"),
        (
            "share.toml",
            "[[fault]]\neffect = \"throttle\"\nshare = 20\n",
        ),
        ("slow.toml", "[[fault]]\neffect = \"slow\"\n"),
        (
            "name.toml",
            "[[fault]]\ncalls = \"sagemaker:DescribeFoo\"\neffect = \"reset\"\n",
        ),
        (
            "stray.toml",
            "[[fault]]\neffect = \"throttle\"\nstatus = 500\n",
        ),
        (
            "never.toml",
            "[[fault]]\neffect = \"throttle\"\ntimes = 0\n",
        ),
        ("limit.toml", "[[limit]]\ncalls = \"*\"\nper_second = 0\n"),
    ] {
        fs::write(home.path().join(name), text).expect("written");
    }
    let taken = sim.port.to_string();
    let cases: &[(&[&str], &[&str])] = &[
        (&["--port", &taken], &["cannot listen", &taken, "--port"]),
        (&["--port", "70000"], &["70000"]),
        (&["--speed", "0"], &["above 0"]),
        (&["--world", "mars"], &["demo", "empty"]),
        (
            &["--faults", &at("none.toml")],
            &["cannot read", "none.toml"],
        ),
        (
            &["--faults", &at("key.toml")],
            &["key.toml", "line 3", "shard"],
        ),
        (
            &["--faults", &at("effect.toml")],
            &["line 2", "melt", "throttle"],
        ),
        (&["--faults", &at("share.toml")], &["from 0 to 1"]),
        (&["--faults", &at("slow.toml")], &["milliseconds"]),
        (
            &["--faults", &at("name.toml")],
            &["DescribeFoo", "no simulated operation"],
        ),
        (&["--faults", &at("stray.toml")], &["`status` says nothing"]),
        (&["--faults", &at("never.toml")], &["times = 0"]),
        (&["--faults", &at("limit.toml")], &["per_second"]),
    ];
    for (arguments, words) in cases {
        let output = sagelock(home.path())
            .args(["sim", "serve"])
            .args(*arguments)
            .output()
            .expect("runs");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        for word in *words {
            assert!(
                said.contains(word),
                "{arguments:?}: `{word}` is not in: {said}"
            );
        }
    }
}

/// Sends a request by hand and reads what comes until the connection ends or a second passes.
fn exchange(sim: &Sim, target: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", sim.port)).expect("connects");
    stream
        .set_read_timeout(Some(Duration::from_secs(1)))
        .expect("set");
    write!(
        stream,
        "POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\nx-amz-target: {target}\r\n\
         authorization: AWS4-HMAC-SHA256 Credential=AKID/20260101/eu-west-1/sagemaker/aws4_request\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    )
    .expect("sent");
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn faults_look_as_they_do_on_a_network() {
    let home = tempfile::tempdir().expect("a folder");
    let plan = r#"
        [[fault]]
        calls = "sagemaker:ListEndpoints"
        effect = "throttle"
        times = 1
        [[fault]]
        calls = "sagemaker:ListEndpointConfigs"
        effect = "truncate"
        [[fault]]
        calls = "sagemaker:ListModels"
        effect = "reset"
        [[fault]]
        calls = "sagemaker:ListTags"
        effect = "deny"
        because = "scp"
        resource = "arn:aws:sagemaker:*"
        [[fault]]
        calls = "sagemaker:DescribeEndpoint"
        effect = "time_out"
        [[fault]]
        calls = "sagemaker:DescribeModel"
        effect = "not_aws"
        [[fault]]
        calls = "sagemaker:CreateModel"
        effect = "reply_lost"
        times = 1
        [[limit]]
        calls = "kms:ListKeys"
        per_second = 0.001
        burst = 2
    "#;
    let path = home.path().join("faults.toml");
    fs::write(&path, plan).expect("written");
    let path = path.to_string_lossy().into_owned();
    let sim = Sim::start(home.path(), &["--world", "empty", "--faults", &path]);
    let first = exchange(&sim, "SageMaker.ListEndpoints", "{}");
    assert!(
        first.starts_with("HTTP/1.1 400") && first.contains("ThrottlingException"),
        "{first}"
    );
    assert!(first.contains("\r\ndate: "), "{first}");
    let second = exchange(&sim, "SageMaker.ListEndpoints", "{}");
    assert!(
        second.ends_with(r#"{"Endpoints":[]}"#),
        "once only: {second}"
    );
    let cut = exchange(&sim, "SageMaker.ListEndpointConfigs", "{}");
    assert!(
        cut.contains("content-length: 22") && !cut.contains("[]"),
        "{cut}"
    );
    assert_eq!(exchange(&sim, "SageMaker.ListModels", "{}"), "");
    let arn = r#"{"ResourceArn":"arn:aws:sagemaker:eu-west-1:123456789012:endpoint/e"}"#;
    let denied = exchange(&sim, "SageMaker.ListTags", arn);
    assert!(denied.contains("AccessDeniedException"), "{denied}");
    assert!(
        denied.contains("explicit deny in a service control policy"),
        "{denied}"
    );
    assert_eq!(
        exchange(
            &sim,
            "SageMaker.DescribeEndpoint",
            r#"{"EndpointName":"e"}"#
        ),
        ""
    );
    assert!(exchange(&sim, "SageMaker.DescribeModel", r#"{"ModelName":"m"}"#).contains("<html>"));
    let model = r#"{"ModelName":"m"}"#;
    assert_eq!(
        exchange(&sim, "SageMaker.CreateModel", model),
        "",
        "the reply is lost"
    );
    let again = exchange(&sim, "SageMaker.CreateModel", model);
    assert!(
        again.contains("Cannot create already existing model"),
        "{again}"
    );
    let keys: Vec<bool> = (0..3)
        .map(|_| exchange(&sim, "TrentService.ListKeys", "{}").contains("ThrottlingException"))
        .collect();
    assert_eq!(keys, [false, false, true], "two at once, and then no more");
}
