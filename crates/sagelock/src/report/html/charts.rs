//! The pictures of the summary, each with its table.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, html};
use sagelock_domain::assess::Counts;
use sagelock_domain::ids::{AccountId, Region};
use sagelock_domain::rules::{Severity, Verdict, rule};

use super::overview::Overview;
use super::summary::plural;
use super::{coverage, next};
use crate::outcome::Audit;
use crate::report::chart::{
    Bar, Caption, Heat, HeatCell, Part, Stack, Tone, bars, count, donut, heat, is_narrow, share,
    stacked,
};

/// Accounts of the map; an organisation has thousands.
const ACCOUNTS_MAX: usize = 40;

/// What is unknown is hatched, so that it is told apart without its colour.
pub(super) fn patterns() -> Markup {
    html! {
        svg.patterns width="0" height="0" aria-hidden="true" {
            defs {
                pattern #hatch width="6" height="6" patternUnits="userSpaceOnUse"
                    patternTransform="rotate(45)" {
                    rect.p-ground width="6" height="6" {}
                    rect.p-line width="3" height="6" {}
                }
            }
        }
    }
}

/// All cards, with what to do next among them; a wide map stands below the others.
pub(super) fn cards(audit: &Audit, overview: &Overview) -> Markup {
    let (map, left) = map(overview);
    html! {
        div.cards {
            div.left {
                (under_cmk(&audit.totals.endpoints))
                (severities(audit))
                (next::card(audit, overview))
                @if is_narrow(&map) { (coverage::card(audit)) }
            }
            div.right {
                (rules(&audit.totals.rules))
                @if is_narrow(&map) { (places(&map, left)) }
            }
            @if !is_narrow(&map) {
                (places(&map, left))
                (coverage::card(audit))
            }
        }
    }
}

/// The share of live endpoints under a customer managed key.
fn under_cmk(counts: &Counts) -> Markup {
    let live = counts.all();
    let rows = [
        ("under a CMK", counts.pass, Tone::Pass, true, "pass"),
        ("not under a CMK", counts.fail, Tone::Fail, false, "fail"),
        ("unknown", counts.unknown, Tone::Unknown, false, "unknown"),
        (
            "cannot be",
            counts.not_applicable,
            Tone::Muted,
            false,
            "not_applicable",
        ),
    ];
    let parts = rows.map(|(label, value, tone, ..)| Part { label, value, tone });
    let (under, unknown) = (
        share(counts.pass, live, true),
        share(counts.unknown, live, false),
    );
    let says = format!(
        "Of {} live endpoints {} are under a customer managed key, {} are not, {} are unknown and {} cannot be.",
        count(live),
        count(counts.pass),
        count(counts.fail),
        count(counts.unknown),
        count(counts.not_applicable)
    );
    let title = "Live endpoints under a customer managed key";
    let caption = Caption {
        id: "c-cmk",
        title,
        says: &says,
    };
    html! {
        section.card.cmk aria-labelledby="cmk-title" {
            h2 #cmk-title { "Live endpoints under a CMK" }
            div.beside {
                (donut(caption, &parts, &under, &format!("{unknown} unknown")))
                table.legend {
                    caption { "EP-001 over " (count(live)) " live endpoints" }
                    thead.unseen { tr { th scope="col" { "Part" } th scope="col" { "Endpoints" }
                        th scope="col" { "Share" } } }
                    tbody { @for (label, value, tone, is_good, verdict) in rows {
                        tr {
                            th scope="row" { (key(tone)) a href=(format!("#verdict={verdict}&rule=EP-001")) { (label) } }
                            td.number { (count(value)) }
                            td.number { (share(value, live, is_good)) }
                        }
                    } }
                }
            }
            p.note { "“Cannot be”: local NVMe storage and serverless inference, which no key covers." }
        }
    }
}

/// A legend's patch of colour.
fn key(tone: Tone) -> Markup {
    html! {
        svg.patch width="12" height="12" aria-hidden="true" {
            rect class=(tone.class()) width="12" height="12" rx="2" {}
        }
    }
}

fn severities(audit: &Audit) -> Markup {
    let tally = audit.findings.tally();
    let of = |severity| {
        tally
            .get(&(Verdict::Fail, severity))
            .copied()
            .unwrap_or_default()
    };
    let rows: Vec<Bar> = Severity::ALL
        .into_iter()
        .rev()
        .map(|severity| Bar {
            label: severity.as_str(),
            value: of(severity),
            tone: tone(severity),
        })
        .collect();
    let fails: u64 = rows.iter().map(|bar| bar.value).sum();
    let unknown: u64 = tally
        .iter()
        .filter(|((verdict, _), _)| *verdict == Verdict::Unknown)
        .map(|(_, count)| count)
        .sum();
    let each: Vec<String> = rows
        .iter()
        .map(|bar| format!("{} {}", count(bar.value), bar.label))
        .collect();
    let says = format!("{} fails: {}.", count(fails), each.join(", "));
    let caption = Caption {
        id: "c-severity",
        title: "Fails by severity",
        says: &says,
    };
    html! {
        section.card.severity aria-labelledby="severity-title" {
            h2 #severity-title { "Fails by severity" }
            p.big { strong { (count(fails)) } " fails, " strong { (count(unknown)) } " unknown" }
            (bars(caption, &rows))
            (as_table("Fails by severity", &["Severity", "Fails"], &rows.iter().map(|bar| {
                let link = format!("#verdict=fail&severity={}", bar.label);
                (html! { a href=(link) { (bar.label) } }, vec![count(bar.value)])
            }).collect::<Vec<_>>()))
        }
    }
}

fn tone(severity: Severity) -> Tone {
    match severity {
        Severity::Critical => Tone::Critical,
        Severity::High => Tone::High,
        Severity::Medium => Tone::Medium,
        Severity::Low => Tone::Low,
    }
}

