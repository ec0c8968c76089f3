//! Endpoints whose verdicts wait until every account and region was looked at.

use std::collections::{BTreeMap, BTreeSet};

use super::{Assessor, Finding, Subject, SubjectKind};
use crate::access::Reach;
use crate::ids::KeyArn;
use crate::inventory::{CellId, Key, Keys};
use crate::kpi::Verdicts;
use crate::rules::{
    Among, Check, EndpointView, Isolation, Judgement, LateView, Rule, Severity, Verdict, Waiting,
    Waits,
};

/// A rule that waits, and the facts it has found.
pub(super) struct Late {
    pub(super) rule: &'static Rule,
    pub(super) waits: Box<Waits>,
}

/// What is kept of an endpoint.
pub(super) struct Postponed {
    waiting: Waiting,
    arn: String,
    team: Option<String>,
    weight: Severity,
    rules: Vec<Late>,
    /// Of the rules that did not wait.
    verdicts: Verdicts,
}

impl Postponed {
    pub(super) fn new(view: &EndpointView<'_>, rules: Vec<Late>, verdicts: Verdicts) -> Self {
        let all = rules
            .iter()
            .flat_map(|late| late.waits.keys.iter().cloned());
        Self {
            waiting: Waiting {
                cell: view.cell.id.clone(),
                name: view.endpoint.name.clone(),
                keys: all.collect(),
                tenant: view.tenant(),
            },
            arn: view.endpoint.arn.clone(),
            team: view.team(),
            weight: view.weight(),
            rules,
            verdicts,
        }
    }
}

impl Assessor<'_> {
    /// What is known of every key that an endpoint waits for, when every cell has been.
    pub fn keys_among_all(&mut self, keys: &Keys) -> BTreeMap<KeyArn, Among> {
        let postponed = self.postponed.values().flatten();
        let waited = postponed.flat_map(|one| one.waiting.keys.iter().cloned());
        let waited: BTreeSet<KeyArn> = waited.collect();
        let mut among = BTreeMap::new();
        for arn in waited {
            let Some(key) = keys.by_arn.get(&arn) else {
                continue;
            };
            let reach = Reach::of(key);
            let uses = self.uses.of(&arn);
            let endpoints: BTreeSet<_> = uses
                .iter()
                .filter_map(|used| Some((&used.cell, used.endpoint.as_ref()?)))
                .collect();
            let one = Among {
                endpoints: endpoints.len(),
                uses_gap: self.uses.gap_within(&reach).cloned(),
                unaudited: self.unaudited(key, keys, &reach),
                reach,
            };
            among.insert(arn, one);
        }
        among
    }

    /// Why accounts that were not looked at may use a key, if they may.
    pub(super) fn unaudited(&mut self, key: &Key, keys: &Keys, reach: &Reach) -> Option<String> {
        match reach {
            Reach::NotRead => {
                Some("which accounts the key policy lets in could not be read".to_owned())
            }
            // Conditions may leave in nobody but the organisation, all of which was looked at.
            Reach::Any => {
                let access = self.accesses.of(key, keys, self.settings);
                let allowed = &self.settings.allowed_accounts;
                let is_ours = allowed.iter().all(|one| keys.in_scope.contains(one))
                    && access
                        .is_ok_and(|found| found.outsiders.is_empty() && found.doubts.is_empty());
                let any = "the key policy lets in accounts that were not looked at".to_owned();
                (!keys.is_whole_organization || !is_ours).then_some(any)
            }
            Reach::Accounts(accounts) => {
                let mut others = accounts.difference(&keys.in_scope);
                let other = others.next()?;
                Some(format!(
                    "account {other}, which the key policy or a grant lets in, was not looked at"
                ))
            }
        }
    }

    /// Assesses what waited in one account and region; `None`: nothing waits any more.
    pub fn assess_late(
        &mut self,
        keys: &BTreeMap<KeyArn, Among>,
        isolation: Option<&Isolation>,
    ) -> Option<(CellId, Vec<Finding>)> {
        let (cell, endpoints) = self.postponed.pop_first()?;
        let endpoints = endpoints.into_iter();
        let findings = endpoints.flat_map(|one| self.of_endpoint(one, keys, isolation));
        let findings: Vec<Finding> = findings.collect();
        self.totals.count(&findings);
        Some((cell, findings))
    }

    fn of_endpoint(
        &mut self,
        postponed: Postponed,
        keys: &BTreeMap<KeyArn, Among>,
        isolation: Option<&Isolation>,
    ) -> Vec<Finding> {
        let waiting = &postponed.waiting;
        let view = LateView {
            waiting,
            keys,
            isolation,
            settings: self.settings,
        };
        let mut verdicts = postponed.verdicts;
        let mut findings = Vec::new();
        for late in postponed.rules {
            let Check::Late(_, check) = late.rule.check else {
                continue;
            };
            let mut judgement = check(&view);
            let waits = *late.waits;
            let is_certain = judgement.verdict() == Verdict::Fail;
            let judgement = if let Some(undecided) = waits.unless_failed.filter(|_| !is_certain) {
                undecided
            } else {
                judgement.key = judgement.key.or(waits.key);
                let evidence = waits.evidence.into_iter().rev();
                evidence.fold(judgement, Judgement::given)
            };
            verdicts.worst = verdicts.worst.max(judgement.verdict());
            let name = waiting.name.as_str();
            let subject = Subject::of(SubjectKind::Endpoint, &postponed.arn, name, &waiting.cell)
                .of_team(postponed.team.clone());
            findings.push(Finding::new(
                late.rule,
                subject,
                judgement,
                postponed.weight,
            ));
        }
        self.totals.posture.count(verdicts);
        findings
    }
}
