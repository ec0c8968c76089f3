//! The invariants that a machine can hold. Each is a sentence of ARCHITECTURE.md or STYLE.md.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use sagelock_domain::rules::RULES;

use crate::circles;
use crate::metadata::{Package, packages};
use crate::root;

/// The longest a source file may be.
const LINES_MAX: usize = 500;

/// Which room may depend on which, and nothing else.
const GRAPH: &[(&str, &[&str])] = &[
    ("sagelock-policy", &[]),
    ("sagelock-domain", &["sagelock-policy"]),
    ("sagelock-aws", &["sagelock-domain"]),
    ("sagelock-sim", &["sagelock-domain", "sagelock-policy"]),
    ("sagelock-store", &["sagelock-domain"]),
    (
        "sagelock",
        &[
            "sagelock-aws",
            "sagelock-domain",
            "sagelock-policy",
            "sagelock-sim",
            "sagelock-store",
        ],
    ),
    (
        "xtask",
        &["sagelock-domain", "sagelock-policy", "sagelock-sim"],
    ),
];

/// Foreign worlds, and the only rooms that may name them. A name that ends in a hyphen is a
/// prefix.
const FOREIGN: &[(&str, &[&str])] = &[
    ("aws-", &["sagelock-aws"]),
    ("quick-xml", &["sagelock-aws", "sagelock"]),
    ("sqlx", &["sagelock-store"]),
    ("sqlx-", &["sagelock-store"]),
    ("clap", &["sagelock"]),
    ("clap_complete", &["sagelock"]),
    ("clap_mangen", &["sagelock"]),
    ("tokio", &["sagelock"]),
    ("hyper", &["sagelock"]),
    ("hyper-", &["sagelock"]),
    ("anyhow", &["sagelock", "xtask"]),
    ("maud", &["sagelock"]),
];

/// Names that say nothing.
const VAGUE: &[&str] = &[
    "utils", "util", "helpers", "helper", "common", "misc", "manager",
];

/// Texts that must not stand in the repository. They are written in halves, so that this file
/// does not hold them.
const BANNED: &[(&str, &str, &str)] = &[
    ("0.0", ".0.0", "a server binds to loopback"),
    ("#[al", "low(", "use #[expect(…, reason = …)]"),
    ("FIX", "ME", "mend it, or open an issue"),
    ("/ho", "me/", "no path of anybody's machine"),
    ("/ro", "ot/", "no path of anybody's machine"),
];

/// What names a write, and who may: folders and files. Whoever reads knows of none.
const WRITES: [&str; 4] = ["call::write", "WriteCall", "WriteOp", "Writer::over"];
const WRITERS: &[&str] = &[
    "crates/domain/src/call/",
    "crates/domain/src/permissions.rs",
    "crates/aws/src/lib.rs",
    "crates/aws/src/wire/mod.rs",
    "crates/aws/src/writer.rs",
    "crates/sim/src/face.rs",
    "crates/sagelock/tests/sim/writes.rs",
    "xtask/src/tidy.rs",
];

pub(crate) fn run() -> Result<()> {
    let mut wrong = Vec::new();
    let files = tracked()?;
    for path in &files {
        check_file(path, &mut wrong);
    }
    check_rules(&mut wrong);
    circles::check(&files, &mut wrong);
    check_links(&files, &mut wrong);
    let packages = packages()?;
    check_graph(&packages, &mut wrong);
    check_supply(&packages, &mut wrong)?;
    if wrong.is_empty() {
        eprintln!(
            "tidy: {} files and {} packages are in order",
            files.len(),
            packages.len()
        );
        return Ok(());
    }
    bail!("not tidy:\n  {}", wrong.join("\n  "))
}

/// The files that git tracks or would track.
fn tracked() -> Result<Vec<PathBuf>> {
    let output = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .context("cannot run git")?;
    let text = String::from_utf8(output.stdout)?;
    Ok(text
        .lines()
        .map(PathBuf::from)
        .filter(|path| root().join(path).is_file())
        .collect())
}

fn check_file(path: &Path, wrong: &mut Vec<String>) {
    let Ok(text) = fs::read_to_string(root().join(path)) else {
        return;
    };
    let name = path.display();
    if path.file_name().is_some_and(|name| name == "Cargo.lock") {
        return;
    }
    for (first, second, why) in BANNED {
        if let Some(line) = text
            .lines()
            .position(|line| line.contains(&format!("{first}{second}")))
        {
            wrong.push(format!("{name}:{}: `{first}{second}`: {why}", line + 1));
        }
    }
    if path.extension().is_none_or(|extension| extension != "rs") {
        return;
    }
    let lines = text.lines().count();
    if lines > LINES_MAX {
        wrong.push(format!(
            "{name}: {lines} lines; the noun in it is two nouns"
        ));
    }
    if !text.starts_with("//!") {
        wrong.push(format!(
            "{name}: says nothing of itself in its first line (`//!`)"
        ));
    }
    let may_write = WRITERS.iter().any(|writer| path.starts_with(writer));
    if let Some(named) = WRITES
        .iter()
        .find(|word| !may_write && text.contains(**word))
    {
        wrong.push(format!(
            "{name}: names `{named}`: it is no room that writes"
        ));
    }
    let stem = path
        .file_stem()
        .map(|stem| stem.to_string_lossy().into_owned())
        .unwrap_or_default();
    if VAGUE.contains(&stem.as_str()) {
        wrong.push(format!("{name}: a name that says nothing"));
    }
}

