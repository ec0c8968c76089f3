//! A test runs itself again in another process: the same test, which finds in the environment
//! that it is the child and what it is given.

use std::env;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

const GIVEN: &str = "SAGELOCK_STORE_CHILD";

/// What the child is given; none in the parent.
pub(super) fn given() -> Option<String> {
    env::var(GIVEN).ok()
}

/// The command that runs the test again, behind `before` (a program and its arguments).
pub(super) fn command(before: &[&str], test: &str, given: &str) -> Command {
    let exe = env::current_exe().unwrap();
    let mut words = before.iter();
    let mut command = match words.next() {
        Some(program) => {
            let mut command = Command::new(program);
            command.args(words).arg(exe);
            command
        }
        None => Command::new(exe),
    };
    command
        .args(["--exact", "--nocapture", &format!("tests::{test}")])
        .env(GIVEN, given)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    command
}

/// The lines that a child prints. What the test harness prints is among them.
pub(super) fn lines(child: &mut Child) -> impl Iterator<Item = String> + use<> {
    let stdout = child.stdout.take().unwrap();
    BufReader::new(stdout).lines().map_while(Result::ok)
}
