//! The face for the product's own calls, in process.

use jiff::Timestamp;
use sagelock_domain::call::write::{Tag, WriteCall};
use sagelock_domain::call::{Call, CallError, CallErrorKind, Reply, classify, input};
use sagelock_domain::ids::{BucketName, Region};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use crate::answer::{ApiError, Body};
use crate::input::Input;
use crate::service::Service;
use crate::world::{Answer, Ctx, World};

/// A call of the product's, as the simulator is asked it.
pub struct Asked {
    /// The service.
    pub service: Service,
    /// The operation.
    pub operation: &'static str,
    /// Its input.
    pub input: Input,
}

/// The input of a list that has pages.
fn page(size: &str, most: u32, token: &str, next: Option<&String>) -> Value {
    let mut input = json!({ size: most });
    if let (Some(next), Some(fields)) = (next, input.as_object_mut()) {
        fields.insert(token.to_owned(), Value::from(next.as_str()));
    }
    input
}

fn with(mut input: Value, name: &str, value: &str) -> Value {
    if let Some(fields) = input.as_object_mut() {
        fields.insert(name.to_owned(), Value::from(value));
    }
    input
}

fn next(input: Value, token: Option<&String>) -> Value {
    token.map_or(input.clone(), |token| with(input, "NextToken", token))
}

fn parent(id: &str, token: Option<&String>) -> Value {
    next(json!({ "ParentId": id }), token)
}

fn role(input: &input::AssumeRole) -> Value {
    json!({ "RoleArn": input.role_arn, "RoleSessionName": input.role_session_name })
}

fn named(field: &str, name: &str) -> Value {
    with(json!({}), field, name)
}

fn of_bucket(bucket: &BucketName) -> (Service, &'static str, Value) {
    let input = json!({ "Bucket": bucket.as_str() });
    (Service::S3, "GetBucketEncryption", input)
}

fn of_object(bucket: &BucketName, key: &str) -> (Service, &'static str, Value) {
    let input = json!({ "Bucket": bucket.as_str(), "Key": key });
    (Service::S3, "HeadObject", input)
}

fn under(input: &input::ListObjectsV2) -> (Service, &'static str, Value) {
    let asked = json!({
        "Bucket": input.bucket.as_str(), "Prefix": input.prefix, "MaxKeys": input.max_keys,
        "EncodingType": "url",
    });
    (Service::S3, "ListObjectsV2", asked)
}

