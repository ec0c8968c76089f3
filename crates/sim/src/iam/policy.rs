//! Managed policies.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::role::{check_name, time};
use super::{check_document, encoded, exists, paged};
use crate::answer::{Answered, ApiError, Body, tree};
use crate::input::Input;
use crate::world::{Ctx, World, partition};

/// A policy of the customer's.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// Its document, as text.
    pub document: String,
    id: String,
    path: String,
    created: Timestamp,
}

impl Policy {
    fn show(&self, attached: usize) -> Value {
        json!({
            "PolicyName": self.name,
            "PolicyId": self.id,
            "Arn": self.arn,
            "Path": self.path,
            "DefaultVersionId": "v1",
            "AttachmentCount": attached,
            "PermissionsBoundaryUsageCount": 0,
            "IsAttachable": true,
            "CreateDate": time(self.created),
            "UpdateDate": time(self.created),
        })
    }

    pub(super) fn show_version(&self) -> Value {
        json!({
            "Document": encoded(&self.document),
            "VersionId": "v1",
            "IsDefaultVersion": true,
            "CreateDate": time(self.created),
        })
    }

    pub(super) fn show_detail(&self, attached: usize) -> Value {
        let mut shown = self.show(attached);
        if let Some(fields) = shown.as_object_mut() {
            let versions = json!([self.show_version()]);
            fields.insert("PolicyVersionList".to_owned(), versions);
        }
        shown
    }
}

pub(super) fn no_policy(arn: &str) -> ApiError {
    ApiError::new(
        "NoSuchEntity",
        format!("Policy {arn} does not exist or is not attachable."),
    )
    .with_status(404)
}

/// Whether a policy can be attached: one of the customer's, or any of AWS's own.
pub(super) fn is_there(world: &mut World, ctx: &Ctx, arn: &str) -> bool {
    let own = format!("arn:{}:iam::aws:policy/", partition(&ctx.region));
    arn.starts_with(&own) || world.account(&ctx.account).iam.policies.contains_key(arn)
}

pub(super) fn attached(world: &World, ctx: &Ctx, arn: &str) -> usize {
    let Some(account) = world.accounts.get(&ctx.account) else {
        return 0;
    };
    let roles = account.iam.roles.values();
    roles.filter(|role| role.attached.contains(arn)).count()
}

/// IAM API, CreatePolicy.
pub(super) fn create(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let name = input.text("PolicyName")?;
    check_name("policyName", name, 128)?;
    let document = input.text("PolicyDocument")?;
    check_document(document)?;
    let path = input.opt("Path")?.unwrap_or("/");
    let partition = partition(&ctx.region);
    let arn = format!("arn:{partition}:iam::{}:policy{path}{name}", ctx.account);
    if world.account(&ctx.account).iam.policies.contains_key(&arn) {
        return Err(exists("A policy", name));
    }
    let policy = Policy {
        name: name.to_owned(),
        arn: arn.clone(),
        document: document.to_owned(),
        id: format!("ANPA{}", world.random.capitals(17)),
        path: path.to_owned(),
        created: world.stamp(),
    };
    let shown = policy.show(0);
    world.account(&ctx.account).iam.policies.insert(arn, policy);
    tree(json!({ "Policy": shown }))
}

fn policy(world: &mut World, ctx: &Ctx, input: &Input) -> Result<Policy, ApiError> {
    let arn = input.text("PolicyArn")?;
    let policies = &world.account(&ctx.account).iam.policies;
    policies.get(arn).cloned().ok_or_else(|| {
        ApiError::new("NoSuchEntity", format!("Policy {arn} was not found.")).with_status(404)
    })
}

/// IAM API, GetPolicy.
pub(super) fn get(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let policy = policy(world, ctx, input)?;
    let count = attached(world, ctx, &policy.arn);
    tree(json!({ "Policy": policy.show(count) }))
}

/// IAM API, GetPolicyVersion.
pub(super) fn get_version(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let policy = policy(world, ctx, input)?;
    match input.text("VersionId")? {
        "v1" => tree(json!({ "PolicyVersion": policy.show_version() })),
        other => Err(ApiError::new(
            "NoSuchEntity",
            format!("Policy {} version {other} does not exist.", policy.arn),
        )
        .with_status(404)),
    }
}

/// IAM API, ListPolicyVersions.
pub(super) fn list_versions(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let policy = policy(world, ctx, input)?;
    let items = vec![("v1".to_owned(), policy.show_version())];
    paged(input, "ListPolicyVersions", "Versions", items)
}

/// IAM API, ListPolicies: those of the customer's. AWS's own are not listed here.
pub(super) fn list(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let only_attached = input.flag("OnlyAttached")?;
    let of_aws = input.opt("Scope")? == Some("AWS");
    let policies: Vec<Policy> = {
        let all = &world.account(&ctx.account).iam.policies;
        all.values().cloned().collect()
    };
    let items = policies
        .into_iter()
        .filter(|_| !of_aws)
        .map(|policy| (attached(world, ctx, &policy.arn), policy))
        .filter(|(count, _)| !only_attached || *count > 0)
        .map(|(count, policy)| (policy.arn.clone(), policy.show(count)))
        .collect();
    paged(input, "ListPolicies", "Policies", items)
}

/// IAM API, DeletePolicy.
pub(super) fn delete(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let policy = policy(world, ctx, input)?;
    if attached(world, ctx, &policy.arn) > 0 {
        return Err(ApiError::new(
            "DeleteConflict",
            "Cannot delete a policy attached to entities.",
        )
        .with_status(409));
    }
    world.account(&ctx.account).iam.policies.remove(&policy.arn);
    Ok(Body::Empty)
}

/// IAM API, ListEntitiesForPolicy.
pub(super) fn entities(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let arn = input.text("PolicyArn")?;
    let roles = &world.account(&ctx.account).iam.roles;
    let roles: Vec<Value> = roles
        .values()
        .filter(|role| role.attached.contains(arn))
        .map(|role| json!({ "RoleName": role.name, "RoleId": role.id }))
        .collect();
    let none: [Value; 0] = [];
    tree(json!({
        "PolicyRoles": roles, "PolicyGroups": none, "PolicyUsers": none, "IsTruncated": false,
    }))
}
