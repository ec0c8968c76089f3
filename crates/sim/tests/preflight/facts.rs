//! What has nothing to do with policies.

use std::time::Duration;

use sagelock_domain::preflight::{Answer, AnswerKind, Step};
use sagelock_sim::Service;
use serde_json::{Value, json};

use crate::calls::{ACCOUNT, REGION, put_policy, role, root};
use crate::deployment::{self, Wanted, config, look, organizations, set_up, world};

#[test]
fn what_has_nothing_to_do_with_policies_is_foretold_too() {
    let mut world = world();
    let key = set_up(&mut world);
    for (operation, step, reason) in [
        ("DisableKey", Step::Key, "Disabled"),
        ("UpdateEndpoint", Step::Endpoint, "Updating"),
        ("CreateEndpointConfig", Step::ConfigName, "already"),
    ] {
        let mut world = deployment::world();
        let key_2 = set_up(&mut world);
        assert_eq!(key, key_2, "the same seed makes the same world");
        match operation {
            "DisableKey" => {
                if let Some(key) = world
                    .kms_mut(ACCOUNT, REGION)
                    .key_mut(key.rsplit('/').next().expect("an id"))
                {
                    key.state = sagelock_sim::kms::State::Disabled;
                }
            }
            "UpdateEndpoint" => {
                root(
                    &mut world,
                    Service::SageMaker,
                    "CreateEndpointConfig",
                    &config("other", None),
                );
                let update = json!({ "EndpointName": "fraud", "EndpointConfigName": "other" });
                root(&mut world, Service::SageMaker, operation, &update);
            }
            _ => {
                root(
                    &mut world,
                    Service::SageMaker,
                    operation,
                    &config("new-1", None),
                );
            }
        }
        let found = look(&mut world, &Wanted::new(&key, "new-1"));
        let check = found
            .checks
            .iter()
            .find(|check| check.step == step)
            .expect("a check");
        let Answer::Blocked(block) = &check.answer else {
            panic!("{operation}: {check:?}");
        };
        assert!(block.says.contains(reason), "{}", block.says);
    }
}

/// What SageMaker's grant for the execution role comes to under a key policy that lets it create grants if
/// something is so; the role's RoleId and the organisation's id stand for `ROLE_ID` and `ORGANIZATION`.
fn granted_if(effect: &str, condition: &Value) -> AnswerKind {
    let mut world = world();
    role(&mut world, "bare", &json!([]));
    let model = json!({ "ModelName": "m", "PrimaryContainer": { "Image": "i" },
        "ExecutionRoleArn": "arn:aws:iam::222233334444:role/bare" });
    root(&mut world, Service::SageMaker, "CreateModel", &model);
    let old = config("old", None);
    root(&mut world, Service::SageMaker, "CreateEndpointConfig", &old);
    let endpoint = json!({ "EndpointName": "fraud", "EndpointConfigName": "old" });
    root(&mut world, Service::SageMaker, "CreateEndpoint", &endpoint);
    world.advance(Duration::from_mins(2));
    role(&mut world, "Deployer", &json!([]));
    let details = root(
        &mut world,
        Service::Iam,
        "GetRole",
        &json!({ "RoleName": "bare" }),
    );
    let id = details.pointer("/Role/RoleId").and_then(Value::as_str);
    let told = organizations(&mut world, "DescribeOrganization", &json!({}));
    let organization = told.pointer("/Organization/Id").and_then(Value::as_str);
    let text = condition
        .to_string()
        .replace("ROLE_ID", id.expect("an id"))
        .replace("ORGANIZATION", organization.expect("an id"));
    let condition: Value = serde_json::from_str(&text).expect("JSON");
    let own = json!({ "AWS": "arn:aws:iam::222233334444:role/bare" });
    let mut statements = vec![
        json!({ "Effect": "Allow", "Principal": { "AWS": "arn:aws:iam::222233334444:root" },
            "Action": ["kms:Put*", "kms:Get*", "kms:Describe*", "kms:List*"], "Resource": "*" }),
        json!({ "Effect": effect, "Principal": own, "Action": "kms:CreateGrant", "Resource": "*",
            "Condition": condition }),
    ];
    if effect == "Deny" {
        statements.push(
            json!({ "Effect": "Allow", "Principal": own, "Action": "kms:CreateGrant",
            "Resource": "*" }),
        );
    }
    let policy = json!({ "Version": "2012-10-17", "Statement": statements }).to_string();
    let made = root(
        &mut world,
        Service::Kms,
        "CreateKey",
        &json!({ "Policy": policy }),
    );
    let key = made.pointer("/KeyMetadata/Arn").and_then(Value::as_str);
    let found = look(&mut world, &Wanted::new(key.expect("an ARN"), "new-1"));
    let check = found.checks.iter().find(|check| {
        let of_role = check
            .principal
            .as_deref()
            .is_some_and(|who| who.ends_with("/bare"));
        check.step == Step::Grant && of_role
    });
    check.expect("a check").answer.kind()
}

