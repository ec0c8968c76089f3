//! The Python that the tests' peers run in, made once; benchmarks use the same one.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::Command;

use crate::{kept, root, run as execute};
use anyhow::{Context, Result};

/// A Python that has moto and boto3, in the versions of the tests.
pub(super) fn python() -> Result<PathBuf> {
    crate::ci::python()?;
    let requirements = root().join("crates/sagelock/tests/moto/requirements.txt");
    let text = fs::read(&requirements)
        .with_context(|| format!("cannot read `{}`", requirements.display()))?;
    // As the tests name it, so that both use one.
    let folder = kept("python", &text)?;
    let lock = File::create(folder.with_extension("lock"))?;
    lock.lock()?;
    let done = folder.join("done");
    let python = folder.join("bin/python");
    if !done.exists() {
        let _ = fs::remove_dir_all(&folder);
        execute(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
        execute(
            Command::new(&python)
                .args(["-m", "pip", "install", "--quiet", "-r"])
                .arg(&requirements),
        )?;
        fs::write(&done, "")?;
    }
    Ok(python)
}

/// One of our scripts, to be run with it.
pub(super) fn script(python: &PathBuf, name: &str) -> Command {
    let mut command = Command::new(python);
    command
        .arg(root().join("xtask/src/bench").join(name))
        .env("AWS_EC2_METADATA_DISABLED", "true");
    command
}
