//! Endpoints: made, described, listed and deleted.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::deploy::EndpointEvent;
use super::fleet::Fleet;
use super::list::{Item, Naming};
use super::name::check_name;
use super::variant::Live;
use super::{SageMaker, tag};
use crate::answer::{Answered, ApiError, Body, tree};
use crate::input::{Input, epoch};
use crate::world::{Ctx, World};

/// An endpoint.
#[derive(Debug)]
pub struct Endpoint {
    /// Its name, as it was given.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// Its status.
    pub status: Status,
    /// When it was made.
    pub created: Timestamp,
    /// When it changed last.
    pub modified: Timestamp,
    pub(super) fleet: Fleet,
    pub(super) pending: Option<Pending>,
    pub(super) failure_reason: Option<String>,
    pub(super) last_deployment: Option<Value>,
    /// Counts what was begun, so that what was planned for something else does not happen.
    pub(super) generation: u64,
}

/// A deployment under way.
#[derive(Clone, Debug)]
pub(super) struct Pending {
    pub(super) fleet: Fleet,
    pub(super) started: Timestamp,
    pub(super) deployment: Option<Value>,
    /// SageMaker API, `VariantStatus`.
    pub(super) status: &'static str,
}

/// The status of an endpoint (SageMaker API, `EndpointStatus`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of the AWS API reference")]
pub enum Status {
    OutOfService,
    Creating,
    Updating,
    SystemUpdating,
    RollingBack,
    InService,
    Deleting,
    Failed,
    UpdateRollbackFailed,
}

impl Status {
    const TEXTS: &'static [&'static str] = &[
        "OutOfService",
        "Creating",
        "Updating",
        "SystemUpdating",
        "RollingBack",
        "InService",
        "Deleting",
        "Failed",
        "UpdateRollbackFailed",
    ];

    /// AWS's text.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OutOfService => "OutOfService",
            Self::Creating => "Creating",
            Self::Updating => "Updating",
            Self::SystemUpdating => "SystemUpdating",
            Self::RollingBack => "RollingBack",
            Self::InService => "InService",
            Self::Deleting => "Deleting",
            Self::Failed => "Failed",
            Self::UpdateRollbackFailed => "UpdateRollbackFailed",
        }
    }

    /// Whether something is under way that no other change may disturb.
    pub(super) fn is_busy(self) -> bool {
        match self {
            Self::Creating
            | Self::Updating
            | Self::SystemUpdating
            | Self::RollingBack
            | Self::Deleting => true,
            Self::OutOfService | Self::InService | Self::Failed | Self::UpdateRollbackFailed => {
                false
            }
        }
    }

    /// Whether instances of it answer.
    fn answers(self) -> bool {
        match self {
            Self::Updating
            | Self::SystemUpdating
            | Self::RollingBack
            | Self::InService
            | Self::UpdateRollbackFailed => true,
            Self::OutOfService | Self::Creating | Self::Deleting | Self::Failed => false,
        }
    }
}

impl Endpoint {
    /// The configuration that it runs.
    #[must_use]
    pub fn config(&self) -> &str {
        &self.fleet.config
    }

    /// The configuration that it is moving to.
    #[must_use]
    pub fn pending_config(&self) -> Option<&str> {
        self.pending
            .as_ref()
            .map(|pending| pending.fleet.config.as_str())
    }

    /// Its variants.
    #[must_use]
    pub fn variants(&self) -> &[Live] {
        &self.fleet.variants
    }

    /// Whether it answers requests.
    #[must_use]
    pub fn is_serving(&self) -> bool {
        self.status.answers() && self.fleet.serves()
    }

    pub(super) fn set(&mut self, status: Status, now: Timestamp) {
        self.status = status;
        self.modified = now;
    }
}

pub(super) fn arn_of(ctx: &Ctx, name: &str) -> String {
    ctx.arn("sagemaker", &format!("endpoint/{}", name.to_lowercase()))
}

pub(super) fn not_found(ctx: &Ctx, name: &str) -> ApiError {
    ApiError::invalid(format!(
        "Could not find endpoint \"{}\".",
        arn_of(ctx, name)
    ))
}

/// How long a fleet takes to start. Ours: AWS names no time, and minutes are usual.
pub(super) const START: SignedDuration = SignedDuration::from_secs(60);
/// How long a fleet takes to go.
const STOP: SignedDuration = SignedDuration::from_secs(20);

/// Writes an endpoint's state into the ledger.
pub(super) fn note(world: &mut World, ctx: &Ctx, name: &str) {
    let now = world.now();
    let state = world
        .cell(ctx)
        .sagemaker
        .endpoint(name)
        .map(|endpoint| (endpoint.status.as_str(), endpoint.is_serving()));
    let (status, serving) = (state.map(|(status, _)| status), state.is_some_and(|s| s.1));
    world.ledger_mut().endpoint(now, ctx, name, status, serving);
}

/// SageMaker API, CreateEndpoint.
pub(super) fn create(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let name = input.text("EndpointName")?;
    check_name("endpointName", name)?;
    let tags = tag::read(input.list("Tags")?)?;
    let arn = arn_of(ctx, name);
    if world.cell(ctx).sagemaker.endpoint(name).is_some() {
        return Err(ApiError::invalid(format!(
            "Cannot create already existing endpoint \"{arn}\"."
        )));
    }
    let fleet = Fleet::of(world, ctx, input.text("EndpointConfigName")?)?;
    let created = world.stamp();
    let endpoint = Endpoint {
        name: name.to_owned(),
        arn: arn.clone(),
        status: Status::Creating,
        created,
        modified: created,
        fleet,
        pending: None,
        failure_reason: None,
        last_deployment: input
            .object("DeploymentConfig")?
            .cloned()
            .map(Value::Object),
        generation: 0,
    };
    let sagemaker = &mut world.cell(ctx).sagemaker;
    sagemaker.endpoints.insert(name.to_lowercase(), endpoint);
    if !tags.is_empty() {
        sagemaker.tags.insert(tag::place(&arn), tags);
    }
    begin(world, ctx, name, START, EndpointEvent::Started);
    note(world, ctx, name);
    tree(json!({ "EndpointArn": arn }))
}

