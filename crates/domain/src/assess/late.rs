//! Endpoints whose verdicts wait until every account and region was looked at.

use std::collections::{BTreeMap, BTreeSet};

use super::{Assessor, Finding, Subject, SubjectKind};
use crate::access::reach;
use crate::ids::{AccountId, KeyArn};
use crate::inventory::{CellId, Keys};
use crate::kpi::Verdicts;
use crate::rules::{
    Among, Check, EndpointView, Evidence, Isolation, Judgement, LateView, Rule, Severity, Waiting,
};

/// A rule that waits, and the facts it has found.
pub(super) struct Late {
    pub(super) rule: &'static Rule,
    pub(super) keys: BTreeSet<KeyArn>,
    pub(super) evidence: Vec<Evidence>,
    /// The key, as its configuration spells it.
    pub(super) key: Option<String>,
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
        let all = rules.iter().flat_map(|late| late.keys.iter().cloned());
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
    /// Assesses what waited, when every cell has been: the findings by account and region.
    pub fn assess_late(
        &mut self,
        keys: &Keys,
        isolation: Option<&Isolation>,
    ) -> Vec<(CellId, Vec<Finding>)> {
        let postponed = std::mem::take(&mut self.postponed);
        let mut all = Vec::new();
        for (cell, endpoints) in postponed {
            let mut findings = Vec::new();
            for endpoint in endpoints {
                findings.extend(self.of_endpoint(endpoint, keys, isolation));
            }
            self.totals.count(&findings);
            all.push((cell, findings));
        }
        all
    }

    fn of_endpoint(
        &mut self,
        postponed: Postponed,
        keys: &Keys,
        isolation: Option<&Isolation>,
    ) -> Vec<Finding> {
        let waiting = &postponed.waiting;
        let among = waiting.keys.iter().map(|arn| {
            let reach = keys.by_arn.get(arn).and_then(reach);
            let among = Among {
                uses: self.uses.of(arn),
                uses_gap: self.uses.gap_within(reach.as_ref()),
                unaudited: unaudited(keys, reach.as_ref()),
                reach,
            };
            (arn, among)
        });
        let among: BTreeMap<_, _> = among.collect();
        let view = LateView {
            waiting,
            keys: &among,
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
            judgement.key = judgement.key.or(late.key);
            let evidence = late.evidence.into_iter().rev();
            let judgement = evidence.fold(judgement, Judgement::given);
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

/// Why accounts that were not looked at may use a key, if they may. Of an organisation that was looked at as
/// a whole, who is not of it is KEY-002's.
fn unaudited(keys: &Keys, reach: Option<&BTreeSet<AccountId>>) -> Option<String> {
    let Some(reach) = reach else {
        let any = "the key policy lets in accounts that were not looked at".to_owned();
        return (!keys.is_organization).then_some(any);
    };
    let mut others = reach
        .iter()
        .filter(|account| !keys.in_scope.contains(*account));
    let account = others.next()?;
    Some(format!(
        "account {account}, which the key policy lets in, was not looked at"
    ))
}
