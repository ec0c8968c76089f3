//! Regions, and which of them an account has switched on.

use serde_json::{Value, json};

use crate::answer::{Answered, ApiError, tree};
use crate::input::Input;
use crate::world::{Ctx, World, partition};

/// Regions that every account has (Account Management Reference Guide, "Region availability").
pub(crate) const ALWAYS: &[&str] = &[
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "eu-central-1",
    "eu-north-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
];

/// Regions that an account opts in to (the same page).
pub(crate) const OPT_IN: &[&str] = &[
    "af-south-1",
    "ap-east-1",
    "ap-east-2",
    "ap-south-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-6",
    "ap-southeast-7",
    "ca-west-1",
    "eu-central-2",
    "eu-south-1",
    "eu-south-2",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "mx-central-1",
];

const CHINA: &[&str] = &["cn-north-1", "cn-northwest-1"];
const US_GOV: &[&str] = &["us-gov-east-1", "us-gov-west-1"];

/// Whether there is such a region, in any partition.
pub(crate) fn is_region(name: &str) -> bool {
    [ALWAYS, OPT_IN, CHINA, US_GOV]
        .iter()
        .any(|list| list.contains(&name))
}

/// Every region of the partition, with its opt-in status for the account.
pub(crate) fn statuses(world: &mut World, ctx: &Ctx) -> Vec<(&'static str, &'static str)> {
    let (always, opt_in): (&[&str], &[&str]) = match partition(&ctx.region) {
        "aws-cn" => (CHINA, &[]),
        "aws-us-gov" => (US_GOV, &[]),
        _ => (ALWAYS, OPT_IN),
    };
    let opted_in = &world.account(&ctx.account).opted_in;
    let mut statuses: Vec<(&str, &str)> = always
        .iter()
        .map(|name| (*name, "opt-in-not-required"))
        .chain(opt_in.iter().map(|name| {
            let on = opted_in.contains(*name);
            (*name, if on { "opted-in" } else { "not-opted-in" })
        }))
        .collect();
    statuses.sort_unstable();
    statuses
}

/// EC2 API, DescribeRegions: those that are on, or all with `AllRegions`.
pub(super) fn describe(world: &mut World, ctx: &Ctx, input: &Input) -> Answered {
    let all = input.flag("AllRegions")?;
    let wanted = input.texts("RegionName")?;
    let statuses = statuses(world, ctx);
    if let Some(unknown) = wanted
        .iter()
        .find(|name| statuses.iter().all(|(known, _)| known != *name))
    {
        return Err(ApiError::new(
            "InvalidParameterValue",
            format!("Invalid region: {unknown}"),
        ));
    }
    let filters = super::types::filters(input)?;
    let items: Vec<Value> = statuses
        .into_iter()
        .filter(|(name, status)| {
            let on = all || *status != "not-opted-in";
            let named = wanted.is_empty() || wanted.contains(name);
            let passes = filters.iter().all(|(filter, values)| {
                let endpoint = format!("ec2.{name}.amazonaws.com");
                let value = match filter.as_str() {
                    "opt-in-status" => *status,
                    "region-name" => *name,
                    "endpoint" => endpoint.as_str(),
                    _ => return true,
                };
                values
                    .iter()
                    .any(|wanted| crate::fault::matches(wanted, value))
            });
            (on || !wanted.is_empty()) && named && passes
        })
        .map(|(name, status)| {
            json!({
                "regionName": name,
                "regionEndpoint": format!("ec2.{name}.amazonaws.com"),
                "optInStatus": status,
            })
        })
        .collect();
    tree(json!({ "regionInfo": items }))
}
