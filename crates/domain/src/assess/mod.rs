//! What is wrong today? Every rule, asked of every subject, as cells become whole.

mod compare;
mod coverage;
mod finding;
mod late;
mod record;
mod totals;
mod uses;

use std::collections::BTreeMap;

use jiff::Timestamp;

pub use compare::{Change, Changed, Seen, compare};
pub use coverage::{Coverage, CoverageGap};
pub use finding::{Finding, Subject, SubjectKind, finding_id};
use late::Postponed;
pub use record::{Record, RecordEvidence, RecordSubject, Text};
pub use totals::{Counts, Totals};
use uses::Uses;

use crate::access::{Accesses, Audited, People, Reach};
use crate::fact::Gap;
use crate::ids::{Arn, KeyArn};
use crate::inventory::{Cell, CellId, Key, Keys, Principals};
use crate::kpi::Verdicts;
use crate::rules::{
    Check, ConfigView, Data, Early, EndpointView, Judgement, KeyView, RULES, USABLE, VOLUME,
    Verdict, needs, volume_keys,
};
use crate::settings::Settings;

/// Asks the rules; keeps the uses of keys, and nothing else, between cells.
pub struct Assessor<'a> {
    settings: &'a Settings,
    now: Timestamp,
    uses: Uses,
    accesses: Accesses,
    people: Option<People>,
    postponed: BTreeMap<CellId, Vec<Postponed>>,
    totals: Totals,
}

impl<'a> Assessor<'a> {
    /// Begins an assessment as of a moment.
    #[must_use]
    pub fn new(settings: &'a Settings, now: Timestamp) -> Self {
        Self {
            settings,
            now,
            uses: Uses::keeping_all(needs(settings, Data::Uses)),
            accesses: Accesses::default(),
            people: None,
            postponed: BTreeMap::new(),
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
        self.uses.note(cell, keys);
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
            let mut verdicts = Verdicts {
                volume: Verdict::NotApplicable,
                usable: Verdict::NotApplicable,
                worst: Verdict::NotApplicable,
            };
            let (mut late, mut early) = (Vec::new(), None);
            let of = |rule, judgement| {
                let subject = Subject::of(
                    SubjectKind::Endpoint,
                    &endpoint.arn,
                    endpoint.name.as_str(),
                    &cell.id,
                );
                Finding::new(rule, subject.of_team(view.team()), judgement, view.weight())
            };
            for rule in RULES {
                let judgement = match rule.check {
                    Check::Endpoint(check) => check(&view),
                    Check::Late(reason, _) if !(rule.configured)(settings) => {
                        view.when_live(|_| Judgement::new(reason))
                    }
                    Check::Late(..) => match early.get_or_insert_with(|| volume_keys(&view)) {
                        Early::Judged(judgement) => judgement.clone(),
                        Early::Waits(_) => {
                            if rule.is_on(settings) {
                                late.push(*rule);
                            }
                            continue;
                        }
                    },
                    Check::Config(_) | Check::Key(_) => continue,
                };
                if rule.id == VOLUME.id {
                    verdicts.volume = judgement.verdict();
                    self.totals
                        .count_endpoint(endpoint.is_live(), judgement.verdict());
                }
                if rule.is_on(self.settings) {
                    if rule.id == USABLE.id {
                        verdicts.usable = judgement.verdict();
                    }
                    verdicts.worst = verdicts.worst.max(judgement.verdict());
                    findings.push(of(rule, judgement));
                }
            }
            if let Some(Early::Waits(waits)) = early
                && !late.is_empty()
            {
                let postponed = Postponed::new(&view, waits, late, verdicts);
                let of_cell = self.postponed.entry(cell.id.clone()).or_default();
                of_cell.push(postponed);
            } else if endpoint.is_live() {
                self.totals.posture.count(verdicts);
            }
        }
        for config in cell.configs.values() {
            let Some(view) = ConfigView::of(config, cell, keys, self.settings, self.now) else {
                continue;
            };
            for rule in RULES.iter().filter(|rule| rule.is_on(self.settings)) {
                let Check::Config(check) = rule.check else {
                    continue;
                };
                let subject = Subject::of(
                    SubjectKind::EndpointConfig,
                    &config.arn,
                    config.name.as_str(),
                    &cell.id,
                )
                .of_team(view.team());
                findings.push(Finding::new(rule, subject, check(&view), view.weight()));
            }
        }
        self.totals.count(&findings);
        findings
    }

    /// An account could not be entered, or its regions are not known: who uses which key may not be all. An
    /// endpoint of another region may write to a bucket of this one.
    pub fn lacks(&mut self, gap: &Gap) {
        self.uses.lacks_fact(gap);
    }

    /// Asks who there is in the accounts about the keys, when every cell has been, where a rule needs it.
    pub fn ask_people(
        &mut self,
        principals: &Principals,
        keys: &Keys,
        tell: impl FnMut(usize, usize),
    ) {
        if needs(self.settings, Data::KeyUsers) {
            let roles = |key: &KeyArn| self.uses.roles(key);
            let people = People::ask(principals, keys, self.settings, roles, tell);
            self.people = Some(people);
        }
    }

    /// Assesses a key, when every cell has been.
    pub fn assess_key(&mut self, key: &Key, keys: &Keys) -> Vec<Finding> {
        let access = self.accesses.of(key, keys, self.settings);
        let reach = self.people.as_ref().map(|_| Reach::of(key));
        let uses = self.uses.of(&key.arn);
        let people = self.people.as_ref().zip(reach.as_ref());
        let beyond = people.map(|(people, reach)| {
            let roleless = self.uses.roleless(&key.arn);
            let gap = roleless.or_else(|| self.uses.gap_within(reach, &key.arn.region()));
            let audited = Audited::of(key, reach, keys, &mut self.accesses, self.settings);
            people.beyond(key, audited, gap)
        });
        let view = KeyView {
            key,
            access: access.as_deref(),
            uses: &uses,
            uses_gap: self.uses.gap(),
            users: beyond.as_ref(),
            settings: self.settings,
            now: self.now,
        };
        let mut findings = Vec::new();
        for rule in RULES.iter().filter(|rule| rule.is_on(self.settings)) {
            let Check::Key(check) = rule.check else {
                continue;
            };
            let subject = Subject::of_key(&key.arn).of_team(view.team());
            findings.push(Finding::new(rule, subject, check(&view), view.weight()));
        }
        self.totals.count(&findings);
        findings
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
