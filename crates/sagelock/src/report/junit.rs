//! JUnit XML, in the elements and attributes that Jenkins and GitLab read: a suite for each account
//! and region, a test case for each finding.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, Write};

use jiff::Timestamp;
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};
use sagelock_domain::assess::Record;
use sagelock_domain::fact::Gap;
use sagelock_domain::inventory::CellId;
use sagelock_domain::rules::Verdict;

use crate::outcome::Audit;

/// How the cases of a suite ended.
#[derive(Clone, Copy, Default)]
struct Count {
    tests: u64,
    failures: u64,
    errors: u64,
    skipped: u64,
}

impl Count {
    fn add(&mut self, verdict: Verdict) {
        self.tests += 1;
        match verdict {
            Verdict::Pass => {}
            Verdict::Fail => self.failures += 1,
            Verdict::Unknown => self.errors += 1,
            Verdict::NotApplicable => self.skipped += 1,
        }
    }
}

pub(super) fn write(audit: &Audit, out: &mut dyn Write) -> io::Result<()> {
    let counts = count(audit)?;
    let unread = unread(audit);
    let mut xml = Xml(Writer::new_with_indent(out, b' ', 2));
    xml.0
        .write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let mut all = coverage_count(audit, &unread);
    for (_, count) in &counts {
        all.tests += count.tests;
        all.failures += count.failures;
        all.errors += count.errors;
    }
    let seconds = audit.finished_at.duration_since(audit.started_at);
    xml.open(
        "testsuites",
        &[
            ("name", "sagelock audit"),
            ("tests", &all.tests.to_string()),
            ("failures", &all.failures.to_string()),
            ("errors", &all.errors.to_string()),
            ("time", &format!("{:.3}", seconds.as_secs_f64().max(0.0))),
        ],
    )?;
    coverage_suite(&mut xml, audit, &unread)?;
    let mut suites = counts.iter();
    let mut open: Option<&CellId> = None;
    audit.findings.each(&mut |record| {
        if open.is_none_or(|cell| *cell != record.cell()) {
            if open.is_some() {
                xml.close("testsuite")?;
            }
            let Some((cell, count)) = suites.next() else {
                return Err(io::Error::other("a suite was not counted"));
            };
            open_suite(&mut xml, cell, *count, audit.started_at)?;
            open = Some(cell);
        }
        case(&mut xml, &record)
    })?;
    if open.is_some() {
        xml.close("testsuite")?;
    }
    xml.close("testsuites")?;
    writeln!(xml.0.get_mut())
}

/// What each suite holds, which stands before its cases: the findings are read twice.
fn count(audit: &Audit) -> io::Result<Vec<(CellId, Count)>> {
    let mut counts: Vec<(CellId, Count)> = Vec::new();
    audit.findings.each(&mut |record| {
        let cell = record.cell();
        if counts.last().is_none_or(|(last, _)| *last != cell) {
            counts.push((cell, Count::default()));
        }
        if let Some((_, count)) = counts.last_mut() {
            count.add(record.verdict);
        }
        Ok(())
    })?;
    Ok(counts)
}

/// The listings that were not read to their end. They leave no finding behind, and a report without
/// them would be green.
fn unread(audit: &Audit) -> Vec<&Gap> {
    let gaps = audit.coverage.gaps.iter().filter(|gap| !gap.expected);
    let gaps = gaps.map(|gap| &gap.gap);
    gaps.filter(|gap| gap.is_of_listing()).collect()
}

fn coverage_count(audit: &Audit, unread: &[&Gap]) -> Count {
    let tests = (unread.len() as u64).max(1);
    Count {
        tests,
        errors: if audit.complete() { 0 } else { tests },
        ..Count::default()
    }
}

/// A suite that says whether everything was looked at.
fn coverage_suite(xml: &mut Xml<'_>, audit: &Audit, unread: &[&Gap]) -> io::Result<()> {
    let count = coverage_count(audit, unread);
    xml.open_counted("coverage", count, audit.started_at)?;
    if unread.is_empty() {
        let name = "every listing was read to its end";
        let attributes = [("classname", "coverage"), ("name", name), ("time", "0")];
        if audit.complete() {
            xml.leaf("testcase", &attributes)?;
        } else {
            xml.open("testcase", &attributes)?;
            let said = "the audit was interrupted, or no listing was answered";
            xml.text("error", &[("message", said), ("type", "incomplete")], said)?;
            xml.close("testcase")?;
        }
    }
    for gap in unread {
        let name = format!("{} in {} {}", gap.call.name(), gap.account, gap.region);
        let said = gap.to_string();
        let attributes = [("classname", "coverage"), ("name", &name), ("time", "0")];
        xml.open("testcase", &attributes)?;
        let told = [("message", said.as_str()), ("type", gap.reason.code())];
        xml.text("error", &told, &said)?;
        xml.close("testcase")?;
    }
    xml.close("testsuite")
}

fn open_suite(xml: &mut Xml<'_>, cell: &CellId, count: Count, at: Timestamp) -> io::Result<()> {
    xml.open_counted(&format!("{} {}", cell.account, cell.region), count, at)?;
    xml.open("properties", &[])?;
    let version = env!("CARGO_PKG_VERSION");
    for (name, value) in [
        ("account", cell.account.as_str()),
        ("region", cell.region.as_str()),
        ("sagelock.version", version),
    ] {
        xml.leaf("property", &[("name", name), ("value", value)])?;
    }
    xml.close("properties")
}

