//! What a person and a script see when something is wrong: a clear message, the right exit code,
//! and nothing lost.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so"
)]

mod documents;
mod gaps;
mod scope;
mod server;
mod usage;

use std::fs;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use server::{ACCOUNT, Answer, KEY, Server};
use tempfile::TempDir;

/// The program in an empty world: no home, no configuration, no metadata service.
fn sagelock(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sagelock"));
    command
        .env_clear()
        .env("HOME", home)
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("SAGELOCK_AUDIT_DEADLINE_SECONDS", "1")
        .current_dir(home);
    command
}

/// The same, in front of a server and with credentials.
fn against(server: &Server, home: &Path) -> Command {
    let mut command = sagelock(home);
    command
        .env("AWS_ENDPOINT_URL", server.url())
        .env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
        .env("AWS_SECRET_ACCESS_KEY", "secret");
    command
}

struct Said {
    code: Option<i32>,
    out: String,
    err: String,
}

fn run(command: &mut Command) -> Said {
    said(&command.output().expect("runs"))
}

fn said(output: &Output) -> Said {
    Said {
        code: output.status.code(),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

impl Said {
    fn json(&self) -> Value {
        serde_json::from_str(&self.out)
            .unwrap_or_else(|_| panic!("no JSON: {}{}", self.out, self.err))
    }

    #[track_caller]
    fn ends(&self, code: i32, words: &[&str]) {
        assert_eq!(self.code, Some(code), "{}\n{}", self.out, self.err);
        for word in words {
            assert!(
                self.err.contains(word),
                "`{word}` is not said:\n{}",
                self.err
            );
        }
        assert!(!self.err.contains("panicked"), "{}", self.err);
    }
}

fn home() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

/// What one audit has learned does not help the next.
const REGION: [&str; 4] = ["audit", "--no-store", "--region", "eu-west-1"];

fn json(command: &mut Command) -> Said {
    run(command.args(["--format", "json"]))
}
