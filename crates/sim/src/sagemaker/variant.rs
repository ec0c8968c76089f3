//! A variant as it runs.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::input::epoch;

/// A variant of an endpoint, as it runs.
#[derive(Clone, Debug)]
pub struct Live {
    /// Its name.
    pub name: String,
    images: Arc<[String]>,
    /// Its share of the traffic.
    pub weight: f64,
    /// The weight that it is getting.
    pub weight_desired: f64,
    /// Instances that run; 0 where it is serverless.
    pub count: i64,
    /// Instances that are wanted.
    pub count_desired: i64,
    serverless: Option<Value>,
    kept: Map<String, Value>,
    instance_type: Option<Value>,
}

/// Fields that a summary repeats from the configuration.
const REPEATED: &[&str] = &["ManagedInstanceScaling", "RoutingConfig"];

impl Live {
    /// What a variant of a configuration becomes.
    pub(super) fn of(variant: &Value, images: Arc<[String]>) -> Self {
        let name = variant.get("VariantName").and_then(Value::as_str);
        let weight = variant.get("InitialVariantWeight").and_then(Value::as_f64);
        // SageMaker API, `ProductionVariant`: "If unspecified, it defaults to 1.0".
        let weight = weight.unwrap_or(1.0);
        let serverless = variant.get("ServerlessConfig").cloned();
        let least = || variant.pointer("/ManagedInstanceScaling/MinInstanceCount");
        let count = variant
            .get("InitialInstanceCount")
            .or_else(least)
            .and_then(Value::as_i64)
            .unwrap_or(1);
        let count = if serverless.is_some() { 0 } else { count };
        let mut kept = Map::new();
        for field in REPEATED {
            if let Some(value) = variant.get(*field) {
                kept.insert((*field).to_owned(), value.clone());
            }
        }
        if let Some(pools) = variant.get("InstancePools").and_then(Value::as_array) {
            let pools = pools.iter().map(pool).collect();
            kept.insert("InstancePools".to_owned(), Value::Array(pools));
        }
        Self {
            name: name.unwrap_or_default().to_owned(),
            images,
            weight,
            weight_desired: weight,
            count,
            count_desired: count,
            serverless,
            kept,
            instance_type: variant.get("InstanceType").cloned(),
        }
    }

    /// Whether it can answer.
    pub(super) fn serves(&self) -> bool {
        self.serverless.is_some() || self.count > 0
    }

    /// The fields of a `ProductionVariantSummary`.
    pub(super) fn summary(&self, status: Option<(&str, Timestamp)>, made: Timestamp) -> Value {
        let mut fields = self.kept.clone();
        let mut put = |name: &str, value: Value| {
            fields.insert(name.to_owned(), value);
        };
        put("VariantName", Value::from(self.name.as_str()));
        let images: Vec<Value> = self
            .images
            .iter()
            .map(|image| {
                json!({
                    "SpecifiedImage": image,
                    "ResolvedImage": resolved(image),
                    "ResolutionTime": epoch(made),
                })
            })
            .collect();
        if !images.is_empty() {
            put("DeployedImages", Value::Array(images));
        }
        put("CurrentWeight", Value::from(self.weight));
        put("DesiredWeight", Value::from(self.weight_desired));
        put("CurrentInstanceCount", Value::from(self.count));
        put("DesiredInstanceCount", Value::from(self.count_desired));
        if let Some(serverless) = &self.serverless {
            put("CurrentServerlessConfig", serverless.clone());
            put("DesiredServerlessConfig", serverless.clone());
        }
        if let Some((status, since)) = status {
            let status = json!([{ "Status": status, "StartTime": epoch(since) }]);
            put("VariantStatus", status);
        }
        Value::Object(fields)
    }

    /// The fields of a `PendingProductionVariantSummary`.
    pub(super) fn pending(&self, status: &str, since: Timestamp) -> Value {
        let mut summary = self.summary(Some((status, since)), since);
        if let (Some(instance), Some(fields)) = (&self.instance_type, summary.as_object_mut()) {
            fields.insert("InstanceType".to_owned(), instance.clone());
        }
        summary
    }
}

/// SageMaker API, `InstancePoolSummary`.
fn pool(pool: &Value) -> Value {
    json!({
        "InstanceType": pool.get("InstanceType").cloned().unwrap_or_default(),
        "CurrentInstanceCount": 1,
    })
}

/// An image by its digest, as ECR would name it.
fn resolved(image: &str) -> String {
    let name = image.split('@').next().unwrap_or(image);
    let tag = name.rfind(':').filter(|at| !name[*at..].contains('/'));
    let name = tag.map_or(name, |at| &name[..at]);
    let sum = image.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| {
        (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{name}@sha256:{sum:016x}{sum:016x}{sum:016x}{sum:016x}")
}
