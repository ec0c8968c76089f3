//! Roles.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{check_document, encoded, exists, no_entity, paged, policy, read_tags, show_tags};
use crate::answer::{Answered, ApiError, Body, tree};
use crate::input::Input;
use crate::world::{Ctx, World, partition};

/// A role.
#[derive(Clone, Debug)]
pub struct Role {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// Its trust policy, as text.
    pub trust: String,
    /// Its inline policies, as text.
    pub inline: BTreeMap<String, String>,
    /// The ARNs of the managed policies that are attached to it.
    pub attached: BTreeSet<String>,
    /// The ARN of its permissions boundary.
    pub boundary: Option<String>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    pub(crate) id: String,
    path: String,
    created: Timestamp,
    description: Option<String>,
    pub(super) session_seconds_max: i64,
}

impl Role {
    pub(super) fn show(&self) -> Map<String, Value> {
        let mut fields = Map::new();
        let mut put = |name: &str, value: Value| {
            fields.insert(name.to_owned(), value);
        };
        put("Path", Value::from(self.path.as_str()));
        put("RoleName", Value::from(self.name.as_str()));
        put("RoleId", Value::from(self.id.as_str()));
        put("Arn", Value::from(self.arn.as_str()));
        put("CreateDate", Value::from(time(self.created)));
        put("AssumeRolePolicyDocument", encoded(&self.trust));
        if let Some(description) = &self.description {
            put("Description", Value::from(description.as_str()));
        }
        put("MaxSessionDuration", Value::from(self.session_seconds_max));
        if let Some(boundary) = &self.boundary {
            let kind = "PermissionsBoundaryPolicy";
            put(
                "PermissionsBoundary",
                json!({ "PermissionsBoundaryType": kind, "PermissionsBoundaryArn": boundary }),
            );
        }
        if !self.tags.is_empty() {
            put("Tags", Value::Array(show_tags(&self.tags)));
        }
        fields
    }

    /// The managed policies, as ListAttachedRolePolicies and the account's details show them.
    pub(super) fn show_attached(&self) -> Vec<Value> {
        self.attached
            .iter()
            .map(|arn| {
                let name = arn.rsplit('/').next().unwrap_or_default();
                json!({ "PolicyName": name, "PolicyArn": arn })
            })
            .collect()
    }
}

/// A time as the XML protocols write it.
pub(super) fn time(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// IAM API, `RoleName`: `[\w+=,.@-]+`, at most 64.
pub(super) fn check_name(field: &str, name: &str, most: usize) -> Result<(), ApiError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
    if name.is_empty() || name.len() > most || !name.chars().all(allowed) {
        let constraint = "satisfy regular expression pattern: [\\w+=,.@-]+ and have length less than or equal to ";
        return Err(ApiError::constraint(
            name,
            field,
            &format!("{constraint}{most}"),
        ));
    }
    Ok(())
}

/// Whose role it is; the role itself.
fn role<'a>(world: &'a mut World, ctx: &Ctx, input: &Input) -> Result<&'a mut Role, ApiError> {
    let name = input.text("RoleName")?;
    let roles = &mut world.account(&ctx.account).iam.roles;
    roles
        .get_mut(&name.to_lowercase())
        .ok_or_else(|| no_entity("role", name))
}

/// IAM API, CreateRole.
pub(super) fn create(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let name = input.text("RoleName")?;
    check_name("roleName", name, 64)?;
    let trust = input.text("AssumeRolePolicyDocument")?;
    check_document(trust)?;
    let path = input.opt("Path")?.unwrap_or("/");
    let most = input.within("MaxSessionDuration", 3600..=43_200)?;
    let tags = read_tags(input.list("Tags")?)?;
    if world
        .account(&ctx.account)
        .iam
        .roles
        .contains_key(&name.to_lowercase())
    {
        return Err(exists("Role", name));
    }
    let partition = partition(&ctx.region);
    let role = Role {
        name: name.to_owned(),
        arn: format!("arn:{partition}:iam::{}:role{path}{name}", ctx.account),
        trust: trust.to_owned(),
        inline: BTreeMap::new(),
        attached: BTreeSet::new(),
        boundary: input.opt("PermissionsBoundary")?.map(ToOwned::to_owned),
        tags,
        id: format!("AROA{}", world.random.capitals(17)),
        path: path.to_owned(),
        created: world.stamp(),
        description: input.opt("Description")?.map(ToOwned::to_owned),
        session_seconds_max: most.unwrap_or(3600),
    };
    let shown = role.show();
    let roles = &mut world.account(&ctx.account).iam.roles;
    roles.insert(name.to_lowercase(), role);
    tree(json!({ "Role": shown }))
}

/// IAM API, GetRole.
pub(super) fn get(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let role = role(world, ctx, input)?;
    tree(json!({ "Role": role.show() }))
}

