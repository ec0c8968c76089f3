//! Resource Groups Tagging API: tags across services.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::answer::{Answered, ApiError, tree};
use crate::input::Input;
use crate::page::page_by_key;
use crate::table::operations;
use crate::world::{Ctx, World};

operations! {
    Tagging;
    Read GetResources("") = get_resources;
}

/// Every tagged resource of the account and region, with its ARN as its own service writes it.
fn tagged(world: &mut World, ctx: &Ctx) -> Vec<(String, BTreeMap<String, String>)> {
    let cell = world.cell(ctx);
    let keys = cell
        .kms
        .keys()
        .map(|key| (key.arn.clone(), key.tags.clone()));
    let sagemaker = cell.sagemaker.tagged();
    let sagemaker = sagemaker.map(|(arn, tags)| (arn.to_owned(), tags.clone()));
    let mut all: Vec<_> = keys
        .chain(sagemaker)
        .filter(|(_, tags)| !tags.is_empty())
        .collect();
    all.sort();
    all
}

/// Resource Groups Tagging API, GetResources: 50 a page, at most 100; a list of ARNs is answered
/// at once.
fn get_resources(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let most = input.within("ResourcesPerPage", 1..=100)?.unwrap_or(50);
    let arns = input.texts("ResourceARNList")?;
    if arns.len() > 100 {
        let constraint = "have length less than or equal to 100";
        return Err(ApiError::constraint("[…]", "resourceARNList", constraint));
    }
    let kinds = input.texts("ResourceTypeFilters")?;
    let filters = input.list("TagFilters")?.to_vec();
    let is_kind = |arn: &str, kind: &str| {
        let (service, resource) = kind.split_once(':').unwrap_or((kind, ""));
        let mut parts = arn.splitn(6, ':').skip(2);
        let of_service = parts.next() == Some(service);
        of_service
            && (resource.is_empty()
                || parts
                    .nth(2)
                    .is_some_and(|r| r.starts_with(&format!("{resource}/"))))
    };
    let has = |tags: &BTreeMap<String, String>, filter: &Value| {
        let key = filter
            .get("Key")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let values: Vec<&str> = filter
            .get("Values")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        tags.get(key)
            .is_some_and(|value| values.is_empty() || values.contains(&value.as_str()))
    };
    let found: Vec<(String, BTreeMap<String, String>)> = tagged(world, ctx)
        .into_iter()
        .filter(|(arn, _)| arns.is_empty() || arns.contains(&arn.as_str()))
        .filter(|(arn, _)| kinds.is_empty() || kinds.iter().any(|kind| is_kind(arn, kind)))
        .filter(|(_, tags)| filters.iter().all(|filter| has(tags, filter)))
        .collect();
    let most = if arns.is_empty() {
        usize::try_from(most).unwrap_or(50)
    } else {
        usize::MAX
    };
    let token = input
        .opt("PaginationToken")?
        .filter(|token| !token.is_empty());
    let cut = page_by_key(found, token, most, "GetResources", |item| item.0.clone())?;
    let mappings: Vec<Value> = cut
        .items
        .into_iter()
        .map(|(arn, tags)| {
            let tags: Vec<Value> = tags
                .into_iter()
                .map(|(key, value)| json!({ "Key": key, "Value": value }))
                .collect();
            json!({ "ResourceARN": arn, "Tags": tags })
        })
        .collect();
    tree(json!({
        "ResourceTagMappingList": mappings,
        "PaginationToken": cut.next.unwrap_or_default(),
    }))
}
