//! OCSF 1.8.0, Compliance Finding (class 2003), an event a line. Field names and numbers are those
//! of the schema's class `compliance_finding`; the profile is `cloud`.

use std::io::{self, Write};

use sagelock_domain::assess::{Record, RecordEvidence, SubjectKind};
use sagelock_domain::ids::{Arn, Partition};
use sagelock_domain::rules::{Rule, Severity, Verdict};
use serde::Serialize;

use super::clause::parts;
use crate::outcome::Audit;

/// The version of the schema.
const SCHEMA: &str = "1.8.0";

#[derive(Serialize)]
struct Event<'a> {
    activity_id: u8,
    activity_name: &'static str,
    category_uid: u8,
    category_name: &'static str,
    class_uid: u16,
    class_name: &'static str,
    type_uid: u32,
    type_name: &'static str,
    /// Milliseconds since 1970.
    time: i64,
    start_time: i64,
    end_time: i64,
    timezone_offset: i32,
    severity_id: u8,
    severity: &'static str,
    status_id: u8,
    status: &'static str,
    message: &'a str,
    metadata: Metadata,
    cloud: Cloud<'a>,
    finding_info: FindingInfo<'a>,
    compliance: Compliance<'a>,
    resources: Vec<Resource<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    remediation: Option<Remediation<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    evidences: Vec<Evidence<'a>>,
}

#[derive(Serialize)]
struct Metadata {
    version: &'static str,
    uid: String,
    profiles: [&'static str; 1],
    product: Product,
    #[serde(skip_serializing_if = "<[&str]>::is_empty")]
    labels: &'static [&'static str],
}

#[derive(Serialize)]
struct Product {
    name: &'static str,
    vendor_name: &'static str,
    version: &'static str,
    lang: &'static str,
}

#[derive(Serialize)]
struct Cloud<'a> {
    provider: &'static str,
    #[serde(rename = "cloud_partition")]
    partition: String,
    region: &'a str,
    account: Account<'a>,
}

#[derive(Serialize)]
struct Account<'a> {
    uid: &'a str,
    type_id: u8,
    #[serde(rename = "type")]
    kind: &'static str,
}

#[derive(Serialize)]
struct FindingInfo<'a> {
    uid: &'a str,
    title: String,
    desc: &'a str,
    types: [&'static str; 1],
    analytic: Analytic<'a>,
}

#[derive(Serialize)]
struct Analytic<'a> {
    uid: &'a str,
    name: &'a str,
    type_id: u8,
    #[serde(rename = "type")]
    kind: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
struct Compliance<'a> {
    status_id: u8,
    status: &'static str,
    status_code: &'a str,
    status_details: Vec<String>,
    control: &'a str,
    desc: &'a str,
    standards: Vec<&'static str>,
    requirements: Vec<&'a str>,
}

#[derive(Serialize)]
struct Resource<'a> {
    uid: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(rename = "type")]
    kind: &'static str,
    region: &'a str,
    cloud_partition: String,
    role_id: u8,
    role: &'static str,
}

#[derive(Serialize)]
struct Remediation<'a> {
    desc: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    references: Vec<String>,
}

#[derive(Serialize)]
struct Evidence<'a> {
    name: &'a str,
    data: Fact<'a>,
}

#[derive(Serialize)]
struct Fact<'a> {
    value: &'a str,
    call: &'static str,
    at: String,
}

pub(super) fn write(audit: &Audit, out: &mut dyn Write) -> io::Result<()> {
    audit.findings.each(&mut |record| {
        serde_json::to_writer(&mut *out, &Event::of(&record, audit))?;
        writeln!(out)
    })
}

impl<'a> Event<'a> {
    fn of(record: &'a Record, audit: &Audit) -> Self {
        let rule = record.known_rule();
        let at = audit.finished_at.as_millisecond();
        let (severity_id, severity) = severity(record);
        Self {
            activity_id: 1,
            activity_name: "Create",
            category_uid: 2,
            category_name: "Findings",
            class_uid: 2003,
            class_name: "Compliance Finding",
            type_uid: 200_301,
            type_name: "Compliance Finding: Create",
            time: at,
            start_time: audit.started_at.as_millisecond(),
            end_time: at,
            timezone_offset: 0,
            severity_id,
            severity,
            status_id: 1,
            status: "New",
            message: &record.message,
            metadata: Metadata {
                version: SCHEMA,
                uid: format!("{}-{at}", record.id),
                profiles: ["cloud"],
                product: Product {
                    name: "sagelock",
                    vendor_name: "sagelock",
                    version: env!("CARGO_PKG_VERSION"),
                    lang: "en",
                },
                labels: if audit.simulated { &["simulated"] } else { &[] },
            },
            cloud: cloud(record),
            finding_info: finding_info(record, rule),
            compliance: compliance(record, rule),
            resources: resources(record),
            remediation: (!record.remediation.is_empty()).then(|| Remediation {
                desc: &record.remediation,
                references: rule.and_then(Rule::source_url).into_iter().collect(),
            }),
            evidences: record.evidence.iter().map(Evidence::of).collect(),
        }
    }
}

