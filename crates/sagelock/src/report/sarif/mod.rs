//! SARIF 2.1.0 (OASIS, "Static Analysis Results Interchange Format"), as viewers and GitHub code
//! scanning read it.

mod descriptor;
mod result;

use std::collections::BTreeMap;
use std::io::{self, Write};

use sagelock_domain::assess::CoverageGap;
use sagelock_domain::rules::Severity;
use serde::ser::SerializeSeq;
use serde::{Serialize, Serializer};

use super::stream::{stream, write_in_lines};
use crate::outcome::Audit;
use descriptor::{Driver, Taxonomy, taxonomies};
use result::{Logical, ResultOf};

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// How deep the array of results lies: log, runs, run, results.
const RESULTS_DEPTH: usize = 4;

#[derive(Serialize)]
struct Log<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'a> {
    tool: Tool,
    automation_details: AutomationDetails,
    invocations: [Invocation<'a>; 1],
    taxonomies: Vec<Taxonomy>,
    properties: BTreeMap<&'static str, bool>,
    results: Results<'a>,
}

#[derive(Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Serialize)]
struct AutomationDetails {
    id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation<'a> {
    execution_successful: bool,
    start_time_utc: String,
    end_time_utc: String,
    tool_execution_notifications: Vec<Notification<'a>>,
}

/// Something that could not be read.
#[derive(Serialize)]
struct Notification<'a> {
    descriptor: Reference<'a>,
    level: Level,
    message: Message,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    locations: Vec<Place<'a>>,
    properties: BTreeMap<&'static str, &'a str>,
}

#[derive(Serialize)]
struct Reference<'a> {
    id: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Place<'a> {
    logical_locations: [Logical<'a>; 1],
}

#[derive(Serialize)]
struct Message {
    text: String,
}

#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "lowercase")]
enum Level {
    None,
    Note,
    Warning,
    Error,
}

impl Level {
    fn of(severity: Severity) -> Self {
        match severity {
            Severity::Critical | Severity::High => Self::Error,
            Severity::Medium => Self::Warning,
            Severity::Low => Self::Note,
        }
    }
}

/// The score by which GitHub code scanning tells how severe a result is: above 9.0 critical, from
/// 7.0 high, from 4.0 medium (GitHub, "SARIF support for code scanning", `security-severity`).
fn score(severity: Severity) -> f32 {
    match severity {
        Severity::Critical => 9.5,
        Severity::High => 8.0,
        Severity::Medium => 5.5,
        Severity::Low => 2.5,
    }
}

struct Results<'a>(&'a crate::findings::Findings);

impl Serialize for Results<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        stream(self.0, serializer, |list, record| {
            list.serialize_element(&ResultOf::of(record))
        })
    }
}

pub(super) fn write(audit: &Audit, out: &mut dyn Write) -> io::Result<()> {
    let log = Log {
        schema: SCHEMA,
        version: "2.1.0",
        runs: [Run {
            tool: Tool {
                driver: Driver::new(),
            },
            automation_details: AutomationDetails {
                id: automation_id(audit),
            },
            invocations: [Invocation {
                execution_successful: audit.complete(),
                start_time_utc: audit.started_at.to_string(),
                end_time_utc: audit.finished_at.to_string(),
                tool_execution_notifications: notifications(audit),
            }],
            taxonomies: taxonomies(),
            properties: BTreeMap::from([("simulated", audit.simulated)]),
            results: Results(&audit.findings),
        }],
    };
    write_in_lines(&log, RESULTS_DEPTH, out)
}

/// What comes before the last slash tells runs of one kind apart from those of another (SARIF
/// 2.1.0, 3.17.3; GitHub takes it for the category): the account where there is one.
fn automation_id(audit: &Audit) -> String {
    let scope = match audit.accounts.as_slice() {
        [account] => account.as_str(),
        _ => "accounts",
    };
    format!("sagelock/audit/{scope}/{}", audit.started_at)
}

fn notifications(audit: &Audit) -> Vec<Notification<'_>> {
    let gaps = audit.coverage.gaps.iter().map(Notification::of);
    let interrupted = audit.interrupted.then(|| Notification {
        descriptor: Reference { id: "interrupted" },
        level: Level::Error,
        message: Message {
            text: "The audit was interrupted; what it had not read by then is unknown.".to_owned(),
        },
        locations: Vec::new(),
        properties: BTreeMap::new(),
    });
    interrupted.into_iter().chain(gaps).collect()
}

impl<'a> Notification<'a> {
    fn of(gap: &'a CoverageGap) -> Self {
        let CoverageGap { gap, expected } = gap;
        let level = if *expected {
            Level::Note
        } else if gap.is_of_listing() {
            Level::Error
        } else {
            Level::Warning
        };
        let subject = Logical::of_resource(&gap.subject, &gap.subject);
        Self {
            descriptor: Reference {
                id: gap.reason.code(),
            },
            level,
            message: Message {
                text: format!("{gap}."),
            },
            locations: subject
                .map(|logical| Place {
                    logical_locations: [logical],
                })
                .into_iter()
                .collect(),
            properties: BTreeMap::from([
                ("account", gap.account.as_str()),
                ("call", gap.call.name()),
                ("region", gap.region.as_str()),
            ]),
        }
    }
}
