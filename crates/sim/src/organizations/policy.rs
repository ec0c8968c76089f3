//! Policies of the organisation, and what they are attached to.

use serde_json::{Value, json};

use super::{OrgPolicy, Organization, managed, paged};
use crate::answer::{Answered, ApiError, Body, tree};
use crate::input::Input;
use crate::world::{Ctx, World};

/// Organizations API, `PolicyType`, those that matter here.
const KINDS: &[&str] = &[
    "SERVICE_CONTROL_POLICY",
    "RESOURCE_CONTROL_POLICY",
    "TAG_POLICY",
    "BACKUP_POLICY",
    "AISERVICES_OPT_OUT_POLICY",
    "DECLARATIVE_POLICY_EC2",
    "CHATBOT_POLICY",
    "SECURITYHUB_POLICY",
];

/// Organizations User Guide, "Quotas": characters of a policy.
fn size_max(kind: &str) -> usize {
    match kind {
        "SERVICE_CONTROL_POLICY" => 10_240,
        "RESOURCE_CONTROL_POLICY" => 5_120,
        _ => 10_000,
    }
}

/// Policies of a kind on one target (Organizations User Guide, "Quotas").
fn attached_max(kind: &str) -> usize {
    if kind == "SERVICE_CONTROL_POLICY" {
        10
    } else {
        5
    }
}

fn summary(organization: &Organization, ctx: &Ctx, id: &str, policy: &OrgPolicy) -> Value {
    let kind = policy.kind.to_lowercase();
    let arn = if policy.of_aws {
        format!("arn:aws:organizations::aws:policy/{kind}/{id}")
    } else {
        organization.arn(ctx, &format!("policy/{}/{kind}/{id}", organization.id))
    };
    json!({
        "Id": id,
        "Arn": arn,
        "Name": policy.name,
        "Description": policy.description,
        "Type": policy.kind,
        "AwsManaged": policy.of_aws,
    })
}

fn show(organization: &Organization, ctx: &Ctx, id: &str, policy: &OrgPolicy) -> Value {
    let summary = summary(organization, ctx, id, policy);
    json!({ "Policy": { "PolicySummary": summary, "Content": policy.content } })
}

fn no_policy() -> ApiError {
    ApiError::new(
        "PolicyNotFoundException",
        "You specified a policy that doesn't exist.",
    )
}

fn check(content: &str, kind: &str) -> Result<(), ApiError> {
    let malformed = || {
        ApiError::new(
            "MalformedPolicyDocumentException",
            "The provided policy document does not meet the requirements of the specified policy type.",
        )
    };
    let document: Value = serde_json::from_str(content).map_err(|_| malformed())?;
    let has_statements = document.get("Statement").is_some();
    if kind.ends_with("_CONTROL_POLICY") && !has_statements {
        return Err(malformed());
    }
    if content.chars().count() > size_max(kind) {
        return Err(ApiError::new(
            "ConstraintViolationException",
            "You have exceeded the maximum size of a policy.",
        ));
    }
    Ok(())
}

/// Organizations API, CreatePolicy.
pub(super) fn create(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let kind = input
        .one_of("Type", KINDS)?
        .ok_or_else(|| ApiError::missing("Type"))?;
    let name = input.text("Name")?;
    let content = input.text("Content")?;
    check(content, kind)?;
    let digits = world.random.hex(8);
    let organization = managed(world, ctx)?;
    let twin = organization
        .policies
        .values()
        .any(|policy| policy.name == name && policy.kind == kind);
    if twin {
        return Err(ApiError::new(
            "DuplicatePolicyException",
            "A policy with the same name already exists.",
        ));
    }
    let policy = OrgPolicy {
        name: name.to_owned(),
        description: input.opt("Description")?.unwrap_or_default().to_owned(),
        kind: kind.to_owned(),
        content: content.to_owned(),
        of_aws: false,
    };
    let id = format!("p-{digits}");
    let shown = show(organization, ctx, &id, &policy);
    organization.policies.insert(id, policy);
    tree(shown)
}

fn own<'a>(organization: &'a mut Organization, id: &str) -> Result<&'a mut OrgPolicy, ApiError> {
    let policy = organization.policies.get_mut(id).ok_or_else(no_policy)?;
    if policy.of_aws {
        return Err(ApiError::new(
            "PolicyChangesInProgressException",
            "A policy that AWS manages cannot be changed.",
        ));
    }
    Ok(policy)
}

