//! Every case of `corpus/policies` is decided as it says.

#![expect(
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a test reads files, and one that cannot go on says so"
)]

use std::fs;
use std::path::{Path, PathBuf};

use sagelock_policy::case::Case;
use sagelock_policy::evaluate::{Verdict, evaluate, explain};

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../corpus/policies");
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .expect("the corpus")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|end| end == "jsonl"))
        .collect();
    files.sort();
    files
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Allowed => "Allow",
        Verdict::Denied { .. } => "Deny",
        Verdict::Unknown => "Unknown",
    }
}

#[test]
fn every_case_is_decided_as_it_says() {
    let mut wrong = Vec::new();
    let mut all = 0;
    for file in files() {
        let name = file
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        for (index, line) in fs::read_to_string(&file)
            .expect("a file")
            .lines()
            .enumerate()
        {
            let place = format!("{name}:{}", index + 1);
            let case = Case::read(line).unwrap_or_else(|error| panic!("{place}: {error}"));
            let expected = case
                .expect
                .as_deref()
                .unwrap_or_else(|| panic!("{place}: nothing expected"));
            let quick = evaluate(&case.request, &case.stack);
            let answer = explain(&case.request, &case.stack);
            assert_eq!(
                quick, answer.verdict,
                "{place}: told otherwise than decided"
            );
            let told = case.answer();
            if word(told.verdict) != expected {
                wrong.push(format!(
                    "{place} {:?}: {} is not {expected}: {answer:?}",
                    case.id,
                    word(told.verdict)
                ));
            }
            // What is unknown says why.
            let has_reason = !told.missing.is_empty() || !told.open.is_empty();
            let is_unknown = told.verdict == Verdict::Unknown;
            assert_eq!(has_reason, is_unknown, "{place}: {told:?}");
            all += 1;
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {all} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(all >= 380, "{all} cases");
}
