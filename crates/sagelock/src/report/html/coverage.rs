//! How much of the truth was seen, and what was not.

use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, html};
use sagelock_domain::assess::CoverageGap;
use sagelock_domain::call::Op;
use sagelock_domain::fact::GapReason;

use crate::outcome::Audit;
use crate::report::chart::count;
use crate::report::json::floor_share;

/// Gaps that are alike: the call, why, and whether that was expected.
type Kind = (Op, GapReason, bool);

/// Subjects that stand in the table for all of a kind.
const SUBJECTS_MAX: usize = 3;

/// Coverage and gaps.
pub(super) fn card(audit: &Audit) -> Markup {
    let coverage = &audit.coverage;
    let mut kinds: BTreeMap<Kind, Vec<&CoverageGap>> = BTreeMap::new();
    for gap in &coverage.gaps {
        let kind = (gap.gap.call, gap.gap.reason, gap.expected);
        kinds.entry(kind).or_default().push(gap);
    }
    html! {
        section.card.coverage #coverage aria-labelledby="coverage-title" {
            h2 #coverage-title { "Coverage and gaps" }
            p {
                strong { (format!("{:.1} %", floor_share(coverage.ratio()) * 100.0)) }
                " of " (count(coverage.verdicts)) " verdicts are known, " (count(coverage.unknown))
                " are unknown. "
                @if audit.complete() { "Every listing was read to its end." }
                @else { "Not every listing was read to its end: there may be more than is shown." }
            }
            @if kinds.is_empty() {
                p { "Every call was answered." }
            } @else {
                p.soft { "Calls that gave no answer; the format json has every one:" }
                ul.plain.gaps { @for (kind, gaps) in &kinds { (row(*kind, gaps)) } }
            }
            (calls(audit))
        }
    }
}

fn row((call, reason, expected): Kind, gaps: &[&CoverageGap]) -> Markup {
    let accounts: BTreeSet<&str> = gaps.iter().map(|gap| gap.gap.account.as_str()).collect();
    let regions: BTreeSet<&str> = gaps.iter().map(|gap| gap.gap.region.as_str()).collect();
    let subjects: BTreeSet<&str> = gaps
        .iter()
        .map(|gap| gap.gap.subject.as_str())
        .filter(|subject| !subject.is_empty())
        .collect();
    let said = gaps.first().map_or("", |gap| gap.gap.said.as_str());
    html! {
        li {
            p.line {
                code { (call.name()) } " " strong { (reason.code().replace('_', " ")) }
                @if expected { ", as expected by the configuration," }
                " " (gaps.len()) " × in " (few(&accounts, "accounts")) ", " (few(&regions, "regions"))
            }
            @if !subjects.is_empty() {
                p.asked { "asked about "
                    @for (index, subject) in subjects.iter().take(SUBJECTS_MAX).enumerate() {
                        @if index > 0 { ", " }
                        code { bdi { (subject) } }
                    }
                    @if subjects.len() > SUBJECTS_MAX { " and " (subjects.len() - SUBJECTS_MAX) " more" }
                }
            }
            @if !said.is_empty() { p.asked { "the answer: " bdi { (said) } } }
        }
    }
}

fn few(names: &BTreeSet<&str>, what: &str) -> String {
    if names.len() <= 3 {
        names.iter().copied().collect::<Vec<_>>().join(", ")
    } else {
        format!("{} {what}", names.len())
    }
}

fn calls(audit: &Audit) -> Markup {
    html! {
        details {
            summary { "Calls by operation" }
            table {
                thead { tr { th scope="col" { "Operation" } th.number scope="col" { "Calls" } } }
                tbody { @for (op, calls) in &audit.calls {
                    tr { th scope="row" { code { (op.name()) } } td.number { (count(*calls)) } }
                } }
            }
        }
    }
}
