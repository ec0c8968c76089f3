//! An endpoint configuration.

use jiff::Timestamp;

use super::Tags;
use crate::call::view;
use crate::fact::Read;
use crate::ids::{ConfigName, InstanceType, KeyRef, ModelName};

/// An endpoint configuration, listed or named by an endpoint.
#[derive(Clone, Debug)]
pub struct Config {
    /// Its name.
    pub name: ConfigName,
    /// Its ARN.
    pub arn: String,
    /// What `DescribeEndpointConfig` says; `Known(None)`: it does not exist (any more).
    pub described: Read<Option<ConfigFacts>>,
    /// Its tags.
    pub tags: Read<Tags>,
}

/// What a configuration says. It never changes after it was created (SageMaker has no
/// operation that updates one).
#[derive(Clone, Debug)]
pub struct ConfigFacts {
    /// When it was created.
    pub created: Timestamp,
    /// The key of the storage volume, of all variants (SageMaker API, `KmsKeyId`).
    pub volume_key: Option<KeyRef>,
    /// The variants, production and shadow.
    pub variants: Vec<Variant>,
    /// Data capture, where configured.
    pub capture: Option<Capture>,
    /// Where asynchronous results go, where configured.
    pub async_output: Option<Output>,
    /// The execution role of the configuration, which inference components use.
    pub execution_role: Option<String>,
}

/// A variant.
#[derive(Clone, Debug)]
pub struct Variant {
    /// Its name.
    pub name: String,
    /// Whether it is a shadow variant. It shares the configuration's key.
    pub shadow: bool,
    /// What it runs on.
    pub placement: Placement,
    /// Its models; none where the endpoint hosts inference components.
    pub models: Vec<ModelName>,
    /// Where its core dumps go, where configured.
    pub core_dump: Option<CoreDump>,
}

/// What a variant runs on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Placement {
    /// Serverless inference: no instance of the customer's, no volume.
    Serverless,
    /// Instances of one of these types; empty where the configuration names none.
    Instances(Vec<InstanceType>),
}

/// Data capture (SageMaker API, `DataCaptureConfig`).
#[derive(Clone, Debug)]
pub struct Capture {
    /// Whether it is on.
    pub enabled: bool,
    /// Where to.
    pub output: Output,
}

/// Core dumps of a variant (SageMaker API, `CoreDumpConfig`).
#[derive(Clone, Debug)]
pub struct CoreDump {
    /// Where to.
    pub output: Output,
}

/// A place in S3 and the key that it is written under.
#[derive(Clone, Debug)]
pub struct Output {
    /// `s3://bucket/prefix`; of asynchronous results also the place of failures.
    pub uris: Vec<String>,
    /// The key, where one is named.
    pub key: Option<KeyRef>,
}

impl ConfigFacts {
    /// Takes what we need from a reply.
    #[must_use]
    pub fn read(view: view::DescribeEndpointConfig) -> Self {
        let production = view.production_variants.unwrap_or_default();
        let shadow = view.shadow_production_variants.unwrap_or_default();
        let variants = production
            .into_iter()
            .map(|variant| Variant::read(variant, false))
            .chain(
                shadow
                    .into_iter()
                    .map(|variant| Variant::read(variant, true)),
            )
            .collect();
        Self {
            created: view.creation_time.0,
            volume_key: KeyRef::read(view.kms_key_id.as_deref()),
            variants,
            capture: view.data_capture_config.and_then(Capture::read),
            async_output: view
                .async_inference_config
                .and_then(|config| config.output_config)
                .map(|output| Output {
                    uris: output
                        .s3_output_path
                        .into_iter()
                        .chain(output.s3_failure_path)
                        .collect(),
                    key: KeyRef::read(output.kms_key_id.as_deref()),
                }),
            execution_role: view.execution_role_arn,
        }
    }

    /// Every key that the configuration names.
    pub fn keys(&self) -> impl Iterator<Item = &KeyRef> {
        self.volume_key
            .iter()
            .chain(
                self.capture
                    .iter()
                    .filter_map(|capture| capture.output.key.as_ref()),
            )
            .chain(
                self.async_output
                    .iter()
                    .filter_map(|output| output.key.as_ref()),
            )
            .chain(self.variants.iter().filter_map(|variant| {
                variant
                    .core_dump
                    .as_ref()
                    .and_then(|dump| dump.output.key.as_ref())
            }))
    }

    /// Every model that the configuration names.
    pub fn models(&self) -> impl Iterator<Item = &ModelName> {
        let mut models: Vec<&ModelName> = Vec::new();
        for model in self.variants.iter().flat_map(|variant| &variant.models) {
            if !models.contains(&model) {
                models.push(model);
            }
        }
        models.into_iter()
    }
}

impl Variant {
    fn read(view: view::ProductionVariant, shadow: bool) -> Self {
        let pools = view.instance_pools.unwrap_or_default();
        let mut models: Vec<ModelName> = view.model_name.into_iter().collect();
        models.extend(
            pools
                .iter()
                .filter_map(|pool| pool.model_name_override.clone()),
        );
        let placement = if view.serverless_config.is_some() {
            Placement::Serverless
        } else {
            let mut types: Vec<InstanceType> = view.instance_type.into_iter().collect();
            types.extend(pools.into_iter().filter_map(|pool| pool.instance_type));
            types.sort();
            types.dedup();
            Placement::Instances(types)
        };
        Self {
            name: view.variant_name.unwrap_or_default(),
            shadow,
            placement,
            models,
            core_dump: view.core_dump_config.map(|dump| CoreDump {
                output: Output {
                    uris: dump.destination_s3_uri.into_iter().collect(),
                    key: KeyRef::read(dump.kms_key_id.as_deref()),
                },
            }),
        }
    }
}

impl Capture {
    /// An object without any field is what some servers write for "none".
    fn read(view: view::DataCaptureConfig) -> Option<Self> {
        if view.enable_capture.is_none() && view.destination_s3_uri.is_none() {
            return None;
        }
        Some(Self {
            enabled: view.enable_capture.unwrap_or(false),
            output: Output {
                uris: view.destination_s3_uri.into_iter().collect(),
                key: KeyRef::read(view.kms_key_id.as_deref()),
            },
        })
    }
}