/// Organizations API, UpdatePolicy.
pub(super) fn update(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let id = input.text("PolicyId")?;
    let organization = managed(world, ctx)?;
    let policy = own(organization, id)?;
    if let Some(content) = input.opt("Content")? {
        check(content, &policy.kind)?;
        content.clone_into(&mut policy.content);
    }
    if let Some(name) = input.opt("Name")? {
        name.clone_into(&mut policy.name);
    }
    if let Some(description) = input.opt("Description")? {
        description.clone_into(&mut policy.description);
    }
    let policy = policy.clone();
    tree(show(organization, ctx, id, &policy))
}

/// Organizations API, DeletePolicy: one that is attached to nothing.
pub(super) fn delete(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let id = input.text("PolicyId")?;
    let organization = managed(world, ctx)?;
    own(organization, id)?;
    if organization.attached.values().any(|set| set.contains(id)) {
        return Err(ApiError::new(
            "PolicyInUseException",
            "The policy is attached to one or more entities.",
        ));
    }
    organization.policies.remove(id);
    Ok(Body::Empty)
}

/// Organizations API, DescribePolicy.
pub(super) fn describe(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let id = input.text("PolicyId")?;
    let organization = managed(world, ctx)?;
    let policy = organization.policies.get(id).ok_or_else(no_policy)?;
    tree(show(organization, ctx, id, policy))
}

fn filter(input: &Input) -> Result<&str, ApiError> {
    input
        .one_of("Filter", KINDS)?
        .ok_or_else(|| ApiError::missing("Filter"))
}

/// Organizations API, ListPolicies.
pub(super) fn list(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let kind = filter(input)?;
    let organization = managed(world, ctx)?;
    let items = organization
        .policies
        .iter()
        .filter(|(_, policy)| policy.kind == kind)
        .map(|(id, policy)| (id.clone(), summary(organization, ctx, id, policy)))
        .collect();
    paged(input, &format!("ListPolicies|{kind}"), "Policies", items)
}

fn target(organization: &Organization, input: &Input) -> Result<String, ApiError> {
    let id = input.text("TargetId")?;
    if organization.has_target(id) {
        return Ok(id.to_owned());
    }
    Err(ApiError::new(
        "TargetNotFoundException",
        "You specified a target that doesn't exist.",
    ))
}

/// A policy and a target, and what is attached to it already.
struct Attachment {
    target: String,
    kind: String,
    /// Whether the policy is attached to the target.
    is_there: bool,
    /// Policies of its kind that are.
    of_kind: usize,
}

fn attachment(
    organization: &Organization,
    input: &Input,
    id: &str,
) -> Result<Attachment, ApiError> {
    let target = target(organization, input)?;
    let policy = organization.policies.get(id).ok_or_else(no_policy)?;
    let there = organization.attached.get(&target);
    let of_kind = there
        .into_iter()
        .flatten()
        .filter_map(|other| organization.policies.get(other))
        .filter(|other| other.kind == policy.kind);
    Ok(Attachment {
        kind: policy.kind.clone(),
        is_there: there.is_some_and(|there| there.contains(id)),
        of_kind: of_kind.count(),
        target,
    })
}

/// Organizations API, AttachPolicy.
pub(super) fn attach(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let id = input.text("PolicyId")?;
    let organization = managed(world, ctx)?;
    let found = attachment(organization, input, id)?;
    if found.is_there {
        return Err(ApiError::new(
            "DuplicatePolicyAttachmentException",
            "The selected policy is already attached to the specified target.",
        ));
    }
    if !organization.types.contains(&found.kind) {
        return Err(ApiError::new(
            "PolicyTypeNotEnabledException",
            "The specified policy type isn't currently enabled in this root.",
        ));
    }
    if found.of_kind >= attached_max(&found.kind) {
        return Err(ApiError::new(
            "ConstraintViolationException",
            "You have exceeded the number of policies that can be attached to the target.",
        ));
    }
    let attached = organization.attached.entry(found.target).or_default();
    attached.insert(id.to_owned());
    Ok(Body::Empty)
}

/// Organizations API, DetachPolicy: a target keeps one service control policy at least.
pub(super) fn detach(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let id = input.text("PolicyId")?;
    let organization = managed(world, ctx)?;
    let found = attachment(organization, input, id)?;
    if !found.is_there {
        return Err(ApiError::new(
            "PolicyNotAttachedException",
            "The policy isn't attached to the specified target.",
        ));
    }
    if found.kind == "SERVICE_CONTROL_POLICY" && found.of_kind == 1 {
        return Err(ApiError::new(
            "ConstraintViolationException",
            "The last service control policy of a target cannot be detached.",
        ));
    }
    if let Some(attached) = organization.attached.get_mut(&found.target) {
        attached.remove(id);
    }
    Ok(Body::Empty)
}

