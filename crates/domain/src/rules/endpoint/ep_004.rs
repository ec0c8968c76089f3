//! The results of asynchronous inference are written under a customer managed key.
//!
//! An asynchronous endpoint leaves its results in S3, where they stay. The key is
//! `AsyncInferenceConfig.OutputConfig.KmsKeyId`. Where none is named, the bucket's default
//! encryption decides.

use super::output::{Written, each_output, output_rule};
use crate::rules::subject::EndpointView;
use crate::rules::verdict::{Judgement, reasons};
use crate::severity::Severity;

reasons! {
    NotApplicable NO_ASYNC "no_async_output": "the configuration is not for asynchronous inference"; ""
}

output_rule! {
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
    needs: [],
    nothing: &NO_ASYNC,
    file: include_str!("ep_004.rs"),
}

fn check(view: &EndpointView<'_>) -> Judgement {
    each_output(view, &NO_ASYNC, |facts| Written {
        what: "asynchronous output",
        field: "AsyncInferenceConfig.OutputConfig.KmsKeyId",
        output: facts
            .async_output
            .as_ref()
            .ok_or(("AsyncInferenceConfig", "absent")),
    })
}
