//! A script that checks something and closes with `N passed, M failed`.

use std::process::{Command, Output};

/// Runs a script, and returns how many of its checks passed; none may have failed.
#[track_caller]
pub(crate) fn passed(command: &mut Command) -> u32 {
    let output = command.output().expect("python runs");
    let (out, err) = texts(&output);
    assert!(output.status.success(), "{out}\n{err}");
    let last = out.lines().last().unwrap_or_default();
    let (passed, failed) = last.split_once(" passed, ").expect("a closing line");
    assert_eq!(failed, "0 failed", "{out}\n{err}");
    passed.trim().parse().expect("a number")
}

/// What was said on standard output, and on standard error.
pub(crate) fn texts(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}
