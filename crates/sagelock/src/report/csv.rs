//! A finding a row.

use std::io::{self, Write};

use super::Audit;

const HEADER: [&str; 14] = [
    "id",
    "rule",
    "verdict",
    "severity",
    "reason",
    "subject_type",
    "subject_name",
    "subject_arn",
    "account",
    "region",
    "key",
    "message",
    "remediation",
    "compliance",
];

pub(super) fn write(audit: &Audit, out: &mut dyn Write) -> io::Result<()> {
    let mut csv = ::csv::Writer::from_writer(out);
    csv.write_record(HEADER)?;
    for finding in &audit.findings {
        let subject = &finding.subject;
        let judgement = &finding.judgement;
        let compliance = finding.rule.compliance.join("; ");
        csv.write_record([
            finding.id.as_str(),
            finding.rule.id,
            finding.verdict().as_str(),
            finding.severity.as_str(),
            judgement.reason.code,
            subject.kind.as_str(),
            &safe(&subject.name),
            &safe(&subject.arn),
            subject.account.as_str(),
            subject.region.as_str(),
            &safe(judgement.key.as_deref().unwrap_or_default()),
            &safe(&judgement.message),
            finding.remediation(),
            &compliance,
        ])?;
    }
    csv.flush()
}

/// A text that a spreadsheet would take for a formula is made a text again.
fn safe(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}
