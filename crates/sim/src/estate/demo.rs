//! A simulated organisation: accounts, teams, tenants, classes of data, and four months of history.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::builder::{Builder, let_audit, tag_list, trusting_role};
use super::demo_keys::{self, KeyCase, Keys};
use super::demo_roles;
use super::demo_storage;
use super::demo_teams::{TEAMS, Team, pick};
use crate::fault::{Because, Effect, Fault, Plan, Scope};
use crate::service::Service;
use crate::world::World;

/// The management account, from which everything is read.
pub const MANAGEMENT: &str = "111122223333";
/// The role that it assumes in every account.
pub const ROLE: &str = "sagelock-audit";
/// The regions in which there is something.
pub const REGIONS: &[&str] = &["eu-central-1", "eu-west-1", "us-east-1"];
/// How many endpoints there are.
const ENDPOINTS: usize = 420;
const HISTORY_DAYS: i64 = 130;

/// Every account of the organisation.
#[must_use]
pub fn accounts() -> Vec<&'static str> {
    std::iter::once(MANAGEMENT)
        .chain(TEAMS.iter().map(|team| team.account))
        .collect()
}

const TENANTS: &[&str] = &["aurora", "borealis", "cirrus", "delta", "estuary", "fjord"];
const PLACEMENTS: &[&[&str]] = &[
    &["ml.m5.large"],
    &["ml.c6i.xlarge"],
    &["ml.g5.xlarge"],
    &["ml.m5.xlarge", "ml.g4dn.xlarge"],
    &["serverless"],
    &["ml.m7i.large"],
    &["ml.inf2.xlarge"],
    &["ml.m5.large|ml.c5.large"],
    &["ml.r5.large"],
];

/// A simulated organisation, as it is now. The same seed makes the same one.
#[must_use]
pub fn demo(now: Timestamp, seed: u64) -> World {
    let begun = now
        .saturating_sub(SignedDuration::from_hours(HISTORY_DAYS * 24))
        .unwrap_or(now);
    let mut world = World::new(begun, seed);
    organization(&mut world);
    let keys = demo_keys::make(&mut world, REGIONS);
    demo_storage::make(&mut world, &keys, REGIONS);
    demo_roles::make(&mut world, TENANTS);
    let shift = usize::try_from(seed % 1000).unwrap_or(0);
    for index in 0..ENDPOINTS {
        deploy(&mut world, &keys, index, shift);
        world.advance(Duration::from_hours(6));
    }
    demo_keys::grow_old(&mut world, &keys);
    world.advance(Duration::from_hours(24 * 8));
    for index in 0..ENDPOINTS {
        change(&mut world, &keys, index, shift);
    }
    leave_behind(&mut world);
    world.advance_to(
        now.saturating_sub(SignedDuration::from_secs(20))
            .unwrap_or(now),
    );
    move_some(&mut world, &keys, shift);
    world.advance_to(now);
    world.set_faults(Plan::of(seed, vec![denial()]));
    world.ledger_mut().count_anew();
    world
}

/// The read role of one account is older than a rule that needs more.
fn denial() -> Fault {
    let mut denial = Fault::new(
        "kms:ListResourceTags",
        Effect::Deny {
            because: Because::Identity,
        },
    );
    denial.scope = Scope {
        account: Some("555566667777".to_owned()),
        ..denial.scope
    };
    denial
}

fn organization(world: &mut World) {
    let mut management = Builder::new(world, MANAGEMENT, "us-east-1");
    management.call(Service::Organizations, "CreateOrganization", &json!({}));
    let joined = world.stamp();
    if let Some(organization) = world.organizations.first_mut() {
        let root = organization.root.clone();
        for unit in ["production", "sandbox", "infrastructure"] {
            let id = format!("ou-{}-{unit:x>8.8}", root.trim_start_matches("r-"));
            organization.add_unit(&id, unit, &root);
        }
        for team in TEAMS {
            let unit = organization
                .units
                .iter()
                .find(|(_, unit)| unit.name == team.unit);
            let parent = unit.map_or(root.clone(), |(id, _)| id.clone());
            organization.add(team.account, team.name, &parent, joined);
        }
    }
    for account in accounts() {
        trusting_role(world, account, ROLE, MANAGEMENT, "us-east-1");
        let_audit(world, account, ROLE, "us-east-1");
    }
}

/// Where an endpoint is, whose it is, and what it is called.
struct Place {
    team: &'static Team,
    region: &'static str,
    tenant: &'static str,
    application: &'static str,
    name: String,
    class: &'static str,
}

