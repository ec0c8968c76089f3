//! Endpoints whose verdicts wait until every account and region was looked at.

use std::collections::{BTreeMap, BTreeSet};

use super::{Assessor, Finding, Subject, SubjectKind};
use crate::access::Reach;
use crate::fact::Fact;
use crate::ids::{EndpointName, KeyArn};
use crate::inventory::{CellId, Key, Keys};
use crate::kpi::Verdicts;
use crate::rules::{
    Among, Check, EndpointView, Isolation, Judgement, LateView, Rule, Severity, Verdict, Waits,
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
        isolation: Option<&Isolation>,
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use jiff::Timestamp;
    use serde_json::json;

    use super::*;
    use crate::ids::AccountId;
    use crate::settings::Settings;

    const OWN: &str = "111122223333";
    const OTHER: &str = "222233334444";

    /// Of a key that lets in everybody of its own account and of another.
    fn unaudited(allowed: &[&str], in_scope: &[&str]) -> Option<String> {
        let set = |ids: &[&str]| -> BTreeSet<AccountId> {
            ids.iter().copied().map(AccountId::new).collect()
        };
        let statements = json!([{ "Effect": "Allow", "Action": "kms:*", "Resource": "*",
            "Principal": { "AWS": "*" },
            "Condition": { "StringEquals": { "aws:PrincipalAccount": [OWN, OTHER] } } }]);
        let arn = format!("arn:aws:kms:eu-west-1:{OWN}:key/1234abcd-12ab-34cd-56ef-1234567890ab");
        let key = Key::of(&arn, &statements, Vec::new())?;
        let keys = Keys {
            in_scope: set(in_scope),
            is_organization: true,
            is_whole_organization: true,
            ..Keys::default()
        };
        let settings = Settings {
            allowed_accounts: set(allowed),
            ..Settings::default()
        };
        let mut assessor = Assessor::new(&settings, Timestamp::UNIX_EPOCH);
        assessor.unaudited(&key, &keys, &Reach::of(&key))
    }

    #[test]
    fn accounts_that_are_allowed_and_were_not_looked_at_may_use_a_key() {
        assert_eq!(unaudited(&[], &[OWN, OTHER]), None);
        assert_eq!(unaudited(&[OTHER], &[OWN, OTHER]), None);
        // Nobody outside is not allowed, and yet somebody uses it whom nobody asked.
        assert!(unaudited(&[OTHER], &[OWN]).is_some());
        assert!(unaudited(&[], &[OWN]).is_some());
    }
}
