//! What is out there? A pull machine without I/O: it says which call to make next, takes the
//! answer, and hands out each account and region as soon as it is whole.
//!
//! One page is one call. A failed call becomes a [`Gap`] and never ends the collection.

mod answer;
mod ask;
mod buckets;
mod cell;
mod closing;
mod denied;
mod entering;
mod keys;
mod memory;
mod principals;
mod roster;
mod scope;
mod told;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jiff::Timestamp;

use answer::Outcome;
pub(crate) use answer::{Answer, Failure};
pub use ask::Address;
use ask::Ask;
use buckets::BucketBook;
pub use buckets::StorageReading;
use cell::CellState;
pub use cell::Focus;
use closing::Settled;
use keys::KeyBook;
pub use memory::{Denied, Memory, Ran};
pub use principals::About;
use principals::PrincipalBook;
use roster::Roster;
pub use scope::{Access, Entry, Extent, Regions, Scope};
pub use told::{Told, ToldKey};

use crate::call::{Call, CallError, CallErrorKind, Op, Reply};
use crate::fact::Gap;
use crate::ids::{AccountId, Region};
use crate::inventory::{Cell, CellId, Keys, Principals};
use crate::recording::Recording;

/// Names a call that has been started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket(pub(crate) u64);

/// What to do next.
#[derive(Debug)]
pub enum Next {
    /// Ask this of that place when there is room; what exactly, the ticket says then.
    Start(Ticket, Address, Op),
    /// Bring what is remembered of this account and region.
    Recall(CellId),
    /// Nothing, until an answer comes.
    Wait,
    /// Nothing more, ever.
    Done,
}

/// Pages of one listing that we are ready to read: a million of anything.
pub(crate) const PAGES_MAX: u32 = 10_000;

/// Cells that are collected at the same time, at the most: as many as there is memory for, 0.3 MiB
/// for one of fifty endpoints. No more are open than are needed to have something to ask.
const CELLS_OPEN_MAX: usize = 896;
/// Cells of which it is asked at the same time what is remembered, at the most: more do not make the
/// store faster, and nothing is known of them yet that could be asked.
const RECALLED_MAX: usize = 32;

/// A collection under way.
#[derive(Debug)]
pub struct Collector {
    roster: Roster,
    /// What is looked at, where not everything is.
    focus: Option<Focus>,
    remembers: bool,
    unopened: VecDeque<CellId>,
    /// Cells of which it is to be asked what is remembered, and those of which it has been.
    recalling: VecDeque<CellId>,
    awaiting: BTreeSet<CellId>,
    open: BTreeMap<usize, CellState>,
    opened: usize,
    /// Open cells that wait for nothing but keys.
    idle: BTreeSet<usize>,
    /// Answers about keys and accounts since those were looked at.
    unscanned: usize,
    book: KeyBook,
    shared: Recording,
    lately_denied: Denied,
    buckets: BucketBook,
    principals: PrincipalBook,
    ready: VecDeque<Ask>,
    /// Questions to accounts that are not entered yet.
    held: BTreeMap<AccountId, Vec<Ask>>,
    flying: BTreeMap<Ticket, Ask>,
    tickets: u64,
    answered: u64,
    /// When the last answer came.
    last: Timestamp,
    whole: Vec<Cell>,
    /// Cells whose listings were denied, until it is known whether others answered.
    denied: Vec<Cell>,
    /// Accounts of which a listing was answered.
    answering: BTreeSet<AccountId>,
    looked_at: BTreeMap<AccountId, BTreeSet<Region>>,
    gaps: BTreeSet<Gap>,
}

