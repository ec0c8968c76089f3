//! What is wrong today? Every rule, asked of every subject, as cells become whole.

mod coverage;
mod finding;
mod totals;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

pub use coverage::{Coverage, CoverageGap};
pub use finding::{Finding, Subject, SubjectKind, finding_id};
pub use totals::{Counts, Totals};

use crate::fact::{Fact, Gap};
use crate::ids::{Arn, KeyArn};
use crate::inventory::{Cell, Config, Keys, Resolved};
use crate::rules::{Check, ConfigView, EndpointView, KeyUse, KeyView, RULES, Rule};
use crate::settings::Settings;

/// Asks the rules; keeps the uses of keys, and nothing else, between cells.
pub struct Assessor<'a> {
    settings: &'a Settings,
    now: Timestamp,
    uses: BTreeMap<KeyArn, BTreeSet<KeyUse>>,
    uses_gap: Option<Gap>,
    totals: Totals,
}

impl<'a> Assessor<'a> {
    /// Begins an assessment as of a moment.
    #[must_use]
    pub fn new(settings: &'a Settings, now: Timestamp) -> Self {
        Self {
            settings,
            now,
            uses: BTreeMap::new(),
            uses_gap: None,
            totals: Totals::default(),
        }
    }

    /// What has been counted so far.
    #[must_use]
    pub fn totals(&self) -> &Totals {
        &self.totals
    }

    /// Assesses one account and region: the findings about its endpoints and configurations.
    pub fn assess_cell(&mut self, cell: &Cell, keys: &Keys) -> Vec<Finding> {
        self.note_uses(cell, keys);
        let mut findings = Vec::new();
        for endpoint in cell.endpoints.values() {
            let (settings, now) = (self.settings, self.now);
            let view = EndpointView {
                endpoint,
                cell,
                keys,
                settings,
                now,
            };
            for rule in RULES {
                let Check::Endpoint(check) = rule.check else {
                    continue;
                };
                let judgement = check(&view);
                if rule.id == "EP-001" {
                    self.totals
                        .count_endpoint(endpoint.status().is_live(), judgement.verdict());
                }
                if self.is_on(rule) {
                    let subject = Subject::of(
                        SubjectKind::Endpoint,
                        &endpoint.arn,
                        endpoint.name.as_str(),
                        &cell.id,
                    );
                    findings.push(Finding::new(rule, subject, judgement, view.weight()));
                }
            }
        }
        for config in cell.configs.values() {
            let Some(view) = ConfigView::of(config, cell, keys, self.settings, self.now) else {
                continue;
            };
            for rule in RULES.iter().filter(|rule| self.is_on(rule)) {
                let Check::Config(check) = rule.check else {
                    continue;
                };
                let subject = Subject::of(
                    SubjectKind::EndpointConfig,
                    &config.arn,
                    config.name.as_str(),
                    &cell.id,
                );
                findings.push(Finding::new(rule, subject, check(&view), view.weight()));
            }
        }
        self.totals.count(&findings);
        findings
    }

    fn is_on(&self, rule: &Rule) -> bool {
        !self.settings.rules_off.contains(rule.id)
    }

    /// Assesses the keys, when every cell has been: the findings about them.
    pub fn assess_keys(&mut self, keys: &Keys) -> Vec<Finding> {
        let mut findings = Vec::new();
        let none = BTreeSet::new();
        for key in keys.by_arn.values() {
            let uses: Vec<KeyUse> = self
                .uses
                .get(&key.arn)
                .unwrap_or(&none)
                .iter()
                .cloned()
                .collect();
            let view = KeyView {
                key,
                uses: &uses,
                uses_gap: self.uses_gap.as_ref(),
                settings: self.settings,
                now: self.now,
            };
            for rule in RULES.iter().filter(|rule| self.is_on(rule)) {
                let Check::Key(check) = rule.check else {
                    continue;
                };
                let subject = Subject::of_key(&key.arn);
                findings.push(Finding::new(rule, subject, check(&view), view.weight()));
            }
        }
        self.totals.count(&findings);
        findings
    }

    /// Remembers who names which key.
    fn note_uses(&mut self, cell: &Cell, keys: &Keys) {
        if self.uses_gap.is_none() {
            self.uses_gap.clone_from(&cell.endpoints_gap);
        }
        let mut held: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for endpoint in cell
            .endpoints
            .values()
            .filter(|endpoint| endpoint.status().is_live())
        {
            match &endpoint.described.fact {
                Fact::Unknown(gap) => {
                    self.uses_gap.get_or_insert_with(|| gap.clone());
                }
                Fact::Known(None) => {}
                Fact::Known(Some(facts)) => {
                    for config in facts.config.iter().chain(&facts.pending) {
                        held.entry(config.as_str())
                            .or_default()
                            .push(endpoint.name.as_str());
                    }
                }
            }
        }
        for config in cell.configs.values() {
            if let Fact::Unknown(gap) = &config.described.fact
                && held.contains_key(config.name.as_str())
            {
                self.uses_gap.get_or_insert_with(|| gap.clone());
            }
            self.note_config(cell, keys, config, held.get(config.name.as_str()));
        }
        for schedule in cell.schedules.values() {
            let output = schedule.output.fact.known().and_then(Option::as_ref);
            let Some(key) = output.and_then(|output| output.key.as_ref()) else {
                continue;
            };
            let endpoint = schedule.endpoint.clone();
            let live = endpoint.filter(|name| {
                cell.endpoints
                    .get(name)
                    .is_some_and(|endpoint| endpoint.status().is_live())
            });
            let config = crate::ids::ConfigName::new(&schedule.name);
            self.note(
                cell,
                keys,
                key.as_str(),
                KeyUse {
                    cell: cell.id.clone(),
                    endpoint: live,
                    config,
                },
            );
        }
    }

    fn note_config(&mut self, cell: &Cell, keys: &Keys, config: &Config, held: Option<&Vec<&str>>) {
        let Some(Some(facts)) = config.described.fact.known() else {
            return;
        };
        for key in facts.keys() {
            let holders: Vec<Option<&str>> = match held {
                Some(names) => names.iter().copied().map(Some).collect(),
                None => vec![None],
            };
            for holder in holders {
                let used = KeyUse {
                    cell: cell.id.clone(),
                    endpoint: holder.map(crate::ids::EndpointName::new),
                    config: config.name.clone(),
                };
                self.note(cell, keys, key.as_str(), used);
            }
        }
    }

    fn note(&mut self, cell: &Cell, keys: &Keys, key: &str, used: KeyUse) {
        let id = (cell.id.clone(), key.to_owned());
        if let Some(Fact::Known(Resolved::Key(arn))) = keys.resolved.get(&id).map(|read| &read.fact)
        {
            self.uses.entry(arn.clone()).or_default().insert(used);
        }
    }
}

/// The order of the contract: account, region, rule, ARN.
pub fn sort_findings(findings: &mut [Finding]) {
    findings.sort_by(|a, b| a.order().cmp(&b.order()));
}

/// The resource part of an ARN in lower case: SageMaker's names are case-insensitive
/// (SageMaker API, CreateEndpoint, `EndpointName`).
fn lower_resource(arn: &str) -> String {
    match arn.parse::<Arn>() {
        Ok(parsed) => {
            let resource = parsed.resource();
            let head = arn.len() - resource.len();
            format!(
                "{}{}",
                arn.get(..head).unwrap_or_default(),
                resource.to_lowercase()
            )
        }
        Err(_) => arn.to_lowercase(),
    }
}
