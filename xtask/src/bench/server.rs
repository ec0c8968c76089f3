//! The simulated AWS as a server of our own.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::counts::Counts;
use super::process;

/// A running `sim serve`; it ends with the value.
pub(super) struct Server {
    child: Child,
    pub(super) port: u16,
    counts: PathBuf,
}

/// How long the counts are waited for.
const COUNTS_DEADLINE: Duration = Duration::from_secs(30);

impl Server {
    /// Starts one on a port that is free; its counts go into a folder.
    pub(super) fn start(program: &Path, arguments: &[String], folder: &Path) -> Result<Self> {
        let counts = folder.join("counts.json");
        let mut child = Command::new(program)
            .args(["sim", "serve", "--quiet", "--port", "0", "--counts"])
            .arg(&counts)
            .args(arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .context("cannot start the simulated AWS")?;
        let stderr = child.stderr.take().context("no stderr")?;
        let mut server = Self {
            child,
            port: 0,
            counts,
        };
        let mut line = String::new();
        BufReader::new(stderr).read_line(&mut line)?;
        server.port = line
            .split("http://127.0.0.1:")
            .nth(1)
            .and_then(|rest| rest.split(' ').next()?.parse().ok())
            .with_context(|| format!("no port in `{line}`"))?;
        Ok(server)
    }

    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// What it has counted by now.
    pub(super) fn counts(&self) -> Result<Counts> {
        let _ = std::fs::remove_file(&self.counts);
        let id = Pid::from_raw(i32::try_from(self.child.id())?);
        kill(id, Signal::SIGUSR1).context("the server is gone")?;
        let begun = Instant::now();
        while !self.counts.exists() {
            ensure!(
                begun.elapsed() < COUNTS_DEADLINE,
                "the server counts nothing"
            );
            thread::sleep(Duration::from_millis(5));
        }
        Counts::read(&std::fs::read_to_string(&self.counts)?)
    }

    pub(super) fn cpu_seconds(&self) -> Result<f64> {
        process::cpu_of(self.child.id())
    }

    pub(super) fn peak_mib(&self) -> f64 {
        f64::from(process::peak(self.child.id()).unwrap_or_default()) / 1024.0
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