impl From<&Call> for Asked {
    #[expect(
        clippy::too_many_lines,
        reason = "an arm for each operation of the table"
    )]
    fn from(call: &Call) -> Self {
        use Service::{Ec2, Iam, Kms, Organizations, SageMaker, Sts};
        let list =
            |most: u32, next: &Option<String>| page("MaxResults", most, "NextToken", next.as_ref());
        let keys = |most: u32, next: &Option<String>| page("Limit", most, "Marker", next.as_ref());
        let job = |name: &String| json!({ "JobDefinitionName": name });
        let (service, operation, input) = match call {
            Call::GetCallerIdentity(_) => (Sts, "GetCallerIdentity", json!({})),
            Call::AssumeRole(input) => (Sts, "AssumeRole", role(input)),
            Call::DescribeRegions(input) => (
                Ec2,
                "DescribeRegions",
                json!({ "AllRegions": input.all_regions }),
            ),
            Call::DescribeAccount(input) => {
                let id = input.account_id.as_str();
                (Organizations, "DescribeAccount", json!({ "AccountId": id }))
            }
            Call::ListAccounts(input) => {
                let page = next(json!({}), input.next_token.as_ref());
                (Organizations, "ListAccounts", page)
            }
            Call::ListAccountsForParent(input) => {
                let page = parent(&input.parent_id, input.next_token.as_ref());
                (Organizations, "ListAccountsForParent", page)
            }
            Call::ListOrganizationalUnitsForParent(input) => {
                let page = parent(&input.parent_id, input.next_token.as_ref());
                (Organizations, "ListOrganizationalUnitsForParent", page)
            }
            Call::ListTagsForResource(input) => {
                let page = json!({ "ResourceId": input.resource_id });
                let page = next(page, input.next_token.as_ref());
                (Organizations, "ListTagsForResource", page)
            }
            Call::ListEndpoints(input) => (
                SageMaker,
                "ListEndpoints",
                list(input.max_results, &input.next_token),
            ),
            Call::DescribeEndpoint(input) => {
                let input = named("EndpointName", input.endpoint_name.as_str());
                (SageMaker, "DescribeEndpoint", input)
            }
            Call::ListEndpointConfigs(input) => (
                SageMaker,
                "ListEndpointConfigs",
                list(input.max_results, &input.next_token),
            ),
            Call::DescribeEndpointConfig(input) => {
                let input = named("EndpointConfigName", input.endpoint_config_name.as_str());
                (SageMaker, "DescribeEndpointConfig", input)
            }
            Call::ListTags(input) => {
                let page = list(input.max_results, &input.next_token);
                (
                    SageMaker,
                    "ListTags",
                    with(page, "ResourceArn", &input.resource_arn),
                )
            }
            Call::DescribeModel(input) => {
                let name = input.model_name.as_str();
                (SageMaker, "DescribeModel", json!({ "ModelName": name }))
            }
            Call::ListMonitoringSchedules(input) => (
                SageMaker,
                "ListMonitoringSchedules",
                list(input.max_results, &input.next_token),
            ),
            Call::DescribeMonitoringSchedule(input) => {
                let name = &input.monitoring_schedule_name;
                let input = json!({ "MonitoringScheduleName": name });
                (SageMaker, "DescribeMonitoringSchedule", input)
            }
            Call::DescribeDataQualityJobDefinition(input) => {
                let input = job(&input.job_definition_name);
                (SageMaker, "DescribeDataQualityJobDefinition", input)
            }
            Call::DescribeModelQualityJobDefinition(input) => {
                let input = job(&input.job_definition_name);
                (SageMaker, "DescribeModelQualityJobDefinition", input)
            }
            Call::DescribeModelBiasJobDefinition(input) => {
                let input = job(&input.job_definition_name);
                (SageMaker, "DescribeModelBiasJobDefinition", input)
            }
            Call::DescribeModelExplainabilityJobDefinition(input) => {
                let input = job(&input.job_definition_name);
                (SageMaker, "DescribeModelExplainabilityJobDefinition", input)
            }
            Call::ListAliases(input) => (Kms, "ListAliases", keys(input.limit, &input.marker)),
            Call::DescribeKey(input) => (Kms, "DescribeKey", json!({ "KeyId": input.key_id })),
            Call::GetKeyRotationStatus(input) => (
                Kms,
                "GetKeyRotationStatus",
                json!({ "KeyId": input.key_id }),
            ),
            Call::ListResourceTags(input) => {
                let page = keys(input.limit, &input.marker);
                (Kms, "ListResourceTags", with(page, "KeyId", &input.key_id))
            }
            Call::GetKeyPolicy(input) => {
                let input = json!({ "KeyId": input.key_id, "PolicyName": input.policy_name });
                (Kms, "GetKeyPolicy", input)
            }
            Call::ListGrants(input) => {
                let page = keys(input.limit, &input.marker);
                (Kms, "ListGrants", with(page, "KeyId", &input.key_id))
            }
            Call::DescribeOrganization(_) => (Organizations, "DescribeOrganization", json!({})),
            Call::GetAccountAuthorizationDetails(input) => {
                let marker = input.marker.as_ref();
                let page = page("MaxItems", input.max_items, "Marker", marker);
                (Iam, "GetAccountAuthorizationDetails", page)
            }
            Call::ListRoots(_) => (Organizations, "ListRoots", json!({})),
            Call::ListParents(input) => {
                let child = json!({ "ChildId": input.child_id });
                (Organizations, "ListParents", child)
            }
            Call::ListPoliciesForTarget(input) => {
                let page = json!({ "TargetId": input.target_id, "Filter": input.filter });
                let page = next(page, input.next_token.as_ref());
                (Organizations, "ListPoliciesForTarget", page)
            }
            Call::DescribePolicy(input) => {
                let id = json!({ "PolicyId": input.policy_id });
                (Organizations, "DescribePolicy", id)
            }
            Call::GetBucketEncryption(input) => of_bucket(&input.bucket),
            Call::HeadObject(input) => of_object(&input.bucket, &input.key),
            Call::ListObjectsV2(input) => under(input),
        };
        let fields = input.as_object().cloned().unwrap_or_default();
        Self {
            service,
            operation,
            input: Input::from_fields(fields),
        }
    }
}

/// The fields that are there.
fn fields<const N: usize>(named: [(&str, Option<Value>); N]) -> Map<String, Value> {
    let named = named.into_iter();
    named
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .collect()
}

fn tags(tags: &[Tag]) -> Option<Value> {
    let all = tags.iter();
    let all = all.map(|tag| json!({ "Key": tag.key, "Value": tag.value }));
    (!tags.is_empty()).then(|| all.collect())
}

