//! Lists: filters, order and pages, as every list of SageMaker has them.

use std::cmp::Reverse;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::answer::{Answered, ApiError, tree};
use crate::input::{Input, epoch};
use crate::page::page;

/// Something in a list.
pub(super) struct Item {
    pub(super) name: String,
    pub(super) created: Timestamp,
    pub(super) modified: Option<Timestamp>,
    pub(super) status: Option<&'static str>,
    /// The summary's fields, without name and times.
    pub(super) summary: Map<String, Value>,
}

/// What a list is called.
pub(super) struct Naming {
    /// The operation.
    pub(super) operation: &'static str,
    /// The field of the output.
    pub(super) field: &'static str,
    /// The field of a name in a summary.
    pub(super) name: &'static str,
    /// What it can be sorted by.
    pub(super) sort_keys: &'static [&'static str],
}

/// Answers a list (SageMaker API, ListEndpoints and its like: `MaxResults` 1 to 100, 10 where
/// none is given; sorted by `CreationTime`, `Descending`).
pub(super) fn list(naming: &Naming, input: &Input, mut items: Vec<Item>) -> Answered {
    let most = input.within("MaxResults", 1..=100)?.unwrap_or(10);
    let most = usize::try_from(most).unwrap_or(10);
    let by = input
        .one_of("SortBy", naming.sort_keys)?
        .unwrap_or("CreationTime");
    let ascending = input
        .one_of("SortOrder", &["Ascending", "Descending"])?
        .is_some_and(|order| order == "Ascending");
    filter(input, &mut items)?;
    let place = |item: &Item| -> String {
        let time = format!("{:020}", item.created.as_millisecond());
        match by {
            "Name" => item.name.clone(),
            "Status" => format!("{}|{time}|{}", item.status.unwrap_or_default(), item.name),
            _ => format!("{time}|{}", item.name),
        }
    };
    if ascending {
        items.sort_by_cached_key(place);
    } else {
        items.sort_by_cached_key(|item| Reverse(place(item)));
    }
    let list = format!("{}|{by}|{ascending}", naming.operation);
    let token = input.opt("NextToken")?;
    let cut = page(items, token, most, &list, place, |item, last| {
        let place = place(item);
        if ascending {
            place.as_str() > last
        } else {
            place.as_str() < last
        }
    })?;
    let summaries: Vec<Value> = cut
        .items
        .into_iter()
        .map(|item| {
            let mut summary = item.summary;
            summary.insert(naming.name.to_owned(), Value::from(item.name));
            summary.insert("CreationTime".to_owned(), epoch(item.created));
            if let Some(modified) = item.modified {
                summary.insert("LastModifiedTime".to_owned(), epoch(modified));
            }
            Value::Object(summary)
        })
        .collect();
    let mut answer = json!({ naming.field: summaries });
    if let (Some(next), Some(fields)) = (cut.next, answer.as_object_mut()) {
        fields.insert("NextToken".to_owned(), Value::from(next));
    }
    tree(answer)
}

fn filter(input: &Input, items: &mut Vec<Item>) -> Result<(), ApiError> {
    if let Some(part) = input.opt("NameContains")? {
        let allowed = part.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        if !allowed {
            let constraint = "satisfy regular expression pattern: [a-zA-Z0-9-]+";
            return Err(ApiError::constraint(part, "nameContains", constraint));
        }
        items.retain(|item| item.name.contains(part));
    }
    // SageMaker API, ListEndpoints: "at or after" and "before".
    if let Some(after) = input.time("CreationTimeAfter")? {
        items.retain(|item| item.created >= after);
    }
    if let Some(before) = input.time("CreationTimeBefore")? {
        items.retain(|item| item.created < before);
    }
    let modified = |item: &Item| item.modified.unwrap_or(item.created);
    if let Some(after) = input.time("LastModifiedTimeAfter")? {
        items.retain(|item| modified(item) >= after);
    }
    if let Some(before) = input.time("LastModifiedTimeBefore")? {
        items.retain(|item| modified(item) < before);
    }
    Ok(())
}
