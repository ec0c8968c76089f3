//! A finding as it stands in the page without JavaScript.

use maud::{Markup, html};
use sagelock_domain::assess::{Record, RecordEvidence, SubjectKind};
use sagelock_domain::fact::Gap;
use sagelock_domain::rules::{Severity, Verdict};

use super::summary::verdict_name;

/// A finding, whole; its evidence folded away.
pub(super) fn finding(record: &Record) -> Markup {
    let subject = &record.subject;
    html! {
        li class=(format!("finding v-{}", record.verdict.as_str())) {
            p.line {
                (weight(record.verdict, record.severity)) " "
                span.rule { (record.rule) } " "
                (verdict(record.verdict)) " "
                bdi.name { (subject.name) } " "
                span.place { (subject.account) "/" (subject.region) } " "
                code.reason { (record.reason) }
            }
            p.says { bdi { (record.message) } }
            @if !record.remediation.is_empty() {
                p.fix { strong { "Fix: " } (record.remediation) }
            }
            details {
                summary { "Evidence" }
                @if let Some(gap) = &record.gap { (not_read(gap)) }
                (evidence(&record.evidence))
                dl.facts {
                    div { dt { (kind_name(subject.kind)) } dd { code { bdi { (subject.arn) } } } }
                    @if let Some(key) = &record.key {
                        div { dt { "Key" } dd { code { bdi { (key) } } } }
                    }
                    div { dt { "Compliance" } dd { (record.compliance.join(" · ")) } }
                    div { dt { "Finding" } dd { code { (record.id) } } }
                }
            }
        }
    }
}

/// How much it weighs, where that matters.
pub(super) fn weight(verdict: Verdict, severity: Severity) -> Markup {
    html! {
        @if verdict == Verdict::Fail {
            span class=(format!("sev s-{}", severity.as_str())) { (severity) }
        } @else {
            span.sev { "–" }
        }
    }
}

fn verdict(verdict: Verdict) -> Markup {
    html! { span class=(format!("verdict v-{}", verdict.as_str())) { (verdict_name(verdict)) } }
}

fn not_read(gap: &Gap) -> Markup {
    html! {
        p.gap { strong { "Not read: " } code { (gap.call.name()) } " " (gap.reason.code().replace('_', " "))
            @if !gap.subject.is_empty() { ", asked about " bdi { (gap.subject) } }
            @if !gap.said.is_empty() { ": " bdi { (gap.said) } }
        }
    }
}

fn evidence(evidence: &[RecordEvidence]) -> Markup {
    html! {
        @if evidence.is_empty() {
            p { "No fact was read." }
        } @else {
            table.evidence {
                thead { tr { th scope="col" { "Fact" } th scope="col" { "Value" }
                    th scope="col" { "Call" } th scope="col" { "When" } } }
                tbody {
                    @for fact in evidence {
                        tr {
                            td { (fact.fact) }
                            td { code { bdi { (fact.value) } } }
                            td { (fact.call.name()) }
                            td { time datetime=(fact.at) { (fact.at) } }
                        }
                    }
                }
            }
        }
    }
}

/// What a finding is about.
pub(super) fn kind_name(kind: SubjectKind) -> &'static str {
    match kind {
        SubjectKind::Endpoint => "Endpoint",
        SubjectKind::EndpointConfig => "Endpoint configuration",
        SubjectKind::Key => "Key",
    }
}
