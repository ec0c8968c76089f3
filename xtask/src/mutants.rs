//! `cargo xtask prove mutants`: the policy engine is changed in every small way, and its tests must
//! notice.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::figures::{self, Figure};
use crate::{cargo, root, run as execute, target};

/// The version of cargo-mutants that is installed where there is none.
const VERSION: &str = "27.1.0";
/// What decides; the reading of documents and cases has its own tests.
const FILES: [&str; 8] = [
    "crates/policy/src/decide/*.rs",
    "crates/policy/src/evaluate/*.rs",
    "crates/policy/src/document/condition.rs",
    "crates/policy/src/document/principal.rs",
    "crates/policy/src/context.rs",
    "crates/policy/src/kms/mod.rs",
    "crates/policy/src/pattern.rs",
    "crates/policy/src/request.rs",
];
/// Its tests beside those in its own files; the last ones go through it by the proofs.
const TESTS: [&str; 10] = [
    "corpus",
    "malformed",
    "properties",
    "told",
    "may",
    "access",
    "changes",
    "ways",
    "circle",
    "lint",
];
/// In percent.
const KILLED_MIN: u64 = 95;

pub(crate) fn prove(rest: &[&str]) -> Result<()> {
    let part = match rest {
        [] => None,
        ["--part", part] => Some(*part),
        _ => bail!("`prove mutants` takes `--part K/N`: the mutants K, K + N, K + 2 N and so on"),
    };
    let is_there = cargo(&["mutants", "--version"])
        .output()
        .is_ok_and(|output| output.status.success());
    if !is_there {
        execute(&mut cargo(&[
            "install",
            "--locked",
            "cargo-mutants",
            "--version",
            VERSION,
        ]))?;
    }
    let folder = target().join("tmp/mutants");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder)?;
    let mut command = Command::new("cargo");
    command
        .current_dir(root())
        // Each of the two copies builds in a folder of its own: in one that both share, the tests of a
        // mutant may be those of another.
        .env_remove("CARGO_TARGET_DIR")
        .args(["mutants", "--package", "sagelock-policy", "--jobs", "2"]);
    command
        .args(["--profile", "mutants", "--timeout", "30", "--no-shuffle"])
        .arg("--output")
        .arg(&folder);
    if let Some(part) = part {
        command.args(["--sharding", "round-robin", "--shard", part]);
    }
    for file in FILES {
        command.args(["--file", file]);
    }
    // Proofs by chance stand on it too, and take long.
    command.args(["--", "--lib"]);
    for name in TESTS {
        command.args(["--test", name]);
    }
    // It ends with 2 where a mutant lives: how many may is decided here.
    let code = command.status().context("cannot run cargo-mutants")?.code();
    ensure!(matches!(code, Some(0 | 2 | 3)), "cargo-mutants failed");
    let text = fs::read_to_string(folder.join("mutants.out/outcomes.json"))?;
    let outcomes: Value = serde_json::from_str(&text)?;
    let count = |name: &str| outcomes.get(name).and_then(Value::as_u64).unwrap_or(0);
    let (caught, missed) = (count("caught") + count("timeout"), count("missed"));
    let all = caught + missed;
    ensure!(
        all > 300 || part.is_some() && all > 0,
        "only {all} mutants: the names of the files have changed"
    );
    println!("{caught} of {all} mutants are noticed, {missed} are not");
    if caught * 100 < all * KILLED_MIN {
        bail!("fewer than {KILLED_MIN} % are noticed");
    }
    #[expect(clippy::cast_precision_loss, reason = "a figure to look at")]
    let share = 100.0 * caught as f64 / all as f64;
    #[expect(clippy::cast_precision_loss, reason = "a figure to look at")]
    let count = all as f64;
    let (command, share, count) = match part {
        None => (
            "cargo xtask prove mutants",
            Figure::more("mutants: noticed", share, "%"),
            Figure::more("mutants: made", count, "mutants"),
        ),
        Some(_) => (
            "cargo xtask prove mutants --part K/N",
            Figure::more("mutants: noticed of a sample", share, "%"),
            Figure::more("mutants: in the sample", count, "mutants"),
        ),
    };
    figures::write(command, &[share, count])
}
