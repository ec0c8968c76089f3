//! A moto server of our own, on loopback, in a virtual environment that is made once.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::python::run;

/// Where this test's Python files are.
pub(crate) fn python_files() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/moto")
}

/// A Python that has moto and boto3.
fn python() -> PathBuf {
    crate::python::python(&python_files().join("requirements.txt"))
}

/// A running server; it ends with the value.
pub(crate) struct Moto {
    child: Child,
    port: u16,
    log: PathBuf,
}

impl Moto {
    /// Starts one; its requests are logged in a folder.
    pub(crate) fn start(folder: &Path) -> Self {
        let log = folder.join("requests.tsv");
        let mut child = Command::new(python())
            .arg(python_files().join("serve.py"))
            .arg(&log)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("moto starts");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("piped");
        BufReader::new(stdout)
            .read_line(&mut line)
            .expect("moto prints its port");
        let port = line.trim().parse().expect("a port");
        Self { child, port, log }
    }

    /// Its address.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Fills it and returns what was done.
    pub(crate) fn seed(&self, configs: usize, endpoints: usize, out: &Path) -> serde_json::Value {
        run(Command::new(python())
            .arg(python_files().join("seed.py"))
            .args([
                self.port.to_string(),
                configs.to_string(),
                endpoints.to_string(),
            ])
            .arg(out)
            .env("AWS_EC2_METADATA_DISABLED", "true"));
        serde_json::from_str(&fs::read_to_string(out).expect("seeded")).expect("JSON")
    }

    /// What a client asked for: operation and, of DescribeKey, its subject.
    pub(crate) fn requests(&self, client: &str) -> Vec<(String, String)> {
        let text = fs::read_to_string(&self.log).expect("the log");
        text.lines()
            .filter_map(|line| {
                let mut parts = line.split('\t');
                (parts.next()? == client).then_some(())?;
                let operation = parts.next()?.rsplit('.').next()?.to_owned();
                Some((operation, parts.next().unwrap_or_default().to_owned()))
            })
            .collect()
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
