//! Deployments: what becomes of an endpoint in time.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::endpoint::{Pending, START, Status, arn_of, begin, busy, not_found, note};
use super::fleet::Fleet;
use super::{config, tag};
use crate::answer::{Answered, ApiError, tree};
use crate::input::Input;
use crate::world::{Ctx, World};

/// Something that happens to an endpoint. The number says to which of its undertakings it
/// belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EndpointEvent {
    /// The first fleet is up.
    Started(u64),
    /// The green fleet is up.
    GreenUp(u64),
    /// All traffic is on the green fleet, and the wait is over.
    Switched(u64),
    /// The blue fleet is alone again.
    RolledBack(u64),
    /// The instances that were wanted are there.
    Resized(u64),
    /// It is gone.
    Stopped(u64),
}

/// How long it takes to add or take away instances.
const RESIZE: SignedDuration = SignedDuration::from_secs(20);
/// How long it takes to take a green fleet away.
const ROLL_BACK: SignedDuration = SignedDuration::from_secs(10);

/// What follows from an event: further events.
pub(crate) fn happen(
    world: &mut World,
    ctx: &Ctx,
    key: &str,
    event: EndpointEvent,
) -> Vec<(Timestamp, EndpointEvent)> {
    let now = world.now();
    let later = |after: SignedDuration, event: EndpointEvent| {
        let at = now.saturating_add(after).unwrap_or(Timestamp::MAX);
        vec![(at, event)]
    };
    let of = match event {
        EndpointEvent::Started(of)
        | EndpointEvent::GreenUp(of)
        | EndpointEvent::Switched(of)
        | EndpointEvent::RolledBack(of)
        | EndpointEvent::Resized(of)
        | EndpointEvent::Stopped(of) => of,
    };
    let Some(endpoint) = world.cell(ctx).sagemaker.endpoints.get(key) else {
        return Vec::new();
    };
    if endpoint.generation != of {
        return Vec::new();
    }
    let name = endpoint.name.clone();
    let next = match event {
        EndpointEvent::Started(_) => started(world, ctx, key, now),
        EndpointEvent::GreenUp(_) => match green_up(world, ctx, key, now) {
            Ok(wait) => later(wait, EndpointEvent::Switched(of)),
            Err(()) => later(ROLL_BACK, EndpointEvent::RolledBack(of)),
        },
        EndpointEvent::Switched(_) => switched(world, ctx, key, now),
        EndpointEvent::RolledBack(_) => {
            if let Some(endpoint) = world.cell(ctx).sagemaker.endpoints.get_mut(key) {
                endpoint.pending = None;
                endpoint.set(Status::InService, now);
            }
            Vec::new()
        }
        EndpointEvent::Resized(_) => resized(world, ctx, key, now),
        EndpointEvent::Stopped(_) => {
            let sagemaker = &mut world.cell(ctx).sagemaker;
            if let Some(endpoint) = sagemaker.endpoints.remove(key) {
                sagemaker.tags.remove(&tag::place(&endpoint.arn));
            }
            Vec::new()
        }
    };
    note(world, ctx, &name);
    next
}

fn started(
    world: &mut World,
    ctx: &Ctx,
    key: &str,
    now: Timestamp,
) -> Vec<(Timestamp, EndpointEvent)> {
    let fleet = world.cell(ctx).sagemaker.endpoints.get(key);
    let fleet = fleet.map(|endpoint| endpoint.fleet.clone());
    let obstacle = fleet.and_then(|fleet| fleet.obstacle(world, ctx));
    if let Some(endpoint) = world.cell(ctx).sagemaker.endpoints.get_mut(key) {
        let status = if obstacle.is_some() {
            Status::Failed
        } else {
            Status::InService
        };
        endpoint.set(status, now);
        if obstacle.is_some() {
            for live in &mut endpoint.fleet.variants {
                live.count = 0;
            }
        }
        endpoint.failure_reason = obstacle;
    }
    Vec::new()
}

