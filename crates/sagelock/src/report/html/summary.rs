//! What was looked at, and what a reader must know before any number.

use maud::{Markup, html};
use sagelock_domain::ids::{AccountId, Region};
use sagelock_domain::rules::Verdict;

use super::overview::Overview;
use super::rows::Chosen;
use crate::outcome::Audit;
use crate::report::chart::count;
use crate::report::missing::sentences;

/// The page's name in a tab and a list of files.
pub(super) fn title(audit: &Audit) -> String {
    let day = audit.started_at.strftime("%Y-%m-%d");
    format!("Customer managed keys on SageMaker endpoints, {day}")
}

/// Names that stand in a line; more are folded away.
const NAMES_MAX: usize = 8;

/// Title and scope.
pub(super) fn header(audit: &Audit) -> Markup {
    let accounts: Vec<&str> = audit.accounts.iter().map(AccountId::as_str).collect();
    let regions: Vec<&str> = audit.regions.iter().map(Region::as_str).collect();
    let off: Vec<&str> = audit.regions_off.iter().map(Region::as_str).collect();
    let calls: u64 = audit.calls.values().sum();
    html! {
        header.top {
            div.title {
                h1 { "Customer managed keys on SageMaker endpoints" }
                button #theme type="button" hidden { "Dark" }
            }
            dl.scope {
                div { dt { "Audited" } dd {
                    (moment(audit.started_at)) " to " (moment(audit.finished_at))
                } }
                div { dt { (plural(accounts.len(), "account", "accounts")) } dd { (names(&accounts)) } }
                div { dt { (plural(regions.len(), "region", "regions")) } dd { (names(&regions)) } }
                @if !off.is_empty() {
                    div { dt { "Not enabled, so not looked at" } dd { (names(&off)) } }
                }
                div { dt { "Calls to AWS" } dd { (count(calls)) ", all of them reading" } }
            }
        }
    }
}

/// A moment to the second, and to its last digit for machines.
fn moment(at: jiff::Timestamp) -> Markup {
    html! { time datetime=(at) { (at.strftime("%Y-%m-%d %H:%M:%S")) " UTC" } }
}

/// So many of something.
pub(super) fn plural(count: usize, one: &str, more: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { more })
}

fn names(names: &[&str]) -> Markup {
    html! {
        @if names.is_empty() { "none" }
        @else if names.len() <= NAMES_MAX { (names.join(", ")) }
        @else {
            details.names {
                summary { (names.iter().take(3).copied().collect::<Vec<_>>().join(", ")) " and "
                    (names.len() - 3) " more" }
                (names.join(", "))
            }
        }
    }
}

/// With a capital letter, as a sentence begins.
fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}

/// What a reader must know first: whether it is real, whole, and all here.
pub(super) fn banners(audit: &Audit, overview: &Overview, chosen: &Chosen) -> Markup {
    let (held, all) = chosen.held();
    let hidden = hidden_verdicts(audit, overview);
    html! {
        div.banners {
            @if audit.simulated {
                p.banner.b-info { strong { "SIMULATED" } " An endpoint override answered in AWS's place." }
            }
            @if audit.interrupted {
                p.banner.b-warn { strong { "INTERRUPTED" } " This is what was collected until then." }
            } @else if !audit.complete() {
                p.banner.b-warn { strong { "INCOMPLETE" }
                    @for what in sentences(audit) { " " (capital(&what)) "." }
                    " See "
                    a href="#coverage" { "coverage" } "." }
            }
            @if !audit.rules_off.is_empty() {
                p.banner.b-info { strong { "RULES OFF" } " Switched off by the configuration: "
                    (audit.rules_off.join(", ")) "." }
            }
            @if !hidden.is_empty() {
                p.banner.b-info { strong { "FILTERED" }
                    " The audit was written with " code { "--verdict" } ", which left out "
                    (hidden.join(", ")) "." }
            }
            @if held < all {
                (left_out(chosen, held, all))
            }
        }
    }
}

fn hidden_verdicts(audit: &Audit, overview: &Overview) -> Vec<String> {
    let mut hidden = Vec::new();
    for verdict in Verdict::ALL.into_iter().rev() {
        let tally = audit.findings.tally().iter();
        let of_verdict = tally.filter(|((of, _), _)| *of == verdict);
        let all: u64 = of_verdict.map(|(_, count)| count).sum();
        let left = all.saturating_sub(overview.of_verdict(verdict));
        if left > 0 {
            hidden.push(format!("{} {}", count(left), verdict_name(verdict)));
        }
    }
    hidden
}

fn left_out(chosen: &Chosen, held: u64, all: u64) -> Markup {
    let mut left: Vec<String> = Vec::new();
    for verdict in Verdict::ALL.into_iter().rev() {
        let of_verdict = chosen.kinds.iter().filter(|kind| kind.0 == verdict);
        let missing: u64 = of_verdict.map(|(_, _, held, all)| all - held).sum();
        if missing > 0 {
            left.push(format!("{} {}", count(missing), verdict_name(verdict)));
        }
    }
    html! {
        p.banner.b-warn #left-out { strong { "NOT ALL ROWS" }
            " The list below holds " (count(held)) " of " (count(all))
            " findings, the worst first. It leaves out " (left.join(", "))
            ". Every finding is in the formats json, ndjson and csv. The charts count all of them." }
    }
}

/// A verdict as people say it.
pub(super) fn verdict_name(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::NotApplicable => "not applicable",
        Verdict::Pass => "pass",
        Verdict::Unknown => "unknown",
        Verdict::Fail => "fail",
    }
}

/// Who wrote it.
pub(super) fn footer() -> Markup {
    html! {
        footer {
            p { "Written by sagelock " (env!("CARGO_PKG_VERSION"))
                ". This page asks no server for anything. It names accounts, endpoints and keys: share "
                "it as you would share those, or write it with " code { "--redact" } "." }
        }
    }
}
