//! Deletion of keys, which waits.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::access::Wants;
use super::key::{State, invalid_state};
use super::resolve::{own, own_for};
use crate::answer::{Answered, Body, tree};
use crate::authority::one;
use crate::input::{Input, epoch};
use crate::world::{Ctx, World};

/// KMS API, ScheduleKeyDeletion: 7 to 30 days, 30 where none are given. A multi-Region primary
/// waits for its replicas first.
pub(super) fn schedule(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let days = input.within("PendingWindowInDays", 7..=30)?.unwrap_or(30);
    let now = world.now();
    // Service Authorization Reference, AWS KMS, `kms:ScheduleKeyDeletionPendingWindowInDays`.
    let told = input.get("PendingWindowInDays").map(|_| {
        let key = "kms:ScheduleKeyDeletionPendingWindowInDays";
        one(key, &days.to_string())
    });
    let wants = Wants {
        context: told.into_iter().collect(),
        ..Wants::new("kms:ScheduleKeyDeletion")
    };
    let key = own_for(world, ctx, input.text("KeyId")?, &wants)?;
    key.must_not_be(&[State::PendingDeletion, State::PendingReplicaDeletion])?;
    key.window_days = Some(days);
    let is_waiting = key
        .multi
        .as_ref()
        .is_some_and(|multi| multi.primary == ctx.region && !multi.replicas.is_empty());
    let mut answer = Map::new();
    answer.insert("KeyId".to_owned(), Value::from(key.arn.as_str()));
    answer.insert("PendingWindowInDays".to_owned(), Value::from(days));
    if is_waiting {
        key.state = State::PendingReplicaDeletion;
    } else {
        let date = now
            .saturating_add(SignedDuration::from_hours(days * 24))
            .unwrap_or(Timestamp::MAX);
        key.state = State::PendingDeletion;
        key.deletion = Some(date);
        answer.insert("DeletionDate".to_owned(), epoch(date));
    }
    answer.insert("KeyState".to_owned(), Value::from(key.state.as_str()));
    Ok(Body::Tree(Value::Object(answer)))
}

/// KMS API, CancelKeyDeletion: the key is Disabled afterwards.
pub(super) fn cancel(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let key = own(world, ctx, input.text("KeyId")?, "kms:CancelKeyDeletion")?;
    if !matches!(
        key.state,
        State::PendingDeletion | State::PendingReplicaDeletion
    ) {
        return Err(invalid_state(format!(
            "{} is not pending deletion.",
            key.arn
        )));
    }
    key.state = State::Disabled;
    key.deletion = None;
    key.window_days = None;
    tree(json!({ "KeyId": key.arn }))
}
