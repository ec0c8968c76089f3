//! An estate of every case, and what it was made from.
//!
//! The choice of cases is by counting, not by chance: every case is there, and the estate is the
//! same every time. What is written down are the parameters, not what anybody should say of
//! them.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::builder::{Builder, tag_list};
use super::case_keys::{MEMBER, Reference, make_keys};
use super::case_storage::{PLACES, make_storage};
use crate::kms::State;
use crate::service::Service;
use crate::world::World;

pub use super::case_keys::{ACCOUNT, REGION};

/// What the variants of a configuration run on: `shadow:` marks the shadow variant, `|` a pool.
const PLACEMENTS: &[&[&str]] = &[
    &["ml.m5.large"],
    &["ml.m5.large"],
    &["ml.g4dn.xlarge"],
    &["ml.c6i.large", "ml.g5.xlarge"],
    &["ml.m7i.large"],
    &["serverless"],
    &["ml.m5.large|ml.g5.2xlarge"],
    &["ml.m5.large", "shadow:ml.p4d.24xlarge"],
    &["ml.inf2.xlarge", "ml.c6i.large"],
    &["ml.g6.xlarge", "ml.m6gd.large"],
    &["ml.c5.large", "shadow:ml.c5.large"],
];
const OUTPUTS: &[&str] = &[
    "none",
    "capture",
    "capture off",
    "async",
    "dump",
    "none",
    "capture and dump",
];
const CLASSES: &[Option<&str>] = &[
    None,
    Some("public"),
    None,
    Some("restricted"),
    Some(""),
    Some("internal"),
];

/// The world, and its parameters.
pub struct Estate {
    /// The world, some days after everything was made.
    pub world: World,
    /// What it was made from.
    pub parameters: Value,
}

/// An estate of so many configurations and endpoints.
#[must_use]
pub fn estate(begun: Timestamp, configs: usize, endpoints: usize) -> Estate {
    let mut world = World::new(begun, 11);
    organization(&mut world);
    let mut keys = Map::new();
    let references = make_keys(&mut world, &mut keys);
    let storage = make_storage(&mut world, &mut keys);
    let mut builder = Builder::new(&mut world, ACCOUNT, REGION);
    let mut made: Vec<Value> = (0..configs)
        .map(|index| config(&mut builder, index, endpoints, &references))
        .collect();
    let mut live: Vec<Value> = (0..endpoints)
        .filter_map(|index| endpoint(&mut builder, index, made.get(index)?))
        .collect();
    builder.world.advance(Duration::from_mins(10));
    change_keys(&mut builder, &keys);
    // The key that was to be deleted is gone in seven days; another week goes by.
    builder.world.advance(Duration::from_hours(24 * 14));
    leave_keys(&mut builder, &keys);
    schedules(&mut builder, &mut live);
    begin_updates(&mut builder, &mut live, &made, endpoints);
    delete_configs(&mut builder, &mut made, endpoints);
    let parameters = json!({
        "account": ACCOUNT,
        "region": REGION,
        "keys": keys,
        "storage": storage,
        "configs": made,
        "endpoints": live,
    });
    Estate { world, parameters }
}

fn organization(world: &mut World) {
    let mut management = Builder::new(world, ACCOUNT, REGION);
    management.call(Service::Organizations, "CreateOrganization", &json!({}));
    if let Some(organization) = world.organizations.first_mut() {
        let (root, joined) = (organization.root.clone(), Timestamp::UNIX_EPOCH);
        organization.add(MEMBER, "keys", &root, joined);
    }
}

fn nth<T>(list: &[T], at: usize) -> Option<&T> {
    list.get(at.checked_rem(list.len())?)
}

fn output(place: Value, reference: &Reference) -> Value {
    let mut place = place;
    if let (Some(text), Some(fields)) = (&reference.text, place.as_object_mut()) {
        fields.insert("KmsKeyId".to_owned(), Value::from(text.as_str()));
    }
    place
}

fn variant(index: usize, number: usize, on: &str, dump: Option<(&Reference, &str)>) -> Value {
    let name = format!("v{number}");
    let on = on.trim_start_matches("shadow:");
    let mut variant = json!({ "VariantName": name, "ModelName": format!("model-{}", index % 10) });
    let Some(fields) = variant.as_object_mut() else {
        return variant;
    };
    let mut put = |name: &str, value: Value| fields.insert(name.to_owned(), value);
    if on == "serverless" {
        put(
            "ServerlessConfig",
            json!({ "MemorySizeInMB": 2048, "MaxConcurrency": 5 }),
        );
        return variant;
    }
    put("InitialInstanceCount", json!(1));
    let types: Vec<&str> = on.split('|').collect();
    match types.as_slice() {
        [one] => put("InstanceType", json!(one)),
        several => put(
            "InstancePools",
            several
                .iter()
                .map(|t| json!({ "InstanceType": t }))
                .collect(),
        ),
    };
    if let Some((reference, place)) = dump {
        let place = json!({ "DestinationS3Uri": format!("{place}/dumps") });
        put("CoreDumpConfig", output(place, reference));
    }
    variant
}

