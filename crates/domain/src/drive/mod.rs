//! Who goes next? The pure scheduler between a [`Source`] of calls and whoever performs them: it
//! holds the rate of every account, region and operation, is fair over accounts, and retries. Time comes in as an
//! argument, so a throttled hour is one line of test.

mod batch;
mod bucket;
mod flight;
mod lanes;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use flight::Flight;
use lanes::{LaneId, Lanes};

use crate::call::{Call, CallError, CallErrorKind, Op, Reply, Service};
use crate::collect::{Address, Collector, Memory, Next, Ticket};
use crate::ids::AccountId;
use crate::inventory::CellId;
pub use batch::Batch;

/// How fast to ask.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rate {
    /// Each service's own default.
    Default,
    /// This many requests a second for each account, region and operation.
    PerSecond(f64),
    /// As fast as answers come: for recordings and simulated servers.
    Max,
}

/// The limits of a run.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How fast to ask.
    pub rate: Rate,
    /// How long a retryable call is retried, from its first attempt.
    pub deadline: Duration,
    /// Calls under way at the same time; those that are slow do not count.
    pub in_flight_max: usize,
    /// Where the jitter of the retries begins.
    pub seed: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            rate: Rate::Default,
            deadline: Duration::from_mins(2),
            in_flight_max: 64,
            seed: 0x9E37_79B9_7F4A_7C15,
        }
    }
}

/// What to do next.
#[derive(Debug)]
pub enum Step {
    /// Make this call, and bring the answer under this ticket.
    Start(Ticket, Address, Call),
    /// Bring what is remembered of this account and region.
    Recall(CellId),
    /// Nothing before this time since the start, unless an answer comes.
    WaitUntil(Duration),
    /// Nothing, until an answer comes.
    Wait,
    /// Nothing more, ever.
    Done,
}

/// What was asked of AWS, and how it took it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Calls {
    /// Requests sent, retries included, by operation.
    pub sent: BTreeMap<Op, u64>,
    /// Answers that told us to slow down.
    pub throttled: u64,
    /// Requests that were sent again.
    pub retried: u64,
    /// Refusals for a lack of permission, by operation.
    pub denied: BTreeMap<Op, u64>,
}

impl Calls {
    /// Adds what was asked elsewhere.
    pub fn add(&mut self, other: &Self) {
        for (op, count) in &other.sent {
            *self.sent.entry(*op).or_default() += count;
        }
        for (op, count) in &other.denied {
            *self.denied.entry(*op).or_default() += count;
        }
        self.throttled += other.throttled;
        self.retried += other.retried;
    }
}

/// A call that waits or is under way.
#[derive(Clone, Copy, Debug)]
struct Pending {
    ticket: Ticket,
    op: Op,
    lane: LaneId,
    attempts: u32,
    first: Option<Duration>,
}

/// What has calls to make and takes their answers.
pub trait Source {
    /// What to do next.
    fn advance(&mut self) -> Next;
    /// Takes up more, where nothing that is taken up can go now; false where there is no more.
    fn widen(&mut self) -> bool {
        false
    }
    /// The call of a ticket.
    fn call(&self, ticket: Ticket) -> Option<Call>;
    /// Takes the answer of a started call.
    fn on_reply(&mut self, ticket: Ticket, result: Result<Reply, CallError>, now: Timestamp);
    /// Takes what is remembered of an account and region, where it was asked for.
    fn on_recall(&mut self, _cell: CellId, _memory: Memory) {}
    /// Gives up on everything that is not answered yet.
    fn interrupt(&mut self, now: Timestamp);
}

impl Source for Collector {
    fn advance(&mut self) -> Next {
        Collector::advance(self)
    }

    fn widen(&mut self) -> bool {
        Collector::widen(self)
    }

    fn call(&self, ticket: Ticket) -> Option<Call> {
        Collector::call(self, ticket)
    }

    fn on_reply(&mut self, ticket: Ticket, result: Result<Reply, CallError>, now: Timestamp) {
        Collector::on_reply(self, ticket, result, now);
    }

    fn on_recall(&mut self, cell: CellId, memory: Memory) {
        Collector::on_recall(self, cell, memory);
    }

    fn interrupt(&mut self, now: Timestamp) {
        Collector::interrupt(self, now);
    }
}

/// A run under way.
#[derive(Debug)]
pub struct Driver<S> {
    source: S,
    limits: Limits,
    lanes: Lanes,
    flight: Flight,
    retries: BTreeMap<(Duration, Ticket), Pending>,
    /// Calls of accounts that hang.
    held: BTreeMap<AccountId, Vec<Pending>>,
    calls: Calls,
    jitter: u64,
}

/// The first pause before a retry; it doubles with every further one.
const BACKOFF_FIRST: Duration = Duration::from_millis(100);
/// The longest pause.
const BACKOFF_MAX: Duration = Duration::from_secs(20);

impl<S: Source> Driver<S> {
    /// Begins a run.
    #[must_use]
    pub fn new(source: S, limits: Limits) -> Self {
        Self {
            source,
            limits,
            lanes: Lanes::new(limits.rate),
            flight: Flight::new(limits.in_flight_max),
            retries: BTreeMap::new(),
            held: BTreeMap::new(),
            calls: Calls::default(),
            jitter: limits.seed | 1,
        }
    }

