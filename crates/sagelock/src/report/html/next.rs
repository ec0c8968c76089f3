//! What to do next: one line for what one deed mends, worst first.

use std::cmp::Reverse;

use maud::{Markup, html};
use sagelock_domain::assess::SubjectKind;
use sagelock_domain::rules::Severity;

use super::overview::{Kind, KindId, Overview};
use crate::outcome::Audit;
use crate::report::chart::count;
use crate::report::missing_permissions;

/// Kinds that are shown at once; the others are folded away.
const OPEN_MAX: usize = 6;

/// What to do next.
pub(super) fn card(audit: &Audit, overview: &Overview) -> Markup {
    let kinds = worst_first(overview);
    let (open, folded) = kinds.split_at(kinds.len().min(OPEN_MAX));
    let missing = missing_permissions(audit);
    html! {
        section.card.next aria-labelledby="next-title" {
            h2 #next-title { "What to do next" }
            @if kinds.is_empty() {
                p { "No fail and no unknown: there is nothing to do." }
            }
            ol.kinds { @for (id, kind) in open { (item(id, kind)) } }
            @if !folded.is_empty() {
                details {
                    summary { (folded.len()) " more kinds, less urgent" }
                    ol.kinds start=(OPEN_MAX + 1) { @for (id, kind) in folded { (item(id, kind)) } }
                }
            }
            @if !missing.is_empty() {
                h3 { "Permissions that were missing" }
                ul.plain { @for line in &missing { li { (line) } } }
            }
        }
    }
}

/// Fails before unknowns, by how many there are of the heaviest.
fn worst_first(overview: &Overview) -> Vec<(&KindId, &Kind)> {
    let mut kinds: Vec<(&KindId, &Kind)> = overview.kinds.iter().collect();
    kinds.sort_by_key(|(id, kind)| {
        let of = |severity| kind.severities.get(&severity).copied().unwrap_or_default();
        let weights = Severity::ALL.map(of);
        let [low, medium, high, critical] = weights;
        let is_unknown = matches!(id, KindId::Unknown(..));
        (is_unknown, Reverse([critical, high, medium, low]))
    });
    kinds
}

fn item(id: &KindId, kind: &Kind) -> Markup {
    let rules: Vec<&str> = kind.rules.iter().map(String::as_str).collect();
    let (filter, code) = match id {
        KindId::Fail(rule, reason) => (
            format!("#verdict=fail&rule={rule}&reason={reason}"),
            reason.as_str(),
        ),
        KindId::Unknown(reason, _) => {
            (format!("#verdict=unknown&reason={reason}"), reason.as_str())
        }
    };
    let rules = match rules.as_slice() {
        few if few.len() <= 3 => few.join(", "),
        many => format!("{} rules", many.len()),
    };
    html! {
        li {
            p.line {
                (weights(id, kind)) " "
                a href=(filter) { (count(kind.count())) " " (what(kind)) }
                " " span.rule { (rules) } " " code.reason { (code) }
            }
            p.says { bdi { (kind.says) } }
            @if !kind.fix.is_empty() { p.fix { strong { "Fix: " } (kind.fix) } }
        }
    }
}

fn weights(id: &KindId, kind: &Kind) -> Markup {
    html! {
        @if matches!(id, KindId::Unknown(..)) {
            span.verdict.v-unknown { "unknown" }
        } @else {
            @for (severity, count) in kind.severities.iter().rev() {
                span class=(format!("sev s-{}", severity.as_str())) { (count) " " (severity) } " "
            }
        }
    }
}

fn what(kind: &Kind) -> &'static str {
    let is_one = kind.count() == 1;
    match (kind.subject, kind.rules.len()) {
        (_, 2..) if is_one => "verdict",
        (_, 2..) => "verdicts",
        (SubjectKind::Endpoint, _) if is_one => "endpoint",
        (SubjectKind::Endpoint, _) => "endpoints",
        (SubjectKind::EndpointConfig, _) if is_one => "configuration",
        (SubjectKind::EndpointConfig, _) => "configurations",
        (SubjectKind::Key, _) if is_one => "key",
        (SubjectKind::Key, _) => "keys",
    }
}
