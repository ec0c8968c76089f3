//! `cargo xtask differential`: random cases, decided by us and by an evaluator that nobody here
//! wrote. It is fetched when it is needed, and is no part of the project.

mod families;
mod generate;
mod table;
mod universe;

use std::fs::{self, File};
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use sagelock_policy::case::Case;
use sagelock_policy::evaluate::{Verdict, evaluate};
use serde_json::Value;

use crate::figures::{self, Figure};
use crate::{kept, options, root, run as execute};
use families::FAMILIES;
pub(crate) use generate::case as random_case;

/// Differences that are shown whole.
const SHOWN: usize = 5;
/// A family holds at most one case in so many.
const FAMILY_SHARE: u64 = 100;

/// `cargo xtask differential [--cases N] [--seed S]`.
pub(crate) fn run(words: &[&str]) -> Result<()> {
    let [cases, seed] = options::numbers(words, ["--cases", "--seed"])?;
    let (cases, seed) = (cases.unwrap_or(2_000), seed.unwrap_or(1));
    let tally = compare(cases, seed)?;
    tally.print(cases, seed);
    ensure!(
        tally.unexplained == 0,
        "{} cases differ unexplained",
        tally.unexplained
    );
    ensure!(
        cases < 1_000 || tally.equal > cases / 100 * 90,
        "too few cases are equal to say anything"
    );
    for (family, row) in FAMILIES.iter().zip(&tally.families) {
        ensure!(
            row.cases * FAMILY_SHARE <= cases.max(2_000),
            "the family `{}` holds {} of {cases} cases: more than one in {FAMILY_SHARE}",
            family.name,
            row.cases
        );
    }
    if cases < FIGURE {
        return Ok(());
    }
    #[expect(clippy::cast_precision_loss, reason = "figures to look at")]
    let (all, equal) = (cases as f64, tally.equal as f64);
    figures::write(
        "cargo xtask differential --cases N",
        &[
            Figure::more("differential: cases", all, "cases"),
            Figure::more("differential: equal", 100.0 * equal / all, "%"),
            Figure::less("differential: unexplained", 0.0, "cases"),
        ],
    )
}

/// Fewer cases are no figure.
const FIGURE: u64 = 100_000;

#[derive(Default)]
struct Row {
    cases: u64,
    different: u64,
}

#[derive(Default)]
struct Tally {
    equal: u64,
    allowed: u64,
    explicit: u64,
    unexplained: u64,
    families: Vec<Row>,
}

impl Tally {
    fn print(&self, cases: u64, seed: u64) {
        println!("{cases} cases of seed {seed}");
        println!(
            "equal        {} ({} allowed, {} denied by a statement)",
            self.equal, self.allowed, self.explicit
        );
        for (family, row) in FAMILIES.iter().zip(&self.families) {
            println!(
                "known        {} of {} cases: {}",
                row.different, row.cases, family.name
            );
            println!("             {}", family.source);
        }
        println!("unexplained  {}", self.unexplained);
    }
}

fn compare(cases: u64, seed: u64) -> Result<Tally> {
    let folder = installed()?;
    table::check(&folder)?;
    table::check_sources(&folder)?;
    let mut oracle = Command::new("node")
        .arg(folder.join("oracle.mjs"))
        .current_dir(&folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot run node; this needs Node.js 20")?;
    let input = oracle.stdin.take().context("the oracle's input")?;
    let output = oracle.stdout.take().context("the oracle's output")?;
    let writer = std::thread::spawn(move || -> std::io::Result<()> {
        let mut input = BufWriter::new(input);
        for number in 0..cases {
            writeln!(input, "{}", generate::case(seed, number))?;
        }
        input.flush()
    });
    let mut tally = Tally {
        families: FAMILIES.iter().map(|_| Row::default()).collect(),
        ..Tally::default()
    };
    let mut lines = BufReader::new(output).lines();
    for number in 0..cases {
        let theirs = lines.next().context("the oracle has ended")??;
        tally.add(&generate::case(seed, number), &theirs)?;
        if (number + 1) % 50_000 == 0 {
            eprintln!(
                "{} of {cases}, {} unexplained",
                number + 1,
                tally.unexplained
            );
        }
    }
    let written = writer.join();
    ensure!(oracle.wait()?.success(), "the oracle failed");
    match written {
        Ok(written) => written.context("cannot write to the oracle")?,
        Err(_) => bail!("the writer panicked"),
    }
    Ok(tally)
}

impl Tally {
    fn add(&mut self, case: &Value, theirs: &str) -> Result<()> {
        let line = case.to_string();
        let read = Case::read(&line).with_context(|| line.clone())?;
        let ours = match evaluate(&read.request, &read.stack) {
            Verdict::Allowed => "Allow",
            Verdict::Denied { explicitly: true } => "Deny explicit",
            Verdict::Denied { explicitly: false } => "Deny implicit",
            Verdict::Unknown => "Unknown",
        };
        let is_equal = ours == theirs;
        let mut is_known = false;
        for (family, row) in FAMILIES.iter().zip(&mut self.families) {
            if (family.holds)(case) {
                is_known = true;
                row.cases += 1;
                row.different += u64::from(!is_equal);
            }
        }
        if is_equal {
            self.equal += 1;
            self.allowed += u64::from(ours == "Allow");
            self.explicit += u64::from(ours == "Deny explicit");
        } else if !is_known {
            self.unexplained += 1;
            if self.unexplained <= SHOWN as u64 {
                println!("ours {ours}, theirs {theirs}:\n{line}\n");
            }
        }
        Ok(())
    }
}

/// The folder of the oracle with what it imports, outside of the repository's files.
fn installed() -> Result<PathBuf> {
    let source = root().join("xtask/src/differential");
    let lock_file = fs::read(source.join("package-lock.json")).context("the lock")?;
    let folder = kept("oracle", &lock_file)?;
    let lock = File::create(folder.with_extension("lock"))?;
    lock.lock()?;
    fs::create_dir_all(&folder)?;
    for name in ["package.json", "package-lock.json", "oracle.mjs"] {
        fs::copy(source.join(name), folder.join(name))?;
    }
    let done = folder.join("done");
    if !done.exists() {
        execute(
            Command::new("npm")
                .args([
                    "ci",
                    "--ignore-scripts",
                    "--no-audit",
                    "--no-fund",
                    "--prefix",
                ])
                .arg(&folder),
        )?;
        fs::write(&done, "")?;
    }
    Ok(folder)
}
