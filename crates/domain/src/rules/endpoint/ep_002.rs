//! No endpoint configuration lies in wait without a customer managed key.
//!
//! A configuration that no endpoint runs harms nobody today, but an endpoint can be moved to it
//! at any time, by hand, by a pipeline or by a rollback. Two cases: a *pending* configuration is
//! the one an endpoint is moving to, is judged as data of that endpoint's class and weighs as much as
//! EP-001; an *unattached* one weighs
//! little, is grouped in the output and never counts in the totals of endpoints.
//!
//! A superseded configuration is left alone until EP-011's window has passed, so that a rollback
//! stays possible. That it was superseded, only a tag on its successor says, and the window
//! counts from the successor's creation; without one, from its own.

use crate::rules::message::Message;
use crate::rules::rule::{Check, Rule, always};
use crate::rules::verdict::{Evidence, Judgement, Verdict, known, reasons};
use crate::severity::Severity;
use jiff::SignedDuration;

use super::holder::{Holder, holder};
use super::volume::{VOLUME_REASONS, judge_volume};
use crate::call::Op;
use crate::fact::Fact;
use crate::inventory::{Cell, Config, Endpoint};
use crate::rules::endpoint::ep_011::{superseded_by, switched_at};
use crate::rules::subject::{ConfigView, EndpointView, KEY_REASONS, data_class, is_fail};

reasons! {
    Fail PENDING "pending": "an endpoint is moving to this configuration, and its volume would not be under a customer managed key"; "stop the deployment, or follow it with one under a customer managed key"
    Fail UNATTACHED "unattached": "no endpoint runs this configuration, and one that did would not be under a customer managed key"; "delete the configuration, when nothing will roll back to it"
    NotApplicable ATTACHED "attached": "a live endpoint runs this configuration, and EP-001 judges it there"; ""
    NotApplicable RETAINED "within_retention": "the configuration may still be needed for a rollback"; ""
}

pub(in crate::rules) const RULE: Rule = Rule {
    id: "EP-002",
    title: "no pending or unattached configuration lacks a customer managed key",
    severity: Severity::High,
    source: "SageMaker API, DescribeEndpoint, PendingDeploymentSummary; CreateEndpointConfig, KmsKeyId",
    compliance: &["NIST 800-53 r5 SC-28(1)", "ISO 27001:2022 A.8.24"],
    needs: &[
        Op::ListEndpoints,
        Op::DescribeEndpoint,
        Op::ListEndpointConfigs,
        Op::DescribeEndpointConfig,
        Op::ListTags,
        Op::ListAliases,
        Op::DescribeKey,
    ],
    data: &[],
    configured: always,
    reasons: &[
        &[&PENDING, &UNATTACHED, &ATTACHED, &RETAINED],
        KEY_REASONS,
        VOLUME_REASONS,
    ],
    file: include_str!("ep_002.rs"),
    check: Check::Config(check),
};

fn check(view: &ConfigView<'_>) -> Judgement {
    let facts = *known!(&view.facts);
    let config = view.config;
    let source = &config.described.source;
    let volume_of = |class: &Fact<String>| {
        let cell = &view.cell.id;
        judge_volume(facts, source, cell, view.keys, class, view.settings)
    };
    let held = holder(view.cell, config);
    if let Fact::Known(Holder::Pending(endpoints)) = &held {
        let judge = |endpoint: &&Endpoint| {
            let endpoint = view.endpoint(endpoint);
            judge_pending(&endpoint, volume_of(&endpoint.data_class_under(config)))
        };
        let worst = endpoints
            .iter()
            .map(judge)
            .max_by_key(|judgement| (judgement.verdict(), judgement.severity));
        return worst.unwrap_or_else(|| Judgement::new(&RETAINED));
    }
    let volume = volume_of(&data_class(&[&config.tags.fact], view.settings));
    match held {
        // Attached would be not applicable, so that a pass cannot be known either.
        Fact::Unknown(gap) if volume.verdict() != Verdict::NotApplicable => {
            Judgement::unknown(&gap).join(volume_facts(volume))
        }
        Fact::Known(Holder::Current(endpoint)) => Judgement::new(&ATTACHED)
            .saying(format!("endpoint {endpoint} runs this configuration"))
            .given(Evidence::new("KmsKeyId", shown_key(&volume), source)),
        Fact::Known(Holder::None) if is_fail(&volume) => {
            let keep = i64::from(view.settings.superseded_keep_days) * 24;
            let detached = detached_at(view.cell, config).unwrap_or(facts.created);
            let kept_until = detached.saturating_add(SignedDuration::from_hours(keep));
            let since = Evidence::new("CreationTime", facts.created.to_string(), source);
            if kept_until.is_ok_and(|until| until > view.now) {
                Judgement::new(&RETAINED)
                    .given(since)
                    .join(volume_facts(volume))
            } else {
                let message = Message::from("no endpoint runs it; ").and(volume.message.clone());
                let mut judgement = Judgement::new(&UNATTACHED).saying(message).given(since);
                judgement.severity = Some(Severity::Low);
                judgement.join(volume_facts(volume))
            }
        }
        Fact::Unknown(_) | Fact::Known(Holder::Pending(_) | Holder::None) => volume,
    }
}

/// Judges the configuration that an endpoint is moving to as data of the endpoint's class.
fn judge_pending(endpoint: &EndpointView<'_>, volume: Judgement) -> Judgement {
    let mut judgement = if is_fail(&volume) {
        let name = &endpoint.endpoint.name;
        let message =
            Message::from(format!("endpoint {name} is moving to it; ")).and(volume.message.clone());
        Judgement::new(&PENDING)
            .saying(message)
            .join(volume_facts(volume))
    } else {
        volume
    };
    judgement.severity = Some(RULE.severity.for_data_of(endpoint.weight()));
    judgement
}

/// A judgement that adds its facts and never its verdict.
fn volume_facts(volume: Judgement) -> Judgement {
    Judgement {
        reason: &ATTACHED,
        ..volume
    }
}

fn shown_key(volume: &Judgement) -> String {
    volume.key.clone().unwrap_or_else(|| "absent".to_owned())
}

/// The earliest that the last endpoint can have left this configuration behind, where a tag says
/// so.
fn detached_at(cell: &Cell, config: &Config) -> Option<jiff::Timestamp> {
    let left = cell.endpoints.values().filter_map(|endpoint| {
        let facts = endpoint.described.fact.known()?.as_ref()?;
        let current = cell.configs.get(facts.config.as_ref()?)?;
        let superseded = superseded_by(current.tags.fact.known()?)?;
        let successor = current.described.fact.known()?.as_ref()?;
        (superseded == config.name.as_str()).then(|| switched_at(facts, successor))
    });
    left.max()
}
