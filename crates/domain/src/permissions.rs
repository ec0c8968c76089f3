//! The permissions that the tables of operations ask for, as IAM documents.

use std::collections::{BTreeMap, BTreeSet};

use sagelock_policy::write::{Conditions, Policy, Statement, Texts};
use serde_json::{Value, json};

use crate::call::write::WriteOp;
use crate::call::{Op, Permission, Row};
use crate::rules::{RULES, Rule};

/// What somebody does, and a role of its own may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// An audit: it reads.
    Audit,
    /// The move of an endpoint to a configuration with a key.
    Move,
    /// The deletion of configurations that were moved away from.
    Cleanup,
}

impl Role {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::Audit, Self::Move, Self::Cleanup];

    /// Its word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Audit => "audit",
            Self::Move => "move",
            Self::Cleanup => "cleanup",
        }
    }

    /// Its word in names that are written together.
    fn camel(self) -> &'static str {
        match self {
            Self::Audit => "Audit",
            Self::Move => "Move",
            Self::Cleanup => "Cleanup",
        }
    }

    /// What it is for.
    #[must_use]
    pub fn purpose(self) -> &'static str {
        match self {
            Self::Audit => "Read-only role for sagelock audits.",
            Self::Move => {
                "Role for moving endpoints with sagelock. It can read, create endpoint configurations and update endpoints."
            }
            Self::Cleanup => {
                "Role for sagelock cleanup. It can read, and delete endpoint configurations."
            }
        }
    }

    /// What it may change.
    fn writes(self) -> impl Iterator<Item = WriteOp> {
        let all = WriteOp::ALL.iter().copied();
        all.filter(move |op| role_of(*op) == self)
    }
}

/// Who makes a write.
fn role_of(op: WriteOp) -> Role {
    match op {
        WriteOp::CreateEndpointConfig | WriteOp::UpdateEndpoint => Role::Move,
        WriteOp::DeleteEndpointConfig => Role::Cleanup,
    }
}

/// A least-privilege identity policy for everything that a role does. Each role reads all that an audit
/// reads: before something is changed it is read again.
///
/// The statements name the resource types where the Service Authorization Reference lists one
/// for the action, in every region and account that the role can reach.
#[must_use]
pub fn policy(role: Role) -> Policy {
    let reads = Op::ALL.iter().map(|op| op.row());
    let writes = role.writes().map(WriteOp::row);
    Policy::new(statements(Role::Audit, reads).chain(statements(role, writes)))
}

/// The statements that allow operations; each permission stands once.
fn statements<'a>(
    role: Role,
    rows: impl Iterator<Item = &'a Row>,
) -> impl Iterator<Item = Statement> {
    let mut by_resource: BTreeMap<_, BTreeSet<&str>> = BTreeMap::new();
    for permission in rows.flat_map(Row::permissions) {
        let Permission {
            action,
            resource,
            only,
        } = permission;
        let statement = (pattern(action, resource), resource, only);
        by_resource.entry(statement).or_default().insert(action);
    }
    let statements = by_resource.into_iter();
    statements.map(move |((resource, kind, only), actions)| {
        let actions: Texts = actions.into_iter().collect();
        let statement = Statement::allow(actions)
            .named(&sid(role, kind))
            .on(resource);
        match only {
            Some((operator, key, value)) => statement.when(Conditions::one(operator, key, value)),
            None => statement,
        }
    })
}

/// The ARN of every resource of a kind. Those of S3 bear neither region nor account, and those of IAM no
/// region (Service Authorization Reference, Amazon S3 and AWS IAM, resource types).
fn pattern(action: &str, resource: &str) -> String {
    let service = action.split(':').next().unwrap_or_default();
    match (service, resource) {
        (_, "*") => "*".to_owned(),
        (_, arn) if arn.starts_with("arn:") => arn.to_owned(),
        ("s3", "object/*") => "arn:*:s3:::*/*".to_owned(),
        ("s3", _) => "arn:*:s3:::*".to_owned(),
        ("iam", resource) => format!("arn:*:iam::*:{resource}"),
        (service, resource) => format!("arn:*:{service}:*:*:{resource}"),
    }
}

