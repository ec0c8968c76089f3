//! Prowler's checks of endpoint configurations and keys, against the simulated AWS. Its installation
//! takes two minutes and 2 GB, so that only `cargo xtask prove strangers` runs this target.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on says so"
)]

#[path = "../peers/script.rs"]
mod peer;
#[path = "../peers/python.rs"]
mod python;
#[path = "../peers/sim.rs"]
mod server;

use std::path::Path;
use std::process::Command;

use peer::passed;
use python::python;
use server::Sim;

#[test]
fn prowler_reports_what_it_must() {
    let home = tempfile::tempdir().expect("a folder");
    let sim = Sim::start(home.path(), &["--world", "empty", "--speed", "60"]);
    let files = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sim/strangers");
    let passed = passed(
        Command::new(python(&files.join("requirements-prowler.txt")))
            .arg(files.join("prowler_run.py"))
            .arg(sim.port.to_string())
            .env("AWS_ENDPOINT_URL", sim.url()),
    );
    assert!(passed >= 7, "{passed} checks");
}
