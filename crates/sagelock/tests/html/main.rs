//! The html report in the browser that people have: Chromium opens it from a file and from a
//! server, filters, groups, reads, prints. What is checked stands in `browser/*.mjs`; here are the
//! estates that the pages come from.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on says so"
)]

mod browser;
mod estate;
#[path = "../peers/script.rs"]
mod peer;
#[path = "../peers/sim.rs"]
#[expect(dead_code, reason = "only the program is needed, and no server")]
mod server;

use std::path::{Path, PathBuf};

use browser::checks;
use estate::Estate;
use server::sagelock;

/// Audits a recording; the page, and the same as CSV.
fn audited(home: &Path, recording: &Path) -> (PathBuf, PathBuf) {
    let (page, csv) = (home.join("audit.html"), home.join("audit.csv"));
    let status = sagelock(home)
        .args([
            "--quiet",
            "audit",
            "--fail-on",
            "none",
            "--min-coverage",
            "0",
        ])
        .arg("--offline")
        .arg(recording)
        .args(["-o", "html=audit.html", "-o", "csv=audit.csv"])
        .stdout(std::process::Stdio::null())
        .status()
        .expect("runs");
    assert!(status.code().is_some(), "ends by itself");
    (page, csv)
}

/// The organisation of the demo: filters, groups, the keyboard, links, print, contrast, no request.
#[test]
fn an_auditor_works_with_the_page() {
    let home = tempfile::tempdir().expect("a folder");
    let output = sagelock(home.path())
        .args([
            "--quiet", "demo", "--once", "--seed", "5", "--format", "html",
        ])
        .output()
        .expect("runs");
    assert!(output.status.success());
    let page = home.path().join("audit.html");
    std::fs::write(&page, output.stdout).expect("written");
    let passed = checks("demo.mjs", &[&page, home.path()]);
    assert!(passed >= 60, "{passed} checks");
}

/// Whoever may name a key, tag an endpoint or answer in AWS's place runs nothing in the page.
#[test]
fn what_others_wrote_stays_text() {
    let home = tempfile::tempdir().expect("a folder");
    let recording = home.path().join("recording");
    Estate::hostile().record(&recording);
    let (page, csv) = audited(home.path(), &recording);
    let passed = checks("hostile.mjs", &[&page, &csv, home.path()]);
    assert!(passed >= 10, "{passed} checks");
    let first = std::fs::read(&page).expect("the page");
    let (again, _) = audited(home.path(), &recording);
    assert!(
        std::fs::read(again).expect("the page") == first,
        "the same audit is the same page"
    );
}

/// 20,000 findings: filtered at once, rows made when they come near, and saved as `csv` writes them.
#[test]
fn twenty_thousand_findings_stay_usable() {
    let home = tempfile::tempdir().expect("a folder");
    let recording = home.path().join("recording");
    Estate::large(2_300).record(&recording);
    let (page, csv) = audited(home.path(), &recording);
    let passed = checks("many.mjs", &[&page, &csv, home.path()]);
    assert!(passed >= 10, "{passed} checks");
}

/// The checks see what they are for: a page that was spoilt in each way is caught.
#[test]
fn the_checks_can_fail() {
    let passed = checks("spoilt.mjs", &[]);
    assert!(passed >= 6, "{passed} checks");
}
