//! The owners of foreign keys: do they belong to the own organisation?

use super::{KeyBook, Outcome, malformed};
use crate::call::{CallErrorKind, Op, view};
use crate::collect::Answer;
use crate::collect::ask::KeyAsk;
use crate::fact::{Fact, Read};
use crate::ids::AccountId;
use crate::inventory::{CellId, Membership};

impl KeyBook {
    /// Asks whether the owner of a foreign key belongs to the own organisation, once.
    pub(super) fn want_owner(
        &mut self,
        caller: &CellId,
        account: AccountId,
        outcome: &mut Outcome,
    ) {
        if account == caller.account || !self.ask_organization {
            return;
        }
        let namer = caller.account.clone();
        let is_asked_too = !self.keys.is_organization && namer != self.home;
        for account in [Some(account), is_asked_too.then_some(namer)]
            .into_iter()
            .flatten()
        {
            if !self.accounts_asked.insert(account.clone()) {
                continue;
            }
            // Who may not ask about one account may not ask about another.
            if let Some(denied) = &self.organization_denied {
                let denied = denied.clone();
                self.keys.own_organization.insert(account, denied);
                continue;
            }
            self.accounts_open.insert(account.clone());
            let caller = CellId {
                account: self.home.clone(),
                region: caller.region.clone(),
            };
            if !self.is_told_by_list(&caller, &account, outcome) {
                outcome.asks.push(KeyAsk::Account { caller, account });
            }
        }
    }

    pub(super) fn on_account(
        &mut self,
        caller: &CellId,
        account: AccountId,
        answer: Answer,
        outcome: &mut Outcome,
    ) {
        let gap = malformed(caller, Op::DescribeAccount, account.as_str());
        let (source, viewed) = answer.view::<view::DescribeAccount>(gap);
        let fact = match viewed {
            Ok(_) => Fact::Known(Membership::Member),
            Err(failure) if failure.is_not_found() => Fact::Known(Membership::Stranger),
            // Organizations API, DescribeAccount, errors.
            Err(failure) if failure.is_no_organization() => Fact::Known(Membership::NoOrganization),
            Err(failure) => {
                let is_denied = failure.error.kind == CallErrorKind::AccessDenied;
                let fact = outcome.unknown(failure.gap);
                if is_denied {
                    let fact = fact.clone();
                    self.organization_denied = Some(Read { source, fact });
                }
                fact
            }
        };
        self.accounts_open.remove(&account);
        self.keys
            .own_organization
            .insert(account, Read { source, fact });
        self.ask_waiting(caller, outcome);
    }
}
