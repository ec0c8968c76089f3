//! What an audit that is not whole does not say.

use std::collections::{BTreeMap, BTreeSet};

use sagelock_domain::call::Op;
use sagelock_domain::fact::{Gap, GapReason};
use sagelock_domain::ids::Region;

use super::names::some_of;
use crate::outcome::Audit;

/// Accounts and regions that are named one by one.
const NAMED_MAX: usize = 4;
/// Kinds of listings of which each is told.
const KINDS_MAX: usize = 4;

/// A sentence without its full stop each.
pub(super) fn sentences(audit: &Audit) -> Vec<String> {
    let unexpected = audit.coverage.gaps.iter().filter(|gap| !gap.expected);
    let unexpected: Vec<&Gap> = unexpected.map(|gap| &gap.gap).collect();
    let mut missing: Vec<String> = of_regions(audit, &unexpected).into_iter().collect();
    let mut kinds: BTreeMap<(Op, GapReason), Vec<&Gap>> = BTreeMap::new();
    for gap in unexpected {
        if gap.is_of_listing() && gap.call != Op::DescribeRegions {
            kinds.entry((gap.call, gap.reason)).or_default().push(gap);
        }
    }
    let more = kinds.values().skip(KINDS_MAX).map(Vec::len).sum::<usize>();
    missing.extend(
        kinds
            .values()
            .take(KINDS_MAX)
            .filter_map(|gaps| of_kind(gaps)),
    );
    if more > 0 {
        missing.push(format!(
            "other listings that could not be read: {more}; results may be incomplete"
        ));
    }
    if missing.is_empty() {
        missing.push("a listing could not be read, so there may be more".to_owned());
    }
    missing
}

/// That it is not known which regions there are.
fn of_regions(audit: &Audit, gaps: &[&Gap]) -> Option<String> {
    let first = gaps.iter().find(|gap| gap.call == Op::DescribeRegions)?;
    let whose = if audit.accounts.len() > 1 {
        format!(" of {}", first.account)
    } else {
        String::new()
    };
    let names: Vec<&str> = audit.regions.iter().map(Region::as_str).collect();
    Some(format!(
        "Regions{whose} not known, only {} looked at: allow account:ListRegions or ec2:DescribeRegions, \
         or name the Regions with --region",
        names.join(", ")
    ))
}

/// Gaps of one operation for one reason.
fn of_kind(gaps: &[&Gap]) -> Option<String> {
    let first = gaps.first()?;
    let why = Gap {
        subject: String::new(),
        said: String::new(),
        ..(*first).clone()
    };
    let accounts: BTreeSet<&str> = gaps.iter().map(|gap| gap.account.as_str()).collect();
    let accounts: Vec<&str> = accounts.into_iter().collect();
    let named = some_of(&accounts, NAMED_MAX, "accounts");
    Some(
        if matches!(first.call, Op::AssumeRole | Op::GetCallerIdentity) {
            let is_one = accounts.len() == 1;
            let (noun, verb) = if is_one {
                ("account", "was")
            } else {
                ("accounts", "were")
            };
            format!(
                "{noun} {named} {verb} not accessed ({why}), so this audit does not cover the resources there"
            )
        } else {
            let regions: BTreeSet<&str> = gaps.iter().map(|gap| gap.region.as_str()).collect();
            let regions: Vec<&str> = regions.into_iter().collect();
            let regions = some_of(&regions, NAMED_MAX, "Regions");
            format!("{why} in {named} ({regions}), so there may be more")
        },
    )
}
