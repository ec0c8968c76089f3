//! A finding a line, each as in the JSON document; the first line says what the stream is.

use std::io::{self, Write};

use serde::Serialize;

use crate::outcome::Audit;

#[derive(Serialize)]
struct Head {
    schema: &'static str,
    started_at: String,
    complete: bool,
    findings: u64,
}

pub(super) fn write(audit: &Audit, out: &mut dyn Write) -> io::Result<()> {
    let head = Head {
        schema: "sagelock.audit.findings/1",
        started_at: audit.started_at.to_string(),
        complete: audit.complete(),
        findings: audit.findings.len(),
    };
    serde_json::to_writer(&mut *out, &head)?;
    writeln!(out)?;
    audit.findings.each_line(&mut |line| out.write_all(line))
}
