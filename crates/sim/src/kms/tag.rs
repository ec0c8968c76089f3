//! Tags of keys.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::key::{State, invalid_marker, page_size, paged};
use super::resolve::{Use, find, key_at, own};
use crate::answer::{Answered, ApiError, Body};
use crate::input::Input;
use crate::page::page_by_key;
use crate::world::{Ctx, World};

/// KMS Developer Guide, "Tagging keys".
const TAGS_MAX: usize = 50;

fn refused(message: impl Into<String>) -> ApiError {
    ApiError::new("TagException", message)
}

/// Reads a list of tags.
pub(super) fn read(values: &[Value]) -> Result<BTreeMap<String, String>, ApiError> {
    let mut tags = BTreeMap::new();
    for value in values {
        let key = value.get("TagKey").and_then(Value::as_str);
        let text = value.get("TagValue").and_then(Value::as_str);
        let (Some(key), Some(text)) = (key, text) else {
            return Err(ApiError::missing("tags.member.tagKey"));
        };
        let length = key.chars().count();
        if !(1..=128).contains(&length) || text.chars().count() > 256 {
            let constraint = "have length less than or equal to 128";
            return Err(ApiError::constraint(
                key,
                "tags.1.member.tagKey",
                constraint,
            ));
        }
        if key.to_ascii_lowercase().starts_with("aws:") {
            return Err(refused("User-defined tag keys can't start with 'aws:'."));
        }
        if tags.insert(key.to_owned(), text.to_owned()).is_some() {
            return Err(refused("Duplicate tag keys"));
        }
    }
    limit(tags.len())?;
    Ok(tags)
}

fn limit(count: usize) -> Result<(), ApiError> {
    if count > TAGS_MAX {
        return Err(refused("Too many tags"));
    }
    Ok(())
}

const LEAVING: &[State] = &[State::PendingDeletion, State::PendingReplicaDeletion];

/// KMS API, TagResource.
pub(super) fn add(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let tags = read(input.list("Tags")?)?;
    let key = own(world, ctx, input.text("KeyId")?, "kms:TagResource")?;
    key.must_not_be(LEAVING)?;
    let added = tags
        .keys()
        .filter(|name| !key.tags.contains_key(*name))
        .count();
    limit(key.tags.len() + added)?;
    key.tags.extend(tags);
    Ok(Body::Empty)
}

/// KMS API, UntagResource.
pub(super) fn remove(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let names: Vec<String> = input
        .texts("TagKeys")?
        .into_iter()
        .map(ToOwned::to_owned)
        .collect();
    let key = own(world, ctx, input.text("KeyId")?, "kms:UntagResource")?;
    key.must_not_be(LEAVING)?;
    key.tags.retain(|name, _| !names.contains(name));
    Ok(Body::Empty)
}

/// KMS API, ListResourceTags: at most 50, and a key has no more.
pub(super) fn list(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let most = page_size(input, 50, 50)?;
    let place = find(
        world,
        ctx,
        input.text("KeyId")?,
        "kms:ListResourceTags",
        Use::Own,
    )?;
    let key = key_at(world, &place)?;
    let tags: Vec<(String, String)> = key.tags.clone().into_iter().collect();
    let list = format!("ListResourceTags|{}", key.id);
    let cut = page_by_key(tags, input.opt("Marker")?, most, &list, |tag| tag.0.clone());
    let cut = cut.map_err(|_| invalid_marker())?;
    let tags: Vec<Value> = cut
        .items
        .into_iter()
        .map(|(key, value)| json!({ "TagKey": key, "TagValue": value }))
        .collect();
    Ok(paged(json!({ "Tags": tags }), cut.next))
}
