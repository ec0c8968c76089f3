//! The table for a terminal.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::{self, Write};

use owo_colors::OwoColorize;
use sagelock_domain::fact::GapReason;
use sagelock_domain::ids::AccountId;
use sagelock_domain::isolation::{Answer, AnswerKind, Matrix};

use crate::outcome::Done;
use crate::report::{all_words, some_of, wrap};

/// Columns of a terminal.
const WIDTH: usize = 80;
/// More keys and gaps than these are counted.
const SHOWN: usize = 4;

/// As a cell shows it.
const fn sign(answer: &Answer) -> char {
    match answer {
        Answer::Own => '=',
        Answer::Shared => '+',
        Answer::Proved(_) => '.',
        Answer::Violated { .. } => 'X',
        Answer::Possible { .. } => '?',
    }
}

/// Writes the matrix, what is not proved, and what the answers are worth.
pub(crate) fn isolation_table(found: &Matrix, done: &Done, out: &mut dyn Write) -> io::Result<()> {
    if done.audit.simulated {
        writeln!(out, "SIMULATED: something answers in AWS's place")?;
    }
    if found.tenants.is_empty() {
        writeln!(
            out,
            "no tenants: no role, user, endpoint or key has the tag that `tags.tenant` names, so nothing was checked"
        )?;
        return remarks(found, done, out);
    }
    writeln!(out, "{}", totals(found))?;
    writeln!(
        out,
        "= own  + shared by tenants  . proved  X violated  ? possible\n"
    )?;
    for (index, tenant) in found.tenants.iter().enumerate() {
        let count = tenant.principals.len();
        writeln!(
            out,
            "{:>3}  {} ({count} users and roles)",
            index + 1,
            tenant.name
        )?;
    }
    let mut head = String::new();
    for index in 1..=found.tenants.len() {
        let _ = write!(head, "{index:>3}");
    }
    writeln!(out, "\n{head}  KEY, ACCOUNT/REGION")?;
    for row in &found.rows {
        for answer in &row.answers {
            let text = sign(answer);
            match answer {
                Answer::Own => write!(out, "  {text}")?,
                Answer::Proved(_) => write!(out, "  {}", text.green())?,
                Answer::Violated { .. } | Answer::Shared => write!(out, "  {}", text.red().bold())?,
                Answer::Possible { .. } => write!(out, "  {}", text.yellow())?,
            }
        }
        let (account, region) = (row.key.account(), row.key.region());
        writeln!(out, "  {}  {account}/{region}", row.name())?;
    }
    open(found, out)?;
    remarks(found, done, out)
}

/// How many of each answer there are.
pub(super) fn totals(found: &Matrix) -> String {
    let counts = [
        AnswerKind::Violated,
        AnswerKind::Shared,
        AnswerKind::Possible,
        AnswerKind::Proved,
    ]
    .map(|kind| format!("{} {}", found.count(kind), kind.name()));
    format!(
        "{} tenants, {} keys: {}",
        found.tenants.len(),
        found.rows.len(),
        counts.join(", ")
    )
}

/// What is not proved: of the same tenant, by the same principal and way, together.
fn open(found: &Matrix, out: &mut dyn Write) -> io::Result<()> {
    let mut groups: BTreeMap<(bool, &str, &str, String, String), BTreeSet<String>> =
        BTreeMap::new();
    for row in &found.rows {
        for (tenant, answer) in found.tenants.iter().zip(&row.answers) {
            let (principal, way, why) = match answer {
                Answer::Own | Answer::Shared | Answer::Proved(_) => continue,
                Answer::Violated { principal, way, .. } => (principal, way, String::new()),
                Answer::Possible {
                    principal,
                    way,
                    why,
                } => (principal, way, all_words(why)),
            };
            let steps = if way.has_steps() {
                ", in several steps"
            } else {
                ""
            };
            let by = format!("{}{steps}", way.action());
            let key = (!why.is_empty(), tenant.name.as_str(), &**principal, by, why);
            let text = format!("{} of {}", row.name(), row.key.account());
            groups.entry(key).or_default().insert(text);
        }
    }
    for ((_, tenant, principal, by, why), keys) in &groups {
        let verb = if why.is_empty() { "can" } else { "may" };
        let noun = if keys.len() == 1 { "key" } else { "keys" };
        writeln!(out, "\n{tenant} {verb} use {} {noun}", keys.len())?;
        writeln!(out, "  {principal}\n  by {by}")?;
        if !why.is_empty() {
            let says = format!("depending on {why} (docs/policy.md)");
            for line in wrap(&says, WIDTH - 2) {
                writeln!(out, "  {line}")?;
            }
        }
        let names: Vec<&str> = keys.iter().map(String::as_str).collect();
        for line in wrap(&some_of(&names, SHOWN, "keys"), WIDTH - 2) {
            writeln!(out, "  {line}")?;
        }
    }
    Ok(())
}

/// What the answers are worth.
fn remarks(found: &Matrix, done: &Done, out: &mut dyn Write) -> io::Result<()> {
    let tenancy = &done.tenancy;
    for (list, said) in [
        (&tenancy.untagged, "live endpoints that name no tenant"),
        (
            &tenancy.unread,
            "live endpoints whose tenant, roles or keys are not known",
        ),
    ] {
        if list.is_empty() {
            continue;
        }
        writeln!(out, "\n{said}: {}", list.len())?;
        for (cell, name) in list.iter().take(SHOWN) {
            writeln!(out, "  {name}  {}/{}", cell.account, cell.region)?;
        }
        and_more(list.len(), out)?;
    }
    if !found.untold.is_empty() {
        writeln!(
            out,
            "\nkeys whose tags, and so whose tenant, are not known: {}",
            found.untold.len()
        )?;
        for key in found.untold.iter().take(SHOWN) {
            writeln!(out, "  {}  {}/{}", key.id(), key.account(), key.region())?;
        }
        and_more(found.untold.len(), out)?;
    }
    let left_out: Vec<&str> = done.keys.left_out.iter().map(AccountId::as_str).collect();
    if !left_out.is_empty() {
        writeln!(
            out,
            "\nregions were left out, where endpoints may make roles a tenant's: {}",
            some_of(&left_out, SHOWN, "accounts")
        )?;
    }
    let gaps: BTreeSet<String> = done
        .audit
        .coverage
        .gaps
        .iter()
        .map(|one| {
            let gap = &one.gap;
            format!(
                "{} in {}: {}",
                gap.call.name(),
                gap.account,
                gap.reason.code()
            )
        })
        .collect();
    if !gaps.is_empty() {
        let mut read = done.audit.coverage.gaps.iter();
        let where_to = if read.any(|one| one.gap.reason == GapReason::AccessDenied) {
            " (`sagelock doctor` says which permission is missing)"
        } else {
            ""
        };
        writeln!(out, "\nwhat could not be read{where_to}:")?;
        for gap in gaps.iter().take(2 * SHOWN) {
            writeln!(out, "  {gap}")?;
        }
        if gaps.len() > 2 * SHOWN {
            writeln!(out, "  and {} more (--format json)", gaps.len() - 2 * SHOWN)?;
        }
    }
    writeln!(out, "\ntaken for granted:")?;
    for assumption in &found.assumptions {
        for line in wrap(assumption, WIDTH - 2) {
            writeln!(out, "  {line}")?;
        }
    }
    Ok(())
}

fn and_more(count: usize, out: &mut dyn Write) -> io::Result<()> {
    match count.saturating_sub(SHOWN) {
        0 => Ok(()),
        more => writeln!(out, "  and {more} more (--format json)"),
    }
}