/// A statement id out of the kind of resource: letters and digits only, as IAM wants.
fn sid(role: Role, kind: &str) -> String {
    let role = role.camel();
    if kind == "*" {
        return format!("Sagelock{role}Any");
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
    format!("Sagelock{role}{}", words.collect::<String>())
}

/// What each operation is for and which rules need it, and the policies of the roles: the page of
/// permissions.
#[must_use]
pub fn reference_json() -> Value {
    let reads = Op::ALL.iter().map(|op| {
        let rules: Vec<&str> = rules_needing(*op).map(|rule| rule.id).collect();
        operation_json(op.name(), op.row(), Role::Audit, &rules)
    });
    let writes = WriteOp::ALL
        .iter()
        .map(|op| operation_json(op.name(), op.row(), role_of(*op), &[]));
    let policies = Role::ALL.map(|role| (role.as_str().to_owned(), json!(policy(role))));
    json!({
        "schema": "sagelock.permissions/1",
        "operations": reads.chain(writes).collect::<Vec<_>>(),
        "policies": Value::Object(policies.into_iter().collect()),
    })
}

fn operation_json(name: &str, row: &Row, role: Role, rules: &[&str]) -> Value {
    let permissions: Vec<Value> = row
        .permissions()
        .map(|one| {
            let condition = one
                .only
                .map(|(operator, key, value)| json!({ operator: { key: value } }));
            json!({ "action": one.action, "resource": one.resource, "condition": condition })
        })
        .collect();
    let access = if role == Role::Audit { "read" } else { "write" };
    json!({
        "operation": name,
        "permissions": permissions,
        "access": access,
        "role": role.as_str(),
        "purpose": row.purpose.trim(),
        "rules": rules,
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
pub fn role_cloudformation(role: Role) -> Value {
    let (id, name) = (format!("Sagelock{}", role.camel()), name(role));
    json!({
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": role.purpose(),
        "Parameters": {
            "TrustedPrincipal": {
                "Type": "String",
                "Description": "ARN of the account, role or user that may assume the role.",
            },
        },
        "Resources": {
            &id: {
                "Type": "AWS::IAM::Role",
                "Properties": {
                    "RoleName": name,
                    "AssumeRolePolicyDocument": {
                        "Version": "2012-10-17",
                        "Statement": [{
                            "Effect": "Allow",
                            "Principal": { "AWS": { "Ref": "TrustedPrincipal" } },
                            "Action": "sts:AssumeRole",
                        }],
                    },
                    "Policies": [{ "PolicyName": name, "PolicyDocument": policy(role) }],
                },
            },
        },
        "Outputs": { "RoleArn": { "Value": { "Fn::GetAtt": [id, "Arn"] } } },
    })
}

/// What the role is called.
fn name(role: Role) -> String {
    format!("sagelock-{}", role.as_str())
}

/// The role as Terraform.
#[must_use]
pub fn role_terraform(role: Role) -> String {
    let policy = serde_json::to_string_pretty(&policy(role)).unwrap_or_default();
    let policy = policy.replace('\n', "\n  ");
    let (name, id) = (name(role), format!("sagelock_{}", role.as_str()));
    format!(
        r#"variable "trusted_principal" {{
  type        = string
  description = "ARN of the account, role or user that may assume the role."
}}

resource "aws_iam_role" "{id}" {{
  name = "{name}"
  assume_role_policy = jsonencode({{
    Version = "2012-10-17"
    Statement = [{{
      Effect    = "Allow"
      Principal = {{ AWS = var.trusted_principal }}
      Action    = "sts:AssumeRole"
    }}]
  }})
}}

resource "aws_iam_role_policy" "{id}" {{
  name   = "{name}"
  role   = aws_iam_role.{id}.id
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
    fn a_policy_allows_exactly_what_the_tables_ask_for() {
        for role in Role::ALL {
            let policy = serde_json::to_value(super::policy(role)).unwrap();
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
            let reads = Op::ALL.iter().map(|op| op.row());
            let rows = reads.chain(role.writes().map(WriteOp::row));
            let asked: BTreeSet<String> = rows
                .flat_map(Row::permissions)
                .map(|permission| permission.action.to_owned())
                .collect();
            assert_eq!(allowed, asked);
            assert!(
                policy.to_string().len() < 6144,
                "an IAM managed policy holds 6,144 characters"
            );
        }
    }

    #[test]
    fn an_audit_cannot_write_and_each_write_is_of_one_role() {
        assert_eq!(Role::Audit.writes().count(), 0);
        let roles = [Role::Move, Role::Cleanup];
        let writes: usize = roles.iter().map(|role| role.writes().count()).sum();
        assert_eq!(writes, WriteOp::ALL.len());
        let audit = serde_json::to_string(&policy(Role::Audit)).unwrap();
        for op in WriteOp::ALL {
            assert!(!audit.contains(op.name()), "{}", op.name());
        }
    }
}
