//! A finding a row.

use std::io::{self, Write};

use crate::outcome::Audit;

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
    csv.write_record(HEADER).map_err(as_io)?;
    audit.findings.each(&mut |record| {
        let subject = &record.subject;
        let compliance = record.compliance.join("; ");
        csv.write_record([
            record.id.as_str(),
            &record.rule,
            record.verdict.as_str(),
            record.severity.as_str(),
            &record.reason,
            subject.kind.as_str(),
            &safe(&subject.name),
            &safe(&subject.arn),
            subject.account.as_str(),
            subject.region.as_str(),
            &safe(record.key.as_deref().unwrap_or_default()),
            &safe(&record.message),
            &record.remediation,
            &compliance,
        ])
        .map_err(as_io)
    })?;
    csv.flush()
}

/// Whoever reads it may have had enough: the kind of the error says so.
fn as_io(error: ::csv::Error) -> io::Error {
    if !error.is_io_error() {
        return io::Error::other(error);
    }
    if let ::csv::ErrorKind::Io(error) = error.into_kind() {
        return error;
    }
    io::Error::other("csv")
}

/// A text that a spreadsheet would take for a formula is made a text again.
fn safe(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}
