//! What data capture writes to S3 is under a customer managed key.
//!
//! Data capture copies requests and responses, the most sensitive data an endpoint has, to a
//! bucket. The key is `DataCaptureConfig.KmsKeyId`. Where none is named, the bucket's default
//! encryption decides.

use super::output::{Written, each_output, output_rule};
use crate::rules::subject::EndpointView;
use crate::rules::verdict::{Judgement, reasons};
use crate::severity::Severity;

reasons! {
    NotApplicable NO_CAPTURE "no_data_capture": "the configuration captures no data"; ""
}

output_rule! {
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
    needs: [],
    nothing: &NO_CAPTURE,
    file: include_str!("ep_003.rs"),
}

fn check(view: &EndpointView<'_>) -> Judgement {
    each_output(view, &NO_CAPTURE, |facts| Written {
        what: "data capture",
        field: "DataCaptureConfig.KmsKeyId",
        output: match &facts.capture {
            Some(capture) if capture.enabled => Ok(&capture.output),
            Some(_) => Err(("DataCaptureConfig.EnableCapture", "false")),
            None => Err(("DataCaptureConfig.EnableCapture", "absent")),
        },
    })
}