/// The green fleet is up, or cannot come up: how long until it has all traffic.
fn green_up(world: &mut World, ctx: &Ctx, key: &str, now: Timestamp) -> Result<SignedDuration, ()> {
    let pending = world.cell(ctx).sagemaker.endpoints.get(key);
    let Some(pending) = pending.and_then(|endpoint| endpoint.pending.clone()) else {
        return Err(());
    };
    let obstacle = pending.fleet.obstacle(world, ctx);
    let Some(endpoint) = world.cell(ctx).sagemaker.endpoints.get_mut(key) else {
        return Err(());
    };
    if let Some(reason) = obstacle {
        endpoint.failure_reason = Some(reason);
        endpoint.set(Status::RollingBack, now);
        return Err(());
    }
    if let Some(pending) = &mut endpoint.pending {
        pending.status = "Baking";
    }
    Ok(shift_time(pending.deployment.as_ref()))
}

fn switched(
    world: &mut World,
    ctx: &Ctx,
    key: &str,
    now: Timestamp,
) -> Vec<(Timestamp, EndpointEvent)> {
    if let Some(endpoint) = world.cell(ctx).sagemaker.endpoints.get_mut(key)
        && let Some(pending) = endpoint.pending.take()
    {
        endpoint.fleet = pending.fleet;
        endpoint.last_deployment = pending.deployment;
        endpoint.failure_reason = None;
        endpoint.set(Status::InService, now);
    }
    Vec::new()
}

/// More instances need the key; where it cannot be used, they do not come, and those that run
/// go on (KMS Developer Guide, "How unusable KMS keys affect data keys").
fn resized(
    world: &mut World,
    ctx: &Ctx,
    key: &str,
    now: Timestamp,
) -> Vec<(Timestamp, EndpointEvent)> {
    let fleet = world.cell(ctx).sagemaker.endpoints.get(key);
    let Some(fleet) = fleet.map(|endpoint| endpoint.fleet.clone()) else {
        return Vec::new();
    };
    let grows = fleet.variants.iter().any(|v| v.count_desired > v.count);
    let obstacle = if grows {
        fleet.growth_obstacle(world, ctx)
    } else {
        None
    };
    if let Some(endpoint) = world.cell(ctx).sagemaker.endpoints.get_mut(key) {
        for live in &mut endpoint.fleet.variants {
            if obstacle.is_some() {
                live.count_desired = live.count;
            }
            live.count = live.count_desired;
            live.weight = live.weight_desired;
        }
        endpoint.failure_reason = obstacle;
        endpoint.set(Status::InService, now);
    }
    Vec::new()
}

/// How long traffic takes to move and to be watched (SageMaker API, `BlueGreenUpdatePolicy`,
/// `TrafficRoutingConfig`, `RollingUpdatePolicy`).
fn shift_time(deployment: Option<&Value>) -> SignedDuration {
    let seconds = |pointer: &str| {
        deployment
            .and_then(|deployment| deployment.pointer(pointer))
            .and_then(Value::as_i64)
            .unwrap_or(0)
    };
    let routing = "/BlueGreenUpdatePolicy/TrafficRoutingConfiguration";
    let kind = deployment.and_then(|deployment| deployment.pointer(&format!("{routing}/Type")));
    let interval = seconds(&format!("{routing}/WaitIntervalInSeconds"));
    let steps = match kind.and_then(Value::as_str) {
        Some("CANARY") => 1,
        Some("LINEAR") => {
            let step = seconds(&format!("{routing}/LinearStepSize/Value")).max(1);
            100 / step.min(100)
        }
        Some(_) | None => 0,
    };
    let rolling = seconds("/RollingUpdatePolicy/WaitIntervalInSeconds");
    let batch = seconds("/RollingUpdatePolicy/MaximumBatchSize/Value");
    let batches = if batch > 0 { 100 / batch.min(100) } else { 0 };
    let wait = seconds("/BlueGreenUpdatePolicy/TerminationWaitInSeconds");
    SignedDuration::from_secs(interval * steps + rolling * batches + wait)
}