fn place(index: usize, shift: usize) -> Option<Place> {
    let team = TEAMS.get(index % TEAMS.len())?;
    let round = index / TEAMS.len();
    let tenant = pick(TENANTS, round + shift)?;
    let application = pick(team.applications, round / 2)?;
    Some(Place {
        team,
        region: pick(REGIONS, round)?,
        tenant,
        application,
        name: format!("{application}-{tenant}-{index:03}"),
        class: pick(team.classes, round / 3)?,
    })
}

fn variants(place: &Place, on: &[&str], dumps: Option<&str>) -> Value {
    on.iter()
        .enumerate()
        .map(|(number, on)| {
            let mut variant = json!({
                "VariantName": if number == 0 { "main".to_owned() } else { format!("canary-{number}") },
                "ModelName": place.application,
            });
            let types: Vec<&str> = on.split('|').collect();
            if let Some(fields) = variant.as_object_mut() {
                let mut put = |name: &str, value: Value| fields.insert(name.to_owned(), value);
                match types.as_slice() {
                    ["serverless"] => {
                        put("ServerlessConfig", json!({ "MemorySizeInMB": 4096, "MaxConcurrency": 20 }))
                    }
                    [one] => {
                        put("InitialInstanceCount", json!(2));
                        put("InstanceType", json!(one))
                    }
                    several => {
                        put("InitialInstanceCount", json!(1));
                        put("InstancePools", several.iter().map(|t| json!({ "InstanceType": t })).collect())
                    }
                };
                let serverless = fields.contains_key("ServerlessConfig");
                if let Some(key) = dumps.filter(|_| !serverless) {
                    let bucket = demo_storage::bucket(place.team, place.region);
                    let place = format!("s3://{bucket}/dumps/{}", place.name);
                    let dump = json!({ "DestinationS3Uri": place, "KmsKeyId": key });
                    fields.insert("CoreDumpConfig".to_owned(), dump);
                }
            }
            variant
        })
        .collect()
}

/// Makes a configuration, with what it writes beside its answers.
fn configure(
    builder: &mut Builder<'_>,
    place: &Place,
    name: &str,
    index: usize,
    key: Option<&str>,
    old: Option<&str>,
) {
    let on = pick(PLACEMENTS, index / 3).unwrap_or(&["ml.m5.large"]);
    let mut tags = vec![
        ("team", place.team.name),
        ("tenant", place.tenant),
        ("data-class", place.class),
        ("owner", place.team.name),
    ];
    if let Some(old) = old {
        tags.push(("sagelock:supersedes", old));
    }
    if index % 8 == 5 {
        tags.retain(|(key, _)| *key != "owner" && *key != "data-class");
    }
    let dumps = (index % 11 == 5).then_some(if index.is_multiple_of(2) {
        "alias/ml/outputs"
    } else {
        "alias/aws/s3"
    });
    let mut input = json!({
        "EndpointConfigName": name,
        "ProductionVariants": variants(place, on, dumps),
        "Tags": tag_list(tags),
    });
    let bucket = demo_storage::bucket(place.team, place.region);
    let output_key = match index % 4 {
        0 => key,
        1 => Some("alias/aws/s3"),
        2 => None,
        _ => Some("alias/ml/outputs"),
    };
    if let Some(fields) = input.as_object_mut() {
        let mut put = |name: &str, value: Value| fields.insert(name.to_owned(), value);
        if let Some(key) = key {
            put("KmsKeyId", Value::from(key));
        }
        if index % 5 == 1 {
            let mut capture = json!({
                "EnableCapture": true, "InitialSamplingPercentage": 20,
                "DestinationS3Uri": format!("s3://{bucket}/capture"),
                "CaptureOptions": [{ "CaptureMode": "Input" }, { "CaptureMode": "Output" }],
            });
            if let (Some(key), Some(fields)) = (output_key, capture.as_object_mut()) {
                fields.insert("KmsKeyId".to_owned(), Value::from(key));
            }
            put("DataCaptureConfig", capture);
        }
        if index % 7 == 3 {
            let mut output = json!({ "S3OutputPath": format!("s3://{bucket}/async") });
            if let (Some(key), Some(fields)) = (output_key, output.as_object_mut()) {
                fields.insert("KmsKeyId".to_owned(), Value::from(key));
            }
            put("AsyncInferenceConfig", json!({ "OutputConfig": output }));
        }
    }
    builder.sagemaker("CreateEndpointConfig", &input);
}