/// A finding that wants nothing weighs nothing; one that is unknown weighs what it would as a fail.
fn severity(record: &Record) -> (u8, &'static str) {
    match record.verdict {
        Verdict::Pass | Verdict::NotApplicable => (1, "Informational"),
        Verdict::Fail | Verdict::Unknown => match record.severity {
            Severity::Low => (2, "Low"),
            Severity::Medium => (3, "Medium"),
            Severity::High => (4, "High"),
            Severity::Critical => (5, "Critical"),
        },
    }
}

fn cloud(record: &Record) -> Cloud<'_> {
    Cloud {
        provider: "AWS",
        partition: partition(&record.subject.arn, record),
        region: record.subject.region.as_str(),
        account: Account {
            uid: record.subject.account.as_str(),
            type_id: 10,
            kind: "AWS Account",
        },
    }
}

fn finding_info<'a>(record: &'a Record, rule: Option<&'static Rule>) -> FindingInfo<'a> {
    let title = rule.map_or(&*record.rule, |rule| rule.title);
    FindingInfo {
        uid: &record.id,
        title: format!("{} {}: {title}", record.rule, record.subject.name),
        desc: &record.message,
        types: ["Software and Configuration Checks"],
        analytic: Analytic {
            uid: &record.rule,
            name: title,
            type_id: 1,
            kind: "Rule",
            version: env!("CARGO_PKG_VERSION"),
        },
    }
}

fn compliance<'a>(record: &'a Record, rule: Option<&'static Rule>) -> Compliance<'a> {
    let (status_id, status) = match record.verdict {
        Verdict::Pass => (1, "Pass"),
        Verdict::Fail => (3, "Fail"),
        Verdict::Unknown => (0, "Unknown"),
        Verdict::NotApplicable => (99, "Not Applicable"),
    };
    let gap = record.gap.as_ref().map(ToString::to_string);
    let gap = gap.filter(|gap| *gap != record.message);
    let mut standards: Vec<&str> = Vec::new();
    let mut requirements = Vec::new();
    for clause in &record.compliance {
        let (standard, requirement) = parts(clause);
        standards.extend(standard.filter(|standard| !standards.contains(standard)));
        requirements.push(requirement);
    }
    Compliance {
        status_id,
        status,
        status_code: &record.reason,
        status_details: std::iter::once(record.message.clone()).chain(gap).collect(),
        control: &record.rule,
        desc: rule.map_or(&*record.rule, |rule| rule.title),
        standards,
        requirements,
    }
}

/// What it is about, and the key that its configuration names.
fn resources(record: &Record) -> Vec<Resource<'_>> {
    let subject = &record.subject;
    let region = subject.region.as_str();
    let mut resources = vec![Resource {
        uid: &subject.arn,
        name: Some(&subject.name),
        kind: match subject.kind {
            SubjectKind::Endpoint => "AWS::SageMaker::Endpoint",
            SubjectKind::EndpointConfig => "AWS::SageMaker::EndpointConfig",
            SubjectKind::Key => KEY,
        },
        region,
        cloud_partition: partition(&subject.arn, record),
        role_id: 3,
        role: "Affected",
    }];
    let key = record.key.as_deref().filter(|key| **key != *subject.arn);
    resources.extend(key.map(|key| Resource {
        uid: key,
        name: None,
        kind: if key.contains("alias/") { ALIAS } else { KEY },
        region: key.split(':').nth(3).unwrap_or(region),
        cloud_partition: partition(key, record),
        role_id: 4,
        role: "Related",
    }));
    resources
}

const KEY: &str = "AWS::KMS::Key";
const ALIAS: &str = "AWS::KMS::Alias";

/// The partition of an ARN, else that of the subject's region.
fn partition(arn: &str, record: &Record) -> String {
    match arn.parse::<Arn>() {
        Ok(arn) => arn.partition().to_owned(),
        Err(_) => Partition::of_region(&record.subject.region)
            .as_str()
            .to_owned(),
    }
}

impl<'a> Evidence<'a> {
    fn of(evidence: &'a RecordEvidence) -> Self {
        Self {
            name: &evidence.fact,
            data: Fact {
                value: &evidence.value,
                call: evidence.call.name(),
                at: evidence.at.to_string(),
            },
        }
    }
}