/// SageMaker API, UpdateEndpoint.
pub(super) fn update(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let name = input.text("EndpointName")?;
    let target = input.text("EndpointConfigName")?;
    let now = world.now();
    let sagemaker = &world.cell(ctx).sagemaker;
    let Some(endpoint) = sagemaker.endpoint(name) else {
        return Err(not_found(ctx, name));
    };
    let arn = endpoint.arn.clone();
    if endpoint.status.is_busy() {
        return Err(busy(&arn));
    }
    if endpoint.status == Status::Failed {
        return Err(ApiError::invalid(format!(
            "Cannot update failed endpoint \"{arn}\"."
        )));
    }
    let (current, blue) = (endpoint.config().to_owned(), endpoint.fleet.clone());
    let last = endpoint.last_deployment.clone();
    if sagemaker.config(&current).is_none() {
        // Both configurations must be there during an update
        // (hashicorp/terraform-provider-aws#40048).
        return Err(config::not_found(ctx, &current));
    }
    let mut fleet = Fleet::of(world, ctx, target)?;
    if current.eq_ignore_ascii_case(target) {
        return Err(ApiError::invalid(format!(
            "Endpoint \"{arn}\" already runs endpoint configuration \"{}\".",
            config::arn_of(ctx, target)
        )));
    }
    let given = input
        .object("DeploymentConfig")?
        .cloned()
        .map(Value::Object);
    if let Some(deployment) = &given {
        check_deployment(deployment)?;
    }
    let names = |fleet: &Fleet| -> std::collections::BTreeSet<String> {
        fleet.variants.iter().map(|v| v.name.clone()).collect()
    };
    let guarded = given
        .as_ref()
        .is_some_and(|deployment| deployment.get("BlueGreenUpdatePolicy").is_some());
    if guarded && names(&fleet) != names(&blue) {
        return Err(ApiError::invalid(
            "The new endpoint configuration must have the same variant names for a deployment \
             with guardrails.",
        ));
    }
    let exclude: Vec<&str> = input
        .list("ExcludeRetainedVariantProperties")?
        .iter()
        .filter_map(|property| property.get("VariantPropertyType")?.as_str())
        .collect();
    let known = &["DesiredInstanceCount", "DesiredWeight", "DataCaptureConfig"];
    if let Some(unknown) = exclude.iter().find(|name| !known.contains(name)) {
        let constraint = format!("satisfy enum value set: [{}]", known.join(", "));
        let field = "excludeRetainedVariantProperties";
        return Err(ApiError::constraint(unknown, field, &constraint));
    }
    if input.flag("RetainAllVariantProperties")? {
        fleet.retain(&blue, &exclude);
    }
    if blue.repeated.contains_key("AsyncInferenceConfig")
        && !fleet.repeated.contains_key("AsyncInferenceConfig")
    {
        return Err(ApiError::invalid(
            "The AsyncInferenceConfig parameter cannot be removed from this endpoint.",
        ));
    }
    let keep_last = input.flag("RetainDeploymentConfig")?;
    let deployment = given.or(last.filter(|_| keep_last));
    if let Some(endpoint) = world
        .cell(ctx)
        .sagemaker
        .endpoints
        .get_mut(&name.to_lowercase())
    {
        endpoint.pending = Some(Pending {
            fleet,
            started: now,
            deployment,
            status: "Creating",
        });
        endpoint.failure_reason = None;
        endpoint.set(Status::Updating, now);
    }
    begin(world, ctx, name, START, EndpointEvent::GreenUp);
    note(world, ctx, name);
    tree(json!({ "EndpointArn": arn }))
}

