//! AWS Account Management: the regions of an account.

use serde_json::{Value, json};

use crate::answer::{Answered, ApiError, Body, tree};
use crate::ec2::regions;
use crate::input::Input;
use crate::page::page_by_key;
use crate::table::operations;
use crate::world::{Ctx, World};

operations! {
    Account;
    Read ListRegions("") = list;
    Read GetRegionOptStatus("RegionName") = status;
    Write EnableRegion("RegionName") = enable;
    Write DisableRegion("RegionName") = disable;
}

fn word(status: &str) -> &'static str {
    match status {
        "opt-in-not-required" => "ENABLED_BY_DEFAULT",
        "opted-in" => "ENABLED",
        _ => "DISABLED",
    }
}

/// Account API, ListRegions: at most 50 a page, 20 where none are asked for.
fn list(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let most = input.within("MaxResults", 1..=50)?.unwrap_or(20);
    let wanted = input.texts("RegionOptStatusContains")?;
    let regions: Vec<(&str, &str)> = regions::statuses(world, ctx)
        .into_iter()
        .map(|(name, status)| (name, word(status)))
        .filter(|(_, status)| wanted.is_empty() || wanted.contains(status))
        .collect();
    let most = usize::try_from(most).unwrap_or(20);
    let token = input.opt("NextToken")?;
    let cut = page_by_key(regions, token, most, "ListRegions", |region| {
        region.0.to_owned()
    })?;
    let regions: Vec<Value> = cut
        .items
        .into_iter()
        .map(|(name, status)| json!({ "RegionName": name, "RegionOptStatus": status }))
        .collect();
    let mut answer = json!({ "Regions": regions });
    if let (Some(next), Some(fields)) = (cut.next, answer.as_object_mut()) {
        fields.insert("NextToken".to_owned(), Value::from(next));
    }
    tree(answer)
}

fn named(world: &mut World, ctx: &Ctx, input: &Input) -> Result<(String, &'static str), ApiError> {
    let name = input.text("RegionName")?;
    regions::statuses(world, ctx)
        .into_iter()
        .find(|(known, _)| *known == name)
        .map(|(name, status)| (name.to_owned(), status))
        .ok_or_else(|| ApiError::invalid(format!("Invalid region {name}.")))
}

/// Account API, GetRegionOptStatus.
fn status(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let (name, status) = named(world, ctx, input)?;
    tree(json!({ "RegionName": name, "RegionOptStatus": word(status) }))
}

fn set(world: &mut World, ctx: &Ctx, input: &Input, on: bool) -> Answered {
    let (name, status) = named(world, ctx, input)?;
    if status == "opt-in-not-required" {
        return Err(ApiError::invalid(format!(
            "The region {name} is enabled by default and cannot be changed."
        )));
    }
    let opted_in = &mut world.account(&ctx.account).opted_in;
    if on {
        opted_in.insert(name);
    } else {
        opted_in.remove(&name);
    }
    Ok(Body::Empty)
}

/// Account API, EnableRegion.
fn enable(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    set(world, ctx, input, true)
}

/// Account API, DisableRegion.
fn disable(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    set(world, ctx, input, false)
}
