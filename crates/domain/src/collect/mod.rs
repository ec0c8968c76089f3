//! What is out there? A pull machine without I/O: it says which call to make next, takes the
//! answer, and hands out each account and region as soon as it is whole.
//!
//! One page is one call. A failed call becomes a [`Gap`] and never ends the collection.

mod ask;
mod buckets;
mod cell;
mod denied;
mod keys;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jiff::Timestamp;

pub use ask::Address;
use ask::Ask;
use buckets::BucketBook;
pub use buckets::StorageReading;
use cell::CellState;
use keys::KeyBook;

use crate::call::{Call, CallError, CallErrorKind, Op, Reply};
use crate::fact::{Gap, Source};
use crate::ids::{AccountId, Region};
use crate::inventory::{Cell, CellId, Keys};

/// What to collect.
#[derive(Clone, Debug)]
pub struct Scope {
    /// The account whose credentials we have; Organizations is asked from it.
    pub account: AccountId,
    /// Further accounts to look at, each with a role of its own.
    pub members: Vec<AccountId>,
    /// The regions.
    pub regions: Vec<Region>,
    /// Whether to ask Organizations about the accounts of foreign keys.
    pub ask_organization: bool,
}

/// Names a call that has been started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket(pub(crate) u64);

/// What to do next.
#[derive(Debug)]
pub enum Next {
    /// Make this call, and bring the answer under this ticket.
    Start(Ticket, Address, Call),
    /// Nothing, until an answer comes.
    Wait,
    /// Nothing more, ever.
    Done,
}

/// Pages of one listing that we are ready to read: a million of anything.
pub(crate) const PAGES_MAX: u32 = 10_000;

/// Cells that are collected at the same time.
const CELLS_OPEN_MAX: usize = 64;

/// A collection under way.
#[derive(Debug)]
pub struct Collector {
    unopened: VecDeque<CellId>,
    open: BTreeMap<usize, CellState>,
    opened: usize,
    book: KeyBook,
    buckets: BucketBook,
    ready: VecDeque<Ask>,
    flying: BTreeMap<Ticket, Ask>,
    tickets: u64,
    answered: u64,
    whole: Vec<Cell>,
    /// Cells whose listings were denied, until it is known whether others answered.
    denied: Vec<Cell>,
    has_answered: bool,
    gaps: BTreeSet<Gap>,
}

/// What an answer is, with where it came from.
pub(crate) struct Answer {
    pub(crate) source: Source,
    pub(crate) result: Result<Reply, Failure>,
}

/// A call that failed: what AWS said, and the gap it would leave.
pub(crate) struct Failure {
    pub(crate) error: CallError,
    pub(crate) gap: Gap,
}

impl Failure {
    pub(crate) fn is_not_found(&self) -> bool {
        self.error.kind == CallErrorKind::NotFound
    }
}

impl Answer {
    /// Looks at the reply through a type; a reply of another shape is a failure too.
    pub(crate) fn view<T: serde::de::DeserializeOwned>(
        self,
        gap: impl Fn() -> Gap,
    ) -> (Source, Result<T, Failure>) {
        let viewed = match self.result {
            Err(failure) => Err(failure),
            Ok(reply) => reply.view::<T>().map_err(|malformed| {
                let why = std::error::Error::source(&malformed).map(ToString::to_string);
                let error = CallError {
                    kind: CallErrorKind::NotJson,
                    code: "MalformedReply".to_owned(),
                    message: why.unwrap_or_default(),
                };
                let gap = Gap {
                    said: error.message.clone(),
                    ..gap()
                };
                Failure { error, gap }
            }),
        };
        (self.source, viewed)
    }
}

impl Collector {
    /// Begins a collection.
    #[must_use]
    pub fn new(scope: &Scope) -> Self {
        let accounts = || std::iter::once(&scope.account).chain(&scope.members);
        let unopened = accounts()
            .flat_map(|account| {
                scope.regions.iter().map(|region| CellId {
                    account: account.clone(),
                    region: region.clone(),
                })
            })
            .collect();
        Self {
            unopened,
            open: BTreeMap::new(),
            opened: 0,
            book: KeyBook::new(&scope.account, accounts(), scope.ask_organization),
            buckets: BucketBook::new(),
            ready: VecDeque::new(),
            flying: BTreeMap::new(),
            tickets: 0,
            answered: 0,
            whole: Vec::new(),
            denied: Vec::new(),
            has_answered: false,
            gaps: BTreeSet::new(),
        }
    }