fn deploy(world: &mut World, keys: &Keys, index: usize, shift: usize) {
    let Some(place) = place(index, shift) else {
        return;
    };
    let case = KeyCase::of(index, shift);
    let key = keys.reference(case, place.team.account, place.region, place.tenant, index);
    let mut builder = Builder::new(world, place.team.account, place.region);
    let config = format!("{}-v1", place.name);
    configure(&mut builder, &place, &config, index, key.as_deref(), None);
    let mut tags = vec![
        ("team", place.team.name),
        ("tenant", place.tenant),
        ("data-class", place.class),
        ("owner", place.team.name),
        ("cost-center", place.team.unit),
    ];
    if index % 9 == 4 {
        tags.retain(|(key, _)| *key != "tenant" && *key != "data-class");
    }
    let input = json!({
        "EndpointName": place.name, "EndpointConfigName": config, "Tags": tag_list(tags),
    });
    builder.sagemaker("CreateEndpoint", &input);
}

/// Some endpoints were moved to a key since; some of their old configurations are still there.
fn change(world: &mut World, keys: &Keys, index: usize, shift: usize) {
    let Some(place) = place(index, shift).filter(|_| index % 6 == 2) else {
        return;
    };
    let to = keys.reference(
        KeyCase::Own,
        place.team.account,
        place.region,
        place.tenant,
        index,
    );
    let mut builder = Builder::new(world, place.team.account, place.region);
    let (old, new) = (format!("{}-v1", place.name), format!("{}-v2", place.name));
    configure(&mut builder, &place, &new, index, to.as_deref(), Some(&old));
    let input = json!({
        "EndpointName": place.name, "EndpointConfigName": new, "RetainAllVariantProperties": true,
        "DeploymentConfig": { "BlueGreenUpdatePolicy": {
            "TrafficRoutingConfiguration": { "Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0 },
            "TerminationWaitInSeconds": 120,
        }},
    });
    builder.sagemaker("UpdateEndpoint", &input);
    builder.world.advance(Duration::from_mins(30));
    if index.is_multiple_of(4) {
        builder.sagemaker(
            "DeleteEndpointConfig",
            &json!({ "EndpointConfigName": old }),
        );
    }
}

/// What a long history leaves behind: configurations that nobody runs, and one deleted under its
/// endpoint.
fn leave_behind(world: &mut World) {
    for (number, team) in TEAMS.iter().enumerate() {
        for (count, region) in REGIONS.iter().enumerate() {
            let application = team.applications.first().copied().unwrap_or_default();
            let mut builder = Builder::new(world, team.account, region);
            for draft in 0..=(number + count) % 3 {
                let name = format!("{application}-draft-{draft}");
                let input = json!({ "EndpointConfigName": name, "ProductionVariants": [{
                    "VariantName": "main", "ModelName": application, "InitialInstanceCount": 1,
                    "InstanceType": "ml.m5.large",
                }]});
                builder.sagemaker("CreateEndpointConfig", &input);
            }
        }
    }
    for index in [31, 87, 144] {
        if let Some(place) = place(index, 0) {
            let mut builder = Builder::new(world, place.team.account, place.region);
            let endpoints = builder.sagemaker(
                "ListEndpoints",
                &json!({ "NameContains": format!("{index:03}") }),
            );
            let name = endpoints
                .pointer("/Endpoints/0/EndpointName")
                .and_then(Value::as_str);
            let config = format!("{}-v1", name.unwrap_or_default());
            builder.sagemaker(
                "DeleteEndpointConfig",
                &json!({ "EndpointConfigName": config }),
            );
        }
    }
}

/// Some deployments are under way.
fn move_some(world: &mut World, keys: &Keys, shift: usize) {
    for index in (0..ENDPOINTS).filter(|index| index % 60 == 13) {
        let Some(place) = place(index, shift) else {
            continue;
        };
        let case = if index % 120 == 13 {
            KeyCase::None
        } else {
            KeyCase::Own
        };
        let key = keys.reference(case, place.team.account, place.region, place.tenant, index);
        let mut builder = Builder::new(world, place.team.account, place.region);
        let next = format!("{}-v3", place.name);
        configure(&mut builder, &place, &next, index, key.as_deref(), None);
        // Two hours of watching, so that whoever looks sees them under way.
        let input = json!({
            "EndpointName": place.name, "EndpointConfigName": next,
            "DeploymentConfig": { "BlueGreenUpdatePolicy": {
                "TrafficRoutingConfiguration": { "Type": "LINEAR", "WaitIntervalInSeconds": 1800,
                    "LinearStepSize": { "Type": "CAPACITY_PERCENT", "Value": 50 } },
                "TerminationWaitInSeconds": 3600,
            }},
        });
        builder.sagemaker("UpdateEndpoint", &input);
    }
}
