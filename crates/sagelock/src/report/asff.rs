//! The AWS Security Finding Format, 2018-10-08, as `BatchImportFindings` of Security Hub takes it: an
//! array of findings. Names, words and lengths are those of Security Hub API, AwsSecurityFinding.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{self, Write};

use sagelock_domain::assess::{Record, SubjectKind};
use sagelock_domain::ids::{Arn, KeyArn, Partition};
use sagelock_domain::rules::{Rule, Severity, Verdict};
use serde::ser::SerializeSeq;
use serde::{Serialize, Serializer};

use super::stream::{stream, write_in_lines};
use crate::outcome::Audit;

const TITLE_MAX: usize = 256;
const DESCRIPTION_MAX: usize = 1024;
const RECOMMENDATION_MAX: usize = 512;
const PRODUCT_FIELD_MAX: usize = 2048;
const DETAIL_MAX: usize = 1024;
const REQUIREMENTS_MAX: usize = 32;
const REGION_MAX: usize = 16;

/// The partitions that `Resources.Partition` has words for.
const PARTITIONS: [&str; 5] = ["aws", "aws-cn", "aws-us-gov", "aws-us-iso", "aws-us-iso-b"];

/// The type, of Security Hub's own list (Security Hub User Guide, "Types taxonomy for ASFF").
const TYPES: [&str; 1] = ["Software and Configuration Checks/Industry and Regulatory Standards"];

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Finding<'a> {
    schema_version: &'static str,
    id: String,
    product_arn: String,
    generator_id: String,
    aws_account_id: &'a str,
    types: [&'static str; 1],
    created_at: String,
    updated_at: String,
    last_observed_at: String,
    severity: Weight,
    title: Cow<'a, str>,
    description: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    remediation: Option<Remediation<'a>>,
    product_fields: BTreeMap<&'static str, Cow<'a, str>>,
    resources: [Resource<'a>; 1],
    compliance: Compliance<'a>,
    workflow: Workflow,
    record_state: &'static str,
    #[serde(rename = "FindingProviderFields")]
    provider_fields: ProviderFields,
}

#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Weight {
    label: &'static str,
    original: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Remediation<'a> {
    recommendation: Recommendation<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Recommendation<'a> {
    text: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Resource<'a> {
    #[serde(rename = "Type")]
    kind: &'static str,
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    partition: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<&'a str>,
    details: Details<'a>,
}

#[derive(Serialize)]
enum Details<'a> {
    AwsKmsKey {
        #[serde(rename = "AWSAccountId")]
        account: &'a str,
        #[serde(rename = "KeyId")]
        id: &'a str,
    },
    Other(BTreeMap<&'static str, Cow<'a, str>>),
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Compliance<'a> {
    status: &'static str,
    security_control_id: &'a str,
    #[serde(skip_serializing_if = "<[Cow<'_, str>]>::is_empty")]
    related_requirements: &'a [Cow<'static, str>],
    status_reasons: [StatusReason<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct StatusReason<'a> {
    reason_code: &'a str,
    description: Cow<'a, str>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Workflow {
    status: &'static str,
}

/// Security Hub takes changes of these from here alone (Security Hub API, BatchImportFindings).
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ProviderFields {
    severity: Weight,
    types: [&'static str; 1],
}

struct Findings<'a>(&'a Audit);

impl Serialize for Findings<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let at = self.0.finished_at.to_string();
        stream(&self.0.findings, serializer, |list, record| {
            list.serialize_element(&Finding::of(record, &at))
        })
    }
}

pub(super) fn write(audit: &Audit, out: &mut dyn Write) -> io::Result<()> {
    write_in_lines(&Findings(audit), 1, out)
}

impl<'a> Finding<'a> {
    fn of(record: &'a Record, at: &str) -> Self {
        let subject = &record.subject;
        let (account, region) = (subject.account.as_str(), subject.region.as_str());
        let rule = record.known_rule();
        let partition = partition(record);
        let title = rule.map_or(&*record.rule, |rule| rule.title);
        let severity = severity(record);
        let state = State::of(record.verdict);
        Self {
            schema_version: "2018-10-08",
            id: format!("{region}/{account}/{}", record.id),
            product_arn: format!(
                "arn:{partition}:securityhub:{region}:{account}:product/{account}/default"
            ),
            generator_id: format!("sagelock/{}", record.rule),
            aws_account_id: account,
            types: TYPES,
            created_at: at.to_owned(),
            updated_at: at.to_owned(),
            last_observed_at: at.to_owned(),
            severity,
            title: cut(format!("{} {title}", record.rule).into(), TITLE_MAX),
            description: cut(spoken(record), DESCRIPTION_MAX),
            remediation: remediation(record, rule),
            product_fields: product_fields(record),
            resources: [resource(record, &partition)],
            compliance: Compliance {
                status: state.compliance,
                security_control_id: &record.rule,
                related_requirements: record
                    .compliance
                    .get(..REQUIREMENTS_MAX)
                    .unwrap_or(&record.compliance),
                status_reasons: [StatusReason {
                    reason_code: &record.reason,
                    description: cut(spoken(record), DESCRIPTION_MAX),
                }],
            },
            workflow: Workflow {
                status: state.workflow,
            },
            record_state: state.record,
            provider_fields: ProviderFields {
                severity,
                types: TYPES,
            },
        }
    }
}

