//! The typed looks at replies: only the fields that something here asks about, each named as in
//! AWS's API reference. What is not looked at stays in the reply.

use percent_encoding::percent_decode_str;
use serde::de::{Error, IgnoredAny};
use serde::{Deserialize, Deserializer};

pub use super::view_iam::{AuthorizationDetails, GetAccountAuthorizationDetails};
use crate::call::AwsTime;
use crate::ids::{AccountId, ConfigName, EndpointName, InstanceType, ModelName, Region};

/// Declares views: PascalCase fields, all `Option` fields absent or null alike.
macro_rules! views {
    ($($(#[$doc:meta])* $name:ident { $($field:ident: $type:ty,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, Deserialize)]
        #[serde(rename_all = "PascalCase")]
        #[expect(missing_docs, reason = "the fields are those of the AWS API reference")]
        pub struct $name { $(pub $field: $type,)* }
    )*};
}

views! {
    /// A page of endpoints.
    ListEndpoints { endpoints: Vec<EndpointSummary>, next_token: Option<String>, }
    /// An endpoint in a list.
    EndpointSummary { endpoint_name: EndpointName, endpoint_arn: String, endpoint_status: String, }
    /// An endpoint.
    DescribeEndpoint {
        endpoint_name: EndpointName, endpoint_arn: String, endpoint_status: String,
        endpoint_config_name: Option<ConfigName>, failure_reason: Option<String>,
        creation_time: AwsTime, last_modified_time: AwsTime,
        pending_deployment_summary: Option<PendingDeploymentSummary>,
        production_variants: Option<Vec<RunningVariant>>,
        shadow_production_variants: Option<Vec<RunningVariant>>,
    }
    /// What an update is moving to.
    PendingDeploymentSummary { endpoint_config_name: Option<ConfigName>, }
    /// A variant as it runs.
    RunningVariant { instance_pools: Option<Vec<InstancePool>>, }
    /// A page of endpoint configurations.
    ListEndpointConfigs { endpoint_configs: Vec<EndpointConfigSummary>, next_token: Option<String>, }
    /// A configuration in a list.
    EndpointConfigSummary {
        endpoint_config_name: ConfigName, endpoint_config_arn: String,
        creation_time: Option<AwsTime>,
    }
    /// An endpoint configuration.
    DescribeEndpointConfig {
        endpoint_config_name: ConfigName, endpoint_config_arn: String, creation_time: AwsTime,
        kms_key_id: Option<String>,
        production_variants: Option<Vec<ProductionVariant>>,
        shadow_production_variants: Option<Vec<ProductionVariant>>,
        data_capture_config: Option<DataCaptureConfig>,
        async_inference_config: Option<AsyncInferenceConfig>,
        execution_role_arn: Option<String>,
    }
    /// What tells one configuration from another of the same name.
    Created { endpoint_config_name: ConfigName, endpoint_config_arn: String, creation_time: AwsTime, }
    /// A variant of a configuration.
    ProductionVariant {
        variant_name: Option<String>, model_name: Option<ModelName>,
        instance_type: Option<InstanceType>, instance_pools: Option<Vec<InstancePool>>,
        serverless_config: Option<IgnoredAny>, core_dump_config: Option<CoreDumpConfig>,
    }
    /// One of the instance types a variant may run on.
    InstancePool { instance_type: Option<InstanceType>, model_name_override: Option<ModelName>, }
    /// Where core dumps go.
    CoreDumpConfig { destination_s3_uri: Option<String>, kms_key_id: Option<String>, }
    /// Where captured requests and responses go. moto gives an empty object where AWS gives none.
    DataCaptureConfig {
        enable_capture: Option<bool>, destination_s3_uri: Option<String>,
        kms_key_id: Option<String>,
    }
    /// Asynchronous inference.
    AsyncInferenceConfig { output_config: Option<AsyncOutputConfig>, }
    /// Where asynchronous results go.
    AsyncOutputConfig {
        s3_output_path: Option<String>, s3_failure_path: Option<String>,
        kms_key_id: Option<String>,
    }
    /// A page of SageMaker tags.
    ListTags { tags: Vec<Tag>, next_token: Option<String>, }
    /// A tag, as SageMaker and Organizations write it.
    Tag { key: String, value: String, }
    /// A model.
    DescribeModel {
        execution_role_arn: Option<String>, primary_container: Option<Container>,
        containers: Option<Vec<Container>>,
    }
    /// A container of a model.
    Container {
        mode: Option<String>, model_data_url: Option<String>,
        model_data_source: Option<ModelDataSource>,
        additional_model_data_sources: Option<Vec<ModelDataSource>>,
        model_package_name: Option<String>,
    }
    /// Where artifacts are, and how many objects they are. The fields of an additional source that
    /// are looked at are those of a model's own.
    ModelDataSource { s3_data_source: Option<S3ModelDataSource>, }
    /// Their place in S3.
    S3ModelDataSource {
        s3_uri: Option<String>, s3_data_type: Option<String>, manifest_s3_uri: Option<String>,
    }
    /// A page of monitoring schedules.
    ListMonitoringSchedules {
        monitoring_schedule_summaries: Vec<MonitoringScheduleSummary>, next_token: Option<String>,
    }
    /// A monitoring schedule in a list.
    MonitoringScheduleSummary { monitoring_schedule_name: String, endpoint_name: Option<EndpointName>, }
    /// A monitoring schedule.
    DescribeMonitoringSchedule {
        endpoint_name: Option<EndpointName>,
        monitoring_schedule_config: MonitoringScheduleConfig,
    }
    /// What a monitoring schedule runs.
    MonitoringScheduleConfig {
        monitoring_job_definition: Option<MonitoringJobDefinition>,
        monitoring_job_definition_name: Option<String>, monitoring_type: Option<String>,
    }
    /// A monitoring job written into its schedule.
    MonitoringJobDefinition {
        monitoring_inputs: Option<Vec<MonitoringInput>>,
        monitoring_output_config: MonitoringOutputConfig,
    }
    /// What a monitoring job reads: an endpoint's data, or a batch transform's.
    MonitoringInput { endpoint_input: Option<EndpointInput>, }
    /// The endpoint whose data a monitoring job reads.
    EndpointInput { endpoint_name: EndpointName, }
    /// Where a monitoring job writes.
    MonitoringOutputConfig { monitoring_outputs: Vec<MonitoringOutput>, kms_key_id: Option<String>, }
    /// One output of a monitoring job.
    MonitoringOutput { s3_output: Option<MonitoringS3Output>, }
    /// Its place in S3.
    MonitoringS3Output { s3_uri: Option<String>, }
    /// A page of aliases.
    ListAliases { aliases: Vec<Alias>, truncated: Option<bool>, next_marker: Option<String>, }
    /// An alias; those that AWS reserves may have no key yet.
    Alias { alias_name: String, target_key_id: Option<String>, }
    /// A key.
    DescribeKey { key_metadata: KeyMetadata, }
    /// Its metadata.
    KeyMetadata {
        arn: String, key_id: String, key_manager: Option<String>, key_state: Option<String>,
        key_spec: Option<String>, key_usage: Option<String>, origin: Option<String>,
        valid_to: Option<AwsTime>, expiration_model: Option<String>,
        deletion_date: Option<AwsTime>, multi_region: Option<bool>,
        multi_region_configuration: Option<MultiRegionConfiguration>,
    }
    /// The keys that a multi-Region key is one of.
    MultiRegionConfiguration {
        primary_key: Option<MultiRegionKey>, replica_keys: Option<Vec<MultiRegionKey>>,
    }
    /// One of them.
    MultiRegionKey { region: Option<Region>, }
    /// Rotation of a key.
    GetKeyRotationStatus { key_rotation_enabled: bool, rotation_period_in_days: Option<u32>, }
    /// The policy of a key.
    GetKeyPolicy { policy: String, }
    /// A page of the grants of a key.
    ListGrants { grants: Vec<serde_json::Value>, truncated: Option<bool>, next_marker: Option<String>, }
    /// The organisation of an account.
    DescribeOrganization { organization: Option<OrganizationSummary>, }
    /// An organisation.
    OrganizationSummary { id: Option<String>, master_account_id: Option<AccountId>, }
    /// The roots of an organisation.
    ListRoots { roots: Vec<Root>, }
    /// A root.
    Root { policy_types: Vec<PolicyType>, }
    /// A type of policies that is switched on, or is being.
    PolicyType { r#type: String, }
    /// The unit above an account or a unit.
    ListParents { parents: Vec<Parent>, }
    /// A unit, or the root.
    Parent { id: String, }
    /// A page of policies.
    ListPoliciesForTarget { policies: Vec<PolicySummary>, next_token: Option<String>, }
    /// A policy in a list.
    PolicySummary { id: String, }
    /// A policy of the organisation.
    DescribePolicy { policy: OrganizationPolicy, }
    /// What it says.
    OrganizationPolicy { content: String, }
    /// A page of a key's tags.
    ListResourceTags { tags: Vec<KeyTag>, truncated: Option<bool>, next_marker: Option<String>, }
    /// A key's tag.
    KeyTag { tag_key: String, tag_value: String, }
    /// A page of accounts.
    ListAccounts { accounts: Vec<OrganizationAccount>, next_token: Option<String>, }
    /// A page of organisational units.
    ListOrganizationalUnitsForParent {
        organizational_units: Vec<OrganizationalUnit>, next_token: Option<String>,
    }
    /// An organisational unit.
    OrganizationalUnit { id: String, }
    /// A page of tags of an account.
    ListTagsForResource { tags: Vec<Tag>, next_token: Option<String>, }
    /// An account of the organisation.
    DescribeAccount { account: OrganizationAccount, }
    /// Its id, name and state. `State` takes the place of `Status` (Organizations API, `Account`).
    OrganizationAccount {
        id: AccountId, name: Option<String>, state: Option<String>, status: Option<String>,
    }
    /// A role that is assumed. Its credentials are taken out before anybody looks.
    AssumeRole { assume_role_result: AssumedRole, }
    /// The session.
    AssumedRole { assumed_role_user: AssumedRoleUser, }
    /// Who the session is.
    AssumedRoleUser { arn: String, }
    /// Whose credentials these are.
    GetCallerIdentity { get_caller_identity_result: CallerIdentity, }
    /// The identity.
    CallerIdentity { account: AccountId, arn: String, }
}

impl MonitoringJobDefinition {
    /// The endpoint whose data the job reads.
    #[must_use]
    pub fn endpoint(&self) -> Option<EndpointName> {
        let mut inputs = self.monitoring_inputs.iter().flatten();
        let input = inputs.find_map(|input| input.endpoint_input.as_ref());
        input.map(|input| input.endpoint_name.clone())
    }
}

/// A monitoring job definition of any of the four types, each of which names its input and its
/// output in fields of its own.
#[derive(Clone, Debug, Deserialize)]
pub struct DescribeJobDefinition {
    #[serde(rename = "DataQualityJobOutputConfig")]
    data_quality: Option<MonitoringOutputConfig>,
    #[serde(rename = "ModelQualityJobOutputConfig")]
    model_quality: Option<MonitoringOutputConfig>,
    #[serde(rename = "ModelBiasJobOutputConfig")]
    model_bias: Option<MonitoringOutputConfig>,
    #[serde(rename = "ModelExplainabilityJobOutputConfig")]
    model_explainability: Option<MonitoringOutputConfig>,
    #[serde(rename = "DataQualityJobInput")]
    data_quality_input: Option<MonitoringInput>,
    #[serde(rename = "ModelQualityJobInput")]
    model_quality_input: Option<MonitoringInput>,
    #[serde(rename = "ModelBiasJobInput")]
    model_bias_input: Option<MonitoringInput>,
    #[serde(rename = "ModelExplainabilityJobInput")]
    model_explainability_input: Option<MonitoringInput>,
}

impl DescribeJobDefinition {
    /// The endpoint whose data the job reads; none where it reads a batch transform's.
    #[must_use]
    pub fn endpoint(&self) -> Option<EndpointName> {
        let inputs = [
            &self.data_quality_input,
            &self.model_quality_input,
            &self.model_bias_input,
            &self.model_explainability_input,
        ];
        let input = inputs
            .into_iter()
            .flatten()
            .find_map(|input| input.endpoint_input.as_ref());
        input.map(|input| input.endpoint_name.clone())
    }

    /// Where the job writes.
    #[must_use]
    pub fn output(self) -> Option<MonitoringOutputConfig> {
        self.data_quality
            .or(self.model_quality)
            .or(self.model_bias)
            .or(self.model_explainability)
    }
}

/// The default encryption of a bucket (S3 API, `ServerSideEncryptionConfiguration`).
#[derive(Clone, Debug, Deserialize)]
pub struct GetBucketEncryption {
    /// The rules. There is one of every bucket.
    #[serde(rename = "Rule")]
    pub rules: Vec<EncryptionRule>,
}

/// A rule of it (S3 API, `ServerSideEncryptionRule`).
#[derive(Clone, Debug, Deserialize)]
pub struct EncryptionRule {
    /// What new objects get that name no encryption of their own.
    #[serde(rename = "ApplyServerSideEncryptionByDefault")]
    pub by_default: Option<EncryptionByDefault>,
}

/// What new objects get (S3 API, `ServerSideEncryptionByDefault`).
#[derive(Clone, Debug, Deserialize)]
pub struct EncryptionByDefault {
    /// `AES256`, `aws:kms` or `aws:kms:dsse`.
    #[serde(rename = "SSEAlgorithm")]
    pub algorithm: String,
    /// The key; absent: `aws/s3`, which AWS manages.
    #[serde(rename = "KMSMasterKeyID")]
    pub key: Option<String>,
}

/// A page of the objects under a prefix (S3 API, `ListBucketResult`).
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListObjectsV2 {
    /// The objects; absent: none.
    #[serde(default)]
    pub contents: Vec<ListedObject>,
    /// `true`: there are more.
    #[serde(deserialize_with = "truth")]
    pub is_truncated: bool,
}

/// An object of a list (S3 API, `Object`).
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListedObject {
    /// Its key, which comes URL-encoded.
    #[serde(deserialize_with = "url_decoded")]
    pub key: String,
    /// Its bytes.
    pub size: String,
}

/// A truth value of a reply in XML.
fn truth<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    String::deserialize(deserializer)?
        .parse()
        .map_err(Error::custom)
}

/// A key as `encoding-type=url` writes it, with a plus for a blank.
fn url_decoded<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?.replace('+', " ");
    let decoded = percent_decode_str(&text).decode_utf8();
    Ok(decoded.map_err(Error::custom)?.into_owned())
}

