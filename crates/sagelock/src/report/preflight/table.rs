//! The table for a terminal.

use std::io::{self, Write};

use owo_colors::{OwoColorize, Style};
use sagelock_domain::preflight::{Answer, AnswerKind, Block, Check, Outcome, Preflight, Step};
use sagelock_domain::why::Why;
use sagelock_policy::change::Edit;
use sagelock_policy::prove::Doubt;

use super::Looked;
use crate::report::{words, wrap};

/// Columns of a terminal.
const WIDTH: usize = 80;
/// Where what is said of a check begins.
const INDENT: usize = 10;
/// More ways to mend one thing than these are counted.
const SHOWN: usize = 2;

/// In this order they are shown.
const WORST_FIRST: [AnswerKind; 5] = [
    AnswerKind::Blocked,
    AnswerKind::Unknown,
    AnswerKind::Spare,
    AnswerKind::Noted,
    AnswerKind::Passed,
];

/// Writes what stops it and what is not known first, and then what is all right.
pub(crate) fn preflight_table(looked: &Looked<'_>, out: &mut dyn Write) -> io::Result<()> {
    let Looked {
        deployment,
        cell,
        found,
        ..
    } = looked;
    if looked.simulated {
        writeln!(out, "SIMULATED: something answers in AWS's place")?;
    }
    let operation = if deployment.is_new {
        "CreateEndpoint"
    } else {
        "UpdateEndpoint"
    };
    writeln!(
        out,
        "{} {operation} in {}, {}",
        deployment.endpoint.as_str().bold(),
        cell.account,
        cell.region
    )?;
    let key = deployment.facts.volume_key.as_ref();
    let key = key.map_or("none", |key| key.as_str());
    writeln!(out, "  configuration {}", deployment.config)?;
    writeln!(out, "  key           {key}")?;
    writeln!(out, "  deployer      {}", deployment.deployer)?;
    let count = |kind| found.count(kind);
    let verdict = match found.outcome() {
        Outcome::Blocked => "It will fail.".red().bold().to_string(),
        Outcome::Unknown => "Nothing is proved to stop it; some of it is not known."
            .yellow()
            .to_string(),
        Outcome::Passed if does_not_write(found) => {
            "It will come up, and cannot write all of its outputs."
                .yellow()
                .to_string()
        }
        Outcome::Passed => "It will succeed.".green().bold().to_string(),
    };
    writeln!(
        out,
        "\n{verdict} {} blocked, {} unknown, {} passed\n",
        count(AnswerKind::Blocked),
        count(AnswerKind::Unknown),
        count(AnswerKind::Passed)
    )?;
    for kind in WORST_FIRST {
        let mut left: Vec<&Check> = found.checks.iter().collect();
        left.retain(|one| one.answer.kind() == kind);
        // What depends on the same facts stands together, and says so once.
        while let Some(first) = left.first().copied() {
            let (same, others) = left.into_iter().partition(|one| is_same(first, one));
            let same: Vec<&Check> = same;
            for check in same {
                write_head(check, out)?;
            }
            write_answer(first, out)?;
            left = others;
        }
    }
    writeln!(out, "\nTaken for granted:")?;
    for one in &found.assumptions {
        paragraph("- ", one, out)?;
    }
    if !looked.gaps.is_empty() {
        writeln!(out, "Could not be read:")?;
    }
    for gap in looked.gaps {
        paragraph("- ", &gap.to_string(), out)?;
    }
    Ok(())
}

fn paragraph(mark: &str, text: &str, out: &mut dyn Write) -> io::Result<()> {
    for (index, line) in wrap(text, WIDTH - 2).iter().enumerate() {
        let mark = if index == 0 { mark } else { "  " };
        writeln!(out, "{mark}{line}")?;
    }
    Ok(())
}

fn is_same(first: &Check, other: &Check) -> bool {
    match (&first.answer, &other.answer) {
        (Answer::Unknown(why), Answer::Unknown(of_other)) => why == of_other,
        _ => std::ptr::eq(first, other),
    }
}

