//! Aliases.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::access::require_own;
use super::key::{State, invalid_marker, page_size, paged};
use super::resolve::{Use, find, key_at, own};
use crate::answer::{Answered, ApiError, Body};
use crate::input::{Input, epoch};
use crate::page::page_by_key;
use crate::world::{Ctx, World};

/// An alias.
#[derive(Clone, Debug)]
pub struct Alias {
    /// The id of the key behind it; none where AWS reserves it and there is no key yet.
    pub target: Option<String>,
    pub(super) created: Option<Timestamp>,
    pub(super) updated: Option<Timestamp>,
}

impl Alias {
    pub(super) fn reserved() -> Self {
        Self {
            target: None,
            created: None,
            updated: None,
        }
    }
}

/// The services whose AWS-managed keys have an alias. `sagemaker` is among them because people
/// write it into configurations; no page of AWS's names it.
pub(super) const RESERVED: &[&str] = &[
    "acm",
    "backup",
    "codeartifact",
    "dynamodb",
    "ebs",
    "elasticfilesystem",
    "es",
    "fsx",
    "glue",
    "kinesis",
    "kinesisvideo",
    "lambda",
    "rds",
    "redshift",
    "s3",
    "sagemaker",
    "secretsmanager",
    "sns",
    "sqs",
    "ssm",
    "xray",
];

/// KMS Developer Guide, "Resource quotas".
const ALIASES_MAX: usize = 50;

pub(super) fn no_alias(arn: &str) -> ApiError {
    ApiError::new("NotFoundException", format!("Alias {arn} is not found."))
}

/// KMS API, CreateAlias, `AliasName`: `^alias/[a-zA-Z0-9/_-]+$`, and not `alias/aws/`.
fn check(name: &str) -> Result<(), ApiError> {
    let rest = name.strip_prefix("alias/").unwrap_or_default();
    let allowed = |c: char| c.is_ascii_alphanumeric() || "/_-".contains(c);
    if rest.is_empty() {
        return Err(ApiError::invalid("Invalid identifier"));
    }
    if name.len() > 256 || !rest.chars().all(allowed) {
        let constraint = "satisfy regular expression pattern: ^[a-zA-Z0-9:/_-]+$";
        return Err(ApiError::constraint(name, "aliasName", constraint));
    }
    if rest.starts_with("aws/") {
        return Err(ApiError::new(
            "NotAuthorizedException",
            "The prefix alias/aws/ is reserved for AWS managed keys.",
        ));
    }
    Ok(())
}

const LEAVING: &[State] = &[State::PendingDeletion, State::PendingReplicaDeletion];

/// KMS API, CreateAlias.
pub(super) fn create(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let name = input.text("AliasName")?.to_owned();
    check(&name)?;
    require_own(world, ctx, "kms:CreateAlias", &ctx.arn("kms", &name))?;
    let key = own(world, ctx, input.text("TargetKeyId")?, "kms:CreateAlias")?;
    key.must_not_be(LEAVING)?;
    let id = key.id.clone();
    let now = world.stamp();
    let kms = &mut world.cell(ctx).kms;
    if kms.aliases.contains_key(&name) {
        let arn = ctx.arn("kms", &name);
        return Err(ApiError::new(
            "AlreadyExistsException",
            format!("An alias with the name {arn} already exists"),
        ));
    }
    room(kms, &id)?;
    kms.aliases.insert(
        name,
        Alias {
            target: Some(id),
            created: Some(now),
            updated: Some(now),
        },
    );
    Ok(Body::Empty)
}

fn room(kms: &super::Kms, id: &str) -> Result<(), ApiError> {
    let count = kms
        .aliases
        .values()
        .filter(|alias| alias.target.as_deref() == Some(id))
        .count();
    if count < ALIASES_MAX {
        return Ok(());
    }
    Err(ApiError::new(
        "LimitExceededException",
        format!("The key {id} has {ALIASES_MAX} aliases, which is the quota."),
    ))
}

