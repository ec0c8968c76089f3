//! The endpoint's key is not shared by more endpoints than allowed.
//!
//! A key that many workloads share cannot be disabled, nor its policy narrowed, nor its use told apart, for
//! one of them alone: KMS's events name the key and not the endpoint. How many live endpoints may share a
//! key is set by `keys.endpoints_max`; without it the rule is not applicable. Counted are live endpoints
//! of all accounts and regions that were looked at whose configurations name the key, for volumes or
//! outputs.

use std::collections::BTreeSet;

use super::late::{Early, LATE_REASONS, LateView, USES_REASONS, uses_unknown, volume_keys};
use super::rule::{Check, Rule};
use super::subject::{CONFIG_REASONS, EndpointView, KEY_REASONS, LIVE_REASONS, UsesGap};
use super::verdict::{Judgement, reasons};
use crate::call::Op;
use crate::severity::Severity;

reasons! {
    Pass DEDICATED "within_the_limit": "no more endpoints share the key than allowed"; ""
    Fail SHARED "shared_by_too_many": "more endpoints share the key than allowed"; "create a key of its own for the workload, and move the endpoint to a configuration with it"
    NotApplicable NOT_CONFIGURED "not_configured": "how many endpoints may share a key is not set; set `keys.endpoints_max`"; ""
}

pub(super) const RULE: Rule = Rule {
    id: "EP-008",
    title: "the endpoint's key is not shared by more endpoints than allowed",
    severity: Severity::Medium,
    source: "SageMaker API, CreateEndpointConfig, KmsKeyId; KMS Developer Guide, \"Logging AWS KMS API calls\"",
    compliance: &[
        "NIST 800-53 r5 SC-12",
        "PCI DSS 4.0 3.6.1",
        "ISO 27001:2022 A.8.24",
    ],
    needs: &[
        Op::ListEndpoints,
        Op::DescribeEndpoint,
        Op::ListEndpointConfigs,
        Op::DescribeEndpointConfig,
        Op::ListAliases,
        Op::DescribeKey,
    ],
    reasons: &[
        LIVE_REASONS,
        CONFIG_REASONS,
        KEY_REASONS,
        LATE_REASONS,
        USES_REASONS,
        &[&DEDICATED, &SHARED, &NOT_CONFIGURED],
    ],
    file: include_str!("ep_008.rs"),
    check: Check::Late(early, late),
};

fn early(view: &EndpointView<'_>) -> Early {
    if view.settings.endpoints_per_key_max == 0 {
        let judgement = view.when_live(|_| Judgement::new(&NOT_CONFIGURED));
        return Early::Judged(Box::new(judgement));
    }
    volume_keys(view)
}

fn late(view: &LateView<'_>) -> Judgement {
    let most = view.settings.endpoints_per_key_max as usize;
    let counted = view.keys.iter().map(|(key, among)| {
        let endpoints: BTreeSet<_> = among
            .uses
            .iter()
            .filter_map(|used| Some((&used.cell, used.endpoint.as_ref()?)))
            .collect();
        (endpoints.len(), *key)
    });
    let Some((count, _)) = counted.max() else {
        return Judgement::new(&DEDICATED);
    };
    let says = format!("{count} live endpoints use the key, {most} are allowed");
    if count > most {
        return Judgement::new(&SHARED).saying(says);
    }
    // More of them than are known may use it.
    if let Some(why) = view.keys.values().find_map(|among| among.uses_gap) {
        return uses_unknown(why);
    }
    match view.keys.values().find_map(|among| among.unaudited.clone()) {
        Some(why) => uses_unknown(&UsesGap::Said(why)),
        None => Judgement::new(&DEDICATED).saying(says),
    }
}