fn rules(rules: &BTreeMap<&'static str, Counts>) -> Markup {
    let stacks: Vec<Stack> = rules.iter().map(|(id, counts)| stack(id, counts)).collect();
    let fails: u64 = rules.values().map(|counts| counts.fail).sum();
    let says = format!(
        "{} rules, {} fails among them; the table has every count.",
        rules.len(),
        count(fails)
    );
    let caption = Caption {
        id: "c-rules",
        title: "Verdicts of each rule",
        says: &says,
    };
    let table: Vec<(Markup, Vec<String>)> = rules
        .iter()
        .map(|(id, counts)| {
            let title = rule(id).map_or("", |rule| rule.title);
            let link = html! { a href=(format!("#rule={id}")) { (id) } " " (title) };
            let counts = [
                counts.fail,
                counts.unknown,
                counts.pass,
                counts.not_applicable,
            ];
            (link, counts.map(count).to_vec())
        })
        .collect();
    html! {
        section.card.rules aria-labelledby="rules-title" {
            h2 #rules-title { "Verdicts of each rule" }
            p.legend-line {
                (key(Tone::Fail)) "fail " (key(Tone::Unknown)) "unknown "
                (key(Tone::Pass)) "pass " (key(Tone::Muted)) "not applicable"
            }
            (stacked(caption, &stacks))
            (as_table("Verdicts of each rule", &["Rule", "Fail", "Unknown", "Pass", "Not applicable"], &table))
        }
    }
}

fn stack(id: &str, counts: &Counts) -> Stack {
    let part = |label, value, tone| Part { label, value, tone };
    let unknown = if counts.unknown > 0 {
        format!(" +{}?", count(counts.unknown))
    } else {
        String::new()
    };
    Stack {
        label: id.to_owned(),
        parts: vec![
            part("fail", counts.fail, Tone::Fail),
            part("unknown", counts.unknown, Tone::Unknown),
            part("pass", counts.pass, Tone::Pass),
            part("not applicable", counts.not_applicable, Tone::Muted),
        ],
        note: format!("{} of {}{unknown}", count(counts.fail), count(counts.all())),
    }
}

/// Where the fails are, the worst accounts first, and how many accounts have no room.
fn map(overview: &Overview) -> (Heat, usize) {
    let regions: BTreeSet<&Region> = overview.places.values().flat_map(BTreeMap::keys).collect();
    let mut accounts: Vec<(&AccountId, &BTreeMap<Region, HeatCell>)> =
        overview.places.iter().collect();
    accounts.sort_by_key(|(_, cells)| {
        let sum = |of: fn(&HeatCell) -> u64| cells.values().map(of).sum::<u64>();
        Reverse((sum(|cell| cell.fails), sum(|cell| cell.unknowns)))
    });
    let left = accounts.len().saturating_sub(ACCOUNTS_MAX);
    accounts.truncate(ACCOUNTS_MAX);
    let row = |(account, cells): &(&AccountId, &BTreeMap<Region, HeatCell>)| {
        let cells = regions.iter().map(|region| cells.get(*region).copied());
        (account.to_string(), cells.collect())
    };
    let map = Heat {
        rows: accounts.iter().map(row).collect(),
        columns: regions.iter().map(ToString::to_string).collect(),
    };
    (map, left)
}

fn places(map: &Heat, left: usize) -> Markup {
    let says = format!(
        "{} by {}, the account with most fails first; the table has every count.",
        plural(map.rows.len(), "account", "accounts"),
        plural(map.columns.len(), "region", "regions")
    );
    let caption = Caption {
        id: "c-places",
        title: "Fails by account and region",
        says: &says,
    };
    html! {
        section.card.places.wide[!is_narrow(map)] aria-labelledby="places-title" {
            h2 #places-title { "Fails by account and region" }
            div.scroll tabindex="0" role="region" aria-label="Map of accounts and regions" {
                (heat(caption, map))
            }
            p.note {
                "Fails, and after + what is unknown. “–”: nothing was found there. “?”: a listing could not be read, so nobody knows."
                @if left > 0 { " " (left) " more accounts with fewer fails are not drawn; filter the list for them." }
            }
            (places_table(map))
        }
    }
}

fn places_table(map: &Heat) -> Markup {
    let rows: Vec<(Markup, Vec<String>)> = map
        .rows
        .iter()
        .flat_map(|(account, cells)| {
            map.columns
                .iter()
                .zip(cells)
                .filter_map(move |(region, cell)| {
                    let cell = (*cell)?;
                    let link = format!("#account={account}&region={region}&verdict=fail,unknown");
                    let name = html! { a href=(link) { (account) "/" (region) } };
                    let unknowns = count(cell.unknowns);
                    let unread = if cell.is_unread {
                        ", not all was listed"
                    } else {
                        ""
                    };
                    Some((name, vec![count(cell.fails), format!("{unknowns}{unread}")]))
                })
        })
        .collect();
    as_table(
        "Fails by account and region",
        &["Account/region", "Fails", "Unknown"],
        &rows,
    )
}

/// The numbers of a picture, for who cannot see it, and for who wants to go on from them.
fn as_table(caption: &str, columns: &[&str], rows: &[(Markup, Vec<String>)]) -> Markup {
    html! {
        details.numbers {
            summary { "Numbers" span.unseen { " of: " (caption) } }
            table {
                caption.unseen { (caption) }
                thead { tr { @for (index, column) in columns.iter().enumerate() {
                    th.number[index > 0] scope="col" { (column) }
                } } }
                tbody { @for (name, values) in rows { tr {
                    th scope="row" { (name) }
                    @for value in values { td.number { (value) } }
                } } }
            }
        }
    }
}
