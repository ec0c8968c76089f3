//! Who goes next? The pure scheduler between a [`Source`] of calls and whoever performs them: it
//! holds the rate of every account, region and service, and retries. Time comes in as an
//! argument, so a throttled hour is one line of test.

mod batch;
mod bucket;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use jiff::Timestamp;

use bucket::Bucket;

use crate::call::{Call, CallError, CallErrorKind, Op, Reply, Service};
use crate::collect::{Address, Collector, Next, Ticket};
pub use batch::Batch;

/// How fast to ask.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rate {
    /// Each service's own default.
    Default,
    /// This many requests a second for each account, region and service.
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
    /// Calls under way at the same time.
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

type BucketId = (Address, Service);

#[derive(Clone, Debug)]
struct Pending {
    ticket: Ticket,
    address: Address,
    call: Call,
    attempts: u32,
    first: Option<Duration>,
}

impl Pending {
    fn bucket(&self) -> BucketId {
        (self.address.clone(), self.call.op().row().service)
    }
}

/// What has calls to make and takes their answers.
pub trait Source {
    /// What to do next.
    fn advance(&mut self) -> Next;
    /// Takes the answer of a started call.
    fn on_reply(&mut self, ticket: Ticket, result: Result<Reply, CallError>, now: Timestamp);
    /// Gives up on everything that is not answered yet.
    fn interrupt(&mut self, now: Timestamp);
}

impl Source for Collector {
    fn advance(&mut self) -> Next {
        Collector::advance(self)
    }

    fn on_reply(&mut self, ticket: Ticket, result: Result<Reply, CallError>, now: Timestamp) {
        Collector::on_reply(self, ticket, result, now);
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
    buckets: BTreeMap<BucketId, Bucket>,
    parked: BTreeMap<BucketId, VecDeque<Pending>>,
    retries: BTreeMap<(Duration, Ticket), Pending>,
    in_flight: BTreeMap<Ticket, Pending>,
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
            buckets: BTreeMap::new(),
            parked: BTreeMap::new(),
            retries: BTreeMap::new(),
            in_flight: BTreeMap::new(),
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
        if self.in_flight.len() >= self.limits.in_flight_max {
            return Step::Wait;
        }
        while let Some(entry) = self.retries.first_entry()
            && entry.key().0 <= now
        {
            let pending = entry.remove();
            self.parked
                .entry(pending.bucket())
                .or_default()
                .push_front(pending);
        }
        if let Some(step) = self.start_parked(now) {
            return step;
        }
        loop {
            match self.source.advance() {
                Next::Start(ticket, address, call) => {
                    let pending = Pending {
                        ticket,
                        address,
                        call,
                        attempts: 0,
                        first: None,
                    };
                    let id = pending.bucket();
                    if self.bucket(&id).take(now) {
                        return self.start(pending, now);
                    }
                    self.parked.entry(id).or_default().push_back(pending);
                }
                Next::Wait => return self.wait(now),
                Next::Done => return Step::Done,
            }
        }
    }

    fn start_parked(&mut self, now: Duration) -> Option<Step> {
        let buckets = &mut self.buckets;
        let rate = self.limits.rate;
        let id = self.parked.keys().find(|id| {
            let bucket = buckets
                .entry((*id).clone())
                .or_insert_with(|| Bucket::new(rate_of(rate, id.1)));
            bucket.take(now)
        })?;
        let id = id.clone();
        let queue = self.parked.get_mut(&id)?;
        let pending = queue.pop_front()?;
        if queue.is_empty() {
            self.parked.remove(&id);
        }
        Some(self.start(pending, now))
    }

    fn bucket(&mut self, id: &BucketId) -> &mut Bucket {
        let rate = rate_of(self.limits.rate, id.1);
        self.buckets
            .entry(id.clone())
            .or_insert_with(|| Bucket::new(rate))
    }

    fn start(&mut self, mut pending: Pending, now: Duration) -> Step {
        pending.attempts += 1;
        pending.first.get_or_insert(now);
        *self.calls.sent.entry(pending.call.op()).or_default() += 1;
        let step = Step::Start(
            pending.ticket,
            pending.address.clone(),
            pending.call.clone(),
        );
        self.in_flight.insert(pending.ticket, pending);
        step
    }

    /// When something can go, if nothing comes before.
    fn wait(&self, now: Duration) -> Step {
        let parked = self
            .parked
            .keys()
            .filter_map(|id| self.buckets.get(id))
            .map(|bucket| {
                // Never in the past: a rounded token must not turn waiting into spinning.
                bucket.ready_at(now).max(now + Duration::from_millis(1))
            });
        let retries = self.retries.first_key_value().map(|((at, _), _)| *at);
        match parked.chain(retries).min() {
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
        let Some(pending) = self.in_flight.remove(&ticket) else {
            return;
        };
        let op = pending.call.op();
        let id = pending.bucket();
        match &result {
            Err(error) if error.kind == CallErrorKind::Throttled => {
                self.calls.throttled += 1;
                self.bucket(&id).slow_down(now);
            }
            Err(error) if error.kind == CallErrorKind::AccessDenied => {
                *self.calls.denied.entry(op).or_default() += 1;
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
        self.parked.clear();
        self.retries.clear();
        self.in_flight.clear();
        self.source.interrupt(wall);
    }
}

fn rate_of(rate: Rate, service: Service) -> f64 {
    match rate {
        Rate::Default => service.rate_default(),
        Rate::PerSecond(rate) => rate,
        Rate::Max => f64::INFINITY,
    }
}
