//! A handful of calls that do not depend on one another.

use std::collections::VecDeque;

use jiff::Timestamp;

use super::Source;
use crate::call::{Call, CallError, CallErrorKind, Op, Reply};
use crate::collect::{Address, Next, Ticket};

/// The calls, and their answers in the same order.
#[derive(Debug)]
pub struct Batch {
    calls: Vec<Call>,
    waiting: VecDeque<(Ticket, Address, Op)>,
    answers: Vec<Option<Result<Reply, CallError>>>,
}

impl Batch {
    /// The calls to make.
    #[must_use]
    pub fn new(calls: Vec<(Address, Call)>) -> Self {
        let answers = calls.iter().map(|_| None).collect();
        let waiting = (0..)
            .map(Ticket)
            .zip(&calls)
            .map(|(ticket, (address, call))| (ticket, address.clone(), call.op()))
            .collect();
        Self {
            calls: calls.into_iter().map(|(_, call)| call).collect(),
            waiting,
            answers,
        }
    }

    /// The answers, in the order of the calls; a call without one was interrupted.
    #[must_use]
    pub fn into_answers(self) -> Vec<Result<Reply, CallError>> {
        let interrupted = || CallError {
            kind: CallErrorKind::Interrupted,
            code: "Interrupted".to_owned(),
            message: String::new(),
        };
        self.answers
            .into_iter()
            .map(|answer| answer.unwrap_or_else(|| Err(interrupted())))
            .collect()
    }
}

impl Source for Batch {
    fn advance(&mut self) -> Next {
        match self.waiting.pop_front() {
            Some((ticket, address, op)) => Next::Start(ticket, address, op),
            None if self.answers.iter().all(Option::is_some) => Next::Done,
            None => Next::Wait,
        }
    }

    fn call(&self, ticket: Ticket) -> Option<Call> {
        let index = usize::try_from(ticket.0).ok()?;
        self.calls.get(index).cloned()
    }

    fn on_reply(&mut self, ticket: Ticket, result: Result<Reply, CallError>, _now: Timestamp) {
        let slot = usize::try_from(ticket.0)
            .ok()
            .and_then(|index| self.answers.get_mut(index));
        if let Some(slot) = slot {
            *slot = Some(result);
        }
    }

    fn interrupt(&mut self, _now: Timestamp) {
        self.waiting.clear();
    }
}
