//! A `sim serve` of our own, on a free port of loopback.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A running server; it ends with the value.
pub(crate) struct Sim {
    child: Child,
    pub(crate) port: u16,
}

/// The program in an empty world: no home, no configuration, no metadata service.
pub(crate) fn sagelock(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sagelock"));
    command
        .env_clear()
        .env("HOME", home)
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .current_dir(home);
    command
}

impl Sim {
    /// Starts one.
    pub(crate) fn start(home: &Path, arguments: &[&str]) -> Self {
        let mut child = sagelock(home)
            .args(["sim", "serve", "--port", "0"])
            .args(arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("starts");
        let mut line = String::new();
        let stderr = child.stderr.take().expect("piped");
        BufReader::new(stderr)
            .read_line(&mut line)
            .expect("says that it is ready");
        let port = line
            .split("http://127.0.0.1:")
            .nth(1)
            .and_then(|rest| rest.split(' ').next())
            .and_then(|port| port.parse().ok())
            .unwrap_or_else(|| panic!("no port in `{line}`"));
        Self { child, port }
    }

    /// Its address.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

impl Drop for Sim {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
