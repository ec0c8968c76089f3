//! Monitoring schedules and the four kinds of job definition.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::list::{Item, Naming};
use super::{name::check_name, tag};
use crate::answer::{Answered, ApiError, Body, tree};
use crate::input::{Input, Stored, epoch};
use crate::world::{Ctx, World};

/// A monitoring schedule.
#[derive(Debug)]
pub(crate) struct Schedule {
    name: String,
    arn: String,
    created: Timestamp,
    stored: Stored,
    endpoint: Option<String>,
    job: Option<String>,
    kind: Option<String>,
}

/// A job definition.
#[derive(Debug)]
pub(crate) struct Job {
    name: String,
    arn: String,
    created: Timestamp,
    stored: Stored,
    endpoint: Option<String>,
}

/// A kind of job definition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    DataQuality,
    ModelQuality,
    ModelBias,
    ModelExplainability,
}

impl Kind {
    pub(crate) const ALL: [Self; 4] = [
        Self::DataQuality,
        Self::ModelQuality,
        Self::ModelBias,
        Self::ModelExplainability,
    ];

    /// The kind in an ARN (Service Authorization Reference, SageMaker, resource types).
    pub(crate) fn resource(self) -> &'static str {
        match self {
            Self::DataQuality => "data-quality-job-definition",
            Self::ModelQuality => "model-quality-job-definition",
            Self::ModelBias => "model-bias-job-definition",
            Self::ModelExplainability => "model-explainability-job-definition",
        }
    }

    /// The field of the input that names the endpoint.
    fn input(self) -> &'static str {
        match self {
            Self::DataQuality => "DataQualityJobInput",
            Self::ModelQuality => "ModelQualityJobInput",
            Self::ModelBias => "ModelBiasJobInput",
            Self::ModelExplainability => "ModelExplainabilityJobInput",
        }
    }
}

fn conflict(what: &str, arn: &str) -> ApiError {
    ApiError::new(
        "ResourceInUse",
        format!("{what} with ARN {arn} already exists."),
    )
}

fn missing(what: &str, arn: &str) -> ApiError {
    ApiError::new(
        "ResourceNotFound",
        format!("{what} with ARN {arn} does not exist."),
    )
}

/// SageMaker API, CreateMonitoringSchedule.
pub(super) fn create_schedule(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let name = input.text("MonitoringScheduleName")?;
    check_name("monitoringScheduleName", name)?;
    let config = input
        .object("MonitoringScheduleConfig")?
        .ok_or_else(|| ApiError::missing("MonitoringScheduleConfig"))?;
    let config = Value::Object(config.clone());
    let text = |pointer: &str| {
        config
            .pointer(pointer)
            .and_then(Value::as_str)
            .map(ToOwned::to_owned)
    };
    let tags = tag::read(input.list("Tags")?)?;
    let arn = schedule_arn(ctx, name);
    let place = name.to_lowercase();
    let sagemaker = &world.cell(ctx).sagemaker;
    if sagemaker.schedules.contains_key(&place) {
        return Err(conflict("Monitoring schedule", &arn));
    }
    let job = text("/MonitoringJobDefinitionName");
    let of_job = job.as_ref().and_then(|job| {
        let found = sagemaker
            .jobs
            .iter()
            .find(|((_, name), _)| *name == job.to_lowercase());
        found.and_then(|(_, job)| job.endpoint.clone())
    });
    let inputs = "/MonitoringJobDefinition/MonitoringInputs/0/EndpointInput/EndpointName";
    let schedule = Schedule {
        name: name.to_owned(),
        arn: arn.clone(),
        created: world.stamp(),
        stored: input.stored(&["Tags"]),
        endpoint: text(inputs).or(of_job),
        job,
        kind: text("/MonitoringType"),
    };
    let sagemaker = &mut world.cell(ctx).sagemaker;
    sagemaker.schedules.insert(place, schedule);
    if !tags.is_empty() {
        sagemaker.tags.insert(tag::place(&arn), tags);
    }
    tree(json!({ "MonitoringScheduleArn": arn }))
}

