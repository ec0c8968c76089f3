//! A region that refuses the caller as a whole, as opposed to a permission that is missing.

use crate::fact::{Gap, GapReason};
use crate::inventory::Cell;

/// Whether any of a cell's listings was answered.
pub(super) fn has_answered(cell: &Cell) -> bool {
    let unlisted = [&cell.endpoints_gap, &cell.configs_gap, &cell.schedules_gap];
    unlisted.iter().any(|gap| gap.is_none())
        || !cell.endpoints.is_empty()
        || !cell.configs.is_empty()
}

/// Whether both listings that an audit stands on were denied.
pub(super) fn listings_denied(cell: &Cell) -> bool {
    let denied = |gap: &Option<Gap>| {
        gap.as_ref()
            .is_some_and(|gap| gap.reason == GapReason::AccessDenied)
    };
    denied(&cell.endpoints_gap) && denied(&cell.configs_gap)
}

/// The gap of a denied cell's region, where it is the region that denies: another one answered,
/// or AWS says so.
pub(super) fn region_denied(cell: &Cell, others_answered: bool) -> Option<Gap> {
    let gaps = [&cell.endpoints_gap, &cell.configs_gap];
    let said = gaps.iter().filter_map(|gap| gap.as_ref());
    let is_said = said.map(|gap| gap.said.as_str()).any(names_the_region);
    let gap = cell.endpoints_gap.clone()?;
    (others_answered || is_said).then_some(Gap {
        reason: GapReason::RegionDenied,
        ..gap
    })
}

/// Puts the region's gap in place of those of its listings.
pub(super) fn stand_for_all(region: &Gap, cell: &mut Cell) {
    for gap in [
        &mut cell.endpoints_gap,
        &mut cell.configs_gap,
        &mut cell.schedules_gap,
    ] {
        *gap = Some(region.clone());
    }
}

/// IAM User Guide, "Troubleshoot access denied error messages": an explicit deny and a service
/// control policy are named; EC2 API, error codes, `OptInRequired`.
fn names_the_region(said: &str) -> bool {
    ["explicit deny", "service control policy", "OptInRequired"]
        .iter()
        .any(|words| said.contains(words))
}
