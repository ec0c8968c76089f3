//! The accounts of the organisation, listed: of many accounts in scope it is cheaper to read the
//! list, twenty to a page, than to ask about each.

use std::collections::BTreeSet;

use super::{KeyBook, Outcome, malformed};
use crate::call::{Op, view};
use crate::collect::Answer;
use crate::collect::ask::{After, KeyAsk, Page};
use crate::fact::{Fact, Read, Source};
use crate::ids::AccountId;
use crate::inventory::{CellId, Membership};

/// The list is read where so many accounts are in scope: a page of it holds as many (Organizations
/// API, ListAccounts, `MaxResults`).
const LISTED_FROM: usize = 20;

/// What is known of the list.
#[derive(Debug, Default)]
pub(super) enum Members {
    #[default]
    Unasked,
    /// It is being read, and these accounts wait for it.
    Asked {
        so_far: BTreeSet<AccountId>,
        waiting: Vec<AccountId>,
    },
    /// As it was read.
    Listed(Source, BTreeSet<AccountId>),
    /// It could not be read, and these accounts wait for the answer about the first one that is
    /// asked about by name: who may not ask about one may not ask about another.
    Unread(Vec<AccountId>),
}

impl KeyBook {
    /// Whether an account is told, or will be, by the list.
    pub(super) fn is_told_by_list(
        &mut self,
        caller: &CellId,
        account: &AccountId,
        outcome: &mut Outcome,
    ) -> bool {
        match &mut self.members {
            Members::Unasked if self.accounts.len() >= LISTED_FROM => {
                self.members = Members::Asked {
                    so_far: BTreeSet::new(),
                    waiting: vec![account.clone()],
                };
                outcome.asks.push(KeyAsk::Members {
                    caller: caller.clone(),
                    page: Page::default(),
                });
                true
            }
            Members::Asked { waiting, .. } => {
                waiting.push(account.clone());
                true
            }
            Members::Listed(source, listed) if listed.contains(account) => {
                let fact = Fact::Known(Membership::Member);
                let source = *source;
                let read = Read { source, fact };
                self.keys.own_organization.insert(account.clone(), read);
                self.accounts_open.remove(account);
                true
            }
            Members::Unasked | Members::Listed(..) | Members::Unread(_) => false,
        }
    }

    /// Takes a page. Whom a list that may not be read does not tell is asked about by name.
    pub(super) fn on_members(
        &mut self,
        caller: CellId,
        page: &Page,
        answer: Answer,
        outcome: &mut Outcome,
    ) {
        let gap = malformed(&caller, Op::ListAccounts, "");
        let (source, viewed) = answer.view::<view::ListAccounts>(gap);
        let Members::Asked { so_far, waiting } = &mut self.members else {
            return;
        };
        let is_read = match viewed {
            Ok(listed) => {
                so_far.extend(listed.accounts.into_iter().map(|account| account.id));
                match page.after(listed.next_token) {
                    After::Page(page) => {
                        outcome.asks.push(KeyAsk::Members { caller, page });
                        return;
                    }
                    After::TooMany => false,
                    After::Nothing => true,
                }
            }
            Err(_) => false,
        };
        let (so_far, mut waiting) = (std::mem::take(so_far), std::mem::take(waiting));
        if is_read {
            self.members = Members::Listed(source, so_far);
            waiting.retain(|account| !self.is_told_by_list(&caller, account, outcome));
            outcome.asks.extend(by_name(&caller, waiting));
        } else {
            let first = waiting.pop();
            self.members = Members::Unread(waiting);
            outcome.asks.extend(by_name(&caller, first));
        }
    }

    /// Asks about those that waited for an answer about another.
    pub(super) fn ask_waiting(&mut self, caller: &CellId, outcome: &mut Outcome) {
        let Members::Unread(waiting) = &mut self.members else {
            return;
        };
        let waiting = std::mem::take(waiting);
        match &self.organization_denied {
            Some(denied) => {
                for account in waiting {
                    self.accounts_open.remove(&account);
                    let denied = denied.clone();
                    self.keys.own_organization.insert(account, denied);
                }
            }
            None => outcome.asks.extend(by_name(caller, waiting)),
        }
    }
}

fn by_name(
    caller: &CellId,
    accounts: impl IntoIterator<Item = AccountId>,
) -> impl Iterator<Item = KeyAsk> {
    accounts.into_iter().map(|account| KeyAsk::Account {
        caller: caller.clone(),
        account,
    })
}