/// Requires an action on an alias, and on the key behind it (KMS Developer Guide, "Controlling access to
/// aliases").
fn of_key(world: &mut World, ctx: &Ctx, name: &str, action: &str) -> Result<(), ApiError> {
    require_own(world, ctx, action, &ctx.arn("kms", name))?;
    let alias = world.cell(ctx).kms.aliases.get(name);
    match alias.and_then(|alias| alias.target.clone()) {
        Some(id) => own(world, ctx, &id, action).map(|_| ()),
        None => Ok(()),
    }
}

/// KMS API, UpdateAlias: the new key has the type and the usage of the old one.
pub(super) fn update(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let name = input.text("AliasName")?.to_owned();
    check(&name)?;
    // The old key too (KMS API, UpdateAlias, "Required permissions").
    of_key(world, ctx, &name, "kms:UpdateAlias")?;
    let key = own(world, ctx, input.text("TargetKeyId")?, "kms:UpdateAlias")?;
    key.must_not_be(LEAVING)?;
    let (id, spec, usage) = (key.id.clone(), key.spec.clone(), key.usage.clone());
    let now = world.stamp();
    let kms = &mut world.cell(ctx).kms;
    let Some(alias) = kms.aliases.get(&name) else {
        return Err(no_alias(&ctx.arn("kms", &name)));
    };
    let old = alias.target.as_ref().and_then(|id| kms.keys.get(id));
    let family = |spec: &str| spec == "SYMMETRIC_DEFAULT";
    if old.is_some_and(|old| family(&old.spec) != family(&spec) || old.usage != usage) {
        return Err(ApiError::invalid(
            "The current and new KMS key must be the same type and have the same key usage.",
        ));
    }
    room(kms, &id)?;
    if let Some(alias) = kms.aliases.get_mut(&name) {
        alias.target = Some(id);
        alias.updated = Some(now);
    }
    Ok(Body::Empty)
}

/// KMS API, DeleteAlias.
pub(super) fn delete(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let name = input.text("AliasName")?;
    check(name)?;
    of_key(world, ctx, name, "kms:DeleteAlias")?;
    match world.cell(ctx).kms.aliases.remove(name) {
        Some(_) => Ok(Body::Empty),
        None => Err(no_alias(&ctx.arn("kms", name))),
    }
}

/// KMS API, ListAliases: pages of 50, at most 100.
pub(super) fn list(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let most = page_size(input, 100, 50)?;
    let of = match input.opt("KeyId")? {
        None => None,
        Some(text) => {
            let place = find(world, ctx, text, "kms:ListAliases", Use::Own)?;
            Some(key_at(world, &place)?.id.clone())
        }
    };
    require_own(world, ctx, "kms:ListAliases", "*")?;
    let now = world.now();
    let sight = world.sight(ctx.service, "ListAliases");
    let kms = &mut world.cell(ctx).kms;
    kms.bury(now);
    let aliases: Vec<(String, Alias)> = kms
        .aliases
        .iter()
        .filter(|(_, alias)| of.is_none() || alias.target == of)
        .filter(|(_, alias)| alias.created.is_none_or(|made| sight.sees(made)))
        .map(|(name, alias)| (name.clone(), alias.clone()))
        .collect();
    let marker = input.opt("Marker")?;
    let cut = page_by_key(aliases, marker, most, "ListAliases", |alias| {
        alias.0.clone()
    });
    let cut = cut.map_err(|_| invalid_marker())?;
    let entries: Vec<Value> = cut
        .items
        .into_iter()
        .map(|(name, alias)| {
            let mut entry = Map::new();
            entry.insert("AliasArn".to_owned(), Value::from(ctx.arn("kms", &name)));
            entry.insert("AliasName".to_owned(), Value::from(name));
            if let Some(target) = alias.target {
                entry.insert("TargetKeyId".to_owned(), Value::from(target));
            }
            for (field, time) in [
                ("CreationDate", alias.created),
                ("LastUpdatedDate", alias.updated),
            ] {
                if let Some(time) = time {
                    entry.insert(field.to_owned(), epoch(time));
                }
            }
            Value::Object(entry)
        })
        .collect();
    Ok(paged(serde_json::json!({ "Aliases": entries }), cut.next))
}
