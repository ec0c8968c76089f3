//! Numbers, dates and addresses: what is compared, and what is beside it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{Form, Test};
use crate::document::{Expected, Instant};

/// Values at and between all those that are compared with; `None` where they are of more than one
/// kind.
pub(super) fn values(tests: &[Test<'_>], form: Form) -> Option<Vec<String>> {
    let mut numbers = Vec::new();
    let mut dates = Vec::new();
    let mut addresses = Vec::new();
    for test in tests {
        let Test::Condition(condition) = test else {
            continue;
        };
        for expected in &condition.expected {
            match expected {
                Expected::Number(number) => numbers.push(number.to_string()),
                Expected::Date(date) => dates.push(*date),
                Expected::Address(network) => addresses.push(*network),
                Expected::Text(_)
                | Expected::Arn(_)
                | Expected::FilledArn(_)
                | Expected::Boolean(_)
                | Expected::Binary(_)
                | Expected::Disputed
                | Expected::Unreadable => {}
            }
        }
    }
    let mut values = match (numbers.is_empty(), dates.is_empty(), addresses.is_empty()) {
        (_, true, true) => around(&numbers),
        (true, false, true) => beside(&dates),
        (true, true, false) => bounds(&addresses),
        _ => return None,
    };
    // A tag is compared as a number, and need not be one.
    if matches!(form, Form::Text | Form::Tag) {
        values.push(form.fresh(0));
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

/// Addresses at both ends of every network and beside them: each part that networks divide all
/// addresses into begins at one of these.
fn bounds(networks: &[ipnet::IpNet]) -> Vec<String> {
    let mut values = vec![
        IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    ];
    for network in networks {
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
    values.iter().map(ToString::to_string).collect()
}
