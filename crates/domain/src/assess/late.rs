//! Endpoints whose verdicts wait until every account and region was looked at.

use std::collections::{BTreeMap, BTreeSet};

use super::{Assessor, Finding, Subject, SubjectKind};
use crate::access::{Audited, Reach};
use crate::fact::Fact;
use crate::ids::{EndpointName, KeyArn};
use crate::inventory::{CellId, Keys};
use crate::isolation::Matrix;
use crate::kpi::Verdicts;
use crate::rules::{
    Among, Check, EndpointView, Judgement, LateView, Rule, Severity, Verdict, Waits,
};

/// What is kept of an endpoint.
pub(super) struct Postponed {
    name: EndpointName,
    arn: String,
    team: Option<String>,
    tenant: Fact<Option<String>>,
    weight: Severity,
    waits: Waits,
    rules: Vec<&'static Rule>,
    /// Of the rules that did not wait.
    verdicts: Verdicts,
}

impl Postponed {
    pub(super) fn new(
        view: &EndpointView<'_>,
        waits: Waits,
        rules: Vec<&'static Rule>,
        verdicts: Verdicts,
    ) -> Self {
        Self {
            name: view.endpoint.name.clone(),
            arn: view.endpoint.arn.clone(),
            team: view.team(),
            tenant: view.tenant(),
            weight: view.weight(),
            waits,
            rules,
            verdicts,
        }
    }
}

impl Assessor<'_> {
    /// What is known of every key that an endpoint waits for, when every cell has been.
    pub fn keys_among_all(&mut self, keys: &Keys) -> BTreeMap<KeyArn, Among> {
        let postponed = self.postponed.values().flatten();
        let waited = postponed.flat_map(|one| one.waits.keys.iter().cloned());
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
                uses_gap: self.uses.gap_within(&reach, &arn.region()).cloned(),
                basis: Audited::of(key, &reach, keys, &mut self.accesses, self.settings),
                reach,
            };
            among.insert(arn, one);
        }
        among
    }

    /// Assesses what waited in one account and region; `None`: nothing waits any more.
    pub fn assess_late(
        &mut self,
        keys: &BTreeMap<KeyArn, Among>,
        isolation: Option<&Matrix>,
    ) -> Option<(CellId, Vec<Finding>)> {
        let (cell, endpoints) = self.postponed.pop_first()?;
        let mut findings = Vec::new();
        for endpoint in endpoints {
            self.assess_postponed(&cell, endpoint, keys, isolation, &mut findings);
        }
        self.totals.count(&findings);
        Some((cell, findings))
    }

    fn assess_postponed(
        &mut self,
        cell: &CellId,
        postponed: Postponed,
        keys: &BTreeMap<KeyArn, Among>,
        isolation: Option<&Matrix>,
        findings: &mut Vec<Finding>,
    ) {
        let waits = &postponed.waits;
        let view = LateView {
            waits,
            tenant: &postponed.tenant,
            keys,
            isolation,
            settings: self.settings,
        };
        let mut verdicts = postponed.verdicts;
        for rule in postponed.rules {
            let Check::Late(_, check) = rule.check else {
                continue;
            };
            let mut judgement = check(&view);
            let is_certain = judgement.verdict() == Verdict::Fail;
            let judgement =
                if let Some(undecided) = waits.unless_failed.as_ref().filter(|_| !is_certain) {
                    Judgement::clone(undecided)
                } else {
                    judgement.key = judgement.key.or_else(|| waits.key.clone());
                    let evidence = waits.evidence.iter().rev().cloned();
                    evidence.fold(judgement, Judgement::given)
                };
            verdicts.worst = verdicts.worst.max(judgement.verdict());
            let name = postponed.name.as_str();
            let subject = Subject::of(SubjectKind::Endpoint, &postponed.arn, name, cell)
                .of_team(postponed.team.clone());
            findings.push(Finding::new(rule, subject, judgement, postponed.weight));
        }
        self.totals.posture.count(verdicts);
    }
}
