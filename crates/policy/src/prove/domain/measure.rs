//! Numbers, dates and addresses: what is compared, and what is beside it.

use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

use super::{Form, Ground, Test};
use crate::document::{Expected, Instant};

/// Values at and between all those that are compared with; `None` where they are of more than one
/// kind.
pub(super) fn values(
    ground: &Ground<'_, '_>,
    tests: &[Test<'_>],
    form: Form,
) -> Option<Vec<String>> {
    let mut numbers = Vec::new();
    let mut dates = Vec::new();
    let mut addresses: Vec<Vec<IpNet>> = Vec::new();
    for test in tests {
        let Test::Condition(condition) = test else {
            continue;
        };
        let mut networks = Vec::new();
        for expected in &condition.expected {
            match expected {
                Expected::Number(number) => numbers.push(number.to_string()),
                Expected::Date(date) => dates.push(*date),
                Expected::Address(network) => networks.push(*network),
                Expected::Text(_)
                | Expected::Arn(_)
                | Expected::FilledArn(_)
                | Expected::Boolean(_)
                | Expected::Binary(_)
                | Expected::Disputed
                | Expected::Unreadable => {}
            }
        }
        if !networks.is_empty() {
            addresses.push(IpNet::aggregate(&networks));
        }
    }
    let mut values = match (numbers.is_empty(), dates.is_empty(), addresses.is_empty()) {
        (_, true, true) => around(&numbers),
        (true, false, true) => beside(&dates),
        (true, true, false) => bounds(ground, &addresses)?,
        _ => return None,
    };
    // A tag is compared as a number, and need not be one.
    if matches!(form, Form::Text | Form::Tag) {
        values.push(form.fresh(0, "aws"));
        values.push(String::new());
    }
    Some(values)
}

/// Numbers, and what lies between them.
fn around(numbers: &[String]) -> Vec<String> {
    let places = |number: &String| number.split_once('.').map_or(0, |(_, after)| after.len());
    let most = numbers.iter().map(places).max().unwrap_or_default();
    // Just further from zero than a number, and nearer than any other.
    let further = |number: &str| {
        let (whole, after) = number.split_once('.').unwrap_or((number, ""));
        format!("{whole}.{after:0<most$}1")
    };
    let mut values: Vec<String> = numbers.to_vec();
    values.extend(numbers.iter().map(|number| further(number)));
    values.push(further("0"));
    values.push(further("-0"));
    let longest = numbers.iter().map(String::len).max().unwrap_or_default();
    values.push(format!("-1{}", "0".repeat(longest)));
    values.sort();
    values.dedup();
    values
}

fn beside(dates: &[Instant]) -> Vec<String> {
    let mut values: Vec<String> = dates.iter().flat_map(|date| date.beside()).collect();
    values.sort();
    values.dedup();
    values
}

/// Addresses at both ends of every network and beside them, since each part that networks divide all
/// addresses into begins at one of these; of those that no list of networks tells apart, the first. `None`
/// where that costs more than there is.
fn bounds(ground: &Ground<'_, '_>, lists: &[Vec<IpNet>]) -> Option<Vec<String>> {
    let mut values = vec![
        IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    ];
    for network in lists.iter().flatten() {
        values.push(network.network());
        let after = match network.broadcast() {
            IpAddr::V4(last) => u32::from(last)
                .checked_add(1)
                .map(|next| IpAddr::V4(next.into())),
            IpAddr::V6(last) => u128::from(last)
                .checked_add(1)
                .map(|next| IpAddr::V6(next.into())),
        };
        values.extend(after);
    }
    values.sort_unstable();
    values.dedup();
    let lists: Vec<Vec<(IpAddr, IpAddr)>> = lists.iter().map(|list| ranges(list)).collect();
    if !ground.spend(values.len().saturating_mul(lists.len() + 1)) {
        return None;
    }
    let mut seen = HashSet::new();
    values.retain(|value| {
        let within: Vec<bool> = lists.iter().map(|list| is_within(list, *value)).collect();
        seen.insert((value.is_ipv4(), within))
    });
    Some(values.iter().map(ToString::to_string).collect())
}

/// First and last address of networks that do not overlap, in their order.
fn ranges(networks: &[IpNet]) -> Vec<(IpAddr, IpAddr)> {
    let mut ranges: Vec<(IpAddr, IpAddr)> = networks
        .iter()
        .map(|one| (one.network(), one.broadcast()))
        .collect();
    ranges.sort_unstable();
    ranges
}

fn is_within(ranges: &[(IpAddr, IpAddr)], address: IpAddr) -> bool {
    let after = ranges.partition_point(|(first, _)| *first <= address);
    after
        .checked_sub(1)
        .and_then(|at| ranges.get(at))
        .is_some_and(|(_, last)| address <= *last)
}
