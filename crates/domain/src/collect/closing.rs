//! When a cell is whole: nothing of it is open any more, and all its keys and places are known.

use std::collections::BTreeSet;

use super::cell::CellState;
use super::{Ask, Collector, denied};
use crate::ids::{AccountId, Region};

/// The waiting cells are looked at when there were as many answers as an eighth of them.
const SCAN_EVERY: usize = 8;

/// What an answer was about.
#[derive(Clone, Copy)]
pub(super) enum Settled {
    Cell(usize),
    Shared,
}

impl Collector {
    /// Hands out the cells about which nothing is open any more. Which of them waited for what was
    /// answered about a key is looked at once in a while, and before anybody waits.
    pub(super) fn close_whole_cells(&mut self, settled: Settled) {
        match settled {
            Settled::Cell(index) => {
                if self.open.get(&index).is_some_and(CellState::is_idle) {
                    self.idle.insert(index);
                    self.want_places(index);
                    self.close_if_whole(index);
                }
            }
            Settled::Shared => {
                self.unscanned += 1;
                if self.unscanned * SCAN_EVERY >= self.idle.len() {
                    self.close_idle_cells();
                }
            }
        }
        self.close_the_rest();
    }

    /// The places in S3 are taken up when all else of a cell is known: only then it is known which
    /// of them a live endpoint uses.
    fn want_places(&mut self, index: usize) {
        if let Some(state) = self.open.get_mut(&index) {
            for (id, key, source) in state.recall_deleted().keys {
                let wanted = self.book.want(&id, key, &source);
                self.take(wanted, Ask::Keys);
            }
        }
        if let Some(state) = self.open.get(&index)
            && !self.buckets.has_begun(state.id())
        {
            let outcome = self.buckets.want(state.cell());
            self.take(outcome, Ask::Buckets);
        }
    }

    pub(super) fn close_idle_cells(&mut self) {
        self.unscanned = 0;
        for index in self.idle.iter().copied().collect::<Vec<_>>() {
            self.close_if_whole(index);
        }
    }

    fn close_if_whole(&mut self, index: usize) {
        let is_whole = |state: &CellState| {
            let places = self.buckets.settled(state.id());
            self.book.has_settled(state.wanted())
                && places.is_some_and(|keys| self.book.has_settled(keys))
        };
        if !self.open.get(&index).is_some_and(is_whole) {
            return;
        }
        self.idle.remove(&index);
        if let Some(state) = self.open.remove(&index) {
            let storage = self.buckets.close(state.id());
            let cell = state.close(storage);
            // A region that answered anything does not refuse the caller as a whole.
            if denied::has_answered(&cell) {
                self.answering.insert(cell.id.account.clone());
                self.whole.push(cell);
            } else if denied::listings_denied(&cell) {
                self.denied.push(cell);
            } else {
                self.whole.push(cell);
            }
        }
    }

    pub(super) fn close_the_rest(&mut self) {
        if !self.denied.is_empty() && self.open.is_empty() && self.all_are_open() {
            self.close_denied_cells();
        }
    }

    /// Whether no further cell will be opened.
    pub(super) fn all_are_open(&self) -> bool {
        self.awaiting.is_empty()
            && self.recalling.is_empty()
            && self.unopened.is_empty()
            && self.roster.waiting() == 0
            && !self.roster.is_entering()
    }

    /// One gap stands for a region that refuses the caller as a whole; where no region answers,
    /// it is the permission that is missing, and its gaps stay.
    fn close_denied_cells(&mut self) {
        let mut refusing = BTreeSet::new();
        for mut cell in std::mem::take(&mut self.denied) {
            if let Some(gap) =
                denied::region_denied(&cell, self.answering.contains(&cell.id.account))
            {
                denied::stand_for_all(&gap, &mut cell);
                refusing.insert(gap);
            }
            self.whole.push(cell);
        }
        let stood_for: BTreeSet<(AccountId, Region)> = refusing
            .iter()
            .map(|gap| (gap.account.clone(), gap.region.clone()))
            .collect();
        self.gaps.retain(|gap| {
            let place = (gap.account.clone(), gap.region.clone());
            !(gap.subject.is_empty() && stood_for.contains(&place))
        });
        self.gaps.extend(refusing);
    }
}