fn write_head(check: &Check, out: &mut dyn Write) -> io::Result<()> {
    let (sign, style) = match &check.answer {
        Answer::Blocked(_) => ("BLOCKED", Style::new().red().bold()),
        Answer::Unknown(_) => ("unknown", Style::new().yellow()),
        Answer::Spare(_) => ("spare", Style::new().dimmed()),
        Answer::Noted(_) => ("note", Style::new()),
        Answer::Passed => ("ok", Style::new().green()),
    };
    let what = check.action.unwrap_or_else(|| check.step.name());
    let who = check.principal.as_deref().map(short);
    let of = short(&check.resource);
    let line = match who {
        Some(who) => format!("{what} for {who} on {of}"),
        None => format!("{what} {of}"),
    };
    let mut lines = wrap(&line, WIDTH - INDENT).into_iter();
    let first = lines.next().unwrap_or_default();
    writeln!(out, "{:<INDENT$}{first}", sign.style(style))?;
    for line in lines {
        writeln!(out, "{:INDENT$}{line}", "")?;
    }
    Ok(())
}

fn write_answer(check: &Check, out: &mut dyn Write) -> io::Result<()> {
    let say = |text: &str, out: &mut dyn Write| -> io::Result<()> {
        for line in wrap(text, WIDTH - INDENT - 2) {
            writeln!(out, "{:INDENT$}  {line}", "")?;
        }
        Ok(())
    };
    match &check.answer {
        Answer::Passed => Ok(()),
        Answer::Noted(says) => say(says, out),
        Answer::Unknown(why) => {
            let why: Vec<String> = why.iter().map(in_words).collect();
            say(&format!("it depends on {}", why.join(", ")), out)
        }
        Answer::Spare(block) => say(
            &format!("not needed, since another principal has it: {}", block.says),
            out,
        ),
        Answer::Blocked(block) => {
            say(&block.says, out)?;
            patch(block, out)
        }
    }
}

/// What a fact that is missing is called in the evaluator's cases, for people.
fn in_words(why: &Why) -> String {
    let seen = "(seen with --org, or in the management account)";
    if matches!(why, Why::Doubt(Doubt::Scp | Doubt::Rcp)) {
        format!("{} {seen}", words(why))
    } else {
        words(why)
    }
}

/// What to write, to be taken with the mouse: it is not wrapped.
fn patch(block: &Block, out: &mut dyn Write) -> io::Result<()> {
    for (index, edits) in block.changes.iter().take(SHOWN).enumerate() {
        for (nth, (cause, edit)) in edits.iter().enumerate() {
            let lead = match (index, nth) {
                (0, 0) => "to mend it,",
                (_, 0) => "or",
                (_, _) => "and",
            };
            let (what, write) = match edit {
                Edit::Allow { statement, .. } => ("add to", Some(statement.to_string())),
                Edit::Except { condition, .. } => {
                    ("add this condition to", Some(condition.to_string()))
                }
                Edit::Remove { .. } => ("remove", None),
            };
            for line in wrap(&format!("{lead} {what} {cause}"), WIDTH - INDENT - 2) {
                writeln!(out, "{:INDENT$}  {line}", "")?;
            }
            if let Some(write) = write {
                writeln!(out, "{:INDENT$}  {write}", "")?;
            }
        }
    }
    let more = block.changes.len().saturating_sub(SHOWN);
    if more > 0 {
        writeln!(out, "{:INDENT$}  ({more} more ways: --format json)", "")?;
    }
    Ok(())
}

/// What follows the account of an ARN.
fn short(arn: &str) -> &str {
    if arn.starts_with("arn:") {
        arn.splitn(6, ':').nth(5).unwrap_or(arn)
    } else {
        arn
    }
}

/// Whether outputs cannot be written, which keeps no endpoint from coming up.
fn does_not_write(found: &Preflight) -> bool {
    let mut writes = found.checks.iter().filter(|one| one.step == Step::Write);
    writes.any(|one| matches!(one.answer, Answer::Noted(_)))
}
