//! Who may go now: a lane for each account, region and operation, with a rate of its own, and
//! turns that are fair over accounts.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use super::bucket::Bucket;
use super::{Pending, Rate, rate_of};
use crate::call::Op;
use crate::collect::Address;
use crate::ids::AccountId;

/// Names a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct LaneId(usize);

/// What waits for its turn.
#[derive(Debug)]
pub(super) struct Lanes {
    rate: Rate,
    index: BTreeMap<(Address, Op), LaneId>,
    all: Vec<Lane>,
    turns: Turns,
    /// Lanes that have something to start and no token before that time.
    waiting: BTreeSet<(Duration, LaneId)>,
    /// Lanes that have something to start: first those of the account that had the fewest turns,
    /// then those that came first.
    runnable: BTreeSet<(u64, u64, LaneId)>,
    sequence: u64,
}

#[derive(Debug)]
struct Lane {
    bucket: Bucket,
    queue: VecDeque<Pending>,
    address: Address,
    is_lined_up: bool,
}

/// How many turns each account has had. One that comes late does not get all that it missed.
#[derive(Debug, Default)]
struct Turns {
    had: BTreeMap<AccountId, u64>,
    now: u64,
}

impl Turns {
    fn of(&mut self, account: &AccountId) -> u64 {
        let now = self.now;
        if let Some(had) = self.had.get_mut(account) {
            *had = (*had).max(now);
            return *had;
        }
        self.had.insert(account.clone(), now);
        now
    }

    fn take(&mut self, account: &AccountId, turn: u64) {
        self.now = self.now.max(turn);
        if let Some(had) = self.had.get_mut(account) {
            *had += 1;
        }
    }
}

impl Lanes {
    pub(super) fn new(rate: Rate) -> Self {
        Self {
            rate,
            index: BTreeMap::new(),
            all: Vec::new(),
            turns: Turns::default(),
            waiting: BTreeSet::new(),
            runnable: BTreeSet::new(),
            sequence: 0,
        }
    }

    /// The lane of an operation at a place.
    pub(super) fn lane(&mut self, address: &Address, op: Op) -> LaneId {
        let id = (address.clone(), op);
        if let Some(lane) = self.index.get(&id) {
            return *lane;
        }
        let lane = LaneId(self.all.len());
        self.all.push(Lane {
            bucket: Bucket::new(rate_of(self.rate, op.row().service)),
            queue: VecDeque::new(),
            address: address.clone(),
            is_lined_up: false,
        });
        self.index.insert(id, lane);
        lane
    }

    /// Where a lane leads.
    pub(super) fn address(&self, id: LaneId) -> Option<&Address> {
        self.all.get(id.0).map(|lane| &lane.address)
    }

    /// Puts a call at the end of its lane.
    pub(super) fn push(&mut self, pending: Pending) {
        let id = pending.lane;
        if let Some(lane) = self.all.get_mut(id.0) {
            lane.queue.push_back(pending);
            self.line_up(id);
        }
    }

    /// Puts a call that is made again at the head of its lane.
    pub(super) fn push_again(&mut self, pending: Pending) {
        let id = pending.lane;
        if let Some(lane) = self.all.get_mut(id.0) {
            lane.queue.push_front(pending);
            self.line_up(id);
        }
    }

    fn line_up(&mut self, id: LaneId) {
        let Some(lane) = self.all.get_mut(id.0) else {
            return;
        };
        if lane.is_lined_up || lane.queue.is_empty() {
            return;
        }
        lane.is_lined_up = true;
        self.sequence += 1;
        let turn = self.turns.of(&lane.address.account);
        self.runnable.insert((turn, self.sequence, id));
    }

    /// The next call that may start now.
    pub(super) fn pop(&mut self, now: Duration) -> Option<Pending> {
        while let Some((at, id)) = self.waiting.first().copied()
            && at <= now
        {
            self.waiting.pop_first();
            if let Some(lane) = self.all.get_mut(id.0) {
                lane.is_lined_up = false;
            }
            self.line_up(id);
        }
        while let Some((turn, _, id)) = self.runnable.pop_first() {
            let Some(lane) = self.all.get_mut(id.0) else {
                continue;
            };
            lane.is_lined_up = false;
            if !lane.bucket.take(now) {
                // Never in the past: a rounded token must not turn waiting into spinning.
                let at = lane
                    .bucket
                    .ready_at(now)
                    .max(now + Duration::from_millis(1));
                lane.is_lined_up = true;
                self.waiting.insert((at, id));
                continue;
            }
            let pending = lane.queue.pop_front();
            if pending.is_some() {
                self.turns.take(&lane.address.account, turn);
            }
            // Most lanes fill once: the room goes to those that fill next.
            if lane.queue.is_empty() {
                lane.queue = VecDeque::new();
            }
            self.line_up(id);
            if pending.is_some() {
                return pending;
            }
        }
        None
    }

    /// When a lane has a token again, where one waits for it.
    pub(super) fn ready_at(&self) -> Option<Duration> {
        self.waiting.first().map(|(at, _)| *at)
    }

    /// AWS asked for less.
    pub(super) fn slow_down(&mut self, id: LaneId, now: Duration) {
        if let Some(lane) = self.all.get_mut(id.0) {
            lane.bucket.slow_down(now);
        }
    }

    /// Forgets what waits.
    pub(super) fn clear(&mut self) {
        self.waiting.clear();
        self.runnable.clear();
        for lane in &mut self.all {
            lane.queue.clear();
            lane.is_lined_up = false;
        }
    }
}