impl Collector {
    /// Begins a collection.
    #[must_use]
    pub fn new(scope: &Scope) -> Self {
        Self {
            roster: Roster::new(scope),
            focus: None,
            remembers: scope.remembers,
            unopened: VecDeque::new(),
            recalling: VecDeque::new(),
            awaiting: BTreeSet::new(),
            open: BTreeMap::new(),
            opened: 0,
            idle: BTreeSet::new(),
            unscanned: 0,
            book: KeyBook::new(scope),
            buckets: BucketBook::new(),
            principals: PrincipalBook::new(scope),
            shared: Recording::default(),
            lately_denied: Denied::default(),
            ready: VecDeque::new(),
            held: BTreeMap::new(),
            flying: BTreeMap::new(),
            tickets: 0,
            answered: 0,
            last: Timestamp::UNIX_EPOCH,
            whole: Vec::new(),
            denied: Vec::new(),
            answering: BTreeSet::new(),
            looked_at: BTreeMap::new(),
            gaps: BTreeSet::new(),
        }
    }

    /// Remembers what a run that was cut off had been answered beside its cells: about keys and
    /// accounts.
    pub fn recall_shared(&mut self, answers: Recording) {
        self.shared = answers;
    }

    /// Remembers who was denied which key.
    pub fn recall_denied(&mut self, denied: Denied) {
        self.lately_denied = denied;
    }

    /// Takes what the owners of foreign keys tell about them.
    pub fn hear(&mut self, told: Told) {
        self.book.hear(told);
    }

    /// With what is to be read of S3; by default what the default settings need.
    #[must_use]
    pub fn reading(mut self, reading: StorageReading) -> Self {
        self.buckets.set_reading(reading);
        self
    }

    /// With one endpoint only, in each account and region.
    #[must_use]
    pub fn on(mut self, focus: Focus) -> Self {
        if let Some(account) = &focus.account {
            self.roster.wait_for(account);
        }
        self.focus = Some(focus);
        self
    }

    /// With who there is in the accounts, and what binds them.
    #[must_use]
    pub fn with_principals(mut self, about: About) -> Self {
        self.principals.set_wanted(about);
        self
    }

    /// Who there is, where it was asked for.
    #[must_use]
    pub fn principals(&self) -> &Principals {
        self.principals.found()
    }

    /// What to do next.
    pub fn advance(&mut self) -> Next {
        loop {
            if let Some(cell) = self.recalling.pop_front() {
                self.awaiting.insert(cell.clone());
                return Next::Recall(cell);
            }
            let Some(ask) = self.ready.pop_front() else {
                if self.unscanned > 0 {
                    self.close_idle_cells();
                    self.close_the_rest();
                }
                return if self.is_done() {
                    Next::Done
                } else {
                    Next::Wait
                };
            };
            let (address, op) = self.place_of(&ask);
            let Some(ask) = self.hold(ask, &address.account) else {
                continue;
            };
            if let Some((at, result)) = self.remembered(&ask) {
                self.answered += 1;
                self.settle(ask, result, at);
                continue;
            }
            self.tickets += 1;
            let ticket = Ticket(self.tickets);
            self.flying.insert(ticket, ask);
            return Next::Start(ticket, address, op);
        }
    }

    /// The call of a ticket.
    #[must_use]
    pub fn call(&self, ticket: Ticket) -> Option<Call> {
        let ask = self.flying.get(&ticket)?;
        Some(self.call_of(ask).1)
    }

    fn is_done(&self) -> bool {
        self.flying.is_empty() && self.open.is_empty() && self.all_are_open()
    }

    /// Opens a further account and region, or enters a further account; false where there is none
    /// or enough is open.
    pub fn widen(&mut self) -> bool {
        let recalling = self.awaiting.len() + self.recalling.len();
        if recalling >= RECALLED_MAX || self.open.len() + recalling >= CELLS_OPEN_MAX {
            return false;
        }
        if let Some(id) = self.unopened.pop_front() {
            if self.remembers {
                self.recalling.push_back(id);
            } else {
                self.open(id, Memory::default());
            }
            return true;
        }
        match self.roster.enter_next() {
            Some(entered) => {
                self.enter(entered);
                true
            }
            None => false,
        }
    }

    /// Takes what is remembered of an account and region.
    pub fn on_recall(&mut self, cell: CellId, memory: Memory) {
        if self.awaiting.remove(&cell) {
            self.open(cell, memory);
        }
    }

