//! moto as a server that nobody here wrote. It closes every connection.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};

use super::counts::{Counts, Row};
use crate::root;

/// A running moto that logs each request before it handles it; it ends with the value.
pub(super) struct Moto {
    child: Child,
    port: u16,
    log: PathBuf,
}

impl Moto {
    pub(super) fn start(python: &Path, folder: &Path) -> Result<Self> {
        let log = folder.join("moto.tsv");
        let mut child = Command::new(python)
            .arg(root().join("crates/sagelock/tests/moto/serve.py"))
            .arg(&log)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("cannot start moto")?;
        let stdout = child.stdout.take().context("no stdout")?;
        let mut moto = Self {
            child,
            port: 0,
            log,
        };
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        moto.port = line.trim().parse().context("moto prints no port")?;
        Ok(moto)
    }

    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// What it has logged by now. It does not say for which account and region.
    pub(super) fn counts(&self) -> Result<Counts> {
        let mut counts: BTreeMap<(String, String, String), Row> = BTreeMap::new();
        for line in fs::read_to_string(&self.log)?.lines() {
            let target = line.split('\t').nth(1).unwrap_or_default();
            let operation = match target.split_once('.') {
                Some(("SageMaker", name)) => format!("sagemaker:{name}"),
                Some(("TrentService", name)) => format!("kms:{name}"),
                Some((_, name)) => name.to_owned(),
                None => target.to_owned(),
            };
            let id = (String::new(), String::new(), operation);
            counts.entry(id).or_default().requests += 1;
        }
        Ok(Counts(counts))
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