/// IAM API, ListRoles.
pub(super) fn list(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let prefix = input.opt("PathPrefix")?.unwrap_or("/");
    let roles = &world.account(&ctx.account).iam.roles;
    let items = roles
        .values()
        .filter(|role| role.path.starts_with(prefix))
        .map(|role| {
            let mut fields = role.show();
            // IAM API, ListRoles: tags and boundary are not in the list.
            fields.remove("Tags");
            fields.remove("PermissionsBoundary");
            (role.name.clone(), Value::Object(fields))
        })
        .collect();
    paged(input, "ListRoles", "Roles", items)
}

/// IAM API, DeleteRole.
pub(super) fn delete(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let role = role(world, ctx, input)?;
    if !role.attached.is_empty() || !role.inline.is_empty() {
        return Err(ApiError::new(
            "DeleteConflict",
            "Cannot delete entity, must detach all policies first.",
        )
        .with_status(409));
    }
    let name = role.name.clone();
    world
        .account(&ctx.account)
        .iam
        .roles
        .remove(&name.to_lowercase());
    Ok(Body::Empty)
}

/// IAM API, UpdateAssumeRolePolicy.
pub(super) fn update_trust(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let document = input.text("PolicyDocument")?;
    check_document(document)?;
    document.clone_into(&mut role(world, ctx, input)?.trust);
    Ok(Body::Empty)
}

/// IAM API, PutRolePolicy.
pub(super) fn put_policy(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let name = input.text("PolicyName")?.to_owned();
    check_name("policyName", &name, 128)?;
    let document = input.text("PolicyDocument")?;
    check_document(document)?;
    let role = role(world, ctx, input)?;
    role.inline.insert(name, document.to_owned());
    Ok(Body::Empty)
}

/// IAM API, GetRolePolicy.
pub(super) fn get_policy(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let name = input.text("PolicyName")?;
    let role = role(world, ctx, input)?;
    match role.inline.get(name) {
        None => Err(no_entity("role policy", name)),
        Some(document) => tree(json!({
            "RoleName": role.name,
            "PolicyName": name,
            "PolicyDocument": encoded(document),
        })),
    }
}

/// IAM API, ListRolePolicies.
pub(super) fn list_policies(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let role = role(world, ctx, input)?;
    let names = role.inline.keys();
    let items = names.map(|name| (name.clone(), Value::from(name.as_str())));
    paged(input, "ListRolePolicies", "PolicyNames", items.collect())
}

/// IAM API, DeleteRolePolicy.
pub(super) fn delete_policy(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let name = input.text("PolicyName")?;
    let role = role(world, ctx, input)?;
    match role.inline.remove(name) {
        None => Err(no_entity("role policy", name)),
        Some(_) => Ok(Body::Empty),
    }
}

/// IAM API, AttachRolePolicy.
pub(super) fn attach(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let arn = input.text("PolicyArn")?.to_owned();
    if !policy::is_there(world, ctx, &arn) {
        return Err(policy::no_policy(&arn));
    }
    role(world, ctx, input)?.attached.insert(arn);
    Ok(Body::Empty)
}

/// IAM API, DetachRolePolicy.
pub(super) fn detach(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let arn = input.text("PolicyArn")?;
    if role(world, ctx, input)?.attached.remove(arn) {
        Ok(Body::Empty)
    } else {
        Err(policy::no_policy(arn))
    }
}

/// IAM API, ListAttachedRolePolicies.
pub(super) fn list_attached(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let role = role(world, ctx, input)?;
    let items = role
        .attached
        .iter()
        .cloned()
        .zip(role.show_attached())
        .collect();
    paged(input, "ListAttachedRolePolicies", "AttachedPolicies", items)
}

/// IAM API, PutRolePermissionsBoundary.
pub(super) fn put_boundary(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let arn = input.text("PermissionsBoundary")?.to_owned();
    if !policy::is_there(world, ctx, &arn) {
        return Err(policy::no_policy(&arn));
    }
    role(world, ctx, input)?.boundary = Some(arn);
    Ok(Body::Empty)
}

/// IAM API, DeleteRolePermissionsBoundary.
pub(super) fn delete_boundary(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    role(world, ctx, input)?.boundary = None;
    Ok(Body::Empty)
}

/// IAM API, TagRole.
pub(super) fn tag(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let tags = read_tags(input.list("Tags")?)?;
    role(world, ctx, input)?.tags.extend(tags);
    Ok(Body::Empty)
}

/// IAM API, UntagRole.
pub(super) fn untag(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let names = input.texts("TagKeys")?;
    let role = role(world, ctx, input)?;
    role.tags.retain(|name, _| !names.contains(&name.as_str()));
    Ok(Body::Empty)
}

/// IAM API, ListRoleTags.
pub(super) fn list_tags(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let role = role(world, ctx, input)?;
    let names = role.tags.keys().cloned();
    let items = names.zip(show_tags(&role.tags)).collect();
    paged(input, "ListRoleTags", "Tags", items)
}
