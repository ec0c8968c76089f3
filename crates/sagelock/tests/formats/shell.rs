//! Shell completions, in a shell.

use std::fs;
use std::process::Command;

use crate::estates::sagelock;

/// Every verb that help names.
const VERBS: [&str; 9] = [
    "kpi",
    "demo",
    "audit",
    "explain",
    "doctor",
    "sim",
    "config",
    "completions",
    "man",
];

#[test]
fn every_shell_has_a_script_that_knows_every_verb() {
    let home = tempfile::tempdir().expect("a folder");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = sagelock(home.path())
            .args(["completions", shell])
            .output()
            .expect("runs");
        assert!(output.status.success(), "{shell}");
        let script = String::from_utf8(output.stdout).expect("text");
        for verb in VERBS {
            assert!(script.contains(verb), "{shell} does not know {verb}");
        }
        assert!(script.contains("offline"), "{shell} knows no flags");
    }
    let output = sagelock(home.path()).args(["completions", "cmd"]).output();
    assert_eq!(output.expect("runs").status.code(), Some(2));
}

#[test]
fn bash_completes() {
    let home = tempfile::tempdir().expect("a folder");
    let output = sagelock(home.path())
        .args(["completions", "bash"])
        .output()
        .expect("runs");
    fs::write(home.path().join("script"), output.stdout).expect("written");
    let complete = |words: &[&str]| {
        let typed = words.join(" ");
        let last = words.len() - 1;
        let (word, before) = (words[last], words[last - 1]);
        let asks = format!(
            "source ./script && COMP_WORDS=({typed}) && COMP_CWORD={last} && \
             _sagelock sagelock '{word}' '{before}' && printf '%s ' \"${{COMPREPLY[@]}}\""
        );
        let output = Command::new("bash")
            .args(["--norc", "-c", &asks])
            .current_dir(home.path())
            .output()
            .expect("bash runs");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        (output.status.success(), said)
    };
    for (words, expected) in [
        (&["sagelock", "au"][..], "audit"),
        (&["sagelock", "comp"], "completions"),
        (&["sagelock", "sim", "ser"], "serve"),
        (&["sagelock", "audit", "--off"], "--offline"),
        (&["sagelock", "audit", "--format", "sa"], "sarif"),
    ] {
        let (ok, said) = complete(words);
        assert!(ok, "{words:?}: {said}");
        assert_eq!(said.trim(), expected, "{words:?}");
    }
    let (_, said) = complete(&["sagelock", "nosuch"]);
    assert_eq!(said.trim(), "", "nothing begins so");
}
