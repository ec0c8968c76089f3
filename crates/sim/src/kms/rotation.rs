//! Rotation of keys.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::key::{Key, Manager, State, invalid_marker, page_size, paged, unsupported};
use super::resolve::{Use, find, key_at, own};
use crate::answer::{Answered, ApiError, Body, tree};
use crate::input::{Input, epoch};
use crate::page::page_by_key;
use crate::world::{Ctx, World};

/// Rotation of a key.
#[derive(Clone, Debug, Default)]
pub struct Rotation {
    /// Every so many days by itself, since then; none where it does not.
    pub automatic: Option<(i64, Timestamp)>,
    on_demand: Vec<Timestamp>,
}

/// KMS API, RotateKeyOnDemand: at most 25 times a key.
const ON_DEMAND_MAX: usize = 25;

impl Rotation {
    /// A key that AWS manages rotates every year (KMS Developer Guide, "Key rotation").
    pub(super) fn yearly(since: Timestamp) -> Self {
        Self {
            automatic: Some((365, since)),
            on_demand: Vec::new(),
        }
    }

    /// The automatic rotations until now, and the next.
    fn automatic(&self, now: Timestamp) -> (Vec<Timestamp>, Option<Timestamp>) {
        let Some((days, since)) = self.automatic else {
            return (Vec::new(), None);
        };
        let mut done = Vec::new();
        let mut next = since;
        loop {
            match next.saturating_add(SignedDuration::from_hours(days * 24)) {
                Ok(then) if then > next => next = then,
                Ok(_) | Err(_) => return (done, None),
            }
            if next > now {
                return (done, Some(next));
            }
            done.push(next);
        }
    }
}

/// KMS API, EnableKeyRotation: symmetric encryption keys with material from AWS KMS.
fn check(key: &Key, ctx: &Ctx) -> Result<(), ApiError> {
    let is_replica = |multi: &super::key::MultiRegion| multi.primary != ctx.region;
    if key.multi.as_ref().is_some_and(is_replica) {
        return Err(unsupported(format!(
            "{} is a replica; the rotation of a multi-Region key is set on its primary.",
            key.arn
        )));
    }
    if key.spec != "SYMMETRIC_DEFAULT" || key.origin != "AWS_KMS" {
        return Err(unsupported(format!(
            "{} origin is {} and its spec {}, which is not valid for this operation.",
            key.arn, key.origin, key.spec
        )));
    }
    key.must_not_be(&[
        State::Disabled,
        State::PendingDeletion,
        State::PendingReplicaDeletion,
        State::Unavailable,
    ])
}

/// KMS API, EnableKeyRotation: 90 to 2,560 days, 365 where none are given.
pub(super) fn enable(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let days = input.within("RotationPeriodInDays", 90..=2560)?;
    let now = world.now();
    let key = own(world, ctx, input.text("KeyId")?, "kms:EnableKeyRotation")?;
    check(key, ctx)?;
    key.rotation.automatic = Some((days.unwrap_or(365), now));
    let id = key.id.clone();
    super::replica::share_rotation(world, ctx, &id);
    Ok(Body::Empty)
}

/// KMS API, DisableKeyRotation.
pub(super) fn disable(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let key = own(world, ctx, input.text("KeyId")?, "kms:DisableKeyRotation")?;
    check(key, ctx)?;
    key.rotation.automatic = None;
    let id = key.id.clone();
    super::replica::share_rotation(world, ctx, &id);
    Ok(Body::Empty)
}

/// KMS API, GetKeyRotationStatus. A key that waits to be deleted reports no rotation; a key with
/// imported material never rotates by itself.
pub(super) fn status(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let now = world.now();
    let text = input.text("KeyId")?;
    let place = find(world, ctx, text, "kms:GetKeyRotationStatus", Use::Shared)?;
    let key = key_at(world, &place)?;
    if key.spec != "SYMMETRIC_DEFAULT" {
        return Err(unsupported(format!(
            "{} key spec is {} which is not valid for this operation.",
            key.arn, key.spec
        )));
    }
    let leaving = matches!(
        key.state,
        State::PendingDeletion | State::PendingReplicaDeletion
    );
    let rotates = key.rotation.automatic.filter(|_| !leaving);
    let mut fields = Map::new();
    fields.insert("KeyId".to_owned(), Value::from(key.id.as_str()));
    fields.insert(
        "KeyRotationEnabled".to_owned(),
        Value::from(rotates.is_some()),
    );
    if let Some((days, _)) = rotates {
        fields.insert("RotationPeriodInDays".to_owned(), Value::from(days));
        if let (_, Some(next)) = key.rotation.automatic(now) {
            fields.insert("NextRotationDate".to_owned(), epoch(next));
        }
    }
    tree(Value::Object(fields))
}

/// KMS API, RotateKeyOnDemand.
pub(super) fn on_demand(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let now = world.stamp();
    let key = own(world, ctx, input.text("KeyId")?, "kms:RotateKeyOnDemand")?;
    check(key, ctx)?;
    if key.rotation.on_demand.len() >= ON_DEMAND_MAX {
        return Err(ApiError::new(
            "LimitExceededException",
            format!(
                "The key {} was rotated on demand {ON_DEMAND_MAX} times.",
                key.arn
            ),
        ));
    }
    key.rotation.on_demand.push(now);
    tree(json!({ "KeyId": key.id }))
}

/// KMS API, ListKeyRotations.
pub(super) fn list(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let most = page_size(input, 1000, 100)?;
    let now = world.now();
    let place = find(
        world,
        ctx,
        input.text("KeyId")?,
        "kms:ListKeyRotations",
        Use::Own,
    )?;
    let key = key_at(world, &place)?;
    if key.spec != "SYMMETRIC_DEFAULT" || key.manager == Manager::Aws {
        return Err(unsupported(format!(
            "The rotations of {} cannot be listed.",
            key.arn
        )));
    }
    let of = |kind: &'static str| move |time: Timestamp| (time, kind);
    let mut rotations: Vec<(Timestamp, &str)> = key
        .rotation
        .automatic(now)
        .0
        .into_iter()
        .map(of("AUTOMATIC"))
        .chain(key.rotation.on_demand.iter().copied().map(of("ON_DEMAND")))
        .collect();
    rotations.sort_unstable();
    let list = format!("ListKeyRotations|{}", key.id);
    let place = |rotation: &(Timestamp, &str)| {
        format!("{:020}|{}", rotation.0.as_millisecond(), rotation.1)
    };
    let cut = page_by_key(rotations, input.opt("Marker")?, most, &list, place);
    let cut = cut.map_err(|_| invalid_marker())?;
    let entries: Vec<Value> = cut
        .items
        .iter()
        .map(|(time, kind)| {
            json!({ "KeyId": key.id, "RotationDate": epoch(*time), "RotationType": kind })
        })
        .collect();
    Ok(paged(json!({ "Rotations": entries }), cut.next))
}