    fn open(&mut self, id: CellId, memory: Memory) {
        let (state, outcome) = match &self.focus {
            Some(focus) => CellState::open_on(id, focus),
            None => CellState::open(id, memory),
        };
        let index = self.opened;
        self.open.insert(index, state);
        self.opened += 1;
        self.take(outcome, |ask| Ask::Cell(index, ask));
    }

    /// The answer, where it is known from before.
    fn remembered(&self, ask: &Ask) -> Option<(Timestamp, Result<Reply, CallError>)> {
        match ask {
            Ask::Cell(index, ask) => self.open.get(index)?.remembered(ask),
            // Credentials are not remembered, nor what may be another by now.
            Ask::Account(_) | Ask::Principals(_) => None,
            Ask::Buckets(_) if !self.remembers => None,
            Ask::Buckets(ask) => {
                let (address, call) = ask.call();
                let of_cell = |state: &&CellState| {
                    let id = state.id();
                    id.account == address.account && id.region == address.region
                };
                let state = self.open.values().find(of_cell)?;
                state.answered_before(&address, &call)
            }
            Ask::Keys(ask) => {
                if let Some(reply) = self.book.told(ask) {
                    return Some((reply.at, Ok(reply)));
                }
                let (address, call) = ask.call();
                let shared = || self.shared.answer(&address, &call);
                let known = (!self.shared.is_empty()).then(shared).flatten();
                known.or_else(|| self.lately_denied.answer(&address, &call))
            }
        }
    }

    /// Where it is asked, and by which operation.
    fn place_of(&self, ask: &Ask) -> (Address, Op) {
        if let Ask::Cell(index, ask) = ask
            && let Some(state) = self.open.get(index)
        {
            let CellId { account, region } = state.id().clone();
            return (Address { account, region }, ask.op());
        }
        let (address, call) = self.call_of(ask);
        (address, call.op())
    }

    fn call_of(&self, ask: &Ask) -> (Address, Call) {
        match ask {
            Ask::Keys(ask) => ask.call(),
            Ask::Account(ask) => self.roster.call(ask),
            Ask::Buckets(ask) => ask.call(),
            Ask::Principals(ask) => self.principals.call(ask),
            Ask::Cell(index, ask) => {
                let state = self.open.get(index);
                // A cell is closed when nothing of it is asked any more.
                let nobody = || (AccountId::new(""), Region::new(""));
                let (account, region) = state.map_or_else(nobody, |state| {
                    let CellId { account, region } = state.id().clone();
                    (account, region)
                });
                let call = match state {
                    Some(state) => state.call(ask),
                    None => ask.call(|_| String::new()),
                };
                (Address { account, region }, call)
            }
        }
    }

    /// Takes the answer of a started call.
    pub fn on_reply(&mut self, ticket: Ticket, result: Result<Reply, CallError>, now: Timestamp) {
        if let Some(ask) = self.flying.remove(&ticket) {
            self.answered += 1;
            self.last = now;
            self.settle(ask, result, now);
        }
    }

