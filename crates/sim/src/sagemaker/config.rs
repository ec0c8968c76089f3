//! Endpoint configurations. They cannot be changed, and every field is kept to the letter.

use std::collections::BTreeSet;

use jiff::Timestamp;
use sagelock_domain::ids::InstanceType;
use sagelock_domain::instance::has_local_storage;
use serde_json::{Map, Value};

use super::list::{Item, Naming};
use super::name::{check_key, check_name, check_role};
use super::{SageMaker, model, tag};
use crate::answer::{Answered, ApiError, Body, tree};
use crate::input::{Input, Stored, epoch};
use crate::world::{Ctx, LocalStorage, World};

/// An endpoint configuration.
#[derive(Debug)]
pub struct Config {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// When it was made.
    pub created: Timestamp,
    /// The key of its volumes, as it was written.
    pub key: Option<String>,
    /// The names of the models that it runs.
    pub models: Vec<String>,
    /// What DescribeEndpointConfig answers. It holds every field that was given, and is the only
    /// copy of them: there can be hundreds of thousands of configurations.
    described: Box<str>,
}

impl Config {
    /// The fields that were given, and ours.
    pub(super) fn fields(&self) -> Value {
        serde_json::from_str(&self.described).unwrap_or_default()
    }

    /// The execution role that it names itself.
    pub(super) fn execution_role(&self) -> Option<String> {
        let role = self.fields();
        let role = role.get("ExecutionRoleArn").and_then(Value::as_str);
        role.filter(|role| !role.is_empty()).map(ToOwned::to_owned)
    }
}

pub(super) fn arn_of(ctx: &Ctx, name: &str) -> String {
    ctx.arn(
        "sagemaker",
        &format!("endpoint-config/{}", name.to_lowercase()),
    )
}

pub(super) fn not_found(ctx: &Ctx, name: &str) -> ApiError {
    ApiError::invalid(format!(
        "Could not find endpoint configuration \"{}\".",
        arn_of(ctx, name)
    ))
}

/// SageMaker API, CreateEndpointConfig.
pub(super) fn create(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let name = input.text("EndpointConfigName")?;
    check_name("endpointConfigName", name)?;
    if let Some(key) = input.opt("KmsKeyId")? {
        check_key(key)?;
    }
    if let Some(role) = input.opt("ExecutionRoleArn")? {
        check_role(role)?;
    }
    let variants = input.list("ProductionVariants")?;
    let shadows = input.list("ShadowProductionVariants")?;
    if variants.is_empty() {
        return Err(ApiError::missing("ProductionVariants"));
    }
    if variants.len() > 10 || shadows.len() > 10 {
        let constraint = "have length less than or equal to 10";
        return Err(ApiError::constraint(
            "[…]",
            "productionVariants",
            constraint,
        ));
    }
    if !shadows.is_empty() && (shadows.len() > 1 || variants.len() > 1) {
        return Err(ApiError::invalid(
            "Shadow production variants can only be used with one production variant and one \
             shadow production variant.",
        ));
    }
    let mut names = BTreeSet::new();
    let mut models = Vec::new();
    for variant in variants.iter().chain(shadows) {
        let variant_name = text(variant, "VariantName")
            .ok_or_else(|| ApiError::missing("productionVariants.1.member.variantName"))?;
        check_name("productionVariants.1.member.variantName", variant_name)?;
        if !names.insert(variant_name) {
            return Err(ApiError::invalid(format!(
                "Duplicate variant name {variant_name} in the endpoint configuration."
            )));
        }
        check_variant(world, variant, input)?;
        models.extend(models_of(variant));
    }
    check_outputs(input)?;
    let tags = tag::read(input.list("Tags")?)?;
    let sagemaker = &world.cell(ctx).sagemaker;
    if let Some(unknown) = models.iter().find(|name| !sagemaker.has("model", name)) {
        return Err(model::not_found(ctx, unknown));
    }
    let arn = arn_of(ctx, name);
    if sagemaker.has("endpoint-config", name) {
        return Err(ApiError::invalid(format!(
            "Cannot create already existing endpoint configuration \"{arn}\"."
        )));
    }
    let config = build(world, name, &arn, input, models)?;
    let sagemaker = &mut world.cell(ctx).sagemaker;
    sagemaker.configs.insert(name.to_lowercase(), config);
    if !tags.is_empty() {
        sagemaker.tags.insert(tag::place(&arn), tags);
    }
    tree(serde_json::json!({ "EndpointConfigArn": arn }))
}