/// Makes a configuration; its parameters.
fn config(
    builder: &mut Builder<'_>,
    index: usize,
    endpoints: usize,
    references: &[Reference],
) -> Value {
    let name = format!("Config-{index:05}");
    let empty = Reference {
        key: "none",
        form: "absent",
        text: None,
    };
    let reference = nth(references, index).unwrap_or(&empty);
    let placement = nth(PLACEMENTS, index / 3).copied().unwrap_or_default();
    let outputs = nth(OUTPUTS, index / 2).copied().unwrap_or("none");
    // An output's key: none, a good one, one of AWS's, one that was never made.
    let output_key = ["none", "good", "aws", "never"].get(index / 5 % 4).copied();
    let output_reference = references
        .iter()
        .find(|reference| Some(reference.key) == output_key)
        .unwrap_or(&empty);
    let place = nth(PLACES, index / 9).copied().unwrap_or_default();
    let dump = outputs
        .contains("dump")
        .then_some((output_reference, place));
    let of = |shadow: bool| -> Vec<Value> {
        let on = placement.iter().enumerate();
        on.filter(|(_, on)| on.starts_with("shadow:") == shadow)
            .map(|(number, on)| variant(index, number, on, dump))
            .collect()
    };
    let mut tags: Vec<(&str, String)> = Vec::new();
    if index % 4 != 1 {
        tags.push(("owner", "ml".to_owned()));
    }
    if index / 7 % 6 == 3 {
        tags.push(("data-class", "restricted".to_owned()));
    }
    if index < endpoints && index % 9 == 4 {
        let old = match index / 9 % 3 {
            0 => format!("Config-{:05}", endpoints + index),
            1 => "Config-never-made".to_owned(),
            _ => "Config-00000".to_owned(),
        };
        tags.push(("sagelock:supersedes", old));
    }
    let mut input = json!({ "EndpointConfigName": name, "ProductionVariants": of(false) });
    if let Some(fields) = input.as_object_mut() {
        let mut put = |name: &str, value: Value| fields.insert(name.to_owned(), value);
        if !of(true).is_empty() {
            put("ShadowProductionVariants", Value::Array(of(true)));
        }
        if let Some(text) = &reference.text {
            put("KmsKeyId", Value::from(text.as_str()));
        }
        if outputs.contains("capture") {
            let place = json!({
                "EnableCapture": outputs != "capture off", "InitialSamplingPercentage": 10,
                "DestinationS3Uri": format!("{place}/capture"), "CaptureOptions": [{ "CaptureMode": "Input" }],
            });
            put("DataCaptureConfig", output(place, output_reference));
        }
        if outputs == "async" {
            let paths = json!({ "S3OutputPath": format!("{place}/async") });
            let place = output(paths, output_reference);
            put("AsyncInferenceConfig", json!({ "OutputConfig": place }));
        }
        put("Tags", tag_list(tags.iter().map(|(k, v)| (*k, v.as_str()))));
    }
    let made = builder.sagemaker("CreateEndpointConfig", &input);
    let tags: Map<String, Value> = tags
        .into_iter()
        .map(|(k, v)| (k.to_owned(), Value::from(v)))
        .collect();
    json!({
        "name": name, "arn": made.get("EndpointConfigArn"), "reference": reference.show(),
        "placement": placement, "outputs": outputs, "output_reference": output_reference.show(), "place": place,
        "model": format!("model-{}", index % 10),
        "tags": tags, "deleted": false,
    })
}

/// Makes an endpoint; its parameters.
fn endpoint(builder: &mut Builder<'_>, index: usize, config: &Value) -> Option<Value> {
    let name = format!("Endpoint-{index:04}");
    let mut tags: Vec<(&str, &str)> = Vec::new();
    if index % 5 != 2 {
        tags.push(("owner", "ml"));
    }
    if let Some(class) = nth(CLASSES, index).copied().flatten() {
        tags.push(("data-class", class));
    }
    let config = config.get("name")?;
    let input = json!({
        "EndpointName": name, "EndpointConfigName": config, "Tags": tag_list(tags.iter().copied()),
    });
    let made = builder.sagemaker("CreateEndpoint", &input);
    let tags: Map<String, Value> = tags
        .into_iter()
        .map(|(k, v)| (k.to_owned(), Value::from(v)))
        .collect();
    Some(json!({
        "name": name, "arn": made.get("EndpointArn"), "config": config, "tags": tags,
        "pending": null, "schedule": null,
    }))
}

fn arn<'k>(keys: &'k Map<String, Value>, name: &str) -> &'k Value {
    keys.get(name)
        .and_then(|key| key.get("arn"))
        .unwrap_or(&Value::Null)
}