/// Jenkins takes a class name up to its last point for the package; GitLab takes it for the suite,
/// and knows a case by it and by the name.
fn case(xml: &mut Xml<'_>, record: &Record) -> io::Result<()> {
    let subject = &record.subject;
    let class = format!("{}.{}.{}", subject.account, subject.region, record.rule);
    let name = format!("{} {}", subject.kind.as_str(), subject.name);
    let attributes = [
        ("classname", class.as_str()),
        ("name", &name),
        ("time", "0"),
    ];
    let element = match record.verdict {
        Verdict::Pass => return xml.leaf("testcase", &attributes),
        Verdict::Fail => "failure",
        Verdict::Unknown => "error",
        Verdict::NotApplicable => "skipped",
    };
    xml.open("testcase", &attributes)?;
    let told = [
        ("message", record.message.as_str()),
        ("type", &record.reason),
    ];
    match record.verdict {
        Verdict::Pass | Verdict::NotApplicable => xml.leaf(element, &told)?,
        Verdict::Fail | Verdict::Unknown => xml.text(element, &told, &details(record))?,
    }
    xml.close("testcase")
}

/// What a person who opens a failed case reads.
fn details(record: &Record) -> String {
    let mut text = format!("{} ({})\n", record.message, record.reason);
    if !record.remediation.is_empty() {
        let _ = writeln!(text, "to do: {}", record.remediation);
    }
    let _ = writeln!(text, "severity: {}", record.severity);
    let _ = writeln!(text, "subject: {}", record.subject.arn);
    if let Some(key) = &record.key {
        let _ = writeln!(text, "key: {key}");
    }
    for evidence in &record.evidence {
        let (fact, value) = (&evidence.fact, &evidence.value);
        let _ = writeln!(
            text,
            "{fact} = {value} ({} at {})",
            evidence.call.name(),
            evidence.at
        );
    }
    let _ = write!(text, "finding: {}", record.id);
    text
}

/// A writer of elements that lets no character through that XML does not have.
struct Xml<'a>(Writer<&'a mut dyn Write>);

impl Xml<'_> {
    fn open_counted(&mut self, name: &str, count: Count, at: Timestamp) -> io::Result<()> {
        self.open(
            "testsuite",
            &[
                ("name", name),
                ("tests", &count.tests.to_string()),
                ("failures", &count.failures.to_string()),
                ("errors", &count.errors.to_string()),
                ("skipped", &count.skipped.to_string()),
                ("timestamp", &at.strftime("%Y-%m-%dT%H:%M:%S").to_string()),
            ],
        )
    }

    fn open(&mut self, name: &str, attributes: &[(&str, &str)]) -> io::Result<()> {
        self.0.write_event(Event::Start(start(name, attributes)))
    }

    fn close(&mut self, name: &str) -> io::Result<()> {
        self.0.write_event(Event::End(BytesEnd::new(name)))
    }

    fn leaf(&mut self, name: &str, attributes: &[(&str, &str)]) -> io::Result<()> {
        self.0.write_event(Event::Empty(start(name, attributes)))
    }

    fn text(&mut self, name: &str, attributes: &[(&str, &str)], text: &str) -> io::Result<()> {
        self.open(name, attributes)?;
        self.0
            .write_event(Event::Text(BytesText::new(&allowed(text))))?;
        self.close(name)
    }
}

fn start<'a>(name: &'a str, attributes: &[(&str, &str)]) -> BytesStart<'a> {
    let mut start = BytesStart::new(name);
    for (name, value) in attributes {
        start.push_attribute((*name, &*allowed(value)));
    }
    start
}

/// The text with every character replaced that XML 1.0 does not have (production 2, `Char`).
fn allowed(text: &str) -> Cow<'_, str> {
    let is_char = |c: char| matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    if text.chars().all(is_char) {
        return Cow::Borrowed(text);
    }
    let replaced = text.chars();
    let replaced = replaced.map(|c| {
        if is_char(c) {
            c
        } else {
            char::REPLACEMENT_CHARACTER
        }
    });
    Cow::Owned(replaced.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xml_does_not_have_is_replaced() {
        for (text, expected) in [
            ("plain\ttext\n", "plain\ttext\n"),
            ("a\u{0}b\u{1b}[0m", "a\u{fffd}b\u{fffd}[0m"),
            ("\u{fffe}\u{ffff}\u{fffd}", "\u{fffd}\u{fffd}\u{fffd}"),
            ("ü\u{10ffff}", "ü\u{10ffff}"),
        ] {
            assert_eq!(allowed(text), expected, "{text:?}");
        }
    }

    #[test]
    fn markup_is_text() {
        let mut out = Vec::new();
        let mut xml = Xml(Writer::new(&mut out as &mut dyn Write));
        xml.text("a", &[("b", "<\"&'\n\u{1}")], "<c>]]>&\u{2}")
            .expect("written");
        assert_eq!(
            String::from_utf8(out).expect("text"),
            "<a b=\"&lt;&quot;&amp;&apos;&#10;\u{fffd}\">&lt;c&gt;]]&gt;&amp;\u{fffd}</a>"
        );
    }
}