    /// With what is to be read of S3; by default what the default settings need.
    #[must_use]
    pub fn reading(mut self, reading: StorageReading) -> Self {
        self.buckets.set_reading(reading);
        self
    }

    /// What to do next.
    pub fn advance(&mut self) -> Next {
        while self.open.len() < CELLS_OPEN_MAX
            && let Some(id) = self.unopened.pop_front()
        {
            let (state, asks) = CellState::open(id);
            self.open.insert(self.opened, state);
            self.ready
                .extend(asks.into_iter().map(|ask| Ask::Cell(self.opened, ask)));
            self.opened += 1;
        }
        let Some(ask) = self.ready.pop_front() else {
            let done = self.flying.is_empty() && self.open.is_empty();
            return if done { Next::Done } else { Next::Wait };
        };
        let (address, call) = self.call_of(&ask);
        self.tickets += 1;
        let ticket = Ticket(self.tickets);
        self.flying.insert(ticket, ask);
        Next::Start(ticket, address, call)
    }

    fn call_of(&self, ask: &Ask) -> (Address, Call) {
        match ask {
            Ask::Keys(ask) => ask.call(),
            Ask::Buckets(ask) => ask.call(),
            Ask::Cell(index, ask) => {
                let id = self.open.get(index).map(|state| state.id().clone());
                let id = id.unwrap_or_else(|| CellId {
                    account: AccountId::new(""),
                    region: Region::new(""),
                });
                (
                    Address {
                        account: id.account,
                        region: id.region,
                    },
                    ask.call(),
                )
            }
        }
    }

    /// Takes the answer of a started call.
    pub fn on_reply(&mut self, ticket: Ticket, result: Result<Reply, CallError>, now: Timestamp) {
        if let Some(ask) = self.flying.remove(&ticket) {
            self.answered += 1;
            self.settle(ask, result, now);
        }
    }

    fn settle(&mut self, ask: Ask, result: Result<Reply, CallError>, now: Timestamp) {
        let (address, call) = self.call_of(&ask);
        let subject = match &ask {
            Ask::Cell(_, ask) => ask.subject(),
            Ask::Keys(ask) => ask.subject(),
            Ask::Buckets(ask) => ask.subject(),
        };
        let answer = answer(&call, address, subject, result, now);
        match ask {
            Ask::Keys(ask) => {
                let outcome = self.book.on_answer(ask, answer);
                self.take(outcome);
            }
            Ask::Buckets(ask) => {
                let outcome = self.buckets.on_answer(&ask, answer);
                self.take_buckets(outcome);
            }
            Ask::Cell(index, ask) => {
                let Some(state) = self.open.get_mut(&index) else {
                    return;
                };
                let outcome = state.on_answer(ask, answer);
                self.ready
                    .extend(outcome.asks.into_iter().map(|ask| Ask::Cell(index, ask)));
                self.gaps.extend(outcome.gaps);
                for (id, key, source) in outcome.keys {
                    let wanted = self.book.want(&id, key, &source);
                    self.take(wanted);
                }
            }
        }
        self.close_whole_cells();
    }

    fn take(&mut self, outcome: keys::Outcome) {
        self.ready.extend(outcome.asks.into_iter().map(Ask::Keys));
        self.gaps.extend(outcome.gaps);
    }

    fn take_buckets(&mut self, outcome: buckets::Outcome) {
        self.ready
            .extend(outcome.asks.into_iter().map(Ask::Buckets));
        self.gaps.extend(outcome.gaps);
        for (id, key, source) in outcome.keys {
            let wanted = self.book.want(&id, key, &source);
            self.take(wanted);
        }
    }

    /// The places in S3 are taken up when all else of a cell is known: only then it is known which
    /// of them a live endpoint uses.
    fn want_places(&mut self) {
        let mut outcomes = Vec::new();
        for state in self.open.values().filter(|state| state.is_idle()) {
            if !self.buckets.has_begun(state.id()) {
                outcomes.push(self.buckets.want(state.cell()));
            }
        }
        for outcome in outcomes {
            self.take_buckets(outcome);
        }
    }

