//! `corpus/recorded`: a small estate on moto, recorded by the product's own recorder.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};

use crate::{cargo, root, run as execute};

/// Configurations and endpoints of the recorded estate.
const SIZE: [&str; 2] = ["80", "30"];

struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Records the estate again.
pub(crate) fn run(python: &Path) -> Result<()> {
    let files = root().join("crates/sagelock/tests/moto");
    let folder = root().join("corpus/recorded/moto");
    let scratch = std::env::temp_dir().join(format!("sagelock-record-{}", std::process::id()));
    fs::create_dir_all(&scratch)?;
    let mut child = Command::new(python)
        .arg(files.join("serve.py"))
        .arg(scratch.join("requests.tsv"))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .with_context(|| format!("cannot run {}", python.display()))?;
    let stdout = child.stdout.take().context("no output")?;
    let _server = Server(child);
    let mut port = String::new();
    BufReader::new(stdout).read_line(&mut port)?;
    let port = port.trim();
    execute(
        Command::new(python)
            .arg(files.join("seed.py"))
            .arg(port)
            .args(SIZE)
            .arg(scratch.join("estate.json"))
            .env("AWS_EC2_METADATA_DISABLED", "true"),
    )?;
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    let mut audit = cargo(&["run", "--quiet", "--locked", "--package", "sagelock", "--"]);
    audit
        .args([
            "audit",
            "--region",
            "us-east-1",
            "--fail-on",
            "none",
            "--quiet",
            "--min-coverage",
            "0",
        ])
        .args(["--format", "csv", "--record"])
        .arg(&folder)
        .env("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{port}"))
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .stdout(Stdio::null());
    // It exits 3: moto does not know monitoring schedules, and so says the recording.
    let status = audit
        .current_dir(root())
        .status()
        .context("cannot run cargo")?;
    eprintln!("recorded {} ({status})", folder.display());
    fs::remove_dir_all(&scratch)?;
    Ok(())
}
