//! Multi-Region keys.

use serde_json::json;

use super::key::{Key, MultiRegion, State, unsupported};
use super::resolve::own;
use super::{policy, tag};
use crate::answer::{Answered, ApiError, Body, tree};
use crate::input::Input;
use crate::world::{Ctx, World};

/// Tells every member of a multi-Region key which regions it has.
fn tell(world: &mut World, ctx: &Ctx, id: &str, multi: &MultiRegion) {
    let regions = multi.replicas.iter().chain([&multi.primary]);
    for region in regions {
        let kms = &mut world.cell_of(&ctx.account, region).kms;
        if let Some(key) = kms.keys.get_mut(id) {
            key.multi = Some(multi.clone());
        }
    }
}

/// The rotation of a primary is that of its replicas (KMS Developer Guide, "Multi-Region keys",
/// shared properties).
pub(super) fn share_rotation(world: &mut World, ctx: &Ctx, id: &str) {
    let Some(key) = world.cell(ctx).kms.keys.get(id) else {
        return;
    };
    let (rotation, replicas) = (key.rotation.clone(), key.multi.clone());
    for region in replicas.into_iter().flat_map(|multi| multi.replicas) {
        let kms = &mut world.cell_of(&ctx.account, &region).kms;
        if let Some(replica) = kms.keys.get_mut(id) {
            replica.rotation = rotation.clone();
        }
    }
}

fn primary<'a>(
    world: &'a mut World,
    ctx: &Ctx,
    input: &Input,
    action: &str,
) -> Result<&'a mut Key, ApiError> {
    let key = own(world, ctx, input.text("KeyId")?, action)?;
    let is_primary = key
        .multi
        .as_ref()
        .is_some_and(|multi| multi.primary == ctx.region);
    if !is_primary {
        return Err(unsupported(format!(
            "{} is not a multi-Region primary key.",
            key.arn
        )));
    }
    key.must_not_be(&[
        State::PendingDeletion,
        State::PendingReplicaDeletion,
        State::PendingImport,
        State::Unavailable,
    ])?;
    Ok(key)
}

/// KMS API, ReplicateKey.
pub(super) fn replicate(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let region = input.text("ReplicaRegion")?.to_owned();
    if !crate::ec2::regions::is_region(&region) {
        let constraint = "satisfy regular expression pattern: ^([a-z]+-){2,3}\\d+$";
        return Err(ApiError::constraint(&region, "replicaRegion", constraint));
    }
    let there = Ctx {
        region: region.clone(),
        ..ctx.clone()
    };
    let tags = tag::read(input.list("Tags")?)?;
    let description = input.opt("Description")?.unwrap_or_default().to_owned();
    let mut replica = primary(world, ctx, input, "kms:ReplicateKey")?.clone();
    let id = replica.id.clone();
    if region == ctx.region || world.cell(&there).kms.keys.contains_key(&id) {
        return Err(ApiError::new(
            "AlreadyExistsException",
            format!("{id} already exists in {region}."),
        ));
    }
    let mut multi = replica.multi.clone().unwrap_or_else(|| MultiRegion {
        primary: ctx.region.clone(),
        replicas: std::collections::BTreeSet::new(),
    });
    multi.replicas.insert(region);
    replica.arn = there.arn("kms", &format!("key/{id}"));
    replica.created = world.stamp();
    replica.state = State::Enabled;
    replica.tags = tags;
    replica.policy = policy::given_or_default(world, &there, &replica, input)?;
    replica.description = description;
    replica.grants.clear();
    replica.multi = Some(multi.clone());
    let answer = json!({
        "ReplicaKeyMetadata": replica.metadata(&there),
        "ReplicaPolicy": replica.policy,
        "ReplicaTags": replica
            .tags
            .iter()
            .map(|(key, value)| json!({ "TagKey": key, "TagValue": value }))
            .collect::<Vec<_>>(),
    });
    world.cell(&there).kms.keys.insert(id.clone(), replica);
    tell(world, ctx, &id, &multi);
    tree(answer)
}

/// KMS API, UpdatePrimaryRegion.
pub(super) fn move_primary(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let region = input.text("PrimaryRegion")?.to_owned();
    let key = primary(world, ctx, input, "kms:UpdatePrimaryRegion")?;
    let id = key.id.clone();
    let Some(mut multi) = key.multi.clone().filter(|m| m.replicas.contains(&region)) else {
        return Err(ApiError::new(
            "NotFoundException",
            format!("{id} has no replica in {region}."),
        ));
    };
    multi.replicas.remove(&region);
    multi.replicas.insert(ctx.region.clone());
    multi.primary = region;
    tell(world, ctx, &id, &multi);
    Ok(Body::Empty)
}