    fn close_whole_cells(&mut self) {
        self.want_places();
        let (book, buckets) = (&self.book, &self.buckets);
        let has_places = |id: &CellId| {
            let keys = buckets.settled(id);
            keys.is_some_and(|keys| book.has_settled(keys))
        };
        let whole: Vec<usize> = self
            .open
            .iter()
            .filter(|(_, state)| {
                state.is_idle() && book.has_settled(state.wanted()) && has_places(state.id())
            })
            .map(|(index, _)| *index)
            .collect();
        for index in whole {
            if let Some(state) = self.open.remove(&index) {
                let storage = self.buckets.close(state.id());
                let cell = state.close(storage);
                self.has_answered |= denied::has_answered(&cell);
                if denied::listings_denied(&cell) {
                    self.denied.push(cell);
                } else {
                    self.whole.push(cell);
                }
            }
        }
        if self.open.is_empty() && self.unopened.is_empty() {
            self.close_denied_cells();
        }
    }

    /// One gap stands for a region that refuses the caller as a whole; where no region answers,
    /// it is the permission that is missing, and its gaps stay.
    fn close_denied_cells(&mut self) {
        for mut cell in std::mem::take(&mut self.denied) {
            if let Some(gap) = denied::region_denied(&cell, self.has_answered) {
                self.gaps.retain(|seen| {
                    !(seen.account == gap.account
                        && seen.region == gap.region
                        && seen.subject.is_empty())
                });
                denied::stand_for_all(&gap, &mut cell);
                self.gaps.insert(gap);
            }
            self.whole.push(cell);
        }
    }

    /// Whether any listing of any region was answered.
    #[must_use]
    pub fn has_answered(&self) -> bool {
        self.has_answered
    }

    /// Gives up on everything that is not answered yet: it becomes gaps.
    pub fn interrupt(&mut self, now: Timestamp) {
        let error = CallError {
            kind: CallErrorKind::Interrupted,
            code: "Interrupted".to_owned(),
            message: String::new(),
        };
        loop {
            if let Some((_, ask)) = self.flying.pop_first() {
                self.settle(ask, Err(error.clone()), now);
                continue;
            }
            match self.advance() {
                Next::Start(ticket, _, _) => self.on_reply(ticket, Err(error.clone()), now),
                Next::Wait | Next::Done => return,
            }
        }
    }

    /// The cells that became whole since the last time.
    pub fn take_cells(&mut self) -> Vec<Cell> {
        std::mem::take(&mut self.whole)
    }

    /// What is known about keys by now.
    #[must_use]
    pub fn keys(&self) -> &Keys {
        self.book.keys()
    }

    /// Everything that could not be read by now.
    #[must_use]
    pub fn gaps(&self) -> &BTreeSet<Gap> {
        &self.gaps
    }

    /// Calls answered, and calls known to be needed; the second grows as pages come in.
    #[must_use]
    pub fn progress(&self) -> (u64, u64) {
        let pending = self.ready.len() + self.flying.len() + self.unopened.len() * 3;
        (self.answered, self.answered + pending as u64)
    }
}

fn answer(
    call: &Call,
    address: Address,
    subject: String,
    result: Result<Reply, CallError>,
    now: Timestamp,
) -> Answer {
    let op: Op = call.op();
    match result {
        Ok(reply) => Answer {
            source: Source {
                call: op,
                at: reply.at,
                request_id: reply.request_id.clone(),
            },
            result: Ok(reply),
        },
        Err(error) => {
            let gap = Gap {
                call: op,
                account: address.account,
                region: address.region,
                reason: error.kind.gap(),
                subject,
                said: said(&error),
            };
            Answer {
                source: Source {
                    call: op,
                    at: now,
                    request_id: None,
                },
                result: Err(Failure { error, gap }),
            }
        }
    }
}

fn said(error: &CallError) -> String {
    match (error.code.as_str(), error.message.as_str()) {
        ("", message) => message.to_owned(),
        (code, "") => code.to_owned(),
        (code, message) => format!("{code}: {message}"),
    }
}
