//! What is under way. A call that is not answered for a while no longer stands in the way of the
//! others: a place that hangs does not hold the rest.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::Pending;
use crate::collect::Ticket;

/// After so long without an answer a call is slow, and another may start in its stead.
const SLOW_AFTER: Duration = Duration::from_secs(2);
/// There are at most so many slow calls for each that may be under way.
const SLOW_SHARE: usize = 4;

/// What is under way.
#[derive(Debug)]
pub(super) struct Flight {
    most: usize,
    pending: BTreeMap<Ticket, (Pending, Pace)>,
    /// In the order of their start.
    fresh: VecDeque<(Duration, Ticket)>,
    fresh_count: usize,
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
        }
    }

    /// Whether another call may start.
    pub(super) fn has_room(&mut self, now: Duration) -> bool {
        if self.fresh_count >= self.most {
            while let Some((at, ticket)) = self.fresh.front().copied()
                && at + SLOW_AFTER <= now
            {
                self.fresh.pop_front();
                // What was answered meanwhile, or is under way again since later, is not slow.
                if let Some((_, pace)) = self.pending.get_mut(&ticket)
                    && *pace == Pace::Fresh(at)
                {
                    *pace = Pace::Slow;
                    self.fresh_count -= 1;
                }
            }
        }
        self.fresh_count < self.most && self.pending.len() < self.most * (1 + SLOW_SHARE)
    }

    /// When the oldest of the fresh calls becomes slow.
    pub(super) fn slow_at(&self) -> Option<Duration> {
        self.fresh.front().map(|(at, _)| *at + SLOW_AFTER)
    }

    pub(super) fn start(&mut self, pending: Pending, now: Duration) {
        let ticket = pending.ticket;
        self.fresh.push_back((now, ticket));
        self.fresh_count += 1;
        self.pending.insert(ticket, (pending, Pace::Fresh(now)));
        // What was answered quickly leaves its place in the queue behind.
        while let Some((at, ticket)) = self.fresh.front()
            && self
                .pending
                .get(ticket)
                .is_none_or(|(_, pace)| *pace != Pace::Fresh(*at))
        {
            self.fresh.pop_front();
        }
    }

    pub(super) fn end(&mut self, ticket: Ticket) -> Option<Pending> {
        let (pending, pace) = self.pending.remove(&ticket)?;
        if pace != Pace::Slow {
            self.fresh_count -= 1;
        }
        Some(pending)
    }

    pub(super) fn clear(&mut self) {
        self.pending.clear();
        self.fresh.clear();
        self.fresh_count = 0;
    }
}