/// SageMaker API, `DeploymentConfig`: bounds.
fn check_deployment(deployment: &Value) -> Result<(), ApiError> {
    let bounds = [
        ("/BlueGreenUpdatePolicy/TerminationWaitInSeconds", 0, 3600),
        (
            "/BlueGreenUpdatePolicy/MaximumExecutionTimeoutInSeconds",
            600,
            28_800,
        ),
        (
            "/BlueGreenUpdatePolicy/TrafficRoutingConfiguration/WaitIntervalInSeconds",
            0,
            3600,
        ),
        ("/RollingUpdatePolicy/WaitIntervalInSeconds", 0, 3600),
        (
            "/RollingUpdatePolicy/MaximumExecutionTimeoutInSeconds",
            600,
            28_800,
        ),
    ];
    for (pointer, least, most) in bounds {
        let Some(number) = deployment.pointer(pointer).and_then(Value::as_i64) else {
            continue;
        };
        if !(least..=most).contains(&number) {
            let field = pointer.rsplit('/').next().unwrap_or_default();
            let constraint = format!("have value between {least} and {most}");
            return Err(ApiError::constraint(
                &number.to_string(),
                field,
                &constraint,
            ));
        }
    }
    let routing = "/BlueGreenUpdatePolicy/TrafficRoutingConfiguration/Type";
    let kinds = ["ALL_AT_ONCE", "CANARY", "LINEAR"];
    if let Some(kind) = deployment.pointer(routing).and_then(Value::as_str)
        && !kinds.contains(&kind)
    {
        let constraint = format!("satisfy enum value set: [{}]", kinds.join(", "));
        return Err(ApiError::constraint(kind, "type", &constraint));
    }
    let has = |field: &str| deployment.get(field).is_some();
    if has("BlueGreenUpdatePolicy") && has("RollingUpdatePolicy") {
        return Err(ApiError::invalid(
            "Only one of BlueGreenUpdatePolicy and RollingUpdatePolicy can be specified.",
        ));
    }
    Ok(())
}

/// SageMaker API, UpdateEndpointWeightsAndCapacities: what is not named stays as it is.
pub(super) fn update_weights(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let name = input.text("EndpointName")?;
    let wanted = input.list("DesiredWeightsAndCapacities")?.to_vec();
    if wanted.is_empty() {
        let constraint = "have length greater than or equal to 1";
        let field = "desiredWeightsAndCapacities";
        return Err(ApiError::constraint("[]", field, constraint));
    }
    for one in &wanted {
        if let Some(weight) = one.get("DesiredWeight").and_then(Value::as_f64)
            && weight < 0.0
        {
            return Err(config::negative("desiredWeight", weight));
        }
    }
    let now = world.now();
    let endpoints = &mut world.cell(ctx).sagemaker.endpoints;
    let Some(endpoint) = endpoints.get_mut(&name.to_lowercase()) else {
        return Err(not_found(ctx, name));
    };
    if endpoint.status.is_busy() {
        return Err(busy(&endpoint.arn));
    }
    let text = |of: &Value| {
        of.get("VariantName")
            .and_then(Value::as_str)
            .map(ToOwned::to_owned)
    };
    for one in &wanted {
        let variant = text(one).unwrap_or_default();
        if !endpoint
            .fleet
            .variants
            .iter()
            .any(|live| live.name == variant)
        {
            return Err(ApiError::invalid(format!(
                "The variant name(s) \"{variant}\" is/are not present within endpoint configuration \
                 \"{}\".",
                endpoint.fleet.config
            )));
        }
    }
    for one in &wanted {
        let variant = text(one).unwrap_or_default();
        for live in &mut endpoint.fleet.variants {
            if live.name != variant {
                continue;
            }
            if let Some(weight) = one.get("DesiredWeight").and_then(Value::as_f64) {
                live.weight_desired = weight;
            }
            if let Some(count) = one.get("DesiredInstanceCount").and_then(Value::as_i64) {
                live.count_desired = count;
            }
        }
    }
    endpoint.set(Status::Updating, now);
    begin(world, ctx, name, RESIZE, EndpointEvent::Resized);
    note(world, ctx, name);
    tree(json!({ "EndpointArn": arn_of(ctx, name) }))
}
