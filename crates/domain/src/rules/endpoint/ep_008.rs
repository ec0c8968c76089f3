//! The endpoint's key is not shared by more endpoints than allowed.
//!
//! A key that many workloads share cannot be disabled, nor its policy narrowed, nor its use told apart, for
//! one of them alone: KMS's events name the key and not the endpoint. How many live endpoints may share a
//! key is set by `keys.endpoints_max`; without it the rule is not applicable. Counted are live endpoints
//! of all accounts and regions that were looked at that use the key: for their volumes or outputs, or for
//! what their models load.

use crate::call::Op;
use crate::rules::late::{LATE_REASONS, LateView, USES_REASONS, uses_unknown};
use crate::rules::rule::{Check, Data, Rule};
use crate::rules::subject::{CONFIG_REASONS, KEY_REASONS, LIVE_REASONS};
use crate::rules::verdict::{Judgement, reasons};
use crate::severity::Severity;

reasons! {
    Pass DEDICATED "within_the_limit": "no more endpoints share the key than allowed"; ""
    Fail SHARED "shared_by_too_many": "more endpoints share the key than allowed"; "create a key of its own for the workload, and move the endpoint to a configuration with it"
    NotApplicable NOT_CONFIGURED "not_configured": "how many endpoints may share a key is not set; set `keys.endpoints_max`"; ""
}

pub(in crate::rules) const RULE: Rule = Rule {
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
        Op::GetKeyPolicy,
        Op::ListGrants,
    ],
    data: &[Data::Uses],
    configured: |settings| settings.endpoints_per_key_max > 0,
    reasons: &[
        LIVE_REASONS,
        CONFIG_REASONS,
        KEY_REASONS,
        LATE_REASONS,
        USES_REASONS,
        &[&DEDICATED, &SHARED, &NOT_CONFIGURED],
    ],
    file: include_str!("ep_008.rs"),
    check: Check::Late(&NOT_CONFIGURED, late),
};

fn late(view: &LateView<'_>) -> Judgement {
    let most = view.settings.endpoints_per_key_max as usize;
    let counted = view.own_keys().map(|(_, among)| among.endpoints);
    let count = counted.max().unwrap_or(0);
    let says = format!("live endpoints that use the key: {count}, allowed: {most}");
    if count > most {
        return Judgement::new(&SHARED).saying(says);
    }
    // More of them than are known may use it.
    let mut among = view.own_keys().map(|(_, among)| among);
    let more = among.find_map(|among| {
        let unaudited = || among.basis.as_ref().err().cloned();
        among.uses_gap.clone().or_else(unaudited)
    });
    match more {
        Some(why) => uses_unknown(&why),
        None => Judgement::new(&DEDICATED).saying(says),
    }
}