/// Organizations API, ListPoliciesForTarget.
pub(super) fn for_target(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let kind = filter(input)?;
    let organization = managed(world, ctx)?;
    let target = target(organization, input)?;
    let attached = organization
        .attached
        .get(&target)
        .cloned()
        .unwrap_or_default();
    let items = attached
        .iter()
        .filter_map(|id| Some((id, organization.policies.get(id)?)))
        .filter(|(_, policy)| policy.kind == kind)
        .map(|(id, policy)| (id.clone(), summary(organization, ctx, id, policy)))
        .collect();
    let name = format!("ListPoliciesForTarget|{target}|{kind}");
    paged(input, &name, "Policies", items)
}

/// Organizations API, ListTargetsForPolicy.
pub(super) fn targets(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let id = input.text("PolicyId")?;
    let organization = managed(world, ctx)?;
    organization.policies.get(id).ok_or_else(no_policy)?;
    let show = |target: &String| {
        let (kind, name, resource) = if let Some(member) = organization.accounts.get(target) {
            let resource = format!("account/{}/{target}", organization.id);
            ("ACCOUNT", member.name.clone(), resource)
        } else if let Some(unit) = organization.units.get(target) {
            let resource = format!("ou/{}/{target}", organization.id);
            ("ORGANIZATIONAL_UNIT", unit.name.clone(), resource)
        } else {
            let resource = format!("root/{}/{target}", organization.id);
            ("ROOT", "Root".to_owned(), resource)
        };
        let arn = organization.arn(ctx, &resource);
        json!({ "TargetId": target, "Arn": arn, "Name": name, "Type": kind })
    };
    let items = organization
        .attached
        .iter()
        .filter(|(_, policies)| policies.contains(id))
        .map(|(target, _)| (target.clone(), show(target)))
        .collect();
    paged(
        input,
        &format!("ListTargetsForPolicy|{id}"),
        "Targets",
        items,
    )
}

fn set_type(world: &mut World, ctx: &Ctx, input: &Input, on: bool) -> Answered {
    let kind = input
        .one_of("PolicyType", KINDS)?
        .ok_or_else(|| ApiError::missing("PolicyType"))?;
    let organization = managed(world, ctx)?;
    if input.text("RootId")? != organization.root {
        return Err(ApiError::new(
            "RootNotFoundException",
            "You specified a root that doesn't exist.",
        ));
    }
    let changed = if on {
        organization.types.insert(kind.to_owned())
    } else {
        organization.types.remove(kind)
    };
    if !changed {
        let (code, what) = if on {
            ("PolicyTypeAlreadyEnabledException", "already enabled")
        } else {
            ("PolicyTypeNotEnabledException", "not enabled")
        };
        let message = format!("The specified policy type is {what}.");
        return Err(ApiError::new(code, message));
    }
    // Organizations User Guide, "Disabling a policy type": all policies of the type are detached; switched
    // on again, everything has the full access alone.
    let full = match kind {
        "RESOURCE_CONTROL_POLICY" => Some(super::RCP_FULL_ACCESS),
        "SERVICE_CONTROL_POLICY" => Some(super::FULL_ACCESS),
        _ => None,
    };
    let policies = &organization.policies;
    let is_of_kind = |id: &String| policies.get(id).is_some_and(|policy| policy.kind == kind);
    for attached in organization.attached.values_mut() {
        if on {
            attached.extend(full.map(ToOwned::to_owned));
        } else {
            attached.retain(|id| !is_of_kind(id));
        }
    }
    let id = organization.root.clone();
    let arn = organization.arn(ctx, &format!("root/{}/{id}", organization.id));
    let types: Vec<Value> = organization
        .types
        .iter()
        .map(|kind| json!({ "Type": kind, "Status": "ENABLED" }))
        .collect();
    tree(json!({ "Root": { "Id": id, "Arn": arn, "Name": "Root", "PolicyTypes": types } }))
}

/// Organizations API, EnablePolicyType.
pub(super) fn enable_type(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    set_type(world, ctx, input, true)
}

/// Organizations API, DisablePolicyType.
pub(super) fn disable_type(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    set_type(world, ctx, input, false)
}
