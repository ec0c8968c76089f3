//! What is under way. A call that is not answered for a while no longer stands in the way of the
//! others, and an account that hangs gets no more than a few: it does not hold the rest.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::Pending;
use crate::collect::Ticket;
use crate::ids::AccountId;

/// After so long without an answer a call is slow, and another may start in its stead.
const SLOW_AFTER: Duration = Duration::from_secs(2);
/// There are at most so many slow calls for each that may be under way.
const SLOW_SHARE: usize = 1;
/// Slow calls of one account, beyond which nothing more of it starts until one is answered.
const SLOW_OF_ACCOUNT_MAX: usize = 16;

/// What is under way.
#[derive(Debug)]
pub(super) struct Flight {
    most: usize,
    pending: BTreeMap<Ticket, Flying>,
    /// In the order of their start.
    fresh: VecDeque<(Duration, Ticket)>,
    fresh_count: usize,
    slow: BTreeMap<AccountId, usize>,
}

#[derive(Debug)]
struct Flying {
    pending: Pending,
    account: AccountId,
    pace: Pace,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pace {
    Fresh(Duration),
    Slow,
}

impl Flight {
    pub(super) fn new(most: usize) -> Self {
        Self {
            most,
            pending: BTreeMap::new(),
            fresh: VecDeque::new(),
            fresh_count: 0,
            slow: BTreeMap::new(),
        }
    }

    /// Whether another call may start.
    pub(super) fn has_room(&mut self, now: Duration) -> bool {
        self.age(now);
        self.fresh_count < self.most && self.pending.len() < self.most * (1 + SLOW_SHARE)
    }

    /// Whether an account hangs, so that nothing more of it is started.
    pub(super) fn hangs(&self, account: &AccountId) -> bool {
        let slow = self.slow.get(account).copied().unwrap_or(0);
        slow >= SLOW_OF_ACCOUNT_MAX
    }

    fn age(&mut self, now: Duration) {
        while let Some((at, ticket)) = self.fresh.front().copied() {
            let Some(flying) = self.pending.get_mut(&ticket) else {
                self.fresh.pop_front();
                continue;
            };
            // What is under way again since later is not this one.
            if flying.pace != Pace::Fresh(at) {
                self.fresh.pop_front();
                continue;
            }
            if at + SLOW_AFTER > now {
                return;
            }
            flying.pace = Pace::Slow;
            self.fresh.pop_front();
            self.fresh_count -= 1;
            *self.slow.entry(flying.account.clone()).or_default() += 1;
        }
    }

    /// When the oldest of the fresh calls becomes slow, where that makes room.
    pub(super) fn slow_at(&self) -> Option<Duration> {
        let makes_room = self.pending.len() < self.most * (1 + SLOW_SHARE);
        let oldest = self.fresh.front().filter(|_| makes_room);
        oldest.map(|(at, _)| *at + SLOW_AFTER)
    }

    pub(super) fn start(&mut self, pending: Pending, account: AccountId, now: Duration) {
        let ticket = pending.ticket;
        self.fresh.push_back((now, ticket));
        self.fresh_count += 1;
        let flying = Flying {
            pending,
            account,
            pace: Pace::Fresh(now),
        };
        self.pending.insert(ticket, flying);
    }

    /// The call of an answer, and its account.
    pub(super) fn end(&mut self, ticket: Ticket) -> Option<(Pending, AccountId)> {
        let Flying {
            pending,
            account,
            pace,
        } = self.pending.remove(&ticket)?;
        match pace {
            Pace::Fresh(_) => self.fresh_count -= 1,
            Pace::Slow => {
                if let Some(slow) = self.slow.get_mut(&account) {
                    *slow -= 1;
                }
            }
        }
        Some((pending, account))
    }

    pub(super) fn clear(&mut self) {
        self.pending.clear();
        self.fresh.clear();
        self.fresh_count = 0;
        self.slow.clear();
    }
}
