//! What data capture writes to S3 is under a customer managed key.
//!
//! Data capture copies requests and responses, the most sensitive data an endpoint has, to a
//! bucket. The key is `DataCaptureConfig.KmsKeyId`. Where none is named, the bucket's default
//! encryption decides.

use super::output::{OUTPUT_REASONS, judge_output};
use super::rule::{Check, Rule};
use super::storage::BUCKET_REASONS;
use super::subject::{CONFIG_REASONS, EndpointView, KEY_REASONS, LIVE_REASONS};
use super::verdict::{Evidence, Judgement, reasons};
use crate::call::Op;
use crate::severity::Severity;

reasons! {
    NotApplicable NO_CAPTURE "no_data_capture": "the configuration captures no data"; ""
}

pub(super) const RULE: Rule = Rule {
    id: "EP-003",
    title: "data capture is written under a customer managed key",
    severity: Severity::High,
    source: "SageMaker API, CreateEndpointConfig, DataCaptureConfig.KmsKeyId",
    compliance: &[
        "HIPAA 164.312(a)(2)(iv)",
        "PCI DSS 4.0 3.5.1",
        "GDPR Art. 32",
        "NIST 800-53 r5 SC-28(1)",
    ],
    needs: &[
        Op::ListEndpoints,
        Op::DescribeEndpoint,
        Op::DescribeEndpointConfig,
        Op::GetBucketEncryption,
        Op::ListAliases,
        Op::DescribeKey,
    ],
    reasons: &[
        LIVE_REASONS,
        CONFIG_REASONS,
        KEY_REASONS,
        &[&NO_CAPTURE],
        OUTPUT_REASONS,
        BUCKET_REASONS,
    ],
    file: include_str!("ep_003.rs"),
    check: Check::Endpoint(check),
};

fn check(view: &EndpointView<'_>) -> Judgement {
    view.each_config(|config, facts| {
        let source = &config.described.source;
        match facts.capture.as_ref().filter(|capture| capture.enabled) {
            None => Judgement::new(&NO_CAPTURE).given(Evidence::new(
                "DataCaptureConfig.EnableCapture",
                if facts.capture.is_some() {
                    "false"
                } else {
                    "absent"
                },
                source,
            )),
            Some(capture) => judge_output(
                &capture.output,
                "data capture",
                "DataCaptureConfig.KmsKeyId",
                source,
                view.cell,
                view.keys,
            ),
        }
    })
}
