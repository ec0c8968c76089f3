//! The world: accounts and what is in them, a clock that is told, and chance that is seeded.

mod account;
mod identity;
mod ledger;
mod random;
mod tally;

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

pub use account::{Account, Cell};
pub use identity::{Caller, Ctx, partition};
pub use ledger::{Entry, Happening, Ledger};
pub(crate) use random::Random;
use tally::Ending;
pub use tally::{OperationId, Tallies, Tally};

use crate::answer::{Answered, ApiError, Body};
use crate::fault::{Effect, Plan, Struck};
use crate::iam::Session;
use crate::input::Input;
use crate::organizations::Organization;
use crate::s3::Bucket;
use crate::sagemaker::EndpointEvent;
use crate::service::Service;
use crate::table::{self, Access, Operation};

/// A key on an instance type with local storage, before and after June 2026 (SageMaker API,
/// CreateEndpointConfig, `KmsKeyId`: botocore up to 1.43.26 says that the call fails, later
/// ones that the key does not encrypt local storage).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LocalStorage {
    /// The key is accepted and does not cover the local storage.
    #[default]
    KeyAccepted,
    /// The call fails.
    KeyRefused,
}

/// What AWS is, at one moment.
#[derive(Debug)]
pub struct World {
    now: Timestamp,
    stamped: Timestamp,
    pub(crate) random: Random,
    pub(crate) accounts: BTreeMap<String, Account>,
    pub(crate) organizations: Vec<Organization>,
    pub(crate) buckets: BTreeMap<String, Bucket>,
    pub(crate) sessions: BTreeMap<String, Session>,
    events: BTreeMap<(Timestamp, u64), Event>,
    sequence: u64,
    ledger: Ledger,
    faults: Plan,
    /// How a key on local storage is taken.
    pub local_storage: LocalStorage,
}

/// Something that will happen to an endpoint.
#[derive(Clone, Debug)]
struct Event {
    account: String,
    region: String,
    endpoint: String,
    what: EndpointEvent,
}

/// What a reading call sees.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sight(Option<Timestamp>);

impl Sight {
    /// Whether it sees what was made then.
    pub(crate) fn sees(self, made: Timestamp) -> bool {
        self.0.is_none_or(|until| made <= until)
    }
}

/// How an operation ends on the wire.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// What is answered.
    pub answer: Answer,
    /// How long the answer is held back.
    pub delay: Duration,
    /// The exchange's id.
    pub request_id: String,
}

/// What is answered.
#[derive(Clone, Debug)]
pub enum Answer {
    /// What the operation says.
    Says(Result<Body, ApiError>),
    /// Nothing, until the client gives up.
    Nothing,
    /// The connection is closed.
    Reset,
    /// The body ends in the middle.
    Truncated(Body),
    /// A page of something that is not AWS.
    NotAws,
}

/// The account of an access key that names none.
pub const DEFAULT_ACCOUNT: &str = "123456789012";

impl World {
    /// An empty world: the AWS-managed aliases and nothing else.
    #[must_use]
    pub fn new(now: Timestamp, seed: u64) -> Self {
        Self {
            now,
            stamped: now,
            random: Random::new(seed),
            accounts: BTreeMap::new(),
            organizations: Vec::new(),
            buckets: BTreeMap::new(),
            sessions: BTreeMap::new(),
            events: BTreeMap::new(),
            sequence: 0,
            ledger: Ledger::default(),
            faults: Plan::default(),
            local_storage: LocalStorage::default(),
        }
    }

    /// The time in the world.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Lets time pass until then: what is due happens, in its order. Time does not go back.
    pub fn advance_to(&mut self, then: Timestamp) {
        while let Some(entry) = self.events.first_entry()
            && entry.key().0 <= then
        {
            let ((at, _), event) = entry.remove_entry();
            self.now = self.now.max(at);
            self.happen(&event);
        }
        self.now = self.now.max(then);
    }

