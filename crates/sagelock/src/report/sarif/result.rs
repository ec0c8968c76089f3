//! A finding as a result (SARIF 2.1.0, 3.27).

use std::borrow::Cow;
use std::fmt::Write as _;

use sagelock_domain::assess::Record;
use sagelock_domain::rules::{RULES, Verdict};
use serde::Serialize;

use super::{Level, Message, score};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ResultOf<'a> {
    rule_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule_index: Option<usize>,
    kind: &'static str,
    level: Level,
    #[serde(skip_serializing_if = "Option::is_none")]
    rank: Option<f32>,
    message: Message,
    locations: [Location<'a>; 1],
    partial_fingerprints: Fingerprints<'a>,
    properties: Properties<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location<'a> {
    physical_location: Physical,
    logical_locations: Vec<Logical<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Physical {
    artifact_location: Artifact,
    region: Span,
}

#[derive(Serialize)]
struct Artifact {
    uri: String,
}

/// A place in a file, which GitHub code scanning wants with all four numbers.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Span {
    start_line: u32,
    start_column: u32,
    end_line: u32,
    end_column: u32,
}

/// Where nothing is longer than nothing: before the first character.
const BEGINNING: Span = Span {
    start_line: 1,
    start_column: 1,
    end_line: 1,
    end_column: 1,
};

/// What a result is about: it has an ARN, and no line in a file.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Logical<'a> {
    name: &'a str,
    fully_qualified_name: &'a str,
    kind: &'static str,
}

#[derive(Serialize)]
struct Fingerprints<'a> {
    #[serde(rename = "sagelockFindingId/v1")]
    finding: &'a str,
    /// The one that GitHub code scanning tells results apart by.
    #[serde(rename = "primaryLocationLineHash")]
    github: &'a str,
}

#[derive(Serialize)]
struct Properties<'a> {
    verdict: Verdict,
    reason: &'a str,
    severity: &'static str,
    account: &'a str,
    region: &'a str,
    #[serde(rename = "subjectType")]
    subject_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    remediation: &'a str,
    evidence: &'a [sagelock_domain::assess::RecordEvidence],
    compliance: &'a [Cow<'static, str>],
}

impl<'a> ResultOf<'a> {
    pub(super) fn of(record: &'a Record) -> Self {
        let subject = &record.subject;
        let (kind, level) = match record.verdict {
            Verdict::Fail => ("fail", Level::of(record.severity)),
            Verdict::Unknown => ("open", Level::None),
            Verdict::Pass => ("pass", Level::None),
            Verdict::NotApplicable => ("notApplicable", Level::None),
        };
        let weighs = matches!(record.verdict, Verdict::Fail | Verdict::Unknown);
        Self {
            rule_id: &record.rule,
            rule_index: RULES.iter().position(|rule| rule.id == record.rule),
            kind,
            level,
            rank: weighs.then(|| score(record.severity) * 10.0),
            message: Message {
                text: message(record),
            },
            locations: [Location {
                physical_location: Physical {
                    artifact_location: Artifact { uri: path(record) },
                    region: BEGINNING,
                },
                logical_locations: Logical::of_resource(&subject.name, &subject.arn)
                    .into_iter()
                    .collect(),
            }],
            partial_fingerprints: Fingerprints {
                finding: &record.id,
                github: &record.id,
            },
            properties: Properties {
                verdict: record.verdict,
                reason: &record.reason,
                severity: record.severity.as_str(),
                account: subject.account.as_str(),
                region: subject.region.as_str(),
                subject_type: subject.kind.as_str(),
                key: record.key.as_deref(),
                remediation: &record.remediation,
                evidence: &record.evidence,
                compliance: &record.compliance,
            },
        }
    }
}

impl<'a> Logical<'a> {
    /// A resource of AWS; nothing where it has no name.
    pub(super) fn of_resource(name: &'a str, arn: &'a str) -> Option<Self> {
        (!arn.is_empty()).then_some(Self {
            name,
            fully_qualified_name: arn,
            kind: "resource",
        })
    }
}

/// What is the case, and what to do. Where there is little space, viewers show the first sentence.
fn message(record: &Record) -> String {
    let (subject, said) = (&record.subject, &record.message);
    let kind = subject.kind.as_str().replace('_', " ");
    let mut text = format!("{kind} {}: {said}.", subject.name);
    if !record.remediation.is_empty() {
        let _ = write!(text, " To do: {}.", record.remediation);
    }
    text
}

/// GitHub code scanning shows no result without a file, and tells results apart by its path: a
/// resource has one of its own, relative, that stays the same from run to run.
fn path(record: &Record) -> String {
    let subject = &record.subject;
    let parts = [
        "aws",
        subject.account.as_str(),
        subject.region.as_str(),
        subject.kind.as_str(),
        &subject.name,
    ];
    let escaped: Vec<String> = parts.iter().map(|part| escape(part)).collect();
    escaped.join("/")
}

/// A segment of a URI: what RFC 3986, 2.3 does not reserve stands for itself.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            let _ = write!(escaped, "%{byte:02X}");
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_has_nothing_that_means_something() {
        for (text, escaped) in [
            ("fraud-1", "fraud-1"),
            ("a/b?c#d e%", "a%2Fb%3Fc%23d%20e%25"),
            ("ü", "%C3%BC"),
            ("", ""),
        ] {
            assert_eq!(escape(text), escaped, "{text}");
        }
    }
}