fn build(
    world: &mut World,
    name: &str,
    arn: &str,
    input: &Input,
    models: Vec<String>,
) -> Result<Config, ApiError> {
    let created = world.stamp();
    let stored: Stored = input.stored(&["Tags"]);
    let described = stored.render(&[
        ("EndpointConfigName", Value::from(name)),
        ("EndpointConfigArn", Value::from(arn)),
        ("CreationTime", epoch(created)),
    ]);
    let key = input.opt("KmsKeyId")?.filter(|key| !key.is_empty());
    Ok(Config {
        name: name.to_owned(),
        arn: arn.to_owned(),
        created,
        key: key.map(ToOwned::to_owned),
        models,
        described: described.into_boxed_str(),
    })
}

fn text<'a>(value: &'a Value, field: &str) -> Option<&'a str> {
    value.get(field).and_then(Value::as_str)
}

fn models_of(variant: &Value) -> Vec<String> {
    let pools = variant.get("InstancePools").and_then(Value::as_array);
    let overrides = pools
        .into_iter()
        .flatten()
        .filter_map(|pool| text(pool, "ModelNameOverride"));
    text(variant, "ModelName")
        .into_iter()
        .chain(overrides)
        .map(ToOwned::to_owned)
        .collect()
}

/// SageMaker API, `ProductionVariant`.
fn check_variant(world: &World, variant: &Value, input: &Input) -> Result<(), ApiError> {
    let pools: Vec<&Value> = variant
        .get("InstancePools")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .collect();
    if pools.len() > 5 {
        let constraint = "have length less than or equal to 5";
        return Err(ApiError::constraint("[…]", "instancePools", constraint));
    }
    let has_key = input.opt("KmsKeyId")?.is_some_and(|key| !key.is_empty());
    let types: Vec<&str> = text(variant, "InstanceType")
        .into_iter()
        .chain(pools.iter().filter_map(|pool| text(pool, "InstanceType")))
        .collect();
    for instance in &types {
        let Some(local) = has_local_storage(&InstanceType::new(*instance)) else {
            let constraint = "satisfy enum value set: [ml.t2.medium, ml.m5.large, …]";
            let field = "productionVariants.1.member.instanceType";
            return Err(ApiError::constraint(instance, field, constraint));
        };
        if local && has_key && world.local_storage == LocalStorage::KeyRefused {
            return Err(ApiError::invalid(format!(
                "KMS key is not supported for NVMe instance storage: {instance}."
            )));
        }
    }
    if let Some(serverless) = variant.get("ServerlessConfig") {
        if !types.is_empty() {
            return Err(ApiError::invalid(
                "InstanceType cannot be specified with ServerlessConfig.",
            ));
        }
        return check_serverless(serverless);
    }
    if types.is_empty() {
        return Err(ApiError::invalid(
            "Either InstanceType, InstancePools or ServerlessConfig must be specified.",
        ));
    }
    let scaled = variant.get("ManagedInstanceScaling").is_some();
    match variant.get("InitialInstanceCount").and_then(Value::as_i64) {
        None if scaled => {}
        None => {
            return Err(ApiError::missing(
                "productionVariants.1.member.initialInstanceCount",
            ));
        }
        Some(count) if count < 1 && !scaled => {
            let constraint = "have value greater than or equal to 1";
            let field = "productionVariants.1.member.initialInstanceCount";
            return Err(ApiError::constraint(&count.to_string(), field, constraint));
        }
        Some(_) => {}
    }
    if models_of(variant).is_empty() && input.opt("ExecutionRoleArn")?.is_none() {
        return Err(ApiError::invalid(
            "ModelName must be specified for each variant unless ExecutionRoleArn is.",
        ));
    }
    if let Some(weight) = variant.get("InitialVariantWeight").and_then(Value::as_f64)
        && weight < 0.0
    {
        return Err(negative("initialVariantWeight", weight));
    }
    within(variant, "VolumeSizeInGB", 1, 512)?;
    within(variant, "ModelDataDownloadTimeoutInSeconds", 60, 3600)?;
    within(
        variant,
        "ContainerStartupHealthCheckTimeoutInSeconds",
        60,
        3600,
    )
}

/// SageMaker API, `VariantWeight`: at least 0.
pub(super) fn negative(field: &str, weight: f64) -> ApiError {
    let constraint = "have value greater than or equal to 0";
    ApiError::constraint(&weight.to_string(), field, constraint)
}

fn check_serverless(serverless: &Value) -> Result<(), ApiError> {
    within(serverless, "MaxConcurrency", 1, 200)?;
    match serverless.get("MemorySizeInMB").and_then(Value::as_i64) {
        Some(1024 | 2048 | 3072 | 4096 | 5120 | 6144) => Ok(()),
        Some(size) => Err(ApiError::constraint(
            &size.to_string(),
            "productionVariants.1.member.serverlessConfig.memorySizeInMB",
            "satisfy enum value set: [1024, 2048, 3072, 4096, 5120, 6144]",
        )),
        None => Err(ApiError::missing(
            "productionVariants.1.member.serverlessConfig.memorySizeInMB",
        )),
    }
}

