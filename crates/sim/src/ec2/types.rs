//! Instance types, with what is known of their local storage.

use sagelock_domain::instance;
use serde_json::{Value, json};

use crate::answer::{Answered, ApiError, tree};
use crate::input::Input;
use crate::page::page_by_key;
use crate::world::{Ctx, World};

/// A request's filters: names, and the values of each.
pub(super) fn filters(input: &Input) -> Result<Vec<(String, Vec<String>)>, ApiError> {
    input
        .list("Filter")?
        .iter()
        .map(|filter| {
            let name = filter.get("Name").and_then(Value::as_str);
            let values = filter.get("Value").and_then(Value::as_array);
            let values = values
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .map(ToOwned::to_owned)
                .collect();
            let name = name.ok_or_else(|| ApiError::invalid("A filter has no name."))?;
            Ok((name.to_owned(), values))
        })
        .collect()
}

fn show(name: &str, gigabytes: u32) -> Value {
    let mut shown = json!({
        "instanceType": name,
        "currentGeneration": true,
        "instanceStorageSupported": gigabytes > 0,
    });
    if gigabytes > 0
        && let Some(fields) = shown.as_object_mut()
    {
        fields.insert(
            "instanceStorageInfo".to_owned(),
            json!({
                "totalSizeInGB": gigabytes,
                "disks": [{ "sizeInGB": gigabytes, "count": 1, "type": "ssd" }],
                "nvmeSupport": "required",
                "encryptionSupport": "required",
            }),
        );
    }
    shown
}

/// EC2 API, DescribeInstanceTypes: the types that SageMaker hosts on.
pub(super) fn describe(_world: &mut World, _ctx: &Ctx, input: &Input) -> Answered {
    let wanted = input.texts("InstanceType")?;
    let mut types: Vec<(String, u32)> = instance::local_storage()
        .filter_map(|(name, gigabytes)| Some((name.strip_prefix("ml.")?.to_owned(), gigabytes)))
        .collect();
    if let Some(unknown) = wanted
        .iter()
        .find(|name| types.iter().all(|(known, _)| known != *name))
    {
        return Err(ApiError::new(
            "InvalidInstanceType",
            format!("The following supplied instance types do not exist: [{unknown}]"),
        ));
    }
    for (filter, values) in filters(input)? {
        types.retain(|(name, gigabytes)| {
            let value = match filter.as_str() {
                "instance-type" => name.clone(),
                "instance-storage-supported" => (*gigabytes > 0).to_string(),
                "instance-storage-info.nvme-support" if *gigabytes > 0 => "required".to_owned(),
                "instance-storage-info.nvme-support" => return false,
                _ => return true,
            };
            values
                .iter()
                .any(|wanted| crate::fault::matches(wanted, &value))
        });
    }
    if !wanted.is_empty() {
        types.retain(|(name, _)| wanted.contains(&name.as_str()));
    }
    let most = input.within("MaxResults", 5..=100)?;
    let most = most
        .and_then(|most| usize::try_from(most).ok())
        .unwrap_or(if wanted.is_empty() { 100 } else { usize::MAX });
    let token = input.opt("NextToken")?;
    let cut = page_by_key(types, token, most, "DescribeInstanceTypes", |item| {
        item.0.clone()
    })?;
    let items: Vec<Value> = cut.items.iter().map(|(name, gb)| show(name, *gb)).collect();
    let mut answer = json!({ "instanceTypeSet": items });
    if let (Some(next), Some(fields)) = (cut.next, answer.as_object_mut()) {
        fields.insert("nextToken".to_owned(), Value::from(next));
    }
    tree(answer)
}
