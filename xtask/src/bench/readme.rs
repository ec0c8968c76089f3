//! `cargo xtask bench readme`: the README's two commands in a fresh clone, as somebody new runs them.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, ensure};

use super::folder;
use crate::figures::{self, Figure};
use crate::root;

/// Clones what is committed, and runs both commands there.
pub(crate) fn readme() -> Result<()> {
    let folder = folder("readme")?;
    let clone = folder.join("sagelock");
    run(Command::new("git")
        .arg("clone")
        .arg("--quiet")
        .arg(root())
        .arg(&clone))?;
    let demo = timed(
        &clone,
        &["run", "--locked", "--", "demo", "--once"],
        &[0, 1, 3],
    )?;
    let after_demo = mib(&clone)?;
    let again = timed(
        &clone,
        &["run", "--locked", "--", "demo", "--once"],
        &[0, 1, 3],
    )?;
    let tests = timed(&clone, &["xtask", "ci"], &[0])?;
    let after_tests = mib(&clone)?;
    let figures = [
        Figure::less("readme: demo, first time", demo, "s"),
        Figure::less("readme: demo, again", again, "s"),
        Figure::less("readme: disk after the demo", after_demo, "MiB"),
        Figure::less("readme: tests, first time", tests, "s"),
        Figure::less("readme: disk after the tests", after_tests, "MiB"),
    ];
    for figure in &figures {
        println!("{:<28} {:.0} {}", figure.name, figure.value, figure.unit);
    }
    std::fs::remove_dir_all(&folder)?;
    figures::write("cargo xtask bench readme", &figures)
}

/// Seconds of a command of cargo in a clone, built into the clone.
fn timed(clone: &Path, arguments: &[&str], codes: &[i32]) -> Result<f64> {
    let begun = Instant::now();
    let output = Command::new("cargo")
        .args(arguments)
        .current_dir(clone)
        .env_remove("CARGO_TARGET_DIR")
        .output()
        .context("cannot run cargo")?;
    let code = output.status.code().unwrap_or(-1);
    let said = String::from_utf8_lossy(&output.stderr);
    let end: Vec<&str> = said.lines().rev().take(30).collect();
    ensure!(
        codes.contains(&code),
        "{arguments:?} ended with {code}: {end:#?}"
    );
    Ok(begun.elapsed().as_secs_f64())
}

fn mib(folder: &Path) -> Result<f64> {
    let output = Command::new("du").arg("-sm").arg(folder).output()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let first = text.split_whitespace().next().context("du said nothing")?;
    Ok(first.parse()?)
}

fn run(command: &mut Command) -> Result<()> {
    let status = command.status()?;
    ensure!(status.success(), "{command:?} ended with {status}");
    Ok(())
}
