//! Who may deploy: the operations that make models, configurations and endpoints, or take them away
//! (Service Authorization Reference, Amazon SageMaker).

use sagelock_policy::context::Value as Held;
use serde_json::Value;

use super::{config, endpoint, model, tag};
use crate::answer::ApiError;
use crate::authority::{Asks, is_unbound, one, require, several};
use crate::input::Input;
use crate::service::Service;
use crate::world::{Ctx, World};

/// Refuses what the policies of who asks do not allow.
pub(crate) fn gate(
    world: &World,
    ctx: &Ctx,
    operation: &str,
    input: &Input,
) -> Result<(), ApiError> {
    if ctx.service != Service::SageMaker || is_unbound(world, ctx) {
        return Ok(());
    }
    let text = |field: &str| input.get(field).and_then(Value::as_str).unwrap_or_default();
    let endpoint = || endpoint::arn_of(ctx, text("EndpointName"));
    let config = || config::arn_of(ctx, text("EndpointConfigName"));
    let model = || model::arn_of(ctx, text("ModelName"));
    let resources = match operation {
        "CreateModel" | "DeleteModel" => vec![model()],
        "CreateEndpointConfig" | "DeleteEndpointConfig" => vec![config()],
        // Service Authorization Reference: both resources are required.
        "CreateEndpoint" | "UpdateEndpoint" => vec![endpoint(), config()],
        "DeleteEndpoint" | "UpdateEndpointWeightsAndCapacities" => vec![endpoint()],
        _ => return Ok(()),
    };
    let action = format!("sagemaker:{operation}");
    for resource in &resources {
        let mut context = told(input);
        let cell = world.look(&ctx.account, &ctx.region);
        let tags = cell.and_then(|cell| cell.sagemaker.tags.get(&tag::place(resource)));
        let tags = tags.into_iter().flatten();
        context.extend(tags.map(|(name, value)| one(&format!("aws:ResourceTag/{name}"), value)));
        require(world, &asks(ctx, &action, resource, context))?;
    }
    let role = text("ExecutionRoleArn");
    if role.is_empty() || !operation.starts_with("Create") {
        return Ok(());
    }
    let passed = one("iam:PassedToService", "sagemaker.amazonaws.com");
    require(world, &asks(ctx, "iam:PassRole", role, vec![passed]))
}

fn asks<'a>(
    ctx: &'a Ctx,
    action: &'a str,
    resource: &'a str,
    context: Vec<(String, Held)>,
) -> Asks<'a> {
    Asks {
        ctx,
        action,
        resource,
        owner: &ctx.account,
        policy: None,
        grants: Vec::new(),
        context,
    }
}

/// What a request tells: its tags, the key of its volumes, its instance types.
fn told(input: &Input) -> Vec<(String, Held)> {
    let field = |of: &'_ Value, name: &str| of.get(name).and_then(Value::as_str).map(str::to_owned);
    let mut told = Vec::new();
    let tags: Vec<(String, String)> = input
        .list("Tags")
        .unwrap_or_default()
        .iter()
        .filter_map(|tag| Some((field(tag, "Key")?, field(tag, "Value")?)))
        .collect();
    if !tags.is_empty() {
        told.push(several(
            "aws:TagKeys",
            tags.iter().map(|(key, _)| key.as_str()),
        ));
    }
    told.extend(
        tags.iter()
            .map(|(key, value)| one(&format!("aws:RequestTag/{key}"), value)),
    );
    let key = input.get("KmsKeyId").and_then(Value::as_str);
    for name in ["sagemaker:VolumeKmsKey", "sagemaker:VolumeKmsKeyArn"] {
        told.extend(key.filter(|key| !key.is_empty()).map(|key| one(name, key)));
    }
    let variants = input.list("ProductionVariants").unwrap_or_default();
    let types: Vec<String> = variants
        .iter()
        .filter_map(|one| field(one, "InstanceType"))
        .collect();
    if !types.is_empty() {
        told.push(several(
            "sagemaker:InstanceTypes",
            types.iter().map(String::as_str),
        ));
    }
    told
}
