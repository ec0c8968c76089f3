//! Tags of SageMaker's resources.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::SageMaker;
use crate::answer::{Answered, ApiError, tree};
use crate::input::Input;
use crate::page::page_by_key;
use crate::world::{Ctx, World};

/// Tags, by key.
pub type Tags = BTreeMap<String, String>;

/// SageMaker API, `TagList`.
const TAGS_MAX: usize = 50;

/// Reads a list of tags.
pub(super) fn read(values: &[Value]) -> Result<Tags, ApiError> {
    let mut tags = Tags::new();
    for value in values {
        let key = value.get("Key").and_then(Value::as_str);
        let text = value.get("Value").and_then(Value::as_str);
        let (Some(key), Some(text)) = (key, text) else {
            return Err(ApiError::missing("tags.member.key"));
        };
        check("tags.1.member.key", key, 1, 128)?;
        check("tags.1.member.value", text, 0, 256)?;
        if key.to_ascii_lowercase().starts_with("aws:") {
            return Err(ApiError::invalid(
                "aws: prefixed tag key names are not allowed for external use.",
            ));
        }
        if tags.insert(key.to_owned(), text.to_owned()).is_some() {
            return Err(ApiError::invalid(format!(
                "Duplicate tag keys found: {key}. Please note that tag keys are case insensitive."
            )));
        }
    }
    limit(tags.len())?;
    Ok(tags)
}

fn limit(count: usize) -> Result<(), ApiError> {
    if count > TAGS_MAX {
        return Err(ApiError::invalid(format!(
            "1 validation error detected: Value at 'tags' failed to satisfy constraint: Member \
             must have length less than or equal to {TAGS_MAX}"
        )));
    }
    Ok(())
}

/// SageMaker API, `TagKey` and `TagValue`: letters, white space, digits and `_.:/=+-@`.
fn check(field: &str, text: &str, least: usize, most: usize) -> Result<(), ApiError> {
    let count = text.chars().count();
    if count < least || count > most {
        let constraint = format!("have length between {least} and {most}");
        return Err(ApiError::constraint(text, field, &constraint));
    }
    let allowed = |c: char| c.is_alphanumeric() || c.is_whitespace() || "_.:/=+-@".contains(c);
    if text.chars().all(allowed) {
        return Ok(());
    }
    let constraint = "satisfy regular expression pattern: ^([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*)$";
    Err(ApiError::constraint(text, field, constraint))
}

/// The key under which the tags of a resource are kept.
pub(super) fn place(arn: &str) -> String {
    arn.to_lowercase()
}

fn existing<'a>(world: &'a mut World, ctx: &Ctx, arn: &str) -> Result<&'a mut SageMaker, ApiError> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let ["arn", _, "sagemaker", region, account, resource] = parts.as_slice() else {
        let constraint = "satisfy regular expression pattern: arn:.*";
        return Err(ApiError::constraint(arn, "resourceArn", constraint));
    };
    let (kind, name) = resource.split_once('/').unwrap_or((resource, ""));
    let here = *region == ctx.region && *account == ctx.account;
    let sagemaker = &mut world.cell(ctx).sagemaker;
    if here && sagemaker.has(kind, name) {
        return Ok(sagemaker);
    }
    Err(ApiError::invalid(format!(
        "Could not find {} \"{arn}\".",
        kind.replace('-', " ")
            .replace("endpoint config", "endpoint configuration")
    )))
}

/// SageMaker API, AddTags.
pub(super) fn add(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let arn = input.text("ResourceArn")?;
    let new = read(input.list("Tags")?)?;
    let sagemaker = existing(world, ctx, arn)?;
    let tags = sagemaker.tags.entry(place(arn)).or_default();
    let added = new.keys().filter(|key| !tags.contains_key(*key)).count();
    limit(tags.len() + added)?;
    tags.extend(new);
    tree(json!({ "Tags": as_list(tags.iter()) }))
}

/// SageMaker API, DeleteTags.
pub(super) fn delete(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let arn = input.text("ResourceArn")?;
    let keys = input.texts("TagKeys")?;
    let sagemaker = existing(world, ctx, arn)?;
    if let Some(tags) = sagemaker.tags.get_mut(&place(arn)) {
        tags.retain(|key, _| !keys.contains(&key.as_str()));
    }
    tree(json!({}))
}

/// SageMaker API, ListTags: `MaxResults` at least 50.
pub(super) fn list(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let arn = input.text("ResourceArn")?;
    let most = input.within("MaxResults", 50..=i64::from(u32::MAX))?;
    let most = usize::try_from(most.unwrap_or(50)).unwrap_or(50);
    let sagemaker = existing(world, ctx, arn)?;
    let tags = sagemaker.tags.get(&place(arn)).cloned().unwrap_or_default();
    let tags: Vec<(String, String)> = tags.into_iter().collect();
    let list = format!("ListTags|{}", place(arn));
    let cut = page_by_key(tags, input.opt("NextToken")?, most, &list, |tag| {
        tag.0.clone()
    })?;
    let mut answer = json!({ "Tags": as_list(cut.items.iter().map(|(k, v)| (k, v))) });
    if let (Some(next), Some(fields)) = (cut.next, answer.as_object_mut()) {
        fields.insert("NextToken".to_owned(), Value::from(next));
    }
    tree(answer)
}

fn as_list<'a>(tags: impl Iterator<Item = (&'a String, &'a String)>) -> Vec<Value> {
    tags.map(|(key, value)| json!({ "Key": key, "Value": value }))
        .collect()
}
