//! The non-compliant configuration that an endpoint was moved away from is gone, some days after
//! the switch.
//!
//! As long as it exists, anybody may move the endpoint back to it. AWS keeps no record of which
//! configuration an endpoint ran before, so the successor must name it: the tag
//! `sagelock:supersedes` on the new configuration holds the name of the old one. An endpoint
//! whose configuration bears no such tag has no recorded switch, and the rule is not applicable.
//! The window is `superseded.keep_days`, from the creation of the successor or of the endpoint,
//! whichever came later: the earliest that the switch can have been.

use crate::rules::message::Message;
use crate::rules::rule::{Check, Rule, always};
use crate::rules::verdict::{Evidence, Judgement, Verdict, known, reasons};
use crate::severity::Severity;
use jiff::{SignedDuration, Timestamp};

use super::holder::{Holder, holder};
use super::volume::judge_volume;
use crate::call::Op;
use crate::fact::Source;
use crate::inventory::{Config, ConfigFacts, EndpointFacts, Tags};
use crate::rules::subject::{CONFIG_GONE, EndpointView, KEY_REASONS, LIVE_REASONS};

/// The tag on a configuration that names the configuration it took the place of.
pub const SUPERSEDES_TAG: &str = "sagelock:supersedes";

reasons! {
    Pass DELETED "superseded_deleted": "the superseded configuration is gone"; ""
    Pass COMPLIANT "superseded_compliant": "the superseded configuration is not without a customer managed key"; ""
    Fail NOT_DELETED "superseded_not_deleted": "a superseded configuration without a customer managed key is still there"; "delete it (sagemaker:DeleteEndpointConfig), when nothing will roll back to it"
    NotApplicable NO_SWITCH "no_recorded_switch": "no switch from another configuration is recorded"; ""
    NotApplicable RETAINED "within_retention": "the superseded configuration may still be needed for a rollback"; ""
    NotApplicable IN_USE "superseded_in_use": "another live endpoint runs the superseded configuration, and EP-001 judges it there"; ""
}

pub(in crate::rules) const RULE: Rule = Rule {
    id: "EP-011",
    title: "a superseded non-compliant configuration is deleted after the switch",
    severity: Severity::Medium,
    source: "SageMaker API, DescribeEndpointConfig, CreationTime; ListEndpointConfigs",
    compliance: &["NIST 800-53 r5 SC-28(1)", "ISO 27001:2022 A.8.10"],
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
        LIVE_REASONS,
        KEY_REASONS,
        &[
            &DELETED,
            &COMPLIANT,
            &NOT_DELETED,
            &NO_SWITCH,
            &RETAINED,
            &IN_USE,
        ],
        &[super::volume::VOLUME_UNKNOWN, CONFIG_GONE],
    ],
    file: include_str!("ep_011.rs"),
    check: Check::Endpoint(check),
};

/// When an endpoint was switched to its configuration, and who says so.
struct Switch<'a> {
    at: Timestamp,
    source: &'a Source,
}

/// The earliest that an endpoint can have been switched to its configuration: neither runs before
/// it is created. `LastModifiedTime` is later and moves with every change of the endpoint's
/// instances (SageMaker API, UpdateEndpointWeightsAndCapacities), so it would prolong the window.
pub(super) fn switched_at(endpoint: &EndpointFacts, successor: &ConfigFacts) -> Timestamp {
    endpoint.created.max(successor.created)
}

/// The configuration that one with these tags took the place of.
pub(super) fn superseded_by(tags: &Tags) -> Option<&str> {
    tags.get(SUPERSEDES_TAG).filter(|name| !name.is_empty())
}

fn check(view: &EndpointView<'_>) -> Judgement {
    view.when_live(|facts| {
        let current = facts
            .config
            .as_ref()
            .and_then(|name| view.cell.configs.get(name));
        let Some(current) = current else {
            return Judgement::new(&NO_SWITCH);
        };
        let Some(successor) = known!(&current.described.fact) else {
            return Judgement::new(CONFIG_GONE);
        };
        let switched = Switch {
            at: switched_at(facts, successor),
            source: &current.described.source,
        };
        let tags = known!(&current.tags.fact);
        let Some(old) = superseded_by(tags) else {
            return Judgement::new(&NO_SWITCH);
        };
        let named = Evidence::new("Tags.sagelock:supersedes", old, &current.tags.source);
        let found = view
            .cell
            .configs
            .values()
            .find(|config| config.name.as_str() == old);
        match (found, &view.cell.configs_gap) {
            (None, Some(gap)) => Judgement::unknown(gap),
            (None, None) => Judgement::new(&DELETED).saying(format!("configuration {old} is gone")),
            (Some(config), _) => judge_left_behind(view, &switched, config),
        }
        .given(named)
    })
}

fn judge_left_behind(view: &EndpointView<'_>, switch: &Switch<'_>, config: &Config) -> Judgement {
    let name = &config.name;
    let Some(facts) = known!(&config.described.fact) else {
        return Judgement::new(&DELETED).saying(format!("configuration {name} is gone"));
    };
    // What the endpoint served is what it would serve again.
    let class = view.data_class();
    let source = &config.described.source;
    let volume = judge_volume(
        facts,
        source,
        &view.cell.id,
        view.keys,
        &class,
        view.settings,
    );
    match volume.verdict() {
        Verdict::Unknown => return volume,
        Verdict::Pass | Verdict::NotApplicable => {
            let message = Message::from(format!("configuration {name}: ")).and(volume.message);
            return Judgement::new(&COMPLIANT).saying(message);
        }
        Verdict::Fail => {}
    }
    match known!(&holder(view.cell, config)) {
        Holder::Current(endpoint) => {
            let message = format!("endpoint {endpoint} runs configuration {name}");
            return Judgement::new(&IN_USE).saying(message);
        }
        Holder::Pending(endpoints) => {
            let names: Vec<&str> = endpoints.iter().map(|one| one.name.as_str()).collect();
            let message = format!("{} is moving to configuration {name}", names.join(", "));
            return Judgement::new(&IN_USE).saying(message);
        }
        Holder::None => {}
    }
    let days = i64::from(view.settings.superseded_keep_days);
    let until = switch
        .at
        .saturating_add(SignedDuration::from_hours(days * 24));
    let switched = Evidence::new("CreationTime", switch.at.to_string(), switch.source);
    if until.is_ok_and(|until| until > view.now) {
        return Judgement::new(&RETAINED)
            .saying(format!(
                "configuration {name} is kept for a rollback for {days} days"
            ))
            .given(switched);
    }
    Judgement::new(&NOT_DELETED)
        .saying(
            Message::from(format!("configuration {name} is still there; "))
                .and(volume.message.clone()),
        )
        .given(switched)
        .join(Judgement {
            reason: &RETAINED,
            ..volume
        })
}
