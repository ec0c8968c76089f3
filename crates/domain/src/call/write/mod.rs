//! The table of the operations that write. One entry is all it takes to add one.
//!
//! Whoever performs reads takes a [`Call`](super::Call):
//!
//! ```
//! use sagelock_domain::call::{Call, input};
//! use sagelock_domain::ids::ConfigName;
//!
//! let endpoint_config_name = ConfigName::new("fraud-1");
//! let call: Call = input::DescribeEndpointConfig { endpoint_config_name }.into();
//! ```
//!
//! A write is none:
//!
//! ```compile_fail,E0277
//! use sagelock_domain::call::{Call, write::input};
//! use sagelock_domain::ids::ConfigName;
//!
//! let endpoint_config_name = ConfigName::new("fraud-1");
//! let call: Call = input::DeleteEndpointConfig { endpoint_config_name }.into();
//! ```
//!
//! It cannot be put among the calls of a run:
//!
//! ```
//! use sagelock_domain::call::{Call, input};
//! use sagelock_domain::collect::Address;
//! use sagelock_domain::drive::Batch;
//!
//! fn run(calls: Vec<(Address, Call)>) -> Batch {
//!     Batch::new(calls)
//! }
//! ```
//!
//! ```compile_fail,E0308
//! use sagelock_domain::call::write::WriteCall;
//! use sagelock_domain::collect::Address;
//! use sagelock_domain::drive::Batch;
//!
//! fn run(calls: Vec<(Address, WriteCall)>) -> Batch {
//!     Batch::new(calls)
//! }
//! ```

pub mod view;

use serde::Serialize;

use super::Permission;
use super::macros::operations;
use super::wires::SAGEMAKER;
use crate::word::by_word;

by_word!(WriteOp, name, "operation");

/// A tag.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "PascalCase")]
#[expect(missing_docs, reason = "the fields are those of the AWS API reference")]
pub struct Tag {
    pub key: String,
    pub value: String,
}

/// Of every configuration that a role may use.
const CONFIGS: &str = "endpoint-config/*";

operations! {
    /// An operation that writes.
    enum WriteOp;
    /// A call that writes: an operation and its input.
    enum WriteCall;
    ids: [ConfigName, EndpointName];

    /// Create the endpoint configuration that names the key; a configuration cannot be changed after it is created.
    CreateEndpointConfig {
        service: SageMaker, wire: SAGEMAKER, actions: ["sagemaker:CreateEndpointConfig"],
        resource: "endpoint-config/*", finds: Nothing,
        // Service Authorization Reference, Amazon SageMaker, CreateEndpointConfig, dependent actions.
        also: [
            Permission { action: "sagemaker:AddTags", resource: CONFIGS, only: None },
            Permission {
                action: "iam:PassRole", resource: "role/*",
                only: Some(("StringEquals", "iam:PassedToService", "sagemaker.amazonaws.com")),
            },
        ],
        view: view::CreateEndpointConfig,
        field endpoint_config_name: ConfigName,
        field #[serde(skip_serializing_if = "Option::is_none")] kms_key_id: Option<String>,
        field #[serde(skip_serializing_if = "Vec::is_empty")] tags: Vec<super::Tag>,
        field #[serde(flatten)] rest: serde_json::Map<String, serde_json::Value>,
    }
    /// Move the endpoint to another configuration.
    UpdateEndpoint {
        service: SageMaker, wire: SAGEMAKER, actions: ["sagemaker:UpdateEndpoint"],
        resource: "endpoint/*", finds: Nothing,
        // Service Authorization Reference, Amazon SageMaker, UpdateEndpoint: both resource types are
        // required. SageMaker Developer Guide, "Amazon SageMaker API permissions reference": a key in the
        // configuration needs kms:CreateGrant of whoever deploys with it.
        also: [
            Permission { action: "sagemaker:UpdateEndpoint", resource: CONFIGS, only: None },
            Permission {
                action: "kms:CreateGrant", resource: "key/*",
                only: Some(("Bool", "kms:GrantIsForAWSResource", "true")),
            },
        ],
        view: view::UpdateEndpoint,
        field endpoint_name: EndpointName,
        field endpoint_config_name: ConfigName,
        field #[serde(skip_serializing_if = "Option::is_none")] retain_all_variant_properties: Option<bool>,
        field #[serde(skip_serializing_if = "Option::is_none")] deployment_config: Option<serde_json::Value>,
    }
    /// Delete a configuration that no endpoint uses and that no endpoint can be rolled back to.
    DeleteEndpointConfig {
        service: SageMaker, wire: SAGEMAKER, actions: ["sagemaker:DeleteEndpointConfig"],
        resource: "endpoint-config/*", finds: Nothing,
        view: view::Nothing,
        field endpoint_config_name: ConfigName,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::call::Op;
    use crate::ids::ConfigName;

    #[test]
    fn no_operation_both_reads_and_writes() {
        for op in WriteOp::ALL {
            let reads = Op::ALL.iter().any(|one| one.name() == op.name());
            assert!(!reads, "{}", op.name());
            assert!(op.row().actions.contains(&op.name()), "{}", op.name());
            assert!(!op.row().purpose.trim().is_empty(), "{}", op.name());
        }
    }

    #[test]
    fn what_was_never_heard_of_is_copied() {
        let rest = json!({ "ProductionVariants": [{ "New": 1.0e3 }], "Newer": null });
        let call: WriteCall = input::CreateEndpointConfig {
            endpoint_config_name: ConfigName::new("fraud-2"),
            kms_key_id: Some("key".to_owned()),
            tags: Vec::new(),
            rest: rest.as_object().unwrap().clone(),
        }
        .into();
        assert_eq!(
            call.body(),
            json!({
                "EndpointConfigName": "fraud-2", "KmsKeyId": "key",
                "ProductionVariants": [{ "New": 1.0e3 }], "Newer": null,
            })
        );
    }
}