fn schedule_arn(ctx: &Ctx, name: &str) -> String {
    let resource = format!("monitoring-schedule/{}", name.to_lowercase());
    ctx.arn("sagemaker", &resource)
}

/// SageMaker API, DescribeMonitoringSchedule.
pub(super) fn describe_schedule(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let name = input.text("MonitoringScheduleName")?;
    let schedules = &world.cell(ctx).sagemaker.schedules;
    let Some(schedule) = schedules.get(&name.to_lowercase()) else {
        return Err(missing("Monitoring schedule", &schedule_arn(ctx, name)));
    };
    let mut fields = vec![
        (
            "MonitoringScheduleName",
            Value::from(schedule.name.as_str()),
        ),
        ("MonitoringScheduleArn", Value::from(schedule.arn.as_str())),
        ("MonitoringScheduleStatus", Value::from("Scheduled")),
        ("CreationTime", epoch(schedule.created)),
        ("LastModifiedTime", epoch(schedule.created)),
    ];
    if let Some(endpoint) = &schedule.endpoint {
        fields.push(("EndpointName", Value::from(endpoint.as_str())));
    }
    if let Some(kind) = &schedule.kind {
        fields.push(("MonitoringType", Value::from(kind.as_str())));
    }
    Ok(Body::Text(schedule.stored.render(&fields)))
}

/// SageMaker API, ListMonitoringSchedules.
pub(super) fn list_schedules(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    const NAMING: Naming = Naming {
        operation: "ListMonitoringSchedules",
        field: "MonitoringScheduleSummaries",
        name: "MonitoringScheduleName",
        sort_keys: &["Name", "CreationTime", "Status"],
    };
    let of = input.opt("EndpointName")?;
    let statuses = &["Pending", "Failed", "Scheduled", "Stopped"];
    let status = input.one_of("StatusEquals", statuses)?;
    let schedules = &world.cell(ctx).sagemaker.schedules;
    let items = schedules
        .values()
        .filter(|schedule| of.is_none_or(|name| schedule.endpoint.as_deref() == Some(name)))
        .filter(|_| status.is_none_or(|status| status == "Scheduled"))
        .map(|schedule| {
            let mut summary = Map::new();
            let mut put = |name: &str, value: &str| {
                summary.insert(name.to_owned(), Value::from(value));
            };
            put("MonitoringScheduleArn", &schedule.arn);
            put("MonitoringScheduleStatus", "Scheduled");
            for (name, value) in [
                ("EndpointName", &schedule.endpoint),
                ("MonitoringJobDefinitionName", &schedule.job),
                ("MonitoringType", &schedule.kind),
            ] {
                if let Some(value) = value {
                    put(name, value);
                }
            }
            Item {
                name: schedule.name.clone(),
                created: schedule.created,
                modified: Some(schedule.created),
                status: Some("Scheduled"),
                summary,
            }
        });
    super::list::list(&NAMING, input, items.collect())
}

/// SageMaker API, DeleteMonitoringSchedule.
pub(super) fn delete_schedule(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let name = input.text("MonitoringScheduleName")?;
    let sagemaker = &mut world.cell(ctx).sagemaker;
    match sagemaker.schedules.remove(&name.to_lowercase()) {
        None => Err(missing("Monitoring schedule", &schedule_arn(ctx, name))),
        Some(schedule) => {
            sagemaker.tags.remove(&tag::place(&schedule.arn));
            Ok(Body::Empty)
        }
    }
}

fn job_arn(ctx: &Ctx, kind: Kind, name: &str) -> String {
    let resource = format!("{}/{}", kind.resource(), name.to_lowercase());
    ctx.arn("sagemaker", &resource)
}

