//! What an engineer reads at 80 columns and pastes in a chat: worst first, why, what to do.

use std::collections::BTreeMap;
use std::io::{self, Write};

use owo_colors::{OwoColorize, Style};
use sagelock_domain::assess::{Record, SubjectKind};
use sagelock_domain::call::Op;
use sagelock_domain::fact::Gap;
use sagelock_domain::ids::KeyRef;
use sagelock_domain::rules::{Severity, Verdict};

use super::json::floor_share;
use super::missing::sentences;
use super::some_of;
use crate::findings::worst;
use crate::outcome::Audit;

/// A row: a finding, or several that differ only in their subject.
pub(super) struct Row<'a> {
    pub(super) finding: &'a Record,
    /// The rule, or how many.
    pub(super) rule: String,
    pub(super) name: String,
    pub(super) message: String,
}

/// Accounts and regions that are named one by one.
const ACCOUNTS_MAX: usize = 10;
const REGIONS_MAX: usize = 4;
/// So many findings of a kind stand in rows of their own; more are one row.
const ALONE_MAX: usize = 3;

/// What wants attention, worst first. What is alike is one row: the unattached configurations
/// of a region, and everything that one missing permission or broken listing leaves unknown.
pub(super) fn grouped(worst: &[Record]) -> Vec<Row<'_>> {
    let mut groups: Vec<Vec<&Record>> = Vec::new();
    let mut by_kind: BTreeMap<Kind<'_>, usize> = BTreeMap::new();
    for finding in worst {
        let known = kind(finding).map(|kind| *by_kind.entry(kind).or_insert(groups.len()));
        match known.and_then(|index| groups.get_mut(index)) {
            Some(group) => group.push(finding),
            None => groups.push(vec![finding]),
        }
    }
    let mut rows: Vec<Row<'_>> = Vec::new();
    for group in groups {
        let is_one_thing = group
            .iter()
            .any(|one| ["unattached", ONE_SUBJECT].contains(&one.reason.as_ref()));
        let alone_max = if is_one_thing { 1 } else { ALONE_MAX };
        if let Some(first) = group.first().filter(|_| group.len() > alone_max) {
            rows.push(together(first, &group));
        } else {
            rows.extend(group.into_iter().map(|finding| Row {
                finding,
                rule: finding.rule.to_string(),
                name: finding.subject.name.clone(),
                message: finding.message.clone(),
            }));
        }
    }
    rows
}

/// A reason that every rule gives of the same subject, for the same cause.
const ONE_SUBJECT: &str = "config_deleted";

/// Account, region, rule (or subject, where every rule says the same of it), reason and the call
/// that was not answered.
type Kind<'a> = (&'a str, &'a str, &'a str, &'a str, Option<&'static str>);

fn kind(finding: &Record) -> Option<Kind<'_>> {
    let code = finding.reason.as_ref();
    if finding.verdict != Verdict::Unknown && code != "unattached" {
        return None;
    }
    let subject = &finding.subject;
    let call = finding.gap.as_ref().map(|gap| gap.call.name());
    Some((
        subject.account.as_str(),
        subject.region.as_str(),
        if code == ONE_SUBJECT {
            subject.arn.as_str()
        } else {
            &finding.rule
        },
        code,
        call,
    ))
}