/// Every rule has its file, its four fixtures and its page; no fixture and no page is left over.
fn check_rules(wrong: &mut Vec<String>) {
    let mut folders: BTreeSet<String> = entries("corpus/rules");
    let mut pages: BTreeSet<String> = entries("docs/rules");
    pages.remove("README.md");
    for rule in RULES {
        let file = rule.id.to_lowercase().replace('-', "_");
        let folder = if file.starts_with("key") {
            "key"
        } else {
            "endpoint"
        };
        if !root()
            .join(format!("crates/domain/src/rules/{folder}/{file}.rs"))
            .is_file()
        {
            wrong.push(format!("{}: no file {file}.rs", rule.id));
        }
        folders.remove(rule.id);
        if !pages.remove(&format!("{}.md", rule.id)) {
            wrong.push(format!("{}: no page; run `cargo xtask docs`", rule.id));
        }
        for verdict in ["pass", "fail", "unknown", "not-applicable"] {
            let fixture = format!("corpus/rules/{}/{verdict}.json", rule.id);
            if !root().join(&fixture).is_file() {
                wrong.push(format!("{}: no {fixture}", rule.id));
            }
        }
    }
    wrong.extend(
        folders
            .into_iter()
            .map(|name| format!("corpus/rules/{name}: no such rule")),
    );
    wrong.extend(
        pages
            .into_iter()
            .map(|name| format!("docs/rules/{name}: no such rule")),
    );
}

fn entries(folder: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(root().join(folder))
        .into_iter()
        .flatten()
        .flatten();
    entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect()
}

/// Links between our documents lead somewhere.
fn check_links(files: &[PathBuf], wrong: &mut Vec<String>) {
    for path in files
        .iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
    {
        let Ok(text) = fs::read_to_string(root().join(path)) else {
            continue;
        };
        let folder = root().join(path.parent().unwrap_or(Path::new("")));
        for link in text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next())
        {
            let target = link.split('#').next().unwrap_or_default();
            let outside = target.contains("://") || target.is_empty() || target.contains(' ');
            if !outside && !folder.join(target).exists() {
                wrong.push(format!(
                    "{}: a link to `{link}` leads nowhere",
                    path.display()
                ));
            }
        }
    }
}

fn check_graph(packages: &[Package], wrong: &mut Vec<String>) {
    let members: Vec<&Package> = packages
        .iter()
        .filter(|package| package.source.is_none())
        .collect();
    let known: BTreeSet<&str> = GRAPH.iter().map(|(name, _)| *name).collect();
    for package in &members {
        let Some((_, allowed)) = GRAPH.iter().find(|(name, _)| *name == package.name) else {
            wrong.push(format!("{}: a room that no plan knows", package.name));
            continue;
        };
        for dependency in &package.dependencies {
            if known.contains(dependency.as_str()) && !allowed.contains(&dependency.as_str()) {
                wrong.push(format!("{} must not know {dependency}", package.name));
            }
            for (foreign, rooms) in FOREIGN {
                let named = dependency == foreign
                    || (foreign.ends_with('-') && dependency.starts_with(foreign));
                if named && !rooms.contains(&package.name.as_str()) {
                    wrong.push(format!("{} must not name {dependency}", package.name));
                }
            }
        }
    }
}

/// Licences, bans and sources, by the lists of deny.toml.
fn check_supply(packages: &[Package], wrong: &mut Vec<String>) -> Result<()> {
    let deny = fs::read_to_string(root().join("deny.toml")).context("deny.toml")?;
    let licences = list(&deny, "allow");
    let banned = list(&deny, "deny");
    let registry = list(&deny, "allow-registry");
    for package in packages {
        let Package { name, version, .. } = package;
        if let Some(source) = &package.source {
            let source = source.strip_prefix("registry+").unwrap_or(source);
            if !registry.iter().any(|allowed| allowed == source) {
                wrong.push(format!("{name} {version} comes from {source}"));
            }
        }
        if banned.contains(name) {
            wrong.push(format!("{name} {version} is banned by deny.toml"));
        }
        let licence = package.license.as_deref().unwrap_or_default();
        if !is_allowed(licence, &licences) {
            wrong.push(format!(
                "{name} {version}: licence `{licence}` is not in deny.toml"
            ));
        }
    }
    Ok(())
}

/// The strings of a list of deny.toml.
fn list(toml: &str, name: &str) -> Vec<String> {
    let begin = format!("\n{name} = [");
    let body = toml
        .split(&begin)
        .nth(1)
        .and_then(|rest| rest.split(']').next())
        .unwrap_or_default();
    body.split('"')
        .skip(1)
        .step_by(2)
        .map(ToOwned::to_owned)
        .collect()
}

/// Whether an SPDX expression can be met: one of its alternatives, all of its parts.
fn is_allowed(expression: &str, allowed: &[String]) -> bool {
    let plain = expression.replace(['(', ')'], "").replace('/', " OR ");
    plain.split(" AND ").all(|part| {
        part.split(" OR ")
            .any(|licence| allowed.iter().any(|known| known == licence.trim()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn licence_expressions_are_understood() {
        let allowed: Vec<String> = ["MIT", "Apache-2.0", "ISC"].map(ToOwned::to_owned).into();
        for (expression, expected) in [
            ("MIT", true),
            ("MIT OR GPL-3.0", true),
            ("MIT/Apache-2.0", true),
            ("(MIT OR Apache-2.0) AND ISC", true),
            ("ISC AND GPL-3.0", false),
            ("AGPL-3.0", false),
            ("", false),
        ] {
            assert_eq!(is_allowed(expression, &allowed), expected, "{expression}");
        }
    }

    #[test]
    fn lists_are_read() {
        let toml = "[x]\nallow = [\n \"A\", # no\n \"B\",\n]\n";
        assert_eq!(list(toml, "allow"), ["A", "B"]);
    }
}
