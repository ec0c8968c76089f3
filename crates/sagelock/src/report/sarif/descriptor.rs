//! The tool, its rules and the standards they are evidence for (SARIF 2.1.0, 3.19 and 3.49).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use sagelock_domain::rules::{GAP_REASONS, RULES, Reason, Rule, Verdict};
use serde::Serialize;

use super::{Level, Message, Reference, score};
use crate::report::clause::parts;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Driver {
    name: &'static str,
    semantic_version: &'static str,
    language: &'static str,
    short_description: Message,
    rules: Vec<Descriptor>,
    notifications: Vec<Note>,
    supported_taxonomies: Vec<Named>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    id: &'static str,
    short_description: Message,
    full_description: Message,
    help: Help,
    #[serde(skip_serializing_if = "Option::is_none")]
    help_uri: Option<String>,
    default_configuration: Configuration,
    relationships: Vec<Relationship>,
    properties: Properties,
}

#[derive(Serialize)]
struct Help {
    text: String,
    markdown: String,
}

#[derive(Serialize)]
struct Configuration {
    level: Level,
}

#[derive(Serialize)]
struct Relationship {
    target: Target,
    kinds: [&'static str; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Target {
    id: &'static str,
    tool_component: Named,
}

#[derive(Serialize)]
struct Named {
    name: &'static str,
}

#[derive(Serialize)]
struct Properties {
    tags: Vec<&'static str>,
    #[serde(rename = "security-severity")]
    security_severity: String,
    precision: &'static str,
    source: &'static str,
    calls: Vec<&'static str>,
}

/// A reason for which something could not be read.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Note {
    id: &'static str,
    short_description: Message,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<Message>,
}

/// A standard, and the clauses of it that rules are evidence for.
#[derive(Serialize)]
pub(super) struct Taxonomy {
    name: &'static str,
    taxa: Vec<Reference<'static>>,
}

impl Driver {
    pub(super) fn new() -> Self {
        let standards = clauses().into_keys();
        Self {
            name: "sagelock",
            semantic_version: env!("CARGO_PKG_VERSION"),
            language: "en",
            short_description: Message {
                text: env!("CARGO_PKG_DESCRIPTION").to_owned(),
            },
            rules: RULES.iter().copied().map(Descriptor::of).collect(),
            notifications: GAP_REASONS.iter().copied().map(Note::of).collect(),
            supported_taxonomies: standards.map(|name| Named { name }).collect(),
        }
    }
}

impl Descriptor {
    fn of(rule: &'static Rule) -> Self {
        let says = rule.says();
        let first = says.split("\n\n").next().unwrap_or_default();
        let mut tags = vec!["security", "aws", "encryption"];
        tags.extend(rule.compliance);
        Self {
            id: rule.id,
            short_description: Message {
                text: format!("{}.", capital(rule.title)),
            },
            full_description: Message {
                text: first.replace('\n', " "),
            },
            help: Help {
                text: help_text(rule, &says),
                markdown: help_markdown(rule, &says),
            },
            help_uri: rule.source_url(),
            default_configuration: Configuration {
                level: Level::of(rule.severity),
            },
            relationships: relationships(rule),
            properties: Properties {
                tags,
                security_severity: format!("{:.1}", score(rule.severity)),
                precision: "very-high",
                source: rule.source,
                calls: rule.needs.iter().map(|op| op.name()).collect(),
            },
        }
    }
}

impl Note {
    fn of(reason: &'static Reason) -> Self {
        Self {
            id: reason.code,
            short_description: Message {
                text: format!("{}.", capital(reason.says)),
            },
            help: (!reason.fix.is_empty()).then(|| Message {
                text: format!("{}.", capital(reason.fix)),
            }),
        }
    }
}

/// The text with a capital: a sentence that stands alone.
fn capital(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
}

fn relationships(rule: &'static Rule) -> Vec<Relationship> {
    let parts = rule.compliance.iter().map(|clause| parts(clause));
    let known = parts.filter_map(|(standard, id)| Some((standard?, id)));
    known
        .map(|(standard, id)| Relationship {
            target: Target {
                id,
                tool_component: Named { name: standard },
            },
            kinds: ["relevant"],
        })
        .collect()
}

/// The clauses that rules are evidence for, by standard.
fn clauses() -> BTreeMap<&'static str, BTreeSet<&'static str>> {
    let mut clauses: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for clause in RULES.iter().flat_map(|rule| rule.compliance) {
        if let (Some(standard), requirement) = parts(clause) {
            clauses.entry(standard).or_default().insert(requirement);
        }
    }
    clauses
}

pub(super) fn taxonomies() -> Vec<Taxonomy> {
    let clauses = clauses().into_iter();
    clauses
        .map(|(name, taxa)| Taxonomy {
            name,
            taxa: taxa.into_iter().map(|id| Reference { id }).collect(),
        })
        .collect()
}

/// The reasons for which there is something to do.
fn to_do(rule: &'static Rule) -> impl Iterator<Item = &'static Reason> {
    rule.own_reasons()
        .filter(|reason| reason.verdict == Verdict::Fail)
}

fn help_text(rule: &'static Rule, says: &str) -> String {
    let mut text = format!("{says}\n\nWhat to do:\n");
    for reason in to_do(rule) {
        let _ = writeln!(text, "- {} ({}): {}", reason.says, reason.code, reason.fix);
    }
    let _ = write!(text, "\nSource: {}", rule.source);
    text
}

fn help_markdown(rule: &'static Rule, says: &str) -> String {
    let mut text = format!("{says}\n\n| reason | means | what to do |\n|---|---|---|\n");
    for reason in to_do(rule) {
        let fix = reason.fix.replace('|', "\\|");
        let _ = writeln!(text, "| `{}` | {} | {fix} |", reason.code, reason.says);
    }
    let clauses = rule.compliance.join(", ");
    let _ = write!(text, "\nSource: {}. Evidence for: {clauses}.", rule.source);
    text
}

#[cfg(test)]
mod tests {
    use sagelock_domain::fact::GapReason;

    use super::*;

    #[test]
    fn every_reason_of_a_gap_is_described() {
        for reason in GapReason::ALL {
            let code = reason.code();
            assert!(GAP_REASONS.iter().any(|known| known.code == code), "{code}");
        }
    }

    /// GitHub, "SARIF support for code scanning": 20 tags for each rule, 1024 characters for each
    /// description.
    #[test]
    fn a_rule_has_no_more_than_github_reads() {
        for rule in RULES {
            let descriptor = Descriptor::of(rule);
            let (short, full) = (descriptor.short_description, descriptor.full_description);
            assert!(descriptor.properties.tags.len() <= 20, "{}", rule.id);
            for text in [short.text, full.text] {
                let length = text.chars().count();
                assert!((1..=1024).contains(&length), "{}: {text}", rule.id);
            }
        }
    }
}
