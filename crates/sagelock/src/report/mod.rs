//! How an audit is said. No decision is made here.

mod asff;
mod chart;
mod clause;
mod csv;
mod difference;
mod gaps;
mod html;
mod isolation;
mod json;
mod junit;
mod md;
mod missing;
mod names;
mod ndjson;
mod ocsf;
mod preflight;
mod redact;
mod sarif;
mod stream;
mod table;
pub(crate) mod why;

use std::fs::OpenOptions;
use std::io::{self, IsTerminal, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

pub(crate) use difference::{write as write_difference, write_json as write_difference_json};
pub(crate) use gaps::{missing_permissions, not_entered, other_gaps};
pub(crate) use isolation::{isolation_json, isolation_page, isolation_table};
pub(crate) use names::some_of;
pub(crate) use preflight::{Looked, preflight_json, preflight_table};
pub(crate) use redact::redact;
pub(crate) use table::wrap;
pub(crate) use why::{all_words, code, words};

use crate::outcome::Audit;

/// A form of output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// For people: worst first, what to do, coverage.
    Table,
    /// One object with everything.
    Json,
    /// A finding a line.
    Ndjson,
    /// A finding a row, for spreadsheets.
    Csv,
    /// For pull requests and wikis.
    Md,
    /// For a browser: one file with filters, charts and every finding's evidence.
    Html,
    /// SARIF 2.1.0, for code scanning and its viewers.
    Sarif,
    /// JUnit XML, for the test reports of Jenkins and GitLab.
    Junit,
    /// OCSF 1.8.0, a Compliance Finding a line, for security lakes.
    Ocsf,
    /// The AWS Security Finding Format, for Security Hub.
    Asff,
}

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        <Self as clap::ValueEnum>::from_str(text, false)
            .map_err(|_| format!("unknown format `{text}`; the formats are {}", Self::words()))
    }
}

impl Format {
    /// The word for each.
    fn words() -> String {
        let all = <Self as clap::ValueEnum>::value_variants().iter();
        let words = all.filter_map(clap::ValueEnum::to_possible_value);
        let words: Vec<String> = words.map(|word| word.get_name().to_owned()).collect();
        words.join(", ")
    }
}

/// A file to write, `-o FORMAT=PATH`.
#[derive(Clone, Debug)]
pub(crate) struct Output {
    pub(crate) format: Format,
    pub(crate) path: PathBuf,
}

impl FromStr for Output {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Some((format, path)) = text.split_once('=') else {
            return Err("expected FORMAT=PATH, for example json=audit.json".to_owned());
        };
        if path.is_empty() {
            return Err("the path is empty; expected FORMAT=PATH".to_owned());
        }
        if path == "-" {
            return Err("standard output is `--format FORMAT`; this writes a file".to_owned());
        }
        Ok(Self {
            format: format.parse()?,
            path: PathBuf::from(path),
        })
    }
}

/// Writes an audit in a format.
pub(crate) fn write(
    audit: &Audit,
    format: Format,
    out: &mut dyn Write,
    width: usize,
) -> io::Result<()> {
    match format {
        Format::Table => table::write(audit, out, width),
        Format::Json => json::write(audit, out),
        Format::Ndjson => ndjson::write(audit, out),
        Format::Csv => csv::write(audit, out),
        Format::Md => md::write(audit, out),
        Format::Html => html::write(audit, out),
        Format::Sarif => sarif::write(audit, out),
        Format::Junit => junit::write(audit, out),
        Format::Ocsf => ocsf::write(audit, out),
        Format::Asff => asff::write(audit, out),
    }
}

/// Opens a file for writing that only its owner can read: it will hold ARNs. What it holds stays
/// until it is written.
pub(crate) fn create_private(path: &Path) -> io::Result<std::fs::File> {
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
}

/// The width of standard output: the terminal's, or that of a page.
pub(crate) fn terminal_width() -> usize {
    if !io::stdout().is_terminal() {
        return page_width();
    }
    match terminal_size::terminal_size() {
        Some((width, _)) => usize::from(width.0),
        None => columns().unwrap_or(80),
    }
}

/// The width of standard error, where it is a terminal.
pub(crate) fn stderr_width() -> Option<usize> {
    let (width, _) = terminal_size::terminal_size_of(io::stderr())?;
    Some(usize::from(width.0))
}

/// The width of a file or a pipe: `COLUMNS`, or what a person reads with ease.
pub(crate) fn page_width() -> usize {
    columns().unwrap_or(100)
}

fn columns() -> Option<usize> {
    let columns = std::env::var("COLUMNS").ok()?;
    columns.trim().parse().ok().filter(|columns| *columns > 0)
}