    /// Lets time pass.
    pub fn advance(&mut self, by: Duration) {
        let by = SignedDuration::try_from(by).unwrap_or(SignedDuration::MAX);
        self.advance_to(self.now.saturating_add(by).unwrap_or(Timestamp::MAX));
    }

    /// When the next thing will happen by itself.
    #[must_use]
    pub fn next_event(&self) -> Option<Timestamp> {
        self.events.first_key_value().map(|((at, _), _)| *at)
    }

    fn happen(&mut self, event: &Event) {
        let ctx = Ctx::of_service(&event.account, &event.region);
        for (at, next) in crate::sagemaker::happen(self, &ctx, &event.endpoint, event.what) {
            self.schedule(&ctx, &event.endpoint, at, next);
        }
    }

    /// Something will happen to an endpoint.
    pub(crate) fn schedule(
        &mut self,
        ctx: &Ctx,
        endpoint: &str,
        at: Timestamp,
        event: EndpointEvent,
    ) {
        self.sequence += 1;
        let event = Event {
            account: ctx.account.clone(),
            region: ctx.region.clone(),
            endpoint: endpoint.to_owned(),
            what: event,
        };
        self.events.insert((at, self.sequence), event);
    }

    /// A moment for something that is made now: in whole milliseconds, and never the same twice,
    /// so that the order of creation shows.
    pub(crate) fn stamp(&mut self) -> Timestamp {
        let now = Timestamp::from_millisecond(self.now.as_millisecond()).unwrap_or(self.now);
        let next = self
            .stamped
            .saturating_add(SignedDuration::from_millis(1))
            .unwrap_or(now);
        let next = Timestamp::from_millisecond(next.as_millisecond()).unwrap_or(next);
        self.stamped = if now > self.stamped { now } else { next };
        self.stamped
    }

    /// The faults that the world has from now on.
    pub fn set_faults(&mut self, plan: Plan) {
        self.faults = plan;
    }

    /// The faults that the world has.
    #[must_use]
    pub fn faults(&self) -> &Plan {
        &self.faults
    }

    /// What was called and what happened.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Keeps the latest lines of the ledger only, so that a world that is served for days stays
    /// small. What is counted is counted on.
    pub fn keep_lines(&mut self, lines: usize) {
        self.ledger.keep(lines);
    }

    /// Somebody asked for something that is not here.
    pub(crate) fn not_simulated(&mut self, asked: &str) {
        self.ledger.unknown(asked);
    }

    pub(crate) fn ledger_mut(&mut self) -> &mut Ledger {
        &mut self.ledger
    }

    /// What a reading call sees of what was made a moment ago.
    pub(crate) fn sight(&self, service: Service, operation: &str) -> Sight {
        let stale = self.faults.stale(service, operation);
        let stale = SignedDuration::try_from(stale).unwrap_or_default();
        Sight((!stale.is_zero()).then(|| self.now.saturating_sub(stale).unwrap_or(self.now)))
    }

    /// Everything of one account; it comes into being when it is first asked for.
    pub(crate) fn account(&mut self, account: &str) -> &mut Account {
        if !self.accounts.contains_key(account) {
            self.accounts.insert(account.to_owned(), Account::default());
        }
        self.accounts.entry(account.to_owned()).or_default()
    }

    /// Everything of one account and region.
    pub(crate) fn cell(&mut self, ctx: &Ctx) -> &mut Cell {
        self.cell_of(&ctx.account, &ctx.region)
    }

    pub(crate) fn cell_of(&mut self, account: &str, region: &str) -> &mut Cell {
        self.account(account)
            .cells
            .entry(region.to_owned())
            .or_insert_with(Cell::new)
    }

    /// KMS of one account and region, to be changed as no call does.
    pub fn kms_mut(&mut self, account: &str, region: &str) -> &mut crate::kms::Kms {
        &mut self.cell_of(account, region).kms
    }

    /// Everything of one account and region, where there is something.
    #[must_use]
    pub fn look(&self, account: &str, region: &str) -> Option<&Cell> {
        self.accounts.get(account)?.cells.get(region)
    }