fn together<'a>(first: &'a Record, group: &[&'a Record]) -> Row<'a> {
    if first.reason == ONE_SUBJECT {
        let mut rules: Vec<&str> = group.iter().map(|one| one.rule.as_ref()).collect();
        rules.sort_unstable();
        return Row {
            finding: first,
            rule: format!("{} rules", group.len()),
            name: first.subject.name.clone(),
            message: format!("{} ({})", first.message, rules.join(", ")),
        };
    }
    let what = match first.subject.kind {
        SubjectKind::Endpoint => "endpoints",
        SubjectKind::EndpointConfig => "configurations",
        SubjectKind::Key => "keys",
    };
    let names: Vec<&str> = group
        .iter()
        .take(3)
        .map(|one| one.subject.name.as_str())
        .collect();
    let more = if group.len() > names.len() {
        ", …"
    } else {
        ""
    };
    let says = match &first.gap {
        Some(gap) => Gap {
            subject: String::new(),
            ..gap.clone()
        }
        .to_string(),
        None => first.reason_says().unwrap_or(&first.message).to_owned(),
    };
    Row {
        finding: first,
        rule: first.rule.to_string(),
        name: format!("{} {what}", group.len()),
        message: format!("{}{more}: {says}", names.join(", ")),
    }
}

/// The key column: a name people know, or the beginning of the id.
pub(super) fn short_key(finding: &Record) -> String {
    let Some(key) = finding.key.as_deref() else {
        return "-".to_owned();
    };
    match KeyRef::read(Some(key)) {
        Some(KeyRef::Arn(arn)) => arn.id().chars().take(12).collect(),
        Some(KeyRef::AliasArn(arn)) => arn.resource().to_owned(),
        Some(KeyRef::Alias(name)) => name,
        Some(KeyRef::Id(id)) => id.chars().take(12).collect(),
        None => "-".to_owned(),
    }
}

/// The lines above the table: what was looked at and how much of it is known.
pub(super) fn summary(audit: &Audit) -> Vec<String> {
    let accounts: Vec<&str> = audit
        .accounts
        .iter()
        .map(sagelock_domain::ids::AccountId::as_str)
        .collect();
    let regions: Vec<&str> = audit
        .regions
        .iter()
        .map(sagelock_domain::ids::Region::as_str)
        .collect();
    let regions = match regions.as_slice() {
        [] => "no region".to_owned(),
        names => some_of(names, REGIONS_MAX, "regions"),
    };
    let accounts = some_of(&accounts, ACCOUNTS_MAX, "accounts");
    let counts = &audit.totals.endpoints;
    let mut lines = vec![
        format!("account {accounts} in {regions}"),
        format!(
            "{} live endpoints: {} under a customer managed key, {} not, {} unknown, {} not applicable",
            counts.all(),
            counts.pass,
            counts.fail,
            counts.unknown,
            counts.not_applicable
        ),
        format!(
            "coverage {:.1} %: {} verdicts, {} of them unknown",
            floor_share(audit.coverage.ratio()) * 100.0,
            audit.coverage.verdicts,
            audit.coverage.unknown
        ),
    ];
    if counts.all() == 0 && audit.complete() {
        lines.push("no endpoints found: check the account and Regions".to_owned());
    }
    if audit.simulated {
        lines.push("SIMULATED: an endpoint override answered in AWS's place".to_owned());
    }
    if audit.interrupted {
        lines.push("INTERRUPTED: this is what was collected until then".to_owned());
    } else if !audit.complete() {
        let missing = sentences(audit).into_iter();
        lines.extend(missing.map(|what| format!("INCOMPLETE: {what}")));
    }
    if !audit.rules_off.is_empty() {
        lines.push(format!(
            "rules switched off: {}",
            audit.rules_off.join(", ")
        ));
    }
    for gap in audit.coverage.gaps.iter().filter(|gap| gap.expected) {
        lines.push(format!(
            "{} is denied, as expected by the configuration",
            gap.gap.region
        ));
    }
    lines
}

/// The widths of the columns that can give way.
struct Widths {
    name: usize,
    place: usize,
    key: usize,
    reason: usize,
}

/// `SEV RULE VERDICT ` before the endpoint's name.
const HEAD: usize = 5 + 8 + 8;
/// Narrower than this a table is not drawn.
const NARROWEST: usize = 60;

pub(super) fn write(audit: &Audit, out: &mut dyn Write, width: usize) -> io::Result<()> {
    for line in summary(audit) {
        let loud = line.starts_with(|c: char| c.is_ascii_uppercase());
        for part in wrap(&line, width) {
            if loud {
                writeln!(out, "{}", part.bold())?;
            } else {
                writeln!(out, "{part}")?;
            }
        }
    }
    let worst = worst(&audit.findings, ROWS_MAX)?;
    let rows = grouped(&worst.records);
    if rows.is_empty() {
        return writeln!(out, "\n{}", nothing_to_show(audit));
    }
    let widths = widths(&rows, width);
    writeln!(out)?;
    let head = line(
        &widths,
        [
            "SEV",
            "RULE",
            "VERDICT",
            "ENDPOINT",
            "ACCOUNT/REGION",
            "KEY",
            "REASON",
        ],
    );
    writeln!(out, "{}", head.bold())?;
    for (index, row) in rows.iter().enumerate() {
        // What is said of a run of rows is said once, under the last of them.
        let ends = rows.get(index + 1).is_none_or(|next| !says_same(row, next));
        write_row(row, ends, &widths, out, width)?;
    }
    if let Some(left) = what_is_left(worst.left) {
        writeln!(out, "\n{}", left.bold())?;
    }
    Ok(())
}

/// Why there is no row.
fn nothing_to_show(audit: &Audit) -> &'static str {
    if audit.findings.is_filtered() {
        "nothing to show here: the table has fails and unknowns, and `--verdict` leaves none of them; \
         json, ndjson and csv have what passed"
    } else if audit.complete() {
        "no fail and no unknown"
    } else {
        "no fail and no unknown in what could be read, and that is not all"
    }
}