/// Begins something that ends later.
pub(super) fn begin(
    world: &mut World,
    ctx: &Ctx,
    name: &str,
    after: SignedDuration,
    event: fn(u64) -> EndpointEvent,
) {
    let at = world.now().saturating_add(after).unwrap_or(Timestamp::MAX);
    let key = name.to_lowercase();
    let Some(endpoint) = world.cell(ctx).sagemaker.endpoints.get_mut(&key) else {
        return;
    };
    endpoint.generation += 1;
    let event = event(endpoint.generation);
    world.schedule(ctx, &key, at, event);
}

/// SageMaker API, DescribeEndpoint.
pub(super) fn describe(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let name = input.text("EndpointName")?;
    let sight = world.sight(ctx.service, "DescribeEndpoint");
    let found = world.cell(ctx).sagemaker.endpoint(name);
    let Some(endpoint) = found.filter(|endpoint| sight.sees(endpoint.created)) else {
        return Err(not_found(ctx, name));
    };
    let mut fields = endpoint.fleet.repeated.clone();
    let mut put = |name: &str, value: Value| {
        fields.insert(name.to_owned(), value);
    };
    put("EndpointName", Value::from(endpoint.name.as_str()));
    put("EndpointArn", Value::from(endpoint.arn.as_str()));
    put("EndpointConfigName", Value::from(endpoint.config()));
    put("EndpointStatus", Value::from(endpoint.status.as_str()));
    put("CreationTime", epoch(endpoint.created));
    put("LastModifiedTime", epoch(endpoint.modified));
    let creating = endpoint.status == Status::Creating;
    let status = creating.then_some(("Creating", endpoint.created));
    let summaries = |lives: &[Live]| -> Value {
        let of = |live: &Live| {
            let mut live = live.clone();
            if creating {
                (live.count, live.weight) = (0, 0.0);
            }
            live.summary(status, endpoint.created)
        };
        lives.iter().map(of).collect()
    };
    put("ProductionVariants", summaries(&endpoint.fleet.variants));
    if !endpoint.fleet.shadows.is_empty() {
        let shadows = summaries(&endpoint.fleet.shadows);
        put("ShadowProductionVariants", shadows);
    }
    if let Some(reason) = &endpoint.failure_reason {
        put("FailureReason", Value::from(reason.as_str()));
    }
    if let Some(deployment) = &endpoint.last_deployment {
        put("LastDeploymentConfig", deployment.clone());
    }
    if let Some(pending) = &endpoint.pending {
        let of = |live: &Live| live.pending(pending.status, pending.started);
        let mut summary = json!({
            "EndpointConfigName": pending.fleet.config,
            "StartTime": epoch(pending.started),
            "ProductionVariants": pending.fleet.variants.iter().map(of).collect::<Vec<_>>(),
        });
        if let Some(fields) = summary.as_object_mut()
            && !pending.fleet.shadows.is_empty()
        {
            let shadows = pending.fleet.shadows.iter().map(of).collect();
            fields.insert("ShadowProductionVariants".to_owned(), shadows);
        }
        put("PendingDeploymentSummary", summary);
    }
    tree(Value::Object(fields))
}

/// SageMaker API, ListEndpoints.
pub(super) fn list(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    const NAMING: Naming = Naming {
        operation: "ListEndpoints",
        field: "Endpoints",
        name: "EndpointName",
        sort_keys: &["Name", "CreationTime", "Status"],
    };
    let wanted = input.one_of("StatusEquals", Status::TEXTS)?;
    let sight = world.sight(ctx.service, "ListEndpoints");
    let SageMaker { endpoints, .. } = &world.cell(ctx).sagemaker;
    let items = endpoints
        .values()
        .filter(|endpoint| sight.sees(endpoint.created))
        .filter(|endpoint| wanted.is_none_or(|status| status == endpoint.status.as_str()))
        .map(|endpoint| {
            let status = endpoint.status.as_str();
            let field = |name: &str, value: &str| (name.to_owned(), Value::from(value));
            Item {
                name: endpoint.name.clone(),
                created: endpoint.created,
                modified: Some(endpoint.modified),
                status: Some(status),
                summary: Map::from_iter([
                    field("EndpointArn", &endpoint.arn),
                    field("EndpointStatus", status),
                ]),
            }
        });
    super::list::list(&NAMING, input, items.collect())
}

pub(super) fn busy(arn: &str) -> ApiError {
    ApiError::invalid(format!("Cannot update in-progress endpoint \"{arn}\"."))
}

/// SageMaker API, DeleteEndpoint.
pub(super) fn delete(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let name = input.text("EndpointName")?;
    let now = world.now();
    let endpoints = &mut world.cell(ctx).sagemaker.endpoints;
    let Some(endpoint) = endpoints.get_mut(&name.to_lowercase()) else {
        return Err(not_found(ctx, name));
    };
    if endpoint.status.is_busy() {
        return Err(busy(&endpoint.arn));
    }
    endpoint.set(Status::Deleting, now);
    begin(world, ctx, name, STOP, EndpointEvent::Stopped);
    note(world, ctx, name);
    Ok(Body::Empty)
}