/// What a verdict is in Security Hub's words.
struct State {
    compliance: &'static str,
    workflow: &'static str,
    record: &'static str,
}

impl State {
    /// `WARNING`: some information is missing. `NOT_AVAILABLE`: the check does not apply; such a
    /// finding is archived. Security Hub makes a resolved finding new again when it no longer
    /// passes, and an archived one when it becomes active (Security Hub API, Compliance, `Status`;
    /// Workflow, `Status`).
    fn of(verdict: Verdict) -> Self {
        let (compliance, workflow, record) = match verdict {
            Verdict::Pass => ("PASSED", "RESOLVED", "ACTIVE"),
            Verdict::Fail => ("FAILED", "NEW", "ACTIVE"),
            Verdict::Unknown => ("WARNING", "NEW", "ACTIVE"),
            Verdict::NotApplicable => ("NOT_AVAILABLE", "NEW", "ARCHIVED"),
        };
        Self {
            compliance,
            workflow,
            record,
        }
    }
}

/// A finding that wants nothing is informational; one that is unknown weighs what it would as a
/// fail.
fn severity(record: &Record) -> Weight {
    let label = match record.verdict {
        Verdict::Pass | Verdict::NotApplicable => "INFORMATIONAL",
        Verdict::Fail | Verdict::Unknown => match record.severity {
            Severity::Low => "LOW",
            Severity::Medium => "MEDIUM",
            Severity::High => "HIGH",
            Severity::Critical => "CRITICAL",
        },
    };
    Weight {
        label,
        original: record.severity.as_str(),
    }
}

fn remediation<'a>(record: &'a Record, rule: Option<&'static Rule>) -> Option<Remediation<'a>> {
    let text = record.remediation.trim();
    (!text.is_empty()).then(|| Remediation {
        recommendation: Recommendation {
            text: cut(text.into(), RECOMMENDATION_MAX),
            url: rule.and_then(Rule::source_url),
        },
    })
}

fn product_fields(record: &Record) -> BTreeMap<&'static str, Cow<'_, str>> {
    let mut fields: BTreeMap<&str, Cow<'_, str>> = BTreeMap::from([
        ("sagelock/Id", record.id.as_str().into()),
        ("sagelock/Reason", (*record.reason).into()),
        ("sagelock/Verdict", record.verdict.as_str().into()),
        ("sagelock/Version", env!("CARGO_PKG_VERSION").into()),
    ]);
    let key = record.key.as_deref().filter(|key| !key.trim().is_empty());
    fields.extend(key.map(|key| ("sagelock/Key", cut(key.into(), PRODUCT_FIELD_MAX))));
    fields
}

fn resource<'a>(record: &'a Record, partition: &str) -> Resource<'a> {
    let subject = &record.subject;
    let key = match subject.kind {
        SubjectKind::Key => subject.arn.parse::<KeyArn>().ok(),
        SubjectKind::Endpoint | SubjectKind::EndpointConfig => None,
    };
    let (kind, details) = match key {
        Some(_) => (
            "AwsKmsKey",
            Details::AwsKmsKey {
                account: subject.account.as_str(),
                id: &subject.name,
            },
        ),
        None => ("Other", Details::Other(others(record))),
    };
    let region = subject.region.as_str();
    Resource {
        kind,
        id: &subject.arn,
        partition: PARTITIONS.into_iter().find(|known| *known == partition),
        region: (region.len() <= REGION_MAX).then_some(region),
        details,
    }
}

/// What Security Hub has no fields for.
fn others(record: &Record) -> BTreeMap<&'static str, Cow<'_, str>> {
    let mut others: BTreeMap<&str, Cow<'_, str>> = BTreeMap::from([
        ("Name", record.subject.name.as_str().into()),
        ("Type", record.subject.kind.as_str().into()),
    ]);
    let key = record.key.as_deref().filter(|key| !key.trim().is_empty());
    others.extend(key.map(|key| ("KmsKeyId", cut(key.into(), DETAIL_MAX))));
    others
}

/// The message, or the reason where there is none: the field must not be blank.
fn spoken(record: &Record) -> Cow<'_, str> {
    if record.message.trim().is_empty() {
        (*record.reason).into()
    } else {
        record.message.as_str().into()
    }
}

fn partition(record: &Record) -> String {
    match record.subject.arn.parse::<Arn>() {
        Ok(arn) => arn.partition().to_owned(),
        Err(_) => Partition::of_region(&record.subject.region)
            .as_str()
            .to_owned(),
    }
}

/// The text, cut after so many characters; an ellipsis says that there was more.
fn cut(text: Cow<'_, str>, most: usize) -> Cow<'_, str> {
    if text.chars().nth(most).is_none() {
        return text;
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{kept}…").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_between_characters() {
        for (text, most, expected) in [
            ("short", 5, "short"),
            ("longer", 5, "long…"),
            ("üüüüüü", 3, "üü…"),
            ("", 3, ""),
        ] {
            assert_eq!(cut(text.into(), most), expected, "{text} {most}");
        }
    }
}
