//! Models.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::list::{Item, Naming};
use super::{name::check_name, name::check_role, tag};
use crate::answer::{Answered, ApiError, Body, tree};
use crate::input::{Input, Stored, epoch};
use crate::world::{Ctx, World};

/// A model.
#[derive(Debug)]
pub struct Model {
    name: String,
    arn: String,
    created: Timestamp,
    stored: Stored,
    images: Arc<[String]>,
    /// Its execution role.
    pub execution_role: Option<String>,
}

impl Model {
    /// The images of its containers. The endpoints that run them share them.
    pub(super) fn images(&self) -> &Arc<[String]> {
        &self.images
    }
}

pub(super) fn arn_of(ctx: &Ctx, name: &str) -> String {
    ctx.arn("sagemaker", &format!("model/{}", name.to_lowercase()))
}

pub(super) fn not_found(ctx: &Ctx, name: &str) -> ApiError {
    ApiError::invalid(format!("Could not find model \"{}\".", arn_of(ctx, name)))
}

/// SageMaker API, CreateModel.
pub(super) fn create(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let name = input.text("ModelName")?;
    check_name("modelName", name)?;
    let role = input.opt("ExecutionRoleArn")?;
    if let Some(role) = role {
        check_role(role)?;
    }
    let primary = input.object("PrimaryContainer")?;
    let containers = input.list("Containers")?;
    if primary.is_some() && !containers.is_empty() {
        return Err(ApiError::invalid(
            "Only one of PrimaryContainer or Containers can be specified.",
        ));
    }
    if containers.len() > 15 {
        let constraint = "have length less than or equal to 15";
        return Err(ApiError::constraint("Containers", "containers", constraint));
    }
    let image =
        |container: Option<&Value>| container.and_then(Value::as_str).map(ToOwned::to_owned);
    let images: Arc<[String]> = primary
        .and_then(|container| image(container.get("Image")))
        .into_iter()
        .chain(
            containers
                .iter()
                .filter_map(|container| image(container.get("Image"))),
        )
        .collect();
    let tags = tag::read(input.list("Tags")?)?;
    let arn = arn_of(ctx, name);
    if world.cell(ctx).sagemaker.has("model", name) {
        return Err(ApiError::invalid(format!(
            "Cannot create already existing model \"{arn}\"."
        )));
    }
    let model = Model {
        name: name.to_owned(),
        arn: arn.clone(),
        created: world.stamp(),
        stored: input.stored(&["Tags", "ModelName"]),
        images,
        execution_role: role.map(ToOwned::to_owned),
    };
    let sagemaker = &mut world.cell(ctx).sagemaker;
    sagemaker.models.insert(name.to_lowercase(), model);
    if !tags.is_empty() {
        sagemaker.tags.insert(tag::place(&arn), tags);
    }
    tree(json!({ "ModelArn": arn }))
}

/// SageMaker API, DescribeModel.
pub(super) fn describe(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let name = input.text("ModelName")?;
    let Some(model) = world.cell(ctx).sagemaker.model(name) else {
        return Err(not_found(ctx, name));
    };
    Ok(Body::Text(model.stored.render(&[
        ("ModelName", Value::from(model.name.as_str())),
        ("ModelArn", Value::from(model.arn.as_str())),
        ("CreationTime", epoch(model.created)),
    ])))
}

/// SageMaker API, ListModels.
pub(super) fn list(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    const NAMING: Naming = Naming {
        operation: "ListModels",
        field: "Models",
        name: "ModelName",
        sort_keys: &["Name", "CreationTime"],
    };
    let models = &world.cell(ctx).sagemaker.models;
    let items = models.values().map(|model| Item {
        name: model.name.clone(),
        created: model.created,
        modified: None,
        status: None,
        summary: Map::from_iter([("ModelArn".to_owned(), Value::from(model.arn.as_str()))]),
    });
    super::list::list(&NAMING, input, items.collect())
}

/// SageMaker API, DeleteModel: endpoints that run it go on.
pub(super) fn delete(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let name = input.text("ModelName")?;
    let sagemaker = &mut world.cell(ctx).sagemaker;
    match sagemaker.models.remove(&name.to_lowercase()) {
        None => Err(not_found(ctx, name)),
        Some(model) => {
            sagemaker.tags.remove(&tag::place(&model.arn));
            Ok(Body::Empty)
        }
    }
}
