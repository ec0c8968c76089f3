//! Who may do what with a key: its policy, its grants, and what binds who asks.

use sagelock_policy::Kind;
use sagelock_policy::context::Value as Held;
use sagelock_policy::request::Grant;
use serde_json::Value;

use super::grant;
use super::key::Key;
use crate::answer::ApiError;
use crate::authority::{Asks, one, refusal, require, several};
use crate::world::{Ctx, World};

/// What is asked of a key.
pub(super) struct Wants<'a> {
    pub(super) action: &'a str,
    /// The service that asks for who called it (IAM User Guide, "Forward access sessions").
    pub(super) via: Option<&'a str>,
    /// What this request tells beside what every one tells (KMS Developer Guide, "Condition keys
    /// for AWS KMS").
    pub(super) context: Vec<(String, Held)>,
}

impl<'a> Wants<'a> {
    pub(super) fn new(action: &'a str) -> Self {
        Self {
            action,
            via: None,
            context: Vec::new(),
        }
    }
}

/// Why it is not allowed, if it is not.
pub(super) fn denial(world: &World, ctx: &Ctx, key: &Key, wants: &Wants<'_>) -> Option<String> {
    refusal(world, &asks(world, ctx, key, &key.policy, wants))
}

/// Whether a policy would let who asks do that with a key.
pub(super) fn would_allow(
    world: &World,
    ctx: &Ctx,
    key: &Key,
    policy: &str,
    wants: &Wants<'_>,
) -> bool {
    refusal(world, &asks(world, ctx, key, policy, wants)).is_none()
}

fn asks<'a>(
    world: &World,
    ctx: &'a Ctx,
    key: &'a Key,
    policy: &'a str,
    wants: &Wants<'a>,
) -> Asks<'a> {
    let mut context = wants.context.clone();
    context.push(one("kms:CallerAccount", &ctx.account));
    context.push(one("kms:KeySpec", &key.spec));
    context.push(one("kms:KeyUsage", &key.usage));
    context.push(one("kms:KeyOrigin", &key.origin));
    let is_multi = if key.multi.is_some() { "true" } else { "false" };
    context.push(one("kms:MultiRegion", is_multi));
    if let Some(service) = wants.via {
        let host = format!("{service}.{}.amazonaws.com", ctx.region);
        context.push(one("kms:ViaService", &host));
        context.push(one("aws:ViaAWSService", "true"));
        context.push(several(
            "aws:CalledVia",
            [format!("{service}.amazonaws.com").as_str()],
        ));
    } else {
        context.push(one("aws:ViaAWSService", "false"));
    }
    let tags = key.tags.iter();
    context.extend(tags.map(|(name, value)| one(&format!("aws:ResourceTag/{name}"), value)));
    let cell = world.look(key.account(), &ctx.region);
    let aliases = cell.into_iter().flat_map(|cell| cell.kms.aliases());
    let own = aliases.filter(|(_, alias)| alias.target.as_deref() == Some(key.id.as_str()));
    let own: Vec<&str> = own.map(|(name, _)| name).collect();
    if !own.is_empty() {
        context.push(several("kms:ResourceAliases", own));
    }
    Asks {
        ctx,
        action: wants.action,
        resource: &key.arn,
        owner: key.account(),
        policy: Some((Kind::Resource, policy)),
        grants: grants(key),
        context,
    }
}

/// The grants of a key. They are known everywhere at once here, so that their age does not matter.
fn grants(key: &Key) -> Vec<Grant> {
    if key.grants.is_empty() {
        return Vec::new();
    }
    let entries: Vec<Value> = key
        .grants
        .values()
        .map(|one| grant::entry(key, one))
        .collect();
    let read = Grant::read_list(&Value::from(entries).to_string()).unwrap_or_default();
    let ageless = read.into_iter().map(|grant| Grant {
        created: None,
        ..grant
    });
    ageless.collect()
}

/// Requires what is about no key, or about the name of one: the caller's own policies have a say.
pub(super) fn require_own(
    world: &World,
    ctx: &Ctx,
    action: &str,
    resource: &str,
) -> Result<(), ApiError> {
    require(
        world,
        &Asks {
            ctx,
            action,
            resource,
            owner: &ctx.account,
            policy: None,
            grants: Vec::new(),
            context: vec![one("kms:CallerAccount", &ctx.account)],
        },
    )
}