/// What was read, or follows from who asks, is no reason for not knowing.
#[test]
fn facts_of_the_moment_and_of_the_session_decide() {
    let (passed, blocked, unknown) = (AnswerKind::Passed, AnswerKind::Blocked, AnswerKind::Unknown);
    let factor = "aws:MultiFactorAuthPresent";
    for (effect, condition, expected) in [
        (
            "Allow",
            json!({ "DateLessThan": { "aws:CurrentTime": "2022-01-01T00:00:00Z" } }),
            blocked,
        ),
        (
            "Allow",
            json!({ "DateGreaterThan": { "aws:CurrentTime": "2022-01-01T00:00:00Z" } }),
            passed,
        ),
        (
            "Allow",
            json!({ "NumericGreaterThan": { "aws:EpochTime": "1640995200" } }),
            passed,
        ),
        (
            "Deny",
            json!({ "StringNotEquals": { "aws:PrincipalOrgID": "ORGANIZATION" } }),
            passed,
        ),
        (
            "Deny",
            json!({ "StringEquals": { "aws:PrincipalOrgID": "ORGANIZATION" } }),
            blocked,
        ),
        (
            "Deny",
            json!({ "BoolIfExists": { factor: "false" } }),
            blocked,
        ),
        ("Deny", json!({ "Bool": { factor: "true" } }), passed),
        (
            "Allow",
            json!({ "NumericLessThan": { "aws:MultiFactorAuthAge": "3600" } }),
            blocked,
        ),
        // False, or absent: no page says which.
        ("Deny", json!({ "Bool": { factor: "false" } }), unknown),
        (
            "Allow",
            json!({ "StringLike": { "aws:userid": "ROLE_ID:*" } }),
            passed,
        ),
        (
            "Allow",
            json!({ "StringLike": { "aws:userid": "AROAOTHEROTHEROTHER12:*" } }),
            blocked,
        ),
        (
            "Allow",
            json!({ "StringEquals": { "aws:SourceIdentity": "x" } }),
            unknown,
        ),
    ] {
        assert_eq!(
            granted_if(effect, &condition),
            expected,
            "{effect} {condition}"
        );
    }
}

/// A key is named by its ARN, its id or an alias: it is named in each.
#[test]
fn the_key_of_a_configuration_is_there_whatever_names_it() {
    for (name, condition, expected) in [
        (
            "id",
            json!({ "Null": { "sagemaker:VolumeKmsKey": "true" } }),
            AnswerKind::Passed,
        ),
        (
            "id",
            json!({ "Null": { "sagemaker:VolumeKmsKeyArn": "true" } }),
            AnswerKind::Passed,
        ),
        (
            "alias",
            json!({ "Null": { "sagemaker:VolumeKmsKey": "true" } }),
            AnswerKind::Passed,
        ),
        (
            "alias",
            json!({ "Null": { "sagemaker:VolumeKmsKeyArn": "false" } }),
            AnswerKind::Blocked,
        ),
        (
            "id",
            json!({ "ArnNotEquals": { "sagemaker:VolumeKmsKeyArn": "KEY" } }),
            AnswerKind::Passed,
        ),
        // What the older key is then, no page says.
        (
            "id",
            json!({ "ArnNotEquals": { "sagemaker:VolumeKmsKey": "KEY" } }),
            AnswerKind::Unknown,
        ),
        (
            "arn",
            json!({ "ArnNotEquals": { "sagemaker:VolumeKmsKey": "KEY" } }),
            AnswerKind::Passed,
        ),
    ] {
        let mut world = world();
        set_up(&mut world);
        let made = root(&mut world, Service::Kms, "CreateKey", &json!({}));
        let key = made.pointer("/KeyMetadata/Arn").and_then(Value::as_str);
        let key = key.expect("an ARN").to_owned();
        let alias = json!({ "AliasName": "alias/fraud", "TargetKeyId": key });
        root(&mut world, Service::Kms, "CreateAlias", &alias);
        let text = condition.to_string().replace("KEY\"", &format!("{key}\""));
        let condition: Value = serde_json::from_str(&text).expect("JSON");
        let denies = json!([{ "Effect": "Deny", "Action": "sagemaker:CreateEndpointConfig",
            "Resource": "*", "Condition": condition }]);
        put_policy(&mut world, "Deployer", "guard", &denies);
        let named = match name {
            "id" => key.rsplit('/').next().expect("an id"),
            "alias" => "alias/fraud",
            _ => &key,
        };
        let found = look(&mut world, &Wanted::new(named, "new-1"));
        let check = found
            .checks
            .iter()
            .find(|check| check.step == Step::CreateConfig);
        let kind = check.expect("a check").answer.kind();
        assert_eq!(kind, expected, "{name} {condition}");
    }
}
