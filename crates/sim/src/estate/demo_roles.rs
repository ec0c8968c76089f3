//! The roles of the simulated organisation: those that models run as, and those of the tenants.

use serde_json::{Value, json};

use super::builder::Builder;
use super::demo_teams::TEAMS;
use crate::service::Service;
use crate::world::World;

/// Who comes in: SageMaker runs models as a role, and people of the account take on a tenant's.
fn trust(principal: &Value) -> String {
    json!({
        "Version": "2012-10-17",
        "Statement": [{ "Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole" }],
    })
    .to_string()
}

fn role(builder: &mut Builder<'_>, name: &str, principal: &Value, tenant: Option<&str>) {
    let tags: Vec<Value> = tenant
        .iter()
        .map(|tenant| json!({ "Key": "tenant", "Value": tenant }))
        .collect();
    let input = json!({
        "RoleName": name, "AssumeRolePolicyDocument": trust(principal), "Tags": tags,
    });
    builder.call(Service::Iam, "CreateRole", &input);
}

fn allow(builder: &mut Builder<'_>, name: &str, policy: &str, statements: &Value) {
    let document = json!({ "Version": "2012-10-17", "Statement": statements });
    let input = json!({
        "RoleName": name, "PolicyName": policy, "PolicyDocument": document.to_string(),
    });
    builder.call(Service::Iam, "PutRolePolicy", &input);
}

/// Makes the roles of every account. A tenant's role may use keys that bear the tenant's tag; the
/// one of delta in one account may use any.
pub(super) fn make(world: &mut World, tenants: &[&str]) {
    for team in TEAMS {
        let mut builder = Builder::new(world, team.account, "us-east-1");
        for application in team.applications {
            let name = format!("exec-{application}");
            let service = json!({ "Service": "sagemaker.amazonaws.com" });
            role(&mut builder, &name, &service, None);
            allow(
                &mut builder,
                &name,
                "serve",
                &json!([{
                    "Effect": "Allow", "Resource": "*",
                    "Action": ["s3:GetObject", "s3:PutObject", "logs:*", "cloudwatch:PutMetricData",
                        "ecr:GetAuthorizationToken", "ecr:BatchGetImage"],
                }]),
            );
        }
        let account = json!({ "AWS": format!("arn:aws:iam::{}:root", team.account) });
        for tenant in tenants {
            let name = format!("ml-{tenant}");
            role(&mut builder, &name, &account, Some(tenant));
            let is_wide = *tenant == "delta" && team.name == "health";
            let statements = if is_wide {
                json!([{ "Effect": "Allow", "Action": "kms:*", "Resource": "*" }])
            } else {
                json!([{
                    "Effect": "Allow", "Resource": "*",
                    "Action": ["kms:Decrypt", "kms:GenerateDataKey", "kms:DescribeKey"],
                    "Condition": { "StringEquals": {
                        "aws:ResourceTag/tenant": "${aws:PrincipalTag/tenant}",
                    }},
                }])
            };
            allow(&mut builder, &name, "keys", &statements);
        }
    }
}