/// The headers of an object, under their own names.
#[derive(Clone, Debug, Deserialize)]
pub struct HeadObject {
    /// `AES256`, `aws:kms` or `aws:kms:dsse`; absent: none.
    #[serde(rename = "x-amz-server-side-encryption")]
    pub algorithm: Option<String>,
    /// The key of `aws:kms` and `aws:kms:dsse`.
    #[serde(rename = "x-amz-server-side-encryption-aws-kms-key-id")]
    pub key: Option<String>,
    /// The algorithm of a key that the customer brings with every request.
    #[serde(rename = "x-amz-server-side-encryption-customer-algorithm")]
    pub customer_algorithm: Option<String>,
}

/// The regions, as EC2's XML names them.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeRegions {
    /// The list.
    pub region_info: RegionInfo,
}

/// EC2 wraps lists in `item` elements.
#[derive(Clone, Debug, Deserialize)]
pub struct RegionInfo {
    /// The regions.
    #[serde(default)]
    pub item: Vec<RegionItem>,
}

impl DescribeRegions {
    /// The regions that the account has enabled, and those that it has not.
    #[must_use]
    pub fn enabled(self) -> (Vec<Region>, Vec<Region>) {
        let is_off = |item: &RegionItem| item.opt_in_status.as_deref() == Some("not-opted-in");
        let (off, on): (Vec<RegionItem>, Vec<RegionItem>) =
            self.region_info.item.into_iter().partition(is_off);
        let names = |items: Vec<RegionItem>| items.into_iter().map(|item| item.region_name);
        (names(on).collect(), names(off).collect())
    }
}

/// A region and whether the account has it (EC2 API, `Region`, `OptInStatus`).
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RegionItem {
    /// Its name.
    pub region_name: Region,
    /// `opt-in-not-required`, `opted-in` or `not-opted-in`.
    pub opt_in_status: Option<String>,
}
