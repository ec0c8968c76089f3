//! Numbers, dates and addresses: what is compared, and what is beside it.

use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

use super::{Form, Ground, Test};
use crate::document::{Expected, Instant};
use crate::prove::samples::Home;

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
                | Expected::Disputed(_)
                | Expected::Unreadable(_) => {}
            }
        }
        if !networks.is_empty() {
            addresses.push(IpNet::aggregate(&networks));
        }
    }
    let kind = match (numbers.is_empty(), dates.is_empty(), addresses.is_empty()) {
        (_, true, true) => Kind::Number,
        (true, false, true) => Kind::Date,
        (true, true, false) => Kind::Address,
        _ => return None,
    };
    match (form, kind) {
        // A tag is compared as a number, and need not be one.
        (Form::Text | Form::Tag | Form::TagValue, kind) => {
            let mut values = match kind {
                Kind::Number => around(&numbers),
                Kind::Date => beside(&dates),
                Kind::Address => bounds(ground, &addresses)?,
            };
            values.extend([form.fresh(0, Home::of(ground.request)), String::new()]);
            Some(values)
        }
        (Form::Number | Form::Epoch, Kind::Number) => whole(&numbers),
        (Form::Epoch, Kind::Date) => Some(seconds(&dates)),
        (Form::Date, Kind::Date) => Some(beside(&dates)),
        (Form::Address, Kind::Address) => bounds(ground, &addresses),
        // Digits are a number, and a date in seconds.
        (Form::Account, _) | (Form::Number, Kind::Date) => None,
        // Such a text is no number, no date and no address, whatever it is.
        (form, _) => Some(match form.listed() {
            [] => vec![form.fresh(0, Home::of(ground.request))],
            listed => listed.iter().map(|text| (*text).to_owned()).collect(),
        }),
    }
}

/// What values are compared as.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Number,
    Date,
    Address,
}

/// Numbers without a part after the point: at, and on both sides of each; `None` where one is too long.
fn whole(numbers: &[String]) -> Option<Vec<String>> {
    let mut values = std::collections::BTreeSet::from([0_u64]);
    for number in numbers {
        let text = number.split('.').next().unwrap_or(number);
        let whole = text.parse::<i64>().ok()?;
        let near = [whole.checked_sub(1)?, whole, whole.checked_add(1)?];
        values.extend(near.into_iter().filter_map(|one| u64::try_from(one).ok()));
    }
    Some(values.iter().map(ToString::to_string).collect())
}

/// The same of dates.
fn seconds(dates: &[Instant]) -> Vec<String> {
    let near = |date: &Instant| {
        let second = date.seconds_after(0);
        [second.saturating_sub(1), second, second.saturating_add(1)]
    };
    let all: std::collections::BTreeSet<i64> = dates.iter().flat_map(near).collect();
    let all = all.into_iter().filter(|second| *second >= 0);
    all.map(|second| second.to_string()).collect()
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
