//! A handful of calls that do not depend on one another.

use std::collections::VecDeque;

use jiff::Timestamp;

use super::Source;
use crate::call::{Call, CallError, CallErrorKind, Reply};
use crate::collect::{Address, Next, Ticket};

/// The calls, and their answers in the same order.
#[derive(Debug)]
pub struct Batch {
    waiting: VecDeque<(Ticket, Address, Call)>,
    answers: Vec<Option<Result<Reply, CallError>>>,
}

impl Batch {
    /// The calls to make.
    #[must_use]
    pub fn new(calls: Vec<(Address, Call)>) -> Self {
        let answers = calls.iter().map(|_| None).collect();
        let waiting = (0..)
            .map(Ticket)
            .zip(calls)
            .map(|(ticket, (address, call))| (ticket, address, call))
            .collect();
        Self { waiting, answers }
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
            Some((ticket, address, call)) => Next::Start(ticket, address, call),
            None if self.answers.iter().all(Option::is_some) => Next::Done,
            None => Next::Wait,
        }
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
