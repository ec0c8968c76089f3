//! The table of the operations that read. One entry is all it takes to add one.

pub mod view;
pub mod view_iam;

use super::macros::operations;
use super::wires::{EC2, IAM, KMS, ORGANIZATIONS, SAGEMAKER, STS};
use super::{Method, Wire};
use crate::word::by_word;

by_word!(Op, name, "operation");

/// S3 speaks REST with XML (botocore, s3/2006-03-01, `GetBucketEncryption`, `requestUri`).
const BUCKET_ENCRYPTION: Wire = Wire::Rest {
    method: Method::Get,
    query: "encryption",
};
/// The headers of an object without the object (botocore, s3/2006-03-01, `HeadObject`).
const OBJECT_HEADERS: Wire = Wire::Rest {
    method: Method::Head,
    query: "",
};
/// The objects under a prefix (botocore, s3/2006-03-01, `ListObjectsV2`, `requestUri`). Keys come
/// URL-encoded, for XML cannot hold each of them (S3 API, ListObjectsV2, `encoding-type`).
const OBJECT_LIST: Wire = Wire::Rest {
    method: Method::Get,
    query: "list-type=2&encoding-type=url",
};

operations! {
    /// An operation that reads.
    enum Op;
    /// A call that reads: an operation and its input.
    enum Call;
    ids: [AccountId, BucketName, ConfigName, EndpointName, ModelName];

    /// Whose credentials these are; the account that is audited.
    GetCallerIdentity {
        service: Sts, wire: STS, actions: ["sts:GetCallerIdentity"], resource: "*", finds: Account,
        view: view::GetCallerIdentity,
    }
    /// To look into another account as its role.
    AssumeRole {
        service: Sts, wire: STS, actions: ["sts:AssumeRole"], resource: "arn:*:iam::*:role/sagelock-audit", finds: Account,
        view: view::AssumeRole,
        field role_arn: String,
        field role_session_name: String,
    }
    /// The regions that the account has enabled.
    DescribeRegions {
        service: Ec2, wire: EC2, actions: ["ec2:DescribeRegions"], resource: "*", finds: Account,
        view: view::DescribeRegions,
        field all_regions: bool,
    }
    /// Whether the owner of a foreign key belongs to the own organisation.
    DescribeAccount {
        service: Organizations, wire: ORGANIZATIONS, actions: ["organizations:DescribeAccount"],
        resource: "*", finds: Facts, view: view::DescribeAccount,
        field account_id: AccountId,
    }
    /// The accounts of the organisation.
    ListAccounts {
        service: Organizations, wire: ORGANIZATIONS, actions: ["organizations:ListAccounts"],
        resource: "*", finds: Accounts, view: view::ListAccounts,
        field #[serde(skip_serializing_if = "Option::is_none")] next_token: Option<String>,
    }
    /// The accounts of an organisational unit.
    ListAccountsForParent {
        service: Organizations, wire: ORGANIZATIONS,
        actions: ["organizations:ListAccountsForParent"],
        resource: "*", finds: Accounts, view: view::ListAccounts,
        field parent_id: String,
        field #[serde(skip_serializing_if = "Option::is_none")] next_token: Option<String>,
    }
    /// The units within an organisational unit.
    ListOrganizationalUnitsForParent {
        service: Organizations, wire: ORGANIZATIONS,
        actions: ["organizations:ListOrganizationalUnitsForParent"],
        resource: "*", finds: Accounts, view: view::ListOrganizationalUnitsForParent,
        field parent_id: String,
        field #[serde(skip_serializing_if = "Option::is_none")] next_token: Option<String>,
    }
    /// The tags of an account, where accounts are chosen by them.
    ListTagsForResource {
        service: Organizations, wire: ORGANIZATIONS,
        actions: ["organizations:ListTagsForResource"],
        resource: "*", finds: Facts, view: view::ListTagsForResource,
        field resource_id: String,
        field #[serde(skip_serializing_if = "Option::is_none")] next_token: Option<String>,
    }
    /// The endpoints of a region.
    ListEndpoints {
        service: SageMaker, wire: SAGEMAKER, actions: ["sagemaker:ListEndpoints"], resource: "*", finds: Resources,
        view: view::ListEndpoints,
        field max_results: u32,
        field #[serde(skip_serializing_if = "Option::is_none")] next_token: Option<String>,
    }
    /// Which configuration an endpoint runs, and its state.
    DescribeEndpoint {
        service: SageMaker, wire: SAGEMAKER, actions: ["sagemaker:DescribeEndpoint"],
        resource: "endpoint/*", finds: Facts, view: view::DescribeEndpoint,
        field endpoint_name: EndpointName,
    }
    /// The endpoint configurations of a region.
    ListEndpointConfigs {
        service: SageMaker, wire: SAGEMAKER, actions: ["sagemaker:ListEndpointConfigs"],
        resource: "*", finds: Resources, view: view::ListEndpointConfigs,
        field max_results: u32,
        field #[serde(skip_serializing_if = "Option::is_none")] next_token: Option<String>,
    }
    /// The keys, variants and outputs of a configuration.
    DescribeEndpointConfig {
        service: SageMaker, wire: SAGEMAKER, actions: ["sagemaker:DescribeEndpointConfig"],
        resource: "endpoint-config/*", finds: Facts, view: view::DescribeEndpointConfig,
        field endpoint_config_name: ConfigName,
    }
    /// The tags of an endpoint or a configuration.
    ListTags {
        service: SageMaker, wire: SAGEMAKER, actions: ["sagemaker:ListTags"], resource: "*", finds: Facts,
        view: view::ListTags,
        field resource_arn: String,
        field max_results: u32,
        field #[serde(skip_serializing_if = "Option::is_none")] next_token: Option<String>,
    }
    /// The execution role of a model, and where its artifacts are.
    DescribeModel {
        service: SageMaker, wire: SAGEMAKER, actions: ["sagemaker:DescribeModel"],
        resource: "model/*", finds: Facts, view: view::DescribeModel,
        field model_name: ModelName,
    }
    /// The monitoring schedules of a region.
    ListMonitoringSchedules {
        service: SageMaker, wire: SAGEMAKER, actions: ["sagemaker:ListMonitoringSchedules"],
        resource: "*", finds: Resources, view: view::ListMonitoringSchedules,
        field max_results: u32,
        field #[serde(skip_serializing_if = "Option::is_none")] next_token: Option<String>,
    }
    /// Where a monitoring schedule writes, and under which key.
    DescribeMonitoringSchedule {
        service: SageMaker, wire: SAGEMAKER, actions: ["sagemaker:DescribeMonitoringSchedule"],
        resource: "monitoring-schedule/*", finds: Facts, view: view::DescribeMonitoringSchedule,
        field monitoring_schedule_name: String,
    }
    /// Where a data quality job writes, and under which key.
    DescribeDataQualityJobDefinition {
        service: SageMaker, wire: SAGEMAKER,
        actions: ["sagemaker:DescribeDataQualityJobDefinition"],
        resource: "data-quality-job-definition/*", finds: Facts, view: view::DescribeJobDefinition,
        field job_definition_name: String,
    }
    /// Where a model quality job writes, and under which key.
    DescribeModelQualityJobDefinition {
        service: SageMaker, wire: SAGEMAKER,
        actions: ["sagemaker:DescribeModelQualityJobDefinition"],
        resource: "model-quality-job-definition/*", finds: Facts, view: view::DescribeJobDefinition,
        field job_definition_name: String,
    }
    /// Where a model bias job writes, and under which key.
    DescribeModelBiasJobDefinition {
        service: SageMaker, wire: SAGEMAKER,
        actions: ["sagemaker:DescribeModelBiasJobDefinition"],
        resource: "model-bias-job-definition/*", finds: Facts, view: view::DescribeJobDefinition,
        field job_definition_name: String,
    }
    /// Where a model explainability job writes, and under which key.
    DescribeModelExplainabilityJobDefinition {
        service: SageMaker, wire: SAGEMAKER,
        actions: ["sagemaker:DescribeModelExplainabilityJobDefinition"],
        resource: "model-explainability-job-definition/*", finds: Facts, view: view::DescribeJobDefinition,
        field job_definition_name: String,
    }
    /// The aliases of a region, and the key behind each.
    ListAliases {
        service: Kms, wire: KMS, actions: ["kms:ListAliases"], resource: "*", finds: Facts,
        view: view::ListAliases,
        field limit: u32,
        field #[serde(skip_serializing_if = "Option::is_none")] marker: Option<String>,
    }
    /// Who manages a key, its state, specification and usage.
    DescribeKey {
        service: Kms, wire: KMS, actions: ["kms:DescribeKey"], resource: "key/*", finds: Facts,
        view: view::DescribeKey,
        field key_id: String,
    }
    /// Whether a key rotates, and how often.
    GetKeyRotationStatus {
        service: Kms, wire: KMS, actions: ["kms:GetKeyRotationStatus"], resource: "key/*", finds: Facts,
        view: view::GetKeyRotationStatus,
        field key_id: String,
    }
    /// The tags of a key.
    ListResourceTags {
        service: Kms, wire: KMS, actions: ["kms:ListResourceTags"], resource: "key/*", finds: Facts,
        view: view::ListResourceTags,
        field key_id: String,
        field limit: u32,
        field #[serde(skip_serializing_if = "Option::is_none")] marker: Option<String>,
    }
    /// Who may use a key: its policy.
    GetKeyPolicy {
        service: Kms, wire: KMS, actions: ["kms:GetKeyPolicy"], resource: "key/*", finds: Facts,
        view: view::GetKeyPolicy,
        field key_id: String,
        field policy_name: String,
    }
    /// Who may use a key: its grants.
    ListGrants {
        service: Kms, wire: KMS, actions: ["kms:ListGrants"], resource: "key/*", finds: Facts,
        view: view::ListGrants,
        field key_id: String,
        field limit: u32,
        field #[serde(skip_serializing_if = "Option::is_none")] marker: Option<String>,
    }
    /// The organisation whose members are no outsiders, where a key policy names one.
    DescribeOrganization {
        service: Organizations, wire: ORGANIZATIONS,
        actions: ["organizations:DescribeOrganization"],
        resource: "*", finds: Facts, view: view::DescribeOrganization,
    }
    /// The roles and users of an account and their policies, where tenants are to be isolated.
    GetAccountAuthorizationDetails {
        service: Iam, wire: IAM, actions: ["iam:GetAccountAuthorizationDetails"], resource: "*", finds: Facts,
        view: view::GetAccountAuthorizationDetails,
        field max_items: u32,
        field #[serde(skip_serializing_if = "Option::is_none")] marker: Option<String>,
    }
    /// Which types of control policies the organisation has switched on; without it each account is asked about all of them.
    ListRoots {
        service: Organizations, wire: ORGANIZATIONS, actions: ["organizations:ListRoots"],
        resource: "*", finds: Facts, view: view::ListRoots,
    }
    /// The unit above an account, whose service control policies bind it too.
    ListParents {
        service: Organizations, wire: ORGANIZATIONS, actions: ["organizations:ListParents"],
        resource: "*", finds: Facts, view: view::ListParents,
        field child_id: String,
    }
    /// The service and resource control policies of an account or a unit.
    ListPoliciesForTarget {
        service: Organizations, wire: ORGANIZATIONS,
        actions: ["organizations:ListPoliciesForTarget"],
        resource: "*", finds: Facts, view: view::ListPoliciesForTarget,
        field target_id: String,
        field filter: String,
        field #[serde(skip_serializing_if = "Option::is_none")] next_token: Option<String>,
    }
    /// What a service or resource control policy says.
    DescribePolicy {
        service: Organizations, wire: ORGANIZATIONS, actions: ["organizations:DescribePolicy"],
        resource: "*", finds: Facts, view: view::DescribePolicy,
        field policy_id: String,
    }
    /// The default encryption of a bucket that an endpoint writes to or takes its model from.
    GetBucketEncryption {
        service: S3, wire: BUCKET_ENCRYPTION, actions: ["s3:GetEncryptionConfiguration"],
        resource: "bucket/*", finds: Facts, view: view::GetBucketEncryption,
        field bucket: BucketName,
    }
    /// How a model artifact is encrypted, without its content; one that is gone is told from one that is denied only where s3:ListBucket is allowed too.
    HeadObject {
        service: S3, wire: OBJECT_HEADERS, actions: ["s3:GetObject"],
        resource: "object/*", finds: Facts, view: view::HeadObject,
        field bucket: BucketName,
        field key: String,
    }
    /// The objects under a prefix that a model loads, each of which is then asked about.
    ListObjectsV2 {
        service: S3, wire: OBJECT_LIST, actions: ["s3:ListBucket"],
        resource: "bucket/*", finds: Facts, view: view::ListObjectsV2,
        field bucket: BucketName,
        field prefix: String,
        field max_keys: u32,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::Service;

    #[test]
    fn every_operation_names_its_permission() {
        for op in Op::ALL {
            let row = op.row();
            let of_service = format!("{}:", row.service.prefix());
            let actions = row.actions;
            assert!(
                actions.iter().all(|action| action.starts_with(&of_service)),
                "{}",
                op.name()
            );
            // Service Authorization Reference, Amazon S3: its actions have names of their own.
            let named = actions.contains(&op.name()) || row.service == Service::S3;
            assert!(named, "{}", op.name());
            assert!(!row.purpose.trim().is_empty(), "{}", op.name());
        }
    }

    #[test]
    fn inputs_carry_the_field_names_of_aws() {
        let call: Call = input::ListTags {
            resource_arn: "arn:x".to_owned(),
            max_results: 50,
            next_token: None,
        }
        .into();
        assert_eq!(
            call.body().to_string(),
            r#"{"MaxResults":50,"ResourceArn":"arn:x"}"#
        );
    }
}
