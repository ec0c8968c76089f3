//! The results of asynchronous inference are written under a customer managed key.
//!
//! An asynchronous endpoint leaves its results in S3, where they stay. The key is
//! `AsyncInferenceConfig.OutputConfig.KmsKeyId`. Where none is named, the bucket's default
//! encryption decides.

use super::output::{OUTPUT_REASONS, judge_output};
use super::rule::{Check, Rule};
use super::storage::BUCKET_REASONS;
use super::subject::{CONFIG_REASONS, EndpointView, KEY_REASONS, LIVE_REASONS};
use super::verdict::{Evidence, Judgement, reasons};
use crate::call::Op;
use crate::severity::Severity;

reasons! {
    NotApplicable NO_ASYNC "no_async_output": "the configuration is not for asynchronous inference"; ""
}

pub(super) const RULE: Rule = Rule {
    id: "EP-004",
    title: "asynchronous inference output is written under a customer managed key",
    severity: Severity::High,
    source: "SageMaker API, CreateEndpointConfig, AsyncInferenceConfig.OutputConfig.KmsKeyId",
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
        &[&NO_ASYNC],
        OUTPUT_REASONS,
        BUCKET_REASONS,
    ],
    file: include_str!("ep_004.rs"),
    check: Check::Endpoint(check),
};

fn check(view: &EndpointView<'_>) -> Judgement {
    view.each_config(|config, facts| {
        let source = &config.described.source;
        match &facts.async_output {
            None => Judgement::new(&NO_ASYNC).given(Evidence::new(
                "AsyncInferenceConfig",
                "absent",
                source,
            )),
            Some(output) => judge_output(
                output,
                "asynchronous output",
                "AsyncInferenceConfig.OutputConfig.KmsKeyId",
                source,
                view.cell,
                view.keys,
            ),
        }
    })
}
