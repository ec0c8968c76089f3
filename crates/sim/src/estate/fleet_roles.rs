//! The roles of a fleet: those that its models run as, those of its tenants, and those that have nothing
//! to do with either, as most of an account.

use serde_json::{Value, json};

use super::builder::Builder;
use super::demo_teams::pick;
use super::fleet::{APPLICATIONS, MANAGEMENT, TENANTS};
use super::fleet_organization::Account;
use super::roles::{allow, of_its_tag, role};
use crate::service::Service;
use crate::world::World;

/// What each role's own policy is called.
const POLICY: &str = "own";
/// IAM is global, and is asked in one region.
const HOME: &str = "us-east-1";

/// Makes the roles of an account: one for each application, and so many more.
pub(super) fn make(world: &mut World, account: &Account, more: usize) {
    let mut roles = Roles {
        builder: Builder::new(world, &account.id, HOME),
        account: &account.id,
    };
    let service = json!({ "Service": "sagemaker.amazonaws.com" });
    for application in APPLICATIONS {
        let name = format!("exec-{application}");
        role(&mut roles.builder, &name, &service, None);
        let own = roles.serves(application);
        allow(&mut roles.builder, &name, POLICY, &own);
    }
    let baseline = roles.baseline();
    let people = json!({ "AWS": format!("arn:aws:iam::{}:root", account.id) });
    for index in 0..more {
        match index {
            0..3 => {
                let tenant = pick(TENANTS, index).unwrap_or_default();
                let name = format!("ml-{tenant}");
                role(&mut roles.builder, &name, &people, Some(tenant));
                allow(&mut roles.builder, &name, POLICY, &of_its_tag());
            }
            3 => {
                role(&mut roles.builder, "administrator", &people, None);
                let all = json!([{ "Effect": "Allow", "Action": "*", "Resource": "*" }]);
                allow(&mut roles.builder, "administrator", POLICY, &all);
            }
            _ => {
                let name = format!("app-{index:04}");
                let service = json!({ "Service": "ecs-tasks.amazonaws.com" });
                role(&mut roles.builder, &name, &service, None);
                let own = roles.runs(index);
                allow(&mut roles.builder, &name, POLICY, &own);
                let input = json!({ "RoleName": name, "PolicyArn": baseline });
                roles.call("AttachRolePolicy", &input);
            }
        }
    }
}

/// What binds the accounts of the organisation but the management account.
pub(super) fn guard(world: &mut World) {
    let root = world.organizations.first();
    let root = root.map(|organization| organization.root.clone());
    let content = json!({ "Version": "2012-10-17", "Statement": [
        { "Sid": "Stays", "Effect": "Deny", "Action": "organizations:LeaveOrganization",
          "Resource": "*" },
        { "Sid": "KeysStay", "Effect": "Deny", "Resource": "*",
          "Action": ["kms:ScheduleKeyDeletion", "kms:DeleteImportedKeyMaterial"],
          "Condition": { "ArnNotLike": {
              "aws:PrincipalArn": "arn:aws:iam::*:role/administrator",
          }}},
    ]});
    let mut management = Builder::new(world, MANAGEMENT, HOME);
    let input = json!({
        "Name": "guard", "Description": "what no account may do", "Type": "SERVICE_CONTROL_POLICY",
        "Content": content.to_string(),
    });
    let made = management.call(Service::Organizations, "CreatePolicy", &input);
    let id = made.pointer("/Policy/PolicySummary/Id");
    let input = json!({ "PolicyId": id, "TargetId": root });
    management.call(Service::Organizations, "AttachPolicy", &input);
}

struct Roles<'a> {
    builder: Builder<'a>,
    account: &'a str,
}

impl Roles<'_> {
    fn call(&mut self, operation: &str, input: &Value) -> Value {
        self.builder.call(Service::Iam, operation, input)
    }

    fn serves(&self, application: &str) -> Value {
        let bucket = format!("arn:aws:s3:::models-{}-*", self.account);
        json!([
            { "Effect": "Allow", "Action": "s3:GetObject",
              "Resource": format!("{bucket}/{application}/*") },
            { "Effect": "Allow", "Action": "s3:ListBucket", "Resource": bucket },
            { "Effect": "Allow", "Resource": "*",
              "Action": ["logs:CreateLogStream", "logs:PutLogEvents", "cloudwatch:PutMetricData",
                  "ecr:GetAuthorizationToken", "ecr:BatchGetImage"] },
        ])
    }

    /// What every role of the account gets: the ARN of a policy.
    fn baseline(&mut self) -> String {
        let document = json!({ "Version": "2012-10-17", "Statement": [
            { "Effect": "Allow", "Resource": "*",
              "Action": ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents",
                  "xray:PutTraceSegments", "cloudwatch:PutMetricData", "ssm:GetParameter"] },
            { "Effect": "Deny", "Resource": "*", "Action": ["iam:CreateUser", "iam:CreateAccessKey"] },
        ]});
        let input = json!({ "PolicyName": "baseline", "PolicyDocument": document.to_string() });
        let made = self.call("CreatePolicy", &input);
        let arn = made.pointer("/Policy/Arn").and_then(Value::as_str);
        arn.unwrap_or_default().to_owned()
    }

    /// Of a service: its own table, bucket, queue and secret; of every eighth, keys by their alias.
    fn runs(&self, index: usize) -> Value {
        let of = |service: &str, rest: &str| {
            format!("arn:aws:{service}:*:{}:{rest}-{index:04}", self.account)
        };
        let mut statements = vec![
            json!({ "Effect": "Allow", "Resource": of("dynamodb", "table/app"),
                "Action": ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"] }),
            json!({ "Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"],
                "Resource": format!("arn:aws:s3:::app-{}-{index:04}/*", self.account) }),
            json!({ "Effect": "Allow", "Resource": of("sqs", "app"),
                "Action": ["sqs:SendMessage", "sqs:ReceiveMessage", "sqs:DeleteMessage"] }),
            json!({ "Effect": "Allow", "Action": "secretsmanager:GetSecretValue",
                "Resource": format!("{}-*", of("secretsmanager", "secret:app")) }),
        ];
        if index.is_multiple_of(8) {
            statements.push(json!({ "Effect": "Allow", "Resource": "*",
            "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
            "Condition": { "ForAnyValue:StringLike": {
                "kms:ResourceAliases": format!("alias/app-{index:04}*"),
            }}}));
        }
        Value::Array(statements)
    }
}