/// Findings that a table or a page of text shows; nobody reads more of them one by one.
pub(super) const ROWS_MAX: usize = 10_000;

/// What is said of findings that a table has no room for.
pub(super) fn what_is_left(left: u64) -> Option<String> {
    (left > 0)
        .then(|| format!("and {left} more that want attention: json, ndjson and csv have all"))
}

/// Whether two rows give the same reason and ask for the same.
fn says_same(one: &Row<'_>, other: &Row<'_>) -> bool {
    fn said<'a>(row: &Row<'a>) -> (&'a str, &'a str, Verdict, Severity, Option<Op>) {
        let finding = row.finding;
        (
            &finding.rule,
            &finding.reason,
            finding.verdict,
            finding.severity,
            finding.gap.as_ref().map(|gap| gap.call),
        )
    }
    said(one) == said(other)
}

/// Writes a row; `ends`: the last of a run, under which stands what is to be said of all.
fn write_row(
    row: &Row<'_>,
    ends: bool,
    widths: &Widths,
    out: &mut dyn Write,
    width: usize,
) -> io::Result<()> {
    let finding = row.finding;
    let (severity, style) = match (finding.verdict, finding.severity) {
        (Verdict::Fail, Severity::Critical) => ("CRIT", Style::new().red().bold()),
        (Verdict::Fail, Severity::High) => ("HIGH", Style::new().red()),
        (Verdict::Fail, Severity::Medium) => ("MED", Style::new().yellow()),
        (Verdict::Fail, Severity::Low) => ("LOW", Style::new().blue()),
        (Verdict::Unknown | Verdict::Pass | Verdict::NotApplicable, _) => {
            ("-", Style::new().dimmed())
        }
    };
    let verdict = finding.verdict.as_str().to_uppercase();
    let place = format!("{}/{}", finding.subject.account, finding.subject.region);
    let name = shorten(&row.name, widths.name);
    let key = short_key(finding);
    let cells = [
        severity,
        &row.rule,
        &verdict,
        &name,
        &shorten_place(&place, widths.place),
        &shorten_key(&key, widths.key),
        &finding.reason,
    ];
    writeln!(out, "{}", line(widths, cells).style(style))?;
    let whole = if name == row.name {
        String::new()
    } else {
        format!("{}: ", row.name)
    };
    let indent = "     ";
    let room = width.saturating_sub(indent.len()).max(30);
    let is_common = Some(row.message.as_str()) == finding.reason_says();
    let message = if is_common && !ends { "" } else { &row.message };
    let text = format!("{whole}{message}");
    let text = text.trim_end_matches(": ");
    if !text.is_empty() {
        for part in wrap(text, room) {
            writeln!(out, "{indent}{part}")?;
        }
    }
    if ends && !finding.remediation.is_empty() {
        for part in wrap(&format!("fix: {}", finding.remediation), room) {
            writeln!(out, "{indent}{}", part.dimmed())?;
        }
    }
    Ok(())
}