/// What happens to keys after endpoints were deployed with them.
fn change_keys(builder: &mut Builder<'_>, keys: &Map<String, Value>) {
    builder.kms("DisableKey", &json!({ "KeyId": arn(keys, "disabled") }));
    let input = json!({ "KeyId": arn(keys, "gone"), "PendingWindowInDays": 7 });
    builder.kms("ScheduleKeyDeletion", &input);
    builder.kms("DeleteAlias", &json!({ "AliasName": "alias/taken-away" }));
}

fn leave_keys(builder: &mut Builder<'_>, keys: &Map<String, Value>) {
    let store = arn(keys, "store").as_str().unwrap_or_default();
    let id = store.rsplit('/').next().unwrap_or_default();
    if let Some(key) = builder.world.kms_mut(ACCOUNT, REGION).key_mut(id) {
        // The external key store was disconnected.
        key.state = State::Unavailable;
    }
    for name in ["leaving", "leaving-too"] {
        let input = json!({ "KeyId": arn(keys, name), "PendingWindowInDays": 30 });
        builder.kms("ScheduleKeyDeletion", &input);
    }
}

/// Some endpoints are watched by a monitoring schedule, in its three forms.
fn schedules(builder: &mut Builder<'_>, endpoints: &mut [Value]) {
    for (index, endpoint) in endpoints.iter_mut().enumerate() {
        let Some(fields) = endpoint.as_object_mut().filter(|_| index % 13 == 6) else {
            continue;
        };
        let name = format!("watch-{index:04}");
        let key = ["alias/prod-good", "alias/aws/s3", ""]
            .get(index / 13 % 3)
            .copied();
        let key = key.unwrap_or_default();
        let mut places = json!({ "MonitoringOutputs": [{ "S3Output": {
            "S3Uri": "s3://out-good/monitoring", "LocalPath": "/opt/ml/processing/output",
        }}]});
        if let Some(places) = places.as_object_mut().filter(|_| !key.is_empty()) {
            places.insert("KmsKeyId".to_owned(), Value::from(key));
        }
        let of = json!({ "EndpointInput": {
            "EndpointName": fields.get("name"), "LocalPath": "/opt/ml/processing/input",
        }});
        let role = format!("arn:aws:iam::{ACCOUNT}:role/monitor");
        let resources = json!({ "ClusterConfig": {
            "InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 20,
        }});
        let config = if index / 13 % 2 == 0 {
            let input = json!({
                "JobDefinitionName": name, "DataQualityJobInput": of,
                "DataQualityAppSpecification": { "ImageUri": "image" },
                "DataQualityJobOutputConfig": places, "JobResources": resources, "RoleArn": role,
            });
            builder.sagemaker("CreateDataQualityJobDefinition", &input);
            json!({ "MonitoringJobDefinitionName": name, "MonitoringType": "DataQuality" })
        } else {
            json!({ "MonitoringJobDefinition": {
                "MonitoringInputs": [of], "MonitoringOutputConfig": places,
                "MonitoringResources": resources, "RoleArn": role,
                "MonitoringAppSpecification": { "ImageUri": "image" },
            }})
        };
        let input = json!({ "MonitoringScheduleName": name, "MonitoringScheduleConfig": config });
        builder.sagemaker("CreateMonitoringSchedule", &input);
        fields.insert("schedule".to_owned(), Value::from(key));
    }
}

/// Some endpoints are moving to a configuration that nobody runs.
fn begin_updates(
    builder: &mut Builder<'_>,
    endpoints: &mut [Value],
    configs: &[Value],
    first_free: usize,
) {
    let moving = endpoints
        .iter_mut()
        .enumerate()
        .filter(|(index, _)| index % 17 == 3);
    for (index, endpoint) in moving {
        let Some(target) = configs.get(first_free + index).and_then(|c| c.get("name")) else {
            continue;
        };
        let name = endpoint.get("name").cloned().unwrap_or_default();
        let input = json!({ "EndpointName": name, "EndpointConfigName": target });
        let begun = !builder.sagemaker("UpdateEndpoint", &input).is_null();
        if let Some(fields) = endpoint.as_object_mut().filter(|_| begun) {
            fields.insert("pending".to_owned(), target.clone());
        }
    }
}

/// Some configurations are deleted under their endpoints.
fn delete_configs(builder: &mut Builder<'_>, configs: &mut [Value], endpoints: usize) {
    let some = endpoints / 3..endpoints / 3 + endpoints / 15;
    for config in configs.iter_mut().take(some.end).skip(some.start) {
        let name = config.get("name").cloned().unwrap_or_default();
        builder.sagemaker(
            "DeleteEndpointConfig",
            &json!({ "EndpointConfigName": name }),
        );
        if let Some(fields) = config.as_object_mut() {
            fields.insert("deleted".to_owned(), Value::from(true));
        }
    }
}
