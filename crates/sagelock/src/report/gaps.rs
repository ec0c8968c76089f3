//! What could not be read, in lines: alike ones together.

use std::collections::{BTreeMap, BTreeSet};

use sagelock_domain::call::Op;
use sagelock_domain::fact::{Gap, GapReason};
use sagelock_domain::ids::Region;
use sagelock_domain::rules::RULES;

use super::some_of;
use crate::outcome::Audit;

/// The permissions that were missing, and the rules whose verdicts they would unlock. What the
/// configuration expects to be denied is not missing.
pub(crate) fn missing_permissions(audit: &Audit) -> Vec<String> {
    let mut denied: BTreeMap<Op, (u64, BTreeSet<&Region>)> = BTreeMap::new();
    let missing = audit
        .coverage
        .gaps
        .iter()
        .filter(|gap| !gap.expected && gap.gap.reason == GapReason::AccessDenied)
        .filter(|gap| !gap.gap.is_of_account());
    for gap in missing {
        let (count, regions) = denied.entry(gap.gap.call).or_default();
        *count += 1;
        regions.insert(&gap.gap.region);
    }
    let line = |(op, (count, regions)): (&Op, &(u64, BTreeSet<&Region>))| {
        let rules: Vec<&str> = RULES
            .iter()
            .filter(|rule| rule.needs.contains(op))
            .map(|rule| rule.id)
            .collect();
        let unlocks = match rules.as_slice() {
            [] => "no verdict".to_owned(),
            few if few.len() <= 4 => few.join(", "),
            many => format!("{} rules", many.len()),
        };
        let name = op.name();
        format!(
            "{name} denied {count} ×{}: allow it for {unlocks}",
            in_regions(regions.len())
        )
    };
    denied.iter().map(line).collect()
}

/// The accounts that could not be entered, and why; alike ones together.
pub(crate) fn not_entered(audit: &Audit) -> Vec<String> {
    let mut groups: BTreeMap<String, Vec<&Gap>> = BTreeMap::new();
    for gap in audit.coverage.gaps.iter().map(|gap| &gap.gap) {
        if gap.is_of_account() {
            let code = gap.said.split(':').next().unwrap_or_default();
            groups.entry(code.to_owned()).or_default().push(gap);
        }
    }
    let line = |group: &Vec<&Gap>| {
        let first = group.first()?;
        let accounts: Vec<&str> = group.iter().map(|gap| gap.account.as_str()).collect();
        let accounts = some_of(&accounts, NAMED_MAX, "accounts");
        Some(format!("not entered: {accounts}: {first}"))
    };
    groups.values().filter_map(line).collect()
}

/// Accounts that are named one by one.
const NAMED_MAX: usize = 5;

/// The other gaps, alike ones in one line.
pub(crate) fn other_gaps(audit: &Audit) -> Vec<String> {
    let mut groups: BTreeMap<(Op, GapReason), Vec<&Gap>> = BTreeMap::new();
    let other = audit
        .coverage
        .gaps
        .iter()
        .filter(|gap| !gap.expected && gap.gap.reason != GapReason::AccessDenied)
        .filter(|gap| !gap.gap.is_of_account());
    for gap in other {
        let kind = (gap.gap.call, gap.gap.reason);
        groups.entry(kind).or_default().push(&gap.gap);
    }
    let line = |group: &Vec<&Gap>| {
        let first = group.first()?;
        let regions: BTreeSet<&Region> = group.iter().map(|gap| &gap.region).collect();
        Some(match group.len() {
            1 => first.to_string(),
            more => format!(
                "{first} (and {} more{})",
                more - 1,
                in_regions(regions.len())
            ),
        })
    };
    groups.values().filter_map(line).collect()
}

fn in_regions(regions: usize) -> String {
    if regions < 2 {
        String::new()
    } else {
        format!(" in {regions} regions")
    }
}
