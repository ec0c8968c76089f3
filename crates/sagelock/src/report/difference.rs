//! What has changed since an earlier audit: for people, and for programs.

use std::collections::BTreeMap;
use std::io::{self, Write};

use owo_colors::{OwoColorize, Style};
use sagelock_domain::assess::{Change, Changed, Record};
use sagelock_domain::rules::Verdict;
use serde::Serialize;

use super::table::wrap;
use crate::history::Difference;
use crate::outcome::Audit;

/// One line: how much of each.
fn headline(difference: &Difference) -> String {
    let counts = counts(difference);
    let counted = |change: Change| counts.get(&change).copied().unwrap_or_default();
    let parts: Vec<String> = Change::ALL
        .iter()
        .map(|change| format!("{} {}", counted(*change), words(*change)))
        .collect();
    format!(
        "since the audit of {} ({}): {}",
        difference.since.started,
        difference.since.id,
        parts.join(", ")
    )
}

fn counts(difference: &Difference) -> BTreeMap<Change, u64> {
    let mut counts = BTreeMap::new();
    for changed in &difference.changes {
        *counts.entry(changed.change).or_default() += 1;
    }
    counts
}

fn words(change: Change) -> &'static str {
    match change {
        Change::New => "new",
        Change::Fixed => "fixed",
        Change::Removed => "removed",
        Change::Changed => "changed",
        Change::NoLongerVisible => "no longer visible",
    }
}

/// The changes in the order in which they are told: by kind, then fails by severity.
fn told(difference: &Difference) -> Vec<&Changed> {
    let mut changes: Vec<&Changed> = difference.changes.iter().collect();
    let place = |change: Change| Change::ALL.iter().position(|one| *one == change);
    changes.sort_by_key(|changed| {
        let record = subject(changed);
        (
            place(changed.change),
            std::cmp::Reverse(record.map(|record| record.severity)),
            record.map(|record| (record.rule.to_string(), record.subject.arn.clone())),
        )
    });
    changes
}

fn subject(changed: &Changed) -> Option<&Record> {
    changed.is.as_ref().or(changed.was.as_ref())
}

/// For people.
pub(crate) fn write(difference: &Difference, out: &mut dyn Write, width: usize) -> io::Result<()> {
    for line in wrap(&headline(difference), width) {
        writeln!(out, "{}", line.bold())?;
    }
    if difference.since_incomplete {
        let said = "that audit was incomplete: what it did not see may look new";
        writeln!(out, "{said}")?;
    }
    if !difference.not_compared.is_empty() {
        let rules = difference.not_compared.join(", ");
        writeln!(out, "not compared, for one of the two did not ask: {rules}")?;
    }
    let mut kind = None;
    for changed in told(difference) {
        if kind != Some(changed.change) {
            kind = Some(changed.change);
            let title = words(changed.change).to_uppercase();
            writeln!(out, "\n{}", title.bold())?;
        }
        if let Some(record) = subject(changed) {
            row(changed, record, out, width)?;
        }
    }
    Ok(())
}

fn row(changed: &Changed, record: &Record, out: &mut dyn Write, width: usize) -> io::Result<()> {
    let style = match changed.change {
        Change::New => Style::new().red(),
        Change::NoLongerVisible | Change::Changed => Style::new().yellow(),
        Change::Fixed | Change::Removed => Style::new().green(),
    };
    let said = |record: Option<&Record>| {
        record.map_or_else(
            || "absent".to_owned(),
            |record| format!("{} {}", record.verdict, record.reason),
        )
    };
    let head = format!(
        "{} {} {}  {}/{}  {} → {}",
        record.severity,
        record.rule,
        record.subject.name,
        record.subject.account,
        record.subject.region,
        said(changed.was.as_ref()),
        said(changed.is.as_ref())
    );
    let mut lines = wrap(&head, width).into_iter();
    if let Some(first) = lines.next() {
        writeln!(out, "{}", first.style(style))?;
    }
    for line in lines {
        writeln!(out, "  {}", line.style(style))?;
    }
    let wants_words = matches!(changed.change, Change::New | Change::NoLongerVisible);
    if let Some(is) = changed.is.as_ref().filter(|_| wants_words) {
        for line in wrap(&is.message, width.saturating_sub(4).max(30)) {
            writeln!(out, "    {line}")?;
        }
    }
    Ok(())
}

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    since: Audited<'a>,
    started_at: String,
    finished_at: String,
    complete: bool,
    not_compared: &'a [String],
    counts: BTreeMap<&'static str, u64>,
    changes: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Audited<'a> {
    id: &'a str,
    started_at: String,
    complete: bool,
}

#[derive(Serialize)]
struct Entry<'a> {
    change: Change,
    id: &'a str,
    rule: &'a str,
    subject: &'a sagelock_domain::assess::RecordSubject,
    was: Option<State<'a>>,
    is: Option<State<'a>>,
}

#[derive(Serialize)]
struct State<'a> {
    verdict: Verdict,
    reason: &'a str,
    severity: sagelock_domain::rules::Severity,
    message: &'a str,
}

/// For programs: `sagelock.audit.diff/1`.
pub(crate) fn write_json(
    audit: &Audit,
    difference: &Difference,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut counted: BTreeMap<&'static str, u64> = Change::ALL
        .iter()
        .map(|change| (change.as_str(), 0))
        .collect();
    for (change, count) in counts(difference) {
        counted.insert(change.as_str(), count);
    }
    let changes = told(difference);
    let entries = changes.iter().filter_map(|changed| {
        let record = subject(changed)?;
        Some(Entry {
            change: changed.change,
            id: &record.id,
            rule: &record.rule,
            subject: &record.subject,
            was: changed.was.as_ref().map(State::of),
            is: changed.is.as_ref().map(State::of),
        })
    });
    let document = Document {
        schema: "sagelock.audit.diff/1",
        since: Audited {
            id: &difference.since.id,
            started_at: difference.since.started.to_string(),
            complete: !difference.since_incomplete,
        },
        started_at: audit.started_at.to_string(),
        finished_at: audit.finished_at.to_string(),
        complete: audit.complete(),
        not_compared: &difference.not_compared,
        counts: counted,
        changes: entries.collect(),
    };
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}

impl<'a> State<'a> {
    fn of(record: &'a Record) -> Self {
        Self {
            verdict: record.verdict,
            reason: &record.reason,
            severity: record.severity,
            message: &record.message,
        }
    }
}
