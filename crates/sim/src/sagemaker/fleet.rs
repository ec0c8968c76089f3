//! What an endpoint runs: the variants of one configuration.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::config;
use super::variant::Live;
use crate::answer::ApiError;
use crate::world::{Ctx, World};

/// The variants of one configuration, and what it says of the endpoint as a whole.
#[derive(Clone, Debug)]
pub(super) struct Fleet {
    pub(super) config: String,
    pub(super) key: Option<String>,
    /// Who asked for it.
    by: Box<str>,
    pub(super) variants: Vec<Live>,
    pub(super) shadows: Vec<Live>,
    /// Fields that DescribeEndpoint repeats.
    pub(super) repeated: Map<String, Value>,
}

impl Fleet {
    /// The fleet that a configuration describes.
    pub(super) fn of(world: &mut World, ctx: &Ctx, name: &str) -> Result<Self, ApiError> {
        let sagemaker = &world.cell(ctx).sagemaker;
        let Some(config) = sagemaker.config(name) else {
            return Err(config::not_found(ctx, name));
        };
        let fields = config.fields();
        let live = |field: &str| -> Vec<Live> {
            let variants = fields.get(field).and_then(Value::as_array);
            variants
                .into_iter()
                .flatten()
                .map(|variant| {
                    let model = variant.get("ModelName").and_then(Value::as_str);
                    let images = model
                        .and_then(|model| sagemaker.model(model))
                        .map(|model| Arc::clone(model.images()));
                    Live::of(variant, images.unwrap_or_default())
                })
                .collect()
        };
        Ok(Self {
            config: config.name.clone(),
            key: config.key.clone(),
            by: ctx.caller.arn.as_str().into(),
            variants: live("ProductionVariants"),
            shadows: live("ShadowProductionVariants"),
            repeated: repeated(&fields),
        })
    }

    /// Why it cannot be started, if it cannot.
    pub(super) fn obstacle(&self, world: &mut World, ctx: &Ctx) -> Option<String> {
        let sagemaker = &world.cell(ctx).sagemaker;
        let config = sagemaker.config(&self.config);
        let models = config.map(|config| config.models.as_slice());
        let models = models.unwrap_or_default();
        if let Some(gone) = models.iter().find(|model| !sagemaker.has("model", model)) {
            return Some(format!("Model \"{gone}\" was deleted."));
        }
        let key = self.key.as_deref()?;
        let of_models = models.iter().filter_map(|model| {
            let model = sagemaker.model(model)?;
            model.execution_role.clone()
        });
        let of_config = config.and_then(super::Config::execution_role);
        let mut roles: Vec<String> = of_models.chain(of_config).collect();
        roles.sort();
        roles.dedup();
        crate::kms::no_volume_grant(world, &ctx.asked_by(&self.by), key, &roles)
    }

    /// Why it cannot grow, if it cannot: it has its grant, and needs the key.
    pub(super) fn growth_obstacle(&self, world: &mut World, ctx: &Ctx) -> Option<String> {
        crate::kms::unusable_for_volume(world, ctx, self.key.as_deref()?)
    }

    /// Whether it can answer.
    pub(super) fn serves(&self) -> bool {
        self.variants.iter().any(Live::serves)
    }

    /// Takes over the instances and weights of another fleet (SageMaker API, UpdateEndpoint,
    /// `RetainAllVariantProperties` and `ExcludeRetainedVariantProperties`).
    pub(super) fn retain(&mut self, from: &Self, exclude: &[&str]) {
        for live in &mut self.variants {
            let Some(before) = from.variants.iter().find(|old| old.name == live.name) else {
                continue;
            };
            if !exclude.contains(&"DesiredInstanceCount") {
                live.count = before.count_desired;
                live.count_desired = before.count_desired;
            }
            if !exclude.contains(&"DesiredWeight") {
                live.weight = before.weight_desired;
                live.weight_desired = before.weight_desired;
            }
        }
    }
}

/// The fields of a configuration that DescribeEndpoint repeats.
fn repeated(config: &Value) -> Map<String, Value> {
    let mut fields = Map::new();
    for field in [
        "AsyncInferenceConfig",
        "ExplainerConfig",
        "MetricsConfig",
        "CrossRegionTrafficConfig",
    ] {
        if let Some(value) = config.get(field).filter(|value| !value.is_null()) {
            fields.insert(field.to_owned(), value.clone());
        }
    }
    if let Some(capture) = config.get("DataCaptureConfig").filter(|v| v.is_object()) {
        let of = |field: &str| capture.get(field).cloned();
        let on = of("EnableCapture").is_none_or(|on| on == true);
        let status = if on { "Started" } else { "Stopped" };
        fields.insert(
            "DataCaptureConfig".to_owned(),
            json!({
                "EnableCapture": on,
                "CaptureStatus": status,
                "CurrentSamplingPercentage": of("InitialSamplingPercentage"),
                "DestinationS3Uri": of("DestinationS3Uri"),
                "KmsKeyId": of("KmsKeyId").unwrap_or_else(|| Value::from("")),
            }),
        );
    }
    fields
}
