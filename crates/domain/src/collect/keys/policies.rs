//! Who may use a key: its policy and its grants; and whose organisation a policy names.

use std::collections::BTreeSet;

use sagelock_policy::request::Grant;

use super::{KeyBook, Outcome, malformed};
use crate::call::{Op, view};
use crate::collect::Answer;
use crate::collect::ask::{After, KeyAsk, Page};
use crate::fact::{Fact, Gap, Read};
use crate::ids::{AccountId, KeyArn};
use crate::inventory::{CellId, KeyPolicy};

impl KeyBook {
    pub(super) fn on_policy(
        &mut self,
        caller: &CellId,
        arn: &KeyArn,
        answer: Answer,
        outcome: &mut Outcome,
    ) {
        let gap = malformed(caller, Op::GetKeyPolicy, arn.as_str());
        let (source, viewed) = answer.view::<view::GetKeyPolicy>(gap);
        let fact = match viewed {
            Err(failure) => outcome.unknown(failure.gap),
            Ok(read) => {
                let (policy, accounts) = self
                    .policies
                    .entry(read.policy.as_str().into())
                    .or_insert_with_key(|text| (KeyPolicy::read(text), BTreeSet::new()));
                let policy = policy.clone();
                if accounts.insert(caller.account.clone()) {
                    self.want_named(caller, &policy, outcome);
                }
                Fact::Known(policy)
            }
        };
        if let Some(key) = self.keys.by_arn.get_mut(arn) {
            key.policy = Some(Read { source, fact });
        }
        self.answered(arn);
    }

    /// Asks about the accounts and the organisation that a key policy names.
    fn want_named(&mut self, caller: &CellId, policy: &KeyPolicy, outcome: &mut Outcome) {
        // One that is malformed names nobody, and is told as that by every rule that needs it.
        let Ok(document) = policy.document() else {
            return;
        };
        for account in document.every_account() {
            self.want_owner(caller, AccountId::new(&account), outcome);
        }
        if document.names_organizations()
            && self.ask_organization
            && self.keys.organization.is_none()
            && !self.organization_asked
        {
            self.organization_asked = true;
            let caller = CellId {
                account: self.home.clone(),
                region: caller.region.clone(),
            };
            outcome.asks.push(KeyAsk::Organization { caller });
        }
    }

    pub(super) fn on_organization(
        &mut self,
        caller: &CellId,
        answer: Answer,
        outcome: &mut Outcome,
    ) {
        let gap = malformed(caller, Op::DescribeOrganization, "");
        let (source, viewed) = answer.view::<view::DescribeOrganization>(gap);
        let fact = match viewed {
            Ok(view) => Fact::Known(view.organization.and_then(|one| one.id)),
            // Organizations API, DescribeOrganization, errors.
            Err(failure) if failure.is_no_organization() => Fact::Known(None),
            Err(failure) => outcome.unknown(failure.gap),
        };
        self.keys.organization = Some(Read { source, fact });
    }

    pub(super) fn on_grants(
        &mut self,
        caller: CellId,
        arn: KeyArn,
        page: &Page,
        mut so_far: Vec<Grant>,
        answer: Answer,
        outcome: &mut Outcome,
    ) {
        let gap = malformed(&caller, Op::ListGrants, arn.as_str());
        let (source, viewed) = answer.view::<view::ListGrants>(&gap);
        let fact = match viewed {
            Err(failure) => outcome.unknown(failure.gap),
            Ok(listed) => {
                let text = serde_json::Value::from(listed.grants).to_string();
                match Grant::read_list(&text) {
                    Err(wrong) => outcome.unknown(Gap {
                        said: wrong.to_string(),
                        ..gap()
                    }),
                    Ok(grants) => {
                        so_far.extend(grants);
                        match page.after_marker(listed.truncated, listed.next_marker) {
                            After::Page(page) => {
                                outcome.asks.push(KeyAsk::Grants {
                                    caller,
                                    arn,
                                    page,
                                    so_far,
                                });
                                return;
                            }
                            After::TooMany => outcome.unknown(gap().endless()),
                            After::Nothing => Fact::Known(so_far),
                        }
                    }
                }
            }
        };
        if let Some(key) = self.keys.by_arn.get_mut(&arn) {
            key.grants = Some(Read { source, fact });
        }
        self.answered(&arn);
    }
}
