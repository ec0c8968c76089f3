//! Everything that must be green.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::{cargo, differential, documents, refute, run as execute, tidy, worlds};

/// The version of nextest that is installed where there is none.
const NEXTEST: &str = "0.9.143";

/// Installs what is missing, then checks and tests everything.
pub(crate) fn run() -> Result<()> {
    python()?;
    browser()?;
    nextest()?;
    execute(&mut cargo(&["fmt", "--all", "--check"]))?;
    tidy::run()?;
    execute(&mut cargo(&[
        "clippy",
        "--locked",
        "--workspace",
        "--all-targets",
        "--",
        "--deny",
        "warnings",
    ]))?;
    documents::run(true)?;
    execute(&mut cargo(&[
        "test",
        "--locked",
        "--workspace",
        "--doc",
        "--quiet",
    ]))?;
    execute(&mut cargo(&["nextest", "run", "--locked", "--workspace"]))?;
    differential::run(&["--cases", "2000"])?;
    refute::check()?;
    worlds::check()
}

/// The truth test in release.
pub(crate) fn prove_truth() -> Result<()> {
    prove("sagelock", "moto", &[])
}

/// The truth tests of the simulated AWS in release.
pub(crate) fn prove_sim() -> Result<()> {
    prove("sagelock-sim", "truth", &[])
}

/// The strangers in release, with the one whose installation takes 2 GB.
pub(crate) fn prove_strangers() -> Result<()> {
    prove("sagelock", "sim", &["--test", "prowler"])
}

fn prove(package: &str, test: &str, more: &[&str]) -> Result<()> {
    python()?;
    nextest()?;
    let arguments = [
        "nextest",
        "run",
        "--locked",
        "--release",
        "--package",
        package,
        "--test",
        test,
        "--no-capture",
    ];
    execute(cargo(&arguments).args(more))
}

/// moto runs in a virtual environment that the test makes; for that, Python must have `venv`.
pub(crate) fn python() -> Result<()> {
    if succeeds(Command::new("python3").args(["-c", "import venv, ensurepip"])) {
        return Ok(());
    }
    eprintln!("python3 with venv is missing; installing Debian's python3 and python3-venv");
    execute(Command::new("apt-get").args([
        "install",
        "--yes",
        "--no-install-recommends",
        "python3",
        "python3-venv",
    ]))
    .context("the tests need python3 with venv: install it (Debian: python3-venv)")
}

/// The html report is looked at in Chromium, which Node.js drives, and its paper is read by
/// pdftotext.
fn browser() -> Result<()> {
    let needed = [
        ("chromium", "chromium"),
        ("pdftotext", "poppler-utils"),
        ("node", "nodejs"),
        ("npm", "npm"),
    ];
    let is_missing = |(program, _): &&(&str, &str)| !is_in_path(program);
    let missing: Vec<&str> = needed
        .iter()
        .filter(is_missing)
        .map(|(_, package)| *package)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    eprintln!("installing Debian's {}", missing.join(", "));
    // A list of packages that is missing or old knows them not.
    let _ = succeeds(Command::new("apt-get").args(["update", "--quiet"]));
    execute(
        Command::new("apt-get")
            .args(["install", "--yes", "--no-install-recommends"])
            .args(&missing),
    )
    .with_context(|| format!("the tests of the html report need {}", missing.join(", ")))
}

fn is_in_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

/// nextest, in cargo's own folder.
fn nextest() -> Result<()> {
    if succeeds(&mut cargo(&["nextest", "--version"])) {
        return Ok(());
    }
    execute(&mut cargo(&[
        "install",
        "--locked",
        "cargo-nextest",
        "--version",
        NEXTEST,
    ]))?;
    if !succeeds(&mut cargo(&["nextest", "--version"])) {
        bail!("cargo-nextest is installed, and cargo does not find it; is ~/.cargo/bin in PATH?");
    }
    Ok(())
}

fn succeeds(command: &mut Command) -> bool {
    command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}
