//! No key that a live endpoint uses waits to be deleted.
//!
//! From the moment its deletion is scheduled a key cannot be used. Endpoints that run go on
//! until their next scale-out; when the waiting period ends, everything encrypted with the key
//! is lost for good.

use super::key_of::{KEY_STATE_REASONS, KEY_SUBJECT_REASONS, customer, known_state};
use crate::call::Op;
use crate::rules::rule::{Check, Rule, always};
use crate::rules::subject::{KEY_REASONS, KeyView};
use crate::rules::verdict::{Evidence, Judgement, reasons};
use crate::severity::Severity;

reasons! {
    Pass STAYS "not_pending_deletion": "the key does not wait to be deleted"; ""
    Pass UNUSED "pending_deletion_unused": "the key waits to be deleted, and no live endpoint uses it"; ""
    Unknown USES_UNKNOWN "key_uses_not_known": "the key waits to be deleted, and which keys the live endpoints use is not known of all of them"; "see what the message names"
    Fail IN_USE "pending_deletion_in_use": "the key waits to be deleted while a live endpoint uses it"; "cancel the deletion and enable the key (kms:CancelKeyDeletion, kms:EnableKey), or move the endpoints to another key first"
}

pub(in crate::rules) const RULE: Rule = Rule {
    id: "KEY-009",
    title: "no key in use waits to be deleted",
    severity: Severity::Critical,
    source: "KMS API, DescribeKey, KeyState, DeletionDate",
    compliance: &[
        "PCI DSS 4.0 3.7.2",
        "NIST 800-53 r5 SC-12",
        "ISO 27001:2022 A.8.24",
    ],
    needs: &[
        Op::ListEndpoints,
        Op::DescribeEndpoint,
        Op::DescribeEndpointConfig,
        Op::ListMonitoringSchedules,
        Op::DescribeMonitoringSchedule,
        Op::DescribeDataQualityJobDefinition,
        Op::DescribeModelQualityJobDefinition,
        Op::DescribeModelBiasJobDefinition,
        Op::DescribeModelExplainabilityJobDefinition,
        Op::DescribeModel,
        Op::HeadObject,
        Op::GetBucketEncryption,
        Op::ListAliases,
        Op::DescribeKey,
    ],
    data: &[],
    configured: always,
    reasons: &[
        KEY_SUBJECT_REASONS,
        KEY_REASONS,
        KEY_STATE_REASONS,
        &[&STAYS, &UNUSED, &USES_UNKNOWN, &IN_USE],
    ],
    file: include_str!("key_009.rs"),
    check: Check::Key(check),
};

fn check(view: &KeyView<'_>) -> Judgement {
    customer(view, |facts| {
        let state = Evidence::new("KeyState", &facts.state, &view.key.described.source);
        if let Err(judgement) = known_state(facts) {
            return (*judgement).given(state);
        }
        if !facts.is_to_be_deleted() {
            return Judgement::new(&STAYS).given(state);
        }
        let endpoints: Vec<String> = view
            .uses
            .iter()
            .filter_map(|used| used.endpoint.as_ref())
            .map(ToString::to_string)
            .collect();
        let when = facts
            .deletion
            .map_or_else(String::new, |date| format!(" on {date}"));
        match (endpoints.as_slice(), view.uses_gap) {
            ([], Some(why)) => Judgement::because(&USES_UNKNOWN, why),
            ([], None) => Judgement::new(&UNUSED),
            (names, _) => Judgement::new(&IN_USE).saying(format!(
                "the key will be deleted{when}; {} live endpoint(s) use it: {}",
                names.len(),
                first_names(names),
            )),
        }
        .given(state)
    })
}

fn first_names(names: &[String]) -> String {
    let shown: Vec<&str> = names.iter().take(3).map(String::as_str).collect();
    let more = names.len() - shown.len();
    if more == 0 {
        shown.join(", ")
    } else {
        format!("{} and {more} more", shown.join(", "))
    }
}