    fn settle(&mut self, ask: Ask, result: Result<Reply, CallError>, now: Timestamp) {
        let (address, call) = self.call_of(&ask);
        let subject = match &ask {
            Ask::Cell(index, ask) => {
                let state = self.open.get(index);
                state.map_or_else(String::new, |state| state.subject(ask))
            }
            Ask::Keys(ask) => ask.subject(),
            Ask::Account(ask) => self.roster.subject(ask),
            Ask::Buckets(ask) => ask.subject(),
            Ask::Principals(ask) => PrincipalBook::subject(ask),
        };
        let answer = Answer::of(&call, address, subject, result, now);
        let settled = match &ask {
            Ask::Cell(index, _) => Settled::Cell(*index),
            Ask::Keys(_) | Ask::Account(_) | Ask::Buckets(_) | Ask::Principals(_) => {
                Settled::Shared
            }
        };
        match ask {
            Ask::Keys(ask) => {
                let outcome = self.book.on_answer(ask, answer);
                self.take(outcome, Ask::Keys);
            }
            Ask::Account(ask) => {
                let entered = self.roster.on_answer(ask, answer);
                self.enter(entered);
            }
            Ask::Principals(ask) => {
                let outcome = self.principals.on_answer(ask, answer);
                self.take(outcome, Ask::Principals);
            }
            Ask::Buckets(ask) => {
                let outcome = self.buckets.on_answer(&ask, answer);
                self.take(outcome, Ask::Buckets);
            }
            Ask::Cell(index, ask) => {
                let Some(state) = self.open.get_mut(&index) else {
                    return;
                };
                let outcome = state.on_answer(ask, answer);
                self.take(outcome, |ask| Ask::Cell(index, ask));
            }
        }
        self.close_whole_cells(settled);
    }

    /// Takes up what an answer led to.
    fn take<A>(&mut self, outcome: Outcome<A>, ask: impl Fn(A) -> Ask) {
        self.ready.extend(outcome.asks.into_iter().map(ask));
        self.gaps.extend(outcome.gaps);
        for (id, key, source) in outcome.keys {
            let wanted = self.book.want(&id, key, &source);
            self.take(wanted, Ask::Keys);
        }
    }

    /// Whether any listing of any region was answered.
    #[must_use]
    pub fn has_answered(&self) -> bool {
        !self.answering.is_empty()
    }

    /// Gives up on everything that is not answered yet: it becomes gaps.
    pub fn interrupt(&mut self, now: Timestamp) {
        let error = CallError {
            kind: CallErrorKind::Interrupted,
            code: "Interrupted".to_owned(),
            message: String::new(),
        };
        for cell in std::mem::take(&mut self.awaiting) {
            self.open(cell, Memory::default());
        }
        loop {
            if let Some((_, ask)) = self.flying.pop_first() {
                self.settle(ask, Err(error.clone()), now);
                continue;
            }
            match self.advance() {
                Next::Start(ticket, _, _) => self.on_reply(ticket, Err(error.clone()), now),
                Next::Recall(cell) => self.on_recall(cell, Memory::default()),
                Next::Wait if self.widen() => {}
                Next::Wait | Next::Done => return,
            }
        }
    }

    /// The cells that became whole since the last time.
    pub fn take_cells(&mut self) -> Vec<Cell> {
        std::mem::take(&mut self.whole)
    }

    /// Forgets which keys the references of an account and region mean, now that it is judged.
    pub fn forget_references(&mut self, cell: &CellId) {
        let buckets = &self.buckets;
        self.book
            .forget_references(cell, |reference| buckets.names(reference));
    }

    /// What is known about keys by now.
    #[must_use]
    pub fn keys(&self) -> &Keys {
        self.book.keys()
    }

    /// What was known at the end about keys, and of who there is.
    #[must_use]
    pub fn into_parts(self) -> (Keys, Principals) {
        (self.book.into_keys(), self.principals.into_found())
    }

    /// Everything that could not be read by now.
    #[must_use]
    pub fn gaps(&self) -> &BTreeSet<Gap> {
        &self.gaps
    }

    /// Calls answered, and calls known to be needed; the second grows as pages come in.
    #[must_use]
    pub fn progress(&self) -> (u64, u64) {
        let cells = self.unopened.len() + self.awaiting.len() + self.roster.waiting();
        let pending = self.ready.len() + self.flying.len() + cells * 3;
        (self.answered, self.answered + pending as u64)
    }

    /// The regions of each account that are looked at.
    #[must_use]
    pub fn looked_at(&self) -> &BTreeMap<AccountId, BTreeSet<Region>> {
        &self.looked_at
    }

    /// Regions that were named and that an account has not enabled.
    #[must_use]
    pub fn regions_off(&self) -> &BTreeSet<(AccountId, Region)> {
        self.roster.off()
    }
}
