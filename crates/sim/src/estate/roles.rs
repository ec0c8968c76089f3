//! Roles as the accounts of every estate have them.

use serde_json::{Value, json};

use super::builder::Builder;
use crate::service::Service;

/// Who comes in: SageMaker runs models as a role, and people of the account take on a tenant's.
fn trust(principal: &Value) -> String {
    json!({
        "Version": "2012-10-17",
        "Statement": [{ "Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole" }],
    })
    .to_string()
}

/// A role, of a tenant's by its tag.
pub(super) fn role(builder: &mut Builder<'_>, name: &str, principal: &Value, tenant: Option<&str>) {
    let tags: Vec<Value> = tenant
        .iter()
        .map(|tenant| json!({ "Key": "tenant", "Value": tenant }))
        .collect();
    let input = json!({
        "RoleName": name, "AssumeRolePolicyDocument": trust(principal), "Tags": tags,
    });
    builder.call(Service::Iam, "CreateRole", &input);
}

/// Gives a role a policy.
pub(super) fn allow(builder: &mut Builder<'_>, name: &str, policy: &str, statements: &Value) {
    let document = json!({ "Version": "2012-10-17", "Statement": statements });
    let input = json!({
        "RoleName": name, "PolicyName": policy, "PolicyDocument": document.to_string(),
    });
    builder.call(Service::Iam, "PutRolePolicy", &input);
}

/// The use of keys that bear the caller's own tenant.
pub(super) fn of_its_tag() -> Value {
    json!([{
        "Effect": "Allow", "Resource": "*",
        "Action": ["kms:Decrypt", "kms:GenerateDataKey", "kms:DescribeKey"],
        "Condition": { "StringEquals": {
            "aws:ResourceTag/tenant": "${aws:PrincipalTag/tenant}",
        }},
    }])
}
