//! The typed looks at what is answered to a write.

use serde::Deserialize;

/// Nothing is said.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Nothing {}

/// A configuration was made.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[expect(missing_docs, reason = "the fields are those of the AWS API reference")]
pub struct CreateEndpointConfig {
    pub endpoint_config_arn: String,
}

/// An update was begun.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[expect(missing_docs, reason = "the fields are those of the AWS API reference")]
pub struct UpdateEndpoint {
    pub endpoint_arn: String,
}
