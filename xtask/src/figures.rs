//! `docs/figures.md`: what was measured, by which command, at which commit. The benchmarks write it, and say
//! where a figure is worse than it was by more than a tenth.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::process::Command;

use anyhow::{Context, Result};

use crate::root;

/// Whether more or less of it is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Better {
    Less,
    More,
}

/// Something that was measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Figure {
    pub(crate) name: &'static str,
    pub(crate) value: f64,
    pub(crate) unit: &'static str,
    pub(crate) better: Better,
}

impl Figure {
    pub(crate) const fn less(name: &'static str, value: f64, unit: &'static str) -> Self {
        Self {
            name,
            value,
            unit,
            better: Better::Less,
        }
    }

    pub(crate) const fn more(name: &'static str, value: f64, unit: &'static str) -> Self {
        Self {
            name,
            value,
            unit,
            better: Better::More,
        }
    }
}

const FILE: &str = "docs/figures.md";
/// By so much a figure may be worse without a word, since machines are not the same from run to run.
const SLACK: f64 = 1.1;
const HEAD: &str = "\
# Figures

What was measured, by which command, at which commit (`+`: with changes that were not committed). Each command
writes its own rows, and says where a figure is worse than the one it replaces by more than a tenth; why it is
worse then stands below. All on two cores of a virtual machine; figures of different days are not the same machine.

| figure | value | unit | better | command | commit | before |
|---|---|---|---|---|---|---|
";
/// What follows is written by hand and kept.
const WHY: &str = "\n## Worse by more than a tenth, and why\n";

/// A row of the table.
#[derive(Clone, Debug, PartialEq)]
struct Row {
    value: String,
    unit: String,
    better: String,
    command: String,
    commit: String,
    before: String,
}

/// Writes what a command measured.
pub(crate) fn write(command: &str, figures: &[Figure]) -> Result<()> {
    let path = root().join(FILE);
    let text = fs::read_to_string(&path).unwrap_or_default();
    let (written, worse) = with(&text, command, &commit()?, figures);
    fs::write(&path, written).with_context(|| path.display().to_string())?;
    println!("written to {FILE}");
    for line in worse {
        println!("worse: {line}");
    }
    Ok(())
}

/// The commit that is checked out.
fn commit() -> Result<String> {
    let git = |arguments: &[&str]| -> Result<String> {
        let output = Command::new("git")
            .args(arguments)
            .current_dir(root())
            .output()?;
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let head = git(&["rev-parse", "--short=7", "HEAD"])?;
    let changed = git(&[
        "status",
        "--porcelain",
        "--untracked-files=no",
        "--",
        ":!docs/figures.md",
    ])?;
    Ok(if changed.is_empty() {
        head
    } else {
        format!("{head}+")
    })
}

/// The text with these figures, and what is worse than it was.
fn with(text: &str, command: &str, commit: &str, figures: &[Figure]) -> (String, Vec<String>) {
    let mut rows = rows(text);
    let mut worse = Vec::new();
    for figure in figures {
        let old = rows.get(figure.name).cloned();
        if let Some(line) = old.as_ref().and_then(|old| is_worse(figure, old)) {
            worse.push(line);
        }
        let before = old.map_or_else(String::new, |old| {
            if old.commit == commit {
                old.before
            } else {
                format!("{} ({})", old.value, old.commit)
            }
        });
        let row = Row {
            value: shown(figure.value),
            unit: figure.unit.to_owned(),
            better: match figure.better {
                Better::Less => "less",
                Better::More => "more",
            }
            .to_owned(),
            command: command.to_owned(),
            commit: commit.to_owned(),
            before,
        };
        rows.insert(figure.name.to_owned(), row);
    }
    let mut written = HEAD.to_owned();
    for (name, row) in &rows {
        let Row {
            value,
            unit,
            better,
            command,
            commit,
            before,
        } = row;
        let _ = writeln!(
            written,
            "| {name} | {value} | {unit} | {better} | `{command}` | {commit} | {before} |"
        );
    }
    written.push_str(WHY);
    written.push_str(text.split_once(WHY).map_or("\nNothing.\n", |(_, why)| why));
    (written, worse)
}

fn rows(text: &str) -> BTreeMap<String, Row> {
    let lines = text
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| figure "));
    lines
        .filter_map(|line| {
            let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
            let [name, value, unit, better, command, commit, before] = cells.as_slice() else {
                return None;
            };
            let row = Row {
                value: (*value).to_owned(),
                unit: (*unit).to_owned(),
                better: (*better).to_owned(),
                command: command.trim_matches('`').to_owned(),
                commit: (*commit).to_owned(),
                before: (*before).to_owned(),
            };
            Some(((*name).to_owned(), row))
        })
        .collect()
}

fn is_worse(figure: &Figure, old: &Row) -> Option<String> {
    let before: f64 = old.value.replace(',', "").parse().ok()?;
    let ratio = match figure.better {
        Better::Less => figure.value / before,
        Better::More => before / figure.value,
    };
    (ratio > SLACK).then(|| {
        format!(
            "{}: {} {}, and {} at {}",
            figure.name,
            shown(figure.value),
            figure.unit,
            old.value,
            old.commit
        )
    })
}

/// With three places that mean something.
fn shown(value: f64) -> String {
    if value >= 100.0 || value.fract() == 0.0 {
        format!("{value:.0}")
    } else if value >= 10.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.2}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_kept_and_what_is_worse_is_said() {
        let time = |value| [Figure::less("time", value, "s")];
        let (text, worse) = with("", "bench a", "1111111", &time(10.0));
        assert!(
            worse.is_empty() && text.contains("| time | 10 | s | less | `bench a` | 1111111 |  |")
        );
        let rate = [Figure::more("rate", 500.0, "a second")];
        let (text, worse) = with(&text, "bench b", "1111111", &rate);
        assert!(worse.is_empty());
        let text = text.replace("\nNothing.\n", "\n- time: the rule is new.\n");
        let (text, worse) = with(&text, "bench a", "2222222", &time(10.9));
        assert!(worse.is_empty(), "{worse:?}");
        assert!(text.contains("| time | 10.9 | s | less | `bench a` | 2222222 | 10 (1111111) |"));
        assert!(text.contains("| rate | 500 |") && text.contains("the rule is new"));
        let (_, worse) = with(&text, "bench a", "3333333", &time(13.0));
        assert_eq!(worse, ["time: 13 s, and 10.9 at 2222222"]);
        let rate = [Figure::more("rate", 400.0, "a second")];
        let (_, worse) = with(&text, "bench b", "3333333", &rate);
        assert_eq!(worse, ["rate: 400 a second, and 500 at 1111111"]);
    }
}
