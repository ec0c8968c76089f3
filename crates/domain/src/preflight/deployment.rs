//! What is to be deployed.

use serde_json::{Map, Value, json};

use crate::call::view;
use crate::ids::{ConfigName, EndpointName, KeyRef};
use crate::inventory::{Cell, Config, ConfigFacts, Tags};
use sagelock_policy::spelling::nearest;

/// A configuration that an endpoint is to run, and who brings it there.
#[derive(Clone, Debug)]
pub struct Deployment {
    /// The endpoint.
    pub endpoint: EndpointName,
    /// It is not there yet: CreateEndpoint, else UpdateEndpoint.
    pub is_new: bool,
    /// The name of the configuration that is to be created.
    pub config: ConfigName,
    /// What it says, the key of its volumes included.
    pub facts: ConfigFacts,
    /// The tags that it is given, where they are known.
    pub tags: Option<Tags>,
    /// The ARN of who deploys.
    pub deployer: String,
    /// Execution roles of models that are not there yet.
    pub roles: Vec<String>,
}

/// A text is no input of CreateEndpointConfig.
#[derive(Debug, thiserror::Error)]
pub enum NotAConfig {
    /// It is no JSON, or a field has a wrong type.
    #[error("it is not the input of CreateEndpointConfig")]
    Malformed(#[from] serde_json::Error),
    /// It is something else.
    #[error("it is not the input of CreateEndpointConfig: `{0}` is missing")]
    Lacks(&'static str),
    /// A field is written as AWS does not write it, and would be left out.
    #[error("it is not the input of CreateEndpointConfig: `{0}` is written `{1}`")]
    Misspelt(String, &'static str),
}

/// SageMaker API, CreateEndpointConfig, request parameters. There may be newer ones.
const FIELDS: [&str; 12] = [
    "AsyncInferenceConfig",
    "DataCaptureConfig",
    "EnableNetworkIsolation",
    "EndpointConfigName",
    "ExecutionRoleArn",
    "ExplainerConfig",
    "KmsKeyId",
    "MetricsConfig",
    "ProductionVariants",
    "ShadowProductionVariants",
    "Tags",
    "VpcConfig",
];

/// SageMaker API, `ProductionVariant`. There may be newer ones.
const VARIANT_FIELDS: [&str; 17] = [
    "AcceleratorType",
    "CapacityReservationConfig",
    "ContainerStartupHealthCheckTimeoutInSeconds",
    "CoreDumpConfig",
    "EnableSSMAccess",
    "InferenceAmiVersion",
    "InitialInstanceCount",
    "InitialVariantWeight",
    "InstancePools",
    "InstanceType",
    "ManagedInstanceScaling",
    "ModelDataDownloadTimeoutInSeconds",
    "ModelName",
    "RoutingConfig",
    "ServerlessConfig",
    "VariantName",
    "VolumeSizeInGB",
];

/// In one word.
const TYPING_ERRORS: usize = 2;

/// Whether a field is nearly one of AWS's: one that is newer than this release is none of them.
fn misspelt(fields: &Map<String, Value>, known: &[&'static str]) -> Result<(), NotAConfig> {
    let unknown = fields
        .keys()
        .filter(|field| !known.contains(&field.as_str()));
    let mut near = unknown.filter_map(|field| {
        let meant = nearest(field, known.iter().copied(), TYPING_ERRORS)?;
        Some(NotAConfig::Misspelt(field.clone(), meant))
    });
    near.next().map_or(Ok(()), Err)
}

/// Reads the input of CreateEndpointConfig: the name of the configuration, where it has one, what it says
/// and its tags.
///
/// # Errors
/// It is none.
pub fn config_of(text: &str) -> Result<(Option<ConfigName>, ConfigFacts, Tags), NotAConfig> {
    let mut input: Value = serde_json::from_str(text)?;
    let Some(fields) = input.as_object_mut() else {
        return Err(NotAConfig::Lacks("ProductionVariants"));
    };
    misspelt(fields, &FIELDS)?;
    for list in ["ProductionVariants", "ShadowProductionVariants"] {
        let variants = fields.get(list).and_then(Value::as_array);
        for variant in variants.into_iter().flatten().filter_map(Value::as_object) {
            misspelt(variant, &VARIANT_FIELDS)?;
        }
    }
    let variants = fields.get("ProductionVariants").and_then(Value::as_array);
    if variants.is_none_or(Vec::is_empty) {
        return Err(NotAConfig::Lacks("ProductionVariants"));
    }
    let name = fields.get("EndpointConfigName").and_then(Value::as_str);
    let name = name.map(ConfigName::new);
    let mut tags = Tags::new();
    for tag in fields
        .get("Tags")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        let text = |field: &str| tag.get(field).and_then(Value::as_str);
        if let (Some(key), Some(value)) = (text("Key"), text("Value")) {
            tags.extend([(key.to_owned(), value.to_owned())]);
        }
    }
    // What an answer has beside, so that both are read by the same view.
    for (field, value) in [
        ("EndpointConfigName", json!("")),
        ("EndpointConfigArn", json!("")),
        ("CreationTime", json!(0)),
    ] {
        fields.insert(field.to_owned(), value);
    }
    let view: view::DescribeEndpointConfig = serde_json::from_value(input)?;
    Ok((name, ConfigFacts::read(view), tags))
}

impl Deployment {
    /// The key of the volumes.
    pub(super) fn key(&self) -> Option<&KeyRef> {
        self.facts.volume_key.as_ref()
    }

    /// The configuration that the endpoint runs now.
    pub(super) fn current<'c>(&self, cell: &'c Cell) -> Option<&'c Config> {
        let endpoint = cell.endpoints.get(&self.endpoint)?;
        let facts = endpoint.described.fact.known()?.as_ref()?;
        cell.configs.get(facts.config.as_ref()?)
    }
}