    /// Where the calls come from.
    #[must_use]
    pub fn source(&self) -> &S {
        &self.source
    }

    /// Where the calls come from, to take from it what is whole.
    pub fn source_mut(&mut self) -> &mut S {
        &mut self.source
    }

    /// Ends the run: what it was about, and what it asked.
    pub fn finish(self) -> (S, Calls) {
        (self.source, self.calls)
    }

    /// What was asked so far.
    #[must_use]
    pub fn calls(&self) -> &Calls {
        &self.calls
    }

    /// What to do at this time since the start.
    pub fn step(&mut self, now: Duration) -> Step {
        while let Some(entry) = self.retries.first_entry()
            && entry.key().0 <= now
        {
            let pending = entry.remove();
            self.lanes.push_again(pending);
        }
        if !self.flight.has_room(now) {
            return self.flight.slow_at().map_or(Step::Wait, |at| {
                Step::WaitUntil(at.max(now + Duration::from_millis(1)))
            });
        }
        loop {
            if let Some(pending) = self.lanes.pop(now) {
                match self.start(pending, now) {
                    Some(step) => return step,
                    None => continue,
                }
            }
            match self.source.advance() {
                Next::Start(ticket, address, op) => {
                    let lane = self.lanes.lane(&address, op);
                    self.lanes.push(Pending {
                        ticket,
                        op,
                        lane,
                        attempts: 0,
                        first: None,
                    });
                }
                Next::Recall(cell) => return Step::Recall(cell),
                Next::Wait if self.source.widen() => {}
                Next::Wait => return self.wait(),
                Next::Done => return Step::Done,
            }
        }
    }

    fn start(&mut self, mut pending: Pending, now: Duration) -> Option<Step> {
        let address = self.lanes.address(pending.lane)?.clone();
        if self.flight.hangs(&address.account) {
            self.held.entry(address.account).or_default().push(pending);
            return None;
        }
        let call = self.source.call(pending.ticket)?;
        pending.attempts += 1;
        pending.first.get_or_insert(now);
        *self.calls.sent.entry(pending.op).or_default() += 1;
        let ticket = pending.ticket;
        self.flight.start(pending, address.account.clone(), now);
        Some(Step::Start(ticket, address, call))
    }

    /// When something can go, if nothing comes before.
    fn wait(&self) -> Step {
        let retries = self.retries.first_key_value().map(|((at, _), _)| *at);
        match self.lanes.ready_at().into_iter().chain(retries).min() {
            Some(at) => Step::WaitUntil(at),
            None => Step::Wait,
        }
    }

    /// Takes the answer of a started call, at this time since the start and this wall-clock time.
    pub fn on_reply(
        &mut self,
        ticket: Ticket,
        result: Result<Reply, CallError>,
        now: Duration,
        wall: Timestamp,
    ) {
        let Some((pending, account)) = self.flight.end(ticket) else {
            return;
        };
        for held in self.held.remove(&account).unwrap_or_default() {
            self.lanes.push(held);
        }
        match &result {
            Err(error) if error.kind == CallErrorKind::Throttled => {
                self.calls.throttled += 1;
                self.lanes.slow_down(pending.lane, now);
            }
            Err(error) if error.kind == CallErrorKind::AccessDenied => {
                *self.calls.denied.entry(pending.op).or_default() += 1;
            }
            Ok(_) | Err(_) => {}
        }
        if let Err(error) = &result
            && error.is_retryable(pending.attempts)
        {
            let pause = self.pause(pending.attempts);
            let first = pending.first.unwrap_or(now);
            if now + pause < first + self.limits.deadline {
                self.calls.retried += 1;
                self.retries.insert((now + pause, ticket), pending);
                return;
            }
        }
        self.source.on_reply(ticket, result, wall);
    }

    /// Exponential, with full jitter between half and the whole.
    fn pause(&mut self, attempts: u32) -> Duration {
        let whole = BACKOFF_FIRST
            .saturating_mul(1_u32 << attempts.saturating_sub(1).min(16))
            .min(BACKOFF_MAX);
        self.jitter ^= self.jitter << 13;
        self.jitter ^= self.jitter >> 7;
        self.jitter ^= self.jitter << 17;
        let half = whole / 2;
        let micros = u64::try_from(half.as_micros()).unwrap_or(u64::MAX).max(1);
        half + Duration::from_micros(self.jitter % micros)
    }

    /// Gives up on everything that is not answered yet.
    pub fn interrupt(&mut self, wall: Timestamp) {
        self.lanes.clear();
        self.retries.clear();
        self.held.clear();
        self.flight.clear();
        self.source.interrupt(wall);
    }
}

pub(crate) fn rate_of(rate: Rate, service: Service) -> f64 {
    match rate {
        Rate::Default => service.rate_default(),
        // Roles are all assumed at one place, of which many accounts wait.
        Rate::PerSecond(rate) if service == Service::Sts => rate.max(service.rate_default()),
        Rate::PerSecond(rate) => rate,
        Rate::Max => f64::INFINITY,
    }
}
