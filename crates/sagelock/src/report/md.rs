//! For pull requests and wikis.

use std::io::{self, Write};

use sagelock_domain::rules::Verdict;

use super::table::{ROWS_MAX, grouped, short_key, summary, what_is_left};
use crate::findings::worst;
use crate::outcome::Audit;

pub(super) fn write(audit: &Audit, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "# Customer managed keys on SageMaker endpoints\n")?;
    for line in summary(audit) {
        writeln!(out, "- {}", escape(&line))?;
    }
    let worst = worst(&audit.findings, ROWS_MAX)?;
    let rows = grouped(&worst.records);
    if rows.is_empty() {
        return writeln!(out, "\nNo fail and no unknown.");
    }
    writeln!(
        out,
        "\n| severity | rule | verdict | endpoint | account/region | key | reason | what to do |"
    )?;
    writeln!(out, "|---|---|---|---|---|---|---|---|")?;
    for row in rows {
        let finding = row.finding;
        let severity = match finding.verdict {
            Verdict::Fail => finding.severity.as_str(),
            Verdict::Unknown | Verdict::Pass | Verdict::NotApplicable => "–",
        };
        writeln!(
            out,
            "| {severity} | {} | {} | {} | {}/{} | {} | {}: {} | {} |",
            row.rule,
            finding.verdict.as_str(),
            escape(&row.name),
            finding.subject.account,
            finding.subject.region,
            escape(&short_key(finding)),
            finding.reason,
            escape(&row.message),
            escape(&finding.remediation),
        )?;
    }
    if let Some(left) = what_is_left(worst.left) {
        writeln!(out, "\n{left}")?;
    }
    Ok(())
}

/// A text that stays in its cell.
fn escape(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('|', "\\|")
        .replace('<', "&lt;")
        .replace(['\n', '\r'], " ")
}
