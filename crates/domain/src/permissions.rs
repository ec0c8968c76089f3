//! The permissions that the table of operations asks for, as IAM documents.

use std::collections::{BTreeMap, BTreeSet};

use sagelock_policy::write::{Policy, Statement, Texts};
use serde_json::{Value, json};

use crate::call::{Op, Row, Service};
use crate::rules::{RULES, Rule};

/// A least-privilege identity policy for everything an audit does.
///
/// The statements name the resource types where the Service Authorization Reference lists one
/// for the action, in every region and account that the role can reach.
#[must_use]
pub fn policy() -> Policy {
    let mut by_resource: BTreeMap<(String, &str), BTreeSet<&str>> = BTreeMap::new();
    for op in Op::ALL {
        let row = op.row();
        let statement = (pattern(row), row.resource);
        by_resource
            .entry(statement)
            .or_default()
            .extend(row.actions);
    }
    let statements = by_resource.into_iter().map(|((resource, kind), actions)| {
        let actions: Texts = actions.into_iter().collect();
        Statement::allow(actions).named(&sid(kind)).on(resource)
    });
    Policy::new(statements)
}

/// The ARN of every resource of a kind. Those of S3 bear neither region nor account (Service
/// Authorization Reference, Amazon S3, resource types).
fn pattern(row: &Row) -> String {
    match (row.service, row.resource) {
        (_, "*") => "*".to_owned(),
        (_, arn) if arn.starts_with("arn:") => arn.to_owned(),
        (Service::S3, "object/*") => "arn:*:s3:::*/*".to_owned(),
        (Service::S3, _) => "arn:*:s3:::*".to_owned(),
        (service, resource) => format!("arn:*:{}:*:*:{resource}", service.prefix()),
    }
}

/// A statement id out of the kind of resource: letters and digits only, as IAM wants.
fn sid(kind: &str) -> String {
    if kind == "*" {
        return "SagelockAuditAny".to_owned();
    }
    let kind = kind.rsplit(':').next().unwrap_or_default();
    let kind = kind.trim_end_matches("/*");
    let words = kind.split(['-', '/']).map(|word| {
        let mut letters = word.chars();
        letters
            .next()
            .map(|first| first.to_ascii_uppercase())
            .into_iter()
            .chain(letters)
            .collect::<String>()
    });
    format!("SagelockAudit{}", words.collect::<String>())
}

/// What each operation is for and which rules need it: the page of permissions.
#[must_use]
pub fn reference_json() -> Value {
    let operations: Vec<Value> = Op::ALL
        .iter()
        .map(|op| {
            let row = op.row();
            json!({
                "operation": op.name(),
                "actions": row.actions,
                "resource": row.resource,
                "access": "read",
                "purpose": row.purpose.trim(),
                "rules": rules_needing(*op).map(|rule| rule.id).collect::<Vec<_>>(),
            })
        })
        .collect();
    json!({
        "schema": "sagelock.permissions/1",
        "operations": operations,
        "policy": policy(),
    })
}

/// The rules whose verdicts need an operation.
pub fn rules_needing(op: Op) -> impl Iterator<Item = &'static Rule> {
    RULES
        .iter()
        .copied()
        .filter(move |rule| rule.needs.contains(&op))
}

/// An AWS managed policy that people hand to auditors, and which of our operations it allows.
pub struct ManagedPolicy {
    /// Its name.
    pub name: &'static str,
    /// Our operations that it does not allow.
    pub lacks: &'static [Op],
}

/// The AWS managed policies `SecurityAudit` and `ReadOnlyAccess`, as moto 5.2.5 ships them
/// (`moto/iam/aws_managed_policies.py`); the comparison is repeated by a test that has moto.
pub const MANAGED_POLICIES: &[ManagedPolicy] = &[
    ManagedPolicy {
        name: "SecurityAudit",
        lacks: &[Op::HeadObject],
    },
    ManagedPolicy {
        name: "ReadOnlyAccess",
        lacks: &[],
    },
];

/// The role as CloudFormation.
#[must_use]
pub fn role_cloudformation() -> Value {
    json!({
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "The role that sagelock audits with: it reads, and cannot write.",
        "Parameters": {
            "TrustedPrincipal": {
                "Type": "String",
                "Description": "ARN of the account, role or user that may assume the role.",
            },
        },
        "Resources": {
            "SagelockAudit": {
                "Type": "AWS::IAM::Role",
                "Properties": {
                    "RoleName": "sagelock-audit",
                    "AssumeRolePolicyDocument": {
                        "Version": "2012-10-17",
                        "Statement": [{
                            "Effect": "Allow",
                            "Principal": { "AWS": { "Ref": "TrustedPrincipal" } },
                            "Action": "sts:AssumeRole",
                        }],
                    },
                    "Policies": [{ "PolicyName": "sagelock-audit", "PolicyDocument": policy() }],
                },
            },
        },
        "Outputs": { "RoleArn": { "Value": { "Fn::GetAtt": ["SagelockAudit", "Arn"] } } },
    })
}

/// The role as Terraform.
#[must_use]
pub fn role_terraform() -> String {
    let policy = serde_json::to_string_pretty(&policy()).unwrap_or_default();
    let policy = policy.replace('\n', "\n  ");
    format!(
        r#"variable "trusted_principal" {{
  type        = string
  description = "ARN of the account, role or user that may assume the role."
}}

resource "aws_iam_role" "sagelock_audit" {{
  name = "sagelock-audit"
  assume_role_policy = jsonencode({{
    Version = "2012-10-17"
    Statement = [{{
      Effect    = "Allow"
      Principal = {{ AWS = var.trusted_principal }}
      Action    = "sts:AssumeRole"
    }}]
  }})
}}

resource "aws_iam_role_policy" "sagelock_audit" {{
  name   = "sagelock-audit"
  role   = aws_iam_role.sagelock_audit.id
  policy = <<-EOT
  {policy}
  EOT
}}
"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_allows_exactly_what_the_table_asks_for() {
        let policy = serde_json::to_value(super::policy()).unwrap();
        let mut allowed = BTreeSet::new();
        let mut sids = BTreeSet::new();
        for statement in policy["Statement"].as_array().unwrap() {
            assert!(
                sids.insert(statement["Sid"].to_string()),
                "a Sid stands once"
            );
            for action in statement["Action"].as_array().unwrap() {
                allowed.insert(action.as_str().unwrap().to_owned());
            }
        }
        let asked: BTreeSet<String> = Op::ALL
            .iter()
            .flat_map(|op| op.row().actions)
            .map(ToString::to_string)
            .collect();
        assert_eq!(allowed, asked);
        assert!(
            policy.to_string().len() < 6144,
            "an IAM managed policy holds 6,144 characters"
        );
    }
}
