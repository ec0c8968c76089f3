//! What comes of entering an account, and what is held back until it is entered.

use super::Collector;
use super::ask::Ask;
use super::roster::{Entered, Standing};
use crate::call::{CallError, CallErrorKind};
use crate::ids::AccountId;

impl Collector {
    /// What came of knocking at an account.
    pub(super) fn enter(&mut self, entered: Entered) {
        match entered {
            Entered::Ask(ask) => self.ready.push_back(Ask::Account(ask)),
            Entered::In(account, cells, gaps) => {
                self.gaps.extend(gaps);
                let regions = cells.iter().map(|cell| cell.region.clone());
                self.looked_at
                    .entry(account.clone())
                    .or_default()
                    .extend(regions);
                let meant = self.focus.as_ref().and_then(|focus| focus.account.as_ref());
                let asks = if meant.is_none_or(|meant| *meant == account) {
                    self.unopened.extend(cells);
                    self.principals.enter(&account)
                } else {
                    self.principals.bind(&account)
                };
                self.ready.extend(asks.into_iter().map(Ask::Principals));
                let held = self.held.remove(&account).unwrap_or_default();
                self.ready.extend(held);
            }
            Entered::Out(account, gap) => {
                self.gaps.insert(gap);
                for ask in self.held.remove(&account).unwrap_or_default() {
                    let ask = match ask {
                        Ask::Keys(ask) => Ask::Keys(self.book.without(ask, &account)),
                        Ask::Cell(..) | Ask::Account(_) | Ask::Buckets(_) | Ask::Principals(_) => {
                            ask
                        }
                    };
                    self.ready.push_back(ask);
                }
                self.book.leave_out(&account);
            }
        }
        self.close_the_rest();
    }

    /// Keeps a question back until its account is entered.
    pub(super) fn hold(&mut self, ask: Ask, account: &AccountId) -> Option<Ask> {
        if !matches!(ask, Ask::Keys(_)) {
            return Some(ask);
        }
        match self.roster.standing(account) {
            Standing::In => Some(ask),
            // Nobody can be asked as that account.
            Standing::Out => match ask {
                Ask::Keys(ask) if ask.has_another_caller(account) => {
                    let ask = self.book.without(ask, account);
                    self.ready.push_back(Ask::Keys(ask));
                    None
                }
                Ask::Keys(_)
                | Ask::Cell(..)
                | Ask::Account(_)
                | Ask::Buckets(_)
                | Ask::Principals(_) => {
                    let error = CallError {
                        kind: CallErrorKind::Credentials,
                        code: "NoCredentials".to_owned(),
                        message: format!("account {account} could not be entered"),
                    };
                    self.settle(ask, Err(error), self.last);
                    None
                }
            },
            Standing::Waiting | Standing::Entering => {
                self.held.entry(account.clone()).or_default().push(ask);
                if let Some(entered) = self.roster.enter_now(account) {
                    self.enter(entered);
                }
                None
            }
        }
    }
}