    /// Every account and region in which there is something.
    pub fn cells(&self) -> impl Iterator<Item = (&str, &str, &Cell)> {
        self.accounts.iter().flat_map(|(account, all)| {
            all.cells
                .iter()
                .map(move |(region, cell)| (account.as_str(), region.as_str(), cell))
        })
    }

    /// Performs an operation, as the plan of faults lets it.
    pub fn perform(&mut self, ctx: &Ctx, operation: &str, input: &Input) -> Outcome {
        let request_id = self.random.uuid();
        let Some(row) = table::find(ctx.service, operation) else {
            let error = ApiError::new(
                "UnknownOperationException",
                format!("{}:{operation} is not simulated", ctx.service.prefix()),
            );
            self.not_simulated(&format!("{}: {operation}", ctx.service.prefix()));
            return Outcome {
                answer: Answer::Says(Err(error)),
                delay: Duration::ZERO,
                request_id,
            };
        };
        let subject = input
            .get(row.subject)
            .and_then(Value::as_str)
            .unwrap_or_default();
        let now = self.now;
        let Struck { effect, delay } = self.faults.strike(ctx, row, subject, now);
        let answer = match effect {
            None => Answer::Says(self.run(ctx, row, input)),
            Some(effect) => self.spoil(ctx, row, input, subject, effect),
        };
        let ending = match &answer {
            Answer::Says(Ok(_)) => Ending::Answered,
            Answer::Says(Err(_)) if effect == Some(Effect::Throttle) => Ending::Throttled,
            Answer::Says(Err(_)) => Ending::Refused,
            Answer::Nothing | Answer::Reset | Answer::Truncated(_) | Answer::NotAws => Ending::Lost,
        };
        self.ledger.count(ctx, row, ending);
        Outcome {
            answer,
            delay,
            request_id,
        }
    }

    /// Counts a request whose input could not be read.
    pub(crate) fn not_read(&mut self, ctx: &Ctx, operation: &str) {
        if let Some(row) = table::find(ctx.service, operation) {
            self.ledger.count(ctx, row, Ending::Refused);
        }
    }

    fn run(&mut self, ctx: &Ctx, row: &Operation, input: &Input) -> Answered {
        let may = crate::iam::gate(self, ctx)
            .and_then(|()| crate::sagemaker::gate(self, ctx, row.name, input));
        let answered = match may {
            Err(refused) => Err(refused),
            Ok(()) => (row.handler)(self, ctx, input),
        };
        let answered = answered.map_err(|mut error| {
            if error.code.is_empty() {
                error.code.push_str(ctx.service.invalid_code());
            }
            error
        });
        if row.access == Access::Write && self.ledger.keeps() {
            let code = answered.as_ref().err().map(|error| error.code.clone());
            let at = self.now;
            self.ledger.called(at, ctx, row, input.to_value(), code);
        }
        answered
    }

    fn spoil(
        &mut self,
        ctx: &Ctx,
        row: &Operation,
        input: &Input,
        subject: &str,
        effect: Effect,
    ) -> Answer {
        match effect {
            Effect::Throttle => Answer::Says(Err(ctx.service.throttled())),
            Effect::Fail { status } => Answer::Says(Err(ctx.service.failed(status))),
            Effect::Deny { because } => {
                let why = because.words(subject, row.name, ctx);
                Answer::Says(Err(ctx.service.denied(&ctx.caller.arn, row.name, &why)))
            }
            Effect::TimeOut => Answer::Nothing,
            Effect::Reset => Answer::Reset,
            Effect::ReplyLost => {
                let _ = self.run(ctx, row, input);
                Answer::Reset
            }
            // What it does, it does to the time of the answer.
            Effect::Slow { .. } => Answer::Says(self.run(ctx, row, input)),
            Effect::Truncate => match self.run(ctx, row, input) {
                Ok(body) => Answer::Truncated(body),
                Err(error) => Answer::Says(Err(error)),
            },
            Effect::NotAws => Answer::NotAws,
        }
    }
}
