//! IAM: roles and policies, and the sessions that roles are assumed in.

mod account;
mod policy;
mod role;
pub(crate) mod sts;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

pub use policy::Policy;
pub use role::Role;

use crate::answer::{Answered, ApiError};
use crate::input::Input;
use crate::page::page_by_key;
use crate::table::operations;
use crate::world::{Ctx, World};

/// IAM of one account.
#[derive(Debug, Default)]
pub struct Iam {
    /// By name in lower case: IAM compares names so (IAM API, CreateRole, `RoleName`).
    pub(crate) roles: BTreeMap<String, Role>,
    pub(crate) policies: BTreeMap<String, Policy>,
    alias: Option<String>,
}

/// A role that somebody has assumed.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) account: String,
    pub(crate) arn: String,
    pub(crate) user_id: String,
    pub(crate) expires: Timestamp,
}

operations! {
    Iam;
    Write CreateRole("RoleName") = role::create;
    Read GetRole("RoleName") = role::get;
    Read ListRoles("") = role::list;
    Write DeleteRole("RoleName") = role::delete;
    Write UpdateAssumeRolePolicy("RoleName") = role::update_trust;
    Write PutRolePolicy("RoleName") = role::put_policy;
    Read GetRolePolicy("RoleName") = role::get_policy;
    Read ListRolePolicies("RoleName") = role::list_policies;
    Write DeleteRolePolicy("RoleName") = role::delete_policy;
    Write AttachRolePolicy("RoleName") = role::attach;
    Write DetachRolePolicy("RoleName") = role::detach;
    Read ListAttachedRolePolicies("RoleName") = role::list_attached;
    Write PutRolePermissionsBoundary("RoleName") = role::put_boundary;
    Write DeleteRolePermissionsBoundary("RoleName") = role::delete_boundary;
    Write TagRole("RoleName") = role::tag;
    Write UntagRole("RoleName") = role::untag;
    Read ListRoleTags("RoleName") = role::list_tags;
    Write CreatePolicy("PolicyName") = policy::create;
    Read GetPolicy("PolicyArn") = policy::get;
    Read GetPolicyVersion("PolicyArn") = policy::get_version;
    Read ListPolicyVersions("PolicyArn") = policy::list_versions;
    Read ListPolicies("") = policy::list;
    Write DeletePolicy("PolicyArn") = policy::delete;
    Read ListEntitiesForPolicy("PolicyArn") = policy::entities;
    Write CreateAccountAlias("") = account::create_alias;
    Read ListAccountAliases("") = account::list_aliases;
    Read GetAccountSummary("") = account::summary;
    Read GetAccountAuthorizationDetails("") = account::authorization_details;
    Read ListUsers("") = account::no_users;
    Read ListGroups("") = account::no_groups;
}

/// Whether whoever asks may ask at all: the session of an assumed role ends.
pub(crate) fn gate(world: &World, ctx: &Ctx) -> Result<(), ApiError> {
    let session = ctx
        .caller
        .access_key
        .as_ref()
        .and_then(|key| world.sessions.get(key));
    if session.is_some_and(|session| session.expires <= world.now()) {
        let message = "The security token included in the request is expired";
        return Err(match ctx.service {
            crate::Service::Sts | crate::Service::Iam => {
                ApiError::new("ExpiredToken", message).with_status(403)
            }
            crate::Service::S3 => ApiError::new("ExpiredToken", "The provided token has expired."),
            crate::Service::Ec2 => ApiError::new("RequestExpired", "Request has expired."),
            crate::Service::SageMaker
            | crate::Service::SageMakerRuntime
            | crate::Service::Kms
            | crate::Service::Organizations
            | crate::Service::Account
            | crate::Service::Tagging => ApiError::new("ExpiredTokenException", message),
        });
    }
    Ok(())
}

fn no_entity(what: &str, name: &str) -> ApiError {
    ApiError::new(
        "NoSuchEntity",
        format!("The {what} with name {name} cannot be found."),
    )
    .with_status(404)
}

fn exists(what: &str, name: &str) -> ApiError {
    ApiError::new(
        "EntityAlreadyExists",
        format!("{what} with name {name} already exists."),
    )
    .with_status(409)
}

/// A document as IAM gives it out: percent-encoded (IAM API, GetRolePolicy, `PolicyDocument`).
fn encoded(document: &str) -> Value {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(document.len() * 2);
    for byte in document.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
    Value::from(text)
}

/// A document is a JSON object with statements.
fn check_document(text: &str) -> Result<(), ApiError> {
    let document: Option<Value> = serde_json::from_str(text).ok();
    let whole = document.is_some_and(|document| document.get("Statement").is_some());
    if whole {
        return Ok(());
    }
    Err(ApiError::new(
        "MalformedPolicyDocument",
        "Syntax errors in policy.",
    ))
}

/// A page of IAM's: 100 where none is asked for, at most 1,000.
fn paged(input: &Input, list: &str, field: &str, items: Vec<(String, Value)>) -> Answered {
    let most = input.within("MaxItems", 1..=1000)?.unwrap_or(100);
    let most = usize::try_from(most).unwrap_or(100);
    let cut = page_by_key(items, input.opt("Marker")?, most, list, |item| {
        item.0.clone()
    })?;
    let items: Vec<Value> = cut.items.into_iter().map(|(_, item)| item).collect();
    let mut answer = json!({ field: items, "IsTruncated": cut.next.is_some() });
    if let (Some(next), Some(fields)) = (cut.next, answer.as_object_mut()) {
        fields.insert("Marker".to_owned(), Value::from(next));
    }
    crate::answer::tree(answer)
}

/// Tags of IAM's: `Key` and `Value`.
fn read_tags(values: &[Value]) -> Result<BTreeMap<String, String>, ApiError> {
    let text = |value: &Value, field: &str| {
        value
            .get(field)
            .and_then(Value::as_str)
            .map(ToOwned::to_owned)
            .ok_or_else(|| ApiError::missing(&format!("tags.member.{field}")))
    };
    values
        .iter()
        .map(|value| Ok((text(value, "Key")?, text(value, "Value")?)))
        .collect()
}

fn show_tags(tags: &BTreeMap<String, String>) -> Vec<Value> {
    tags.iter()
        .map(|(key, value)| json!({ "Key": key, "Value": value }))
        .collect()
}