fn within(of: &Value, field: &str, least: i64, most: i64) -> Result<(), ApiError> {
    let Some(number) = of.get(field).and_then(Value::as_i64) else {
        return Ok(());
    };
    let constraint = if number < least {
        format!("have value greater than or equal to {least}")
    } else if number > most {
        format!("have value less than or equal to {most}")
    } else {
        return Ok(());
    };
    Err(ApiError::constraint(
        &number.to_string(),
        field,
        &constraint,
    ))
}

/// The outputs that name a place in S3 (SageMaker API, `DataCaptureConfig`,
/// `AsyncInferenceOutputConfig`).
fn check_outputs(input: &Input) -> Result<(), ApiError> {
    if let Some(capture) = input.object("DataCaptureConfig")? {
        for field in [
            "InitialSamplingPercentage",
            "DestinationS3Uri",
            "CaptureOptions",
        ] {
            if !capture.contains_key(field) {
                return Err(ApiError::missing(&format!("dataCaptureConfig.{field}")));
            }
        }
        let percentage = Value::Object(capture.clone());
        within(&percentage, "InitialSamplingPercentage", 0, 100)?;
        let place = capture.get("DestinationS3Uri").and_then(Value::as_str);
        let place = place.unwrap_or_default();
        if !place.starts_with("s3://") && !place.starts_with("https://") {
            let constraint = "satisfy regular expression pattern: ^(https|s3)://([^/])/?(.*)$";
            let field = "dataCaptureConfig.destinationS3Uri";
            return Err(ApiError::constraint(place, field, constraint));
        }
        if let Some(key) = capture.get("KmsKeyId").and_then(Value::as_str) {
            check_key(key)?;
        }
    }
    if let Some(asynchronous) = input.object("AsyncInferenceConfig")? {
        if !asynchronous.contains_key("OutputConfig") {
            return Err(ApiError::missing("asyncInferenceConfig.outputConfig"));
        }
        if input.get("CrossRegionTrafficConfig").is_some() {
            return Err(ApiError::invalid(
                "CrossRegionTrafficConfig cannot be used with AsyncInferenceConfig.",
            ));
        }
    }
    let Some(vpc) = input.object("VpcConfig")? else {
        return Ok(());
    };
    // SageMaker API, `VpcConfig`.
    for (field, most) in [("SecurityGroupIds", 5), ("Subnets", 16)] {
        let count = vpc.get(field).and_then(Value::as_array).map_or(0, Vec::len);
        if !(1..=most).contains(&count) {
            let constraint = format!("have length between 1 and {most}");
            let field = format!("vpcConfig.{field}");
            return Err(ApiError::constraint("[…]", &field, &constraint));
        }
    }
    Ok(())
}

/// SageMaker API, DescribeEndpointConfig.
pub(super) fn describe(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let name = input.text("EndpointConfigName")?;
    let sight = world.sight(ctx.service, "DescribeEndpointConfig");
    match world.cell(ctx).sagemaker.config(name) {
        Some(config) if sight.sees(config.created) => Ok(Body::Text(config.described.to_string())),
        Some(_) | None => Err(not_found(ctx, name)),
    }
}

/// SageMaker API, ListEndpointConfigs.
pub(super) fn list(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    const NAMING: Naming = Naming {
        operation: "ListEndpointConfigs",
        field: "EndpointConfigs",
        name: "EndpointConfigName",
        sort_keys: &["Name", "CreationTime"],
    };
    let sight = world.sight(ctx.service, "ListEndpointConfigs");
    let SageMaker { configs, .. } = &world.cell(ctx).sagemaker;
    let items = configs
        .values()
        .filter(|config| sight.sees(config.created))
        .map(|config| Item {
            name: config.name.clone(),
            created: config.created,
            modified: None,
            status: None,
            summary: Map::from_iter([(
                "EndpointConfigArn".to_owned(),
                Value::from(config.arn.as_str()),
            )]),
        });
    super::list::list(&NAMING, input, items.collect())
}

/// SageMaker API, DeleteEndpointConfig. One that a live endpoint runs is deleted too: the page
/// says that it must not be, and the API does not refuse.
pub(super) fn delete(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let name = input.text("EndpointConfigName")?;
    let sagemaker = &mut world.cell(ctx).sagemaker;
    match sagemaker.configs.remove(&name.to_lowercase()) {
        None => Err(not_found(ctx, name)),
        Some(config) => {
            sagemaker.tags.remove(&tag::place(&config.arn));
            Ok(Body::Empty)
        }
    }
}