impl From<&WriteCall> for Asked {
    fn from(call: &WriteCall) -> Self {
        let text = |text: &str| Some(Value::from(text));
        let (operation, input) = match call {
            WriteCall::CreateEndpointConfig(input) => {
                let mut config = input.rest.clone();
                config.extend(fields([
                    (
                        "EndpointConfigName",
                        text(input.endpoint_config_name.as_str()),
                    ),
                    ("KmsKeyId", input.kms_key_id.as_deref().and_then(text)),
                    ("Tags", tags(&input.tags)),
                ]));
                ("CreateEndpointConfig", config)
            }
            WriteCall::UpdateEndpoint(input) => {
                let retain = input.retain_all_variant_properties;
                let update = fields([
                    ("EndpointName", text(input.endpoint_name.as_str())),
                    (
                        "EndpointConfigName",
                        text(input.endpoint_config_name.as_str()),
                    ),
                    ("RetainAllVariantProperties", retain.map(Value::from)),
                    ("DeploymentConfig", input.deployment_config.clone()),
                ]);
                ("UpdateEndpoint", update)
            }
            WriteCall::DeleteEndpointConfig(input) => {
                let name = text(input.endpoint_config_name.as_str());
                (
                    "DeleteEndpointConfig",
                    fields([("EndpointConfigName", name)]),
                )
            }
        };
        Self {
            service: Service::SageMaker,
            operation,
            input: Input::from_fields(input),
        }
    }
}

impl World {
    /// Answers a call of the product's, as the root user of an account.
    ///
    /// # Errors
    /// What AWS would refuse, and what the plan of faults spoils.
    pub fn answer(&mut self, account: &str, region: &str, call: &Call) -> Result<Reply, CallError> {
        self.answer_to(account, region, &Asked::from(call))
    }

    /// Makes a write of the product's, as the root user of an account.
    ///
    /// # Errors
    /// What AWS would refuse, and what the plan of faults spoils; of what was not answered it is not told
    /// whether it was made.
    pub fn write(
        &mut self,
        account: &str,
        region: &str,
        call: &WriteCall,
    ) -> Result<Reply, CallError> {
        self.answer_to(account, region, &Asked::from(call))
    }

    fn answer_to(
        &mut self,
        account: &str,
        region: &str,
        asked: &Asked,
    ) -> Result<Reply, CallError> {
        let ctx = Ctx::root(asked.service, account, region);
        let outcome = self.perform(&ctx, asked.operation, &asked.input);
        let at = self.now();
        match outcome.answer {
            Answer::Says(Ok(body)) => reply(asked, body, at, outcome.request_id),
            Answer::Says(Err(error)) => Err(refused(asked, &error)),
            Answer::Nothing => Err(unanswered("Timeout", "the attempt timed out")),
            Answer::Reset => Err(unanswered("Connection", "the connection was closed")),
            Answer::Truncated(_) => Err(unanswered(
                "Response",
                "the connection was closed in the answer",
            )),
            Answer::NotAws => Err(CallError {
                kind: CallErrorKind::NotJson,
                code: "HTTP 200".to_owned(),
                message: "the answer is not in AWS's format".to_owned(),
            }),
        }
    }
}

fn unanswered(code: &str, message: &str) -> CallError {
    CallError {
        kind: CallErrorKind::Unavailable,
        code: code.to_owned(),
        message: message.to_owned(),
    }
}

fn refused(asked: &Asked, error: &ApiError) -> CallError {
    if let Some(region) = &error.region {
        return CallError::elsewhere(&Region::new(region.as_str()));
    }
    // A HEAD has no body, so S3 says only the status.
    let is_head = asked.operation == "HeadObject";
    CallError {
        kind: classify(error.status, &error.code, &error.message),
        code: error.code.clone(),
        message: if is_head {
            String::new()
        } else {
            error.message.clone()
        },
    }
}

fn reply(asked: &Asked, body: Body, at: Timestamp, id: String) -> Result<Reply, CallError> {
    let text = match (asked.service, body) {
        (_, Body::Text(text)) => text,
        (Service::Sts | Service::Iam, Body::Tree(tree)) => {
            let result = format!("{}Result", asked.operation);
            json!({ result: elements(&tree, "member") }).to_string()
        }
        (Service::Ec2, Body::Tree(tree)) => elements(&tree, "item").to_string(),
        (_, Body::Tree(tree)) => tree.to_string(),
        (_, Body::Headers(headers)) => {
            let headers: Map<String, Value> = headers
                .into_iter()
                .map(|(name, value)| (name.to_owned(), Value::from(value)))
                .collect();
            Value::Object(headers).to_string()
        }
        (_, Body::Empty | Body::Xml(_) | Body::Bytes(_)) => "{}".to_owned(),
    };
    let body =
        RawValue::from_string(text).map_err(|error| unanswered("Response", &error.to_string()))?;
    Ok(Reply {
        body,
        at,
        request_id: Some(id),
    })
}

/// A reply in XML, as the JSON of its elements.
fn elements(value: &Value, entry: &str) -> Value {
    match value {
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| (name.clone(), elements(value, entry)))
            .collect::<Map<String, Value>>()
            .into(),
        Value::Array(values) => {
            let values: Vec<Value> = values.iter().map(|value| elements(value, entry)).collect();
            json!({ entry: values })
        }
        Value::String(text) => Value::from(text.as_str()),
        Value::Null => Value::from(""),
        Value::Bool(_) | Value::Number(_) => Value::from(value.to_string()),
    }
}