fn line(widths: &Widths, cells: [&str; 7]) -> String {
    let [severity, rule, verdict, name, place, key, reason] = cells;
    let Widths {
        name: n,
        place: p,
        key: k,
        ..
    } = widths;
    format!("{severity:<4} {rule:<7} {verdict:<7} {name:<n$} {place:<p$} {key:<k$} {reason}")
        .trim_end()
        .to_owned()
}

/// Everything whole where there is room; else the place, the key and the name give way, in this
/// order, and the line below has the name whole. A reason is a code to search for: it stays.
fn widths(rows: &[Row<'_>], width: usize) -> Widths {
    let longest = |of: &dyn Fn(&Row<'_>) -> usize, least: usize| {
        rows.iter().map(of).max().unwrap_or(0).max(least)
    };
    let mut widths = Widths {
        name: longest(&|row| row.name.chars().count(), 8),
        place: longest(
            &|row| {
                let subject = &row.finding.subject;
                subject.account.as_str().len() + 1 + subject.region.as_str().len()
            },
            14,
        ),
        key: longest(&|row| short_key(row.finding).chars().count(), 3),
        reason: longest(&|row| row.finding.reason.len(), 6),
    };
    let room = width.max(NARROWEST) - HEAD - 3;
    // Of a place, the region and the end of the account stay.
    let place = longest(&|row| row.finding.subject.region.as_str().len() + 6, 15);
    for (column, least) in [(2, place), (1, 8), (0, 16), (0, 8), (1, 3)] {
        let used = widths.name + widths.place + widths.key + widths.reason;
        let over = used.saturating_sub(room);
        let column = match column {
            0 => &mut widths.name,
            1 => &mut widths.key,
            _ => &mut widths.place,
        };
        *column = column.saturating_sub(over).max(least.min(*column));
    }
    widths
}

/// A text in so many columns: its middle gives way to an ellipsis.
fn shorten(text: &str, width: usize) -> String {
    let characters: Vec<char> = text.chars().collect();
    if characters.len() <= width {
        return text.to_owned();
    }
    let keep = width.saturating_sub(1);
    let head = keep / 2;
    let tail = keep - head;
    let start: String = characters.iter().take(head).collect();
    let end: String = characters.iter().skip(characters.len() - tail).collect();
    format!("{start}…{end}")
}

/// An account and region in so many columns: the account's first digits go first.
fn shorten_place(place: &str, width: usize) -> String {
    match place.split_once('/') {
        Some((account, region)) if place.len() > width => {
            let digits = width.saturating_sub(region.len() + 2).max(4);
            let skipped = account.len().saturating_sub(digits);
            let end: String = account.chars().skip(skipped).collect();
            format!("…{end}/{region}")
        }
        Some(_) | None => place.to_owned(),
    }
}

/// A key in so many columns: the word `alias/` goes first.
fn shorten_key(key: &str, width: usize) -> String {
    if key.chars().count() <= width {
        return key.to_owned();
    }
    shorten(key.strip_prefix("alias/").unwrap_or(key), width)
}

/// Lines of at most so many columns, broken at spaces.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split(' ') {
        let longer = line.chars().count() + 1 + word.chars().count();
        if !line.is_empty() && longer > width {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_give_way_in_the_middle_and_lines_at_spaces() {
        assert_eq!(shorten("fraud-detector", 14), "fraud-detector");
        assert_eq!(shorten("fraud-detector", 7), "fra…tor");
        assert_eq!(shorten("é".repeat(10).as_str(), 3), "é…é");
        assert_eq!(
            shorten_place("111122223333/eu-west-1", 22),
            "111122223333/eu-west-1"
        );
        assert_eq!(
            shorten_place("111122223333/eu-west-1", 15),
            "…3333/eu-west-1"
        );
        assert_eq!(shorten_key("alias/prod", 8), "prod");
        assert_eq!(wrap("a bb ccc", 4), ["a bb", "ccc"]);
        assert_eq!(wrap("averylongword b", 5), ["averylongword", "b"]);
    }
}
