//! `cargo xtask prove fuzz`: the policy engine is given whatever comes, for some minutes of CPU time each.

use std::fs;
use std::process::Command;
use std::str::FromStr;

use anyhow::{Context, Result, bail, ensure};

use crate::{cargo, root, run as execute, target};

/// The version of cargo-fuzz that is installed where there is none.
const VERSION: &str = "0.13.2";
const TARGETS: [&str; 3] = ["parse", "pattern", "decide"];
/// Of CPU time, for each target: one process, which waits for nothing.
const MINUTES: u64 = 10;

/// Runs every target, with the corpus of policies to begin from.
pub(crate) fn prove(words: &[&str]) -> Result<()> {
    let minutes = match words {
        [] => MINUTES,
        ["--minutes", text] => u64::from_str(text).with_context(|| format!("`{text}`"))?,
        other => bail!("`{}` means nothing here", other.join(" ")),
    };
    let is_there = cargo(&["fuzz", "--version"])
        .output()
        .is_ok_and(|output| output.status.success());
    if !is_there {
        let words = ["install", "--locked", "cargo-fuzz", "--version", VERSION];
        execute(&mut cargo(&words))?;
    }
    let folder = target().join("tmp/fuzz");
    let seeds = folder.join("seeds");
    fs::create_dir_all(&seeds)?;
    let corpus = root().join("corpus/policies");
    let mut count = 0;
    for entry in fs::read_dir(&corpus).with_context(|| corpus.display().to_string())? {
        for line in fs::read_to_string(entry?.path())?.lines() {
            fs::write(seeds.join(format!("{count}.json")), line)?;
            count += 1;
        }
    }
    println!("{count} cases to begin from, {minutes} minutes for each target");
    for name in TARGETS {
        let found = folder.join(name);
        fs::create_dir_all(&found)?;
        // The compiler of the sanitizers is the nightly one.
        let mut command = Command::new("cargo");
        command
            .current_dir(root())
            .env_remove("RUSTUP_TOOLCHAIN")
            .args(["+nightly", "fuzz", "run", "--fuzz-dir"])
            .arg(root().join("fuzz"))
            .arg("--target-dir")
            .arg(target().join("fuzz"))
            .arg(name)
            .args([&found, &seeds])
            .arg("--")
            .arg(format!("-max_total_time={}", minutes * 60))
            .args(["-timeout=10", "-rss_limit_mb=2048", "-max_len=16384"])
            .args(["-print_final_stats=1", "-verbosity=0"]);
        let status = command.status().context("cannot run cargo-fuzz")?;
        ensure!(
            status.success(),
            "{name}: a panic or a hang; the input is in fuzz/artifacts/{name}"
        );
        println!("{name}: {minutes} minutes without a panic or a hang");
    }
    Ok(())
}