fn create_job(world: &mut World, ctx: &Ctx, input: &Input, kind: Kind) -> Answered {
    let name = input.text("JobDefinitionName")?;
    check_name("jobDefinitionName", name)?;
    let job_input = input
        .object(kind.input())?
        .ok_or_else(|| ApiError::missing(kind.input()))?;
    let endpoint = job_input
        .get("EndpointInput")
        .and_then(|input| input.get("EndpointName")?.as_str())
        .map(ToOwned::to_owned);
    let tags = tag::read(input.list("Tags")?)?;
    let arn = job_arn(ctx, kind, name);
    let place = (kind, name.to_lowercase());
    if world.cell(ctx).sagemaker.jobs.contains_key(&place) {
        return Err(conflict("Job definition", &arn));
    }
    let job = Job {
        name: name.to_owned(),
        arn: arn.clone(),
        created: world.stamp(),
        stored: input.stored(&["Tags"]),
        endpoint,
    };
    let sagemaker = &mut world.cell(ctx).sagemaker;
    sagemaker.jobs.insert(place, job);
    if !tags.is_empty() {
        sagemaker.tags.insert(tag::place(&arn), tags);
    }
    tree(json!({ "JobDefinitionArn": arn }))
}

fn describe_job(world: &mut World, ctx: &Ctx, input: &Input, kind: Kind) -> Answered {
    let name = input.text("JobDefinitionName")?;
    let jobs = &world.cell(ctx).sagemaker.jobs;
    let Some(job) = jobs.get(&(kind, name.to_lowercase())) else {
        return Err(missing("Job definition", &job_arn(ctx, kind, name)));
    };
    Ok(Body::Text(job.stored.render(&[
        ("JobDefinitionName", Value::from(job.name.as_str())),
        ("JobDefinitionArn", Value::from(job.arn.as_str())),
        ("CreationTime", epoch(job.created)),
    ])))
}

fn list_jobs(world: &mut World, ctx: &Ctx, input: &Input, kind: Kind) -> Answered {
    let naming = Naming {
        operation: kind.resource(),
        field: "JobDefinitionSummaries",
        name: "MonitoringJobDefinitionName",
        sort_keys: &["Name", "CreationTime"],
    };
    let jobs = &world.cell(ctx).sagemaker.jobs;
    let items = jobs
        .iter()
        .filter(|((of, _), _)| *of == kind)
        .map(|(_, job)| Item {
            name: job.name.clone(),
            created: job.created,
            modified: None,
            status: None,
            summary: Map::from_iter([
                (
                    "MonitoringJobDefinitionArn".to_owned(),
                    Value::from(job.arn.as_str()),
                ),
                (
                    "EndpointName".to_owned(),
                    Value::from(job.endpoint.as_deref().unwrap_or("")),
                ),
            ]),
        });
    super::list::list(&naming, input, items.collect())
}

fn delete_job(world: &mut World, ctx: &Ctx, input: &Input, kind: Kind) -> Answered {
    let name = input.text("JobDefinitionName")?;
    let sagemaker = &mut world.cell(ctx).sagemaker;
    match sagemaker.jobs.remove(&(kind, name.to_lowercase())) {
        None => Err(missing("Job definition", &job_arn(ctx, kind, name))),
        Some(job) => {
            sagemaker.tags.remove(&tag::place(&job.arn));
            Ok(Body::Empty)
        }
    }
}

/// The four operations of a kind.
macro_rules! of_kind {
    ($($module:ident = $kind:ident,)*) => {$(
        pub(super) mod $module {
            use super::{Answered, Ctx, Input, Kind, World};

            pub(in crate::sagemaker) fn create(w: &mut World, c: &Ctx, i: &Input) -> Answered {
                super::create_job(w, c, i, Kind::$kind)
            }

            pub(in crate::sagemaker) fn describe(w: &mut World, c: &Ctx, i: &Input) -> Answered {
                super::describe_job(w, c, i, Kind::$kind)
            }

            pub(in crate::sagemaker) fn list(w: &mut World, c: &Ctx, i: &Input) -> Answered {
                super::list_jobs(w, c, i, Kind::$kind)
            }

            pub(in crate::sagemaker) fn delete(w: &mut World, c: &Ctx, i: &Input) -> Answered {
                super::delete_job(w, c, i, Kind::$kind)
            }
        }
    )*};
}

of_kind! {
    data_quality = DataQuality,
    model_quality = ModelQuality,
    model_bias = ModelBias,
    model_explainability = ModelExplainability,
}
