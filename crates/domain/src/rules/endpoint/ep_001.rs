//! The storage volume attached to the instances of a live endpoint (`/opt/ml`, `/tmp`) is
//! encrypted with a customer managed key.
//!
//! An endpoint runs an endpoint configuration. If that has no `KmsKeyId`, SageMaker encrypts the
//! volume with a transient key that it discards afterwards: the data is encrypted, but with a
//! key that nobody can see, restrict, audit, rotate or destroy. A key that AWS manages
//! (`alias/aws/…`) is no better. While an endpoint is being updated or rolled back, both
//! configurations are judged and the worse one counts.
//!
//! The rule judges **who manages the key**. Whether the key is usable is EP-006, whether its
//! owner is allowed EP-007.
//!
//! A key does not cover local NVMe storage, and serverless inference has no volume of the
//! customer's. Where every variant is of such a kind, the rule is not applicable, unless the
//! endpoint's data class is listed under `regulated`.

use super::volume::{VOLUME_REASONS, judge_volume};
use crate::call::Op;
use crate::rules::rule::{Check, Rule, always};
use crate::rules::subject::{CONFIG_REASONS, EndpointView, KEY_REASONS, LIVE_REASONS};
use crate::rules::verdict::Judgement;
use crate::severity::Severity;

pub(in crate::rules) const RULE: Rule = Rule {
    id: "EP-001",
    title: "the storage volume of a live endpoint is under a customer managed key",
    severity: Severity::High,
    source: "SageMaker API, CreateEndpointConfig, KmsKeyId; KMS API, DescribeKey, KeyManager",
    compliance: &[
        "HIPAA 164.312(a)(2)(iv)",
        "PCI DSS 4.0 3.5.1",
        "GDPR Art. 32",
        "NIST 800-53 r5 SC-28(1)",
        "SOC 2 CC6.1",
        "ISO 27001:2022 A.8.24",
        "CIS Controls v8 3.11",
    ],
    needs: &[
        Op::ListEndpoints,
        Op::DescribeEndpoint,
        Op::DescribeEndpointConfig,
        Op::ListAliases,
        Op::DescribeKey,
    ],
    data: &[],
    configured: always,
    reasons: &[LIVE_REASONS, CONFIG_REASONS, KEY_REASONS, VOLUME_REASONS],
    file: include_str!("ep_001.rs"),
    check: Check::Endpoint(check),
};

fn check(view: &EndpointView<'_>) -> Judgement {
    view.each_config(|config, facts| {
        let class = view.data_class_under(config);
        let source = &config.described.source;
        judge_volume(
            facts,
            source,
            &view.cell.id,
            view.keys,
            &class,
            view.settings,
        )
    })
}
