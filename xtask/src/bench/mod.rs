//! Benchmarks: figures to look at, never tests.

mod audit;
mod counts;
mod isolation;
mod moto;
mod policy;
mod process;
mod proofs;
mod python;
mod readme;
mod scale;
mod server;
mod sim;

use std::path::PathBuf;
use std::str::FromStr;

use anyhow::{Context, Result, bail, ensure};

use crate::{cargo, run as execute, target};

pub(crate) use isolation::isolation;
pub(crate) use policy::policy;
pub(crate) use proofs::proofs;
pub(crate) use readme::readme;
pub(crate) use sim::sim;

/// An audit beside a script of boto3, or of a fleet.
pub(crate) fn audit(words: &[&str]) -> Result<()> {
    let mut words = Words(words.to_vec());
    if words.flag("--scale") {
        scale::run(&scale::Asked::read(&mut words)?)
    } else {
        audit::run(&audit::Asked::read(&mut words)?)
    }
}

/// The words of a command line.
struct Words<'a>(Vec<&'a str>);

impl Words<'_> {
    /// Whether a word is there; it is taken.
    fn flag(&mut self, name: &str) -> bool {
        let before = self.0.len();
        self.0.retain(|word| *word != name);
        self.0.len() < before
    }

    /// What follows a word, where it is there; both are taken.
    fn value<T: FromStr>(&mut self, name: &str) -> Result<Option<T>> {
        let Some(at) = self.0.iter().position(|word| *word == name) else {
            return Ok(None);
        };
        ensure!(at + 1 < self.0.len(), "`{name}` needs a value");
        let taken: Vec<&str> = self.0.drain(at..at + 2).collect();
        let text = taken.get(1).copied().unwrap_or_default();
        match text.parse() {
            Ok(value) => Ok(Some(value)),
            Err(_) => bail!("`{name} {text}` cannot be read"),
        }
    }

    fn finish(&self) -> Result<()> {
        match self.0.first() {
            None => Ok(()),
            Some(word) => bail!("`{word}` means nothing here"),
        }
    }
}

/// Builds the program in release; where it is.
fn built() -> Result<PathBuf> {
    execute(&mut cargo(&[
        "build",
        "--locked",
        "--release",
        "--package",
        "sagelock",
    ]))?;
    Ok(target().join("release/sagelock"))
}

/// Builds itself in release, and measures there.
fn in_release(name: &str) -> Result<()> {
    crate::in_release(&["bench", name, "--here"])
}

/// A new folder for what one benchmark writes.
fn folder(name: &str) -> Result<PathBuf> {
    let folder = target().join("tmp").join(format!("bench-{name}"));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("cannot make `{}`", folder.display()))?;
    // A database is named by an absolute path.
    Ok(folder.canonicalize()?)
}

/// The middle of some numbers; 0 of none.
fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_taken_and_what_is_left_means_nothing() {
        let mut words = Words(vec!["--scale", "--accounts", "20", "--rate", "x", "y"]);
        assert!(words.flag("--scale") && !words.flag("--scale"));
        assert_eq!(words.value::<u32>("--accounts").ok().flatten(), Some(20));
        assert!(words.value::<u32>("--regions").is_ok_and(|v| v.is_none()));
        assert!(words.value::<f64>("--rate").is_err());
        assert!(words.finish().is_err());
        assert!(Words(vec!["--rate"]).value::<f64>("--rate").is_err());
        assert!(Words(vec![]).finish().is_ok());
    }

    #[test]
    fn the_median_is_the_middle() {
        assert!((median(vec![3.0, 1.0, 2.0]) - 2.0).abs() < 1e-9);
        assert!(median(vec![]).abs() < 1e-9);
    }
}
