//! What was said of a stack, and what was found by sending requests.

use sagelock_policy::Request;
use sagelock_policy::prove::{Doubt, Proof};
use serde_json::Value as Json;

/// How much is sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Effort {
    /// Requests of one sender for one action that come one way.
    pub(super) most: usize,
}

/// What was said.
#[derive(Clone, Debug)]
pub(super) enum Said {
    /// No such request is allowed.
    Closed,
    /// One is, and this is it where it is shown.
    Open(Option<Box<Request>>),
    Possible(Vec<Doubt>),
}

/// What was found by sending requests.
#[derive(Clone, Debug)]
pub(super) enum Sent {
    /// This is allowed, whatever the facts are.
    Allowed(Box<Request>),
    /// This is allowed if facts are so.
    Depends(Box<Request>),
    /// Nothing is, and everything that the documents tell apart was sent.
    Nothing,
    /// Nothing is, and not everything was sent, or what AWS leaves open decides.
    Unclear,
}

/// One answer, and what became of it.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) name: String,
    pub(super) said: Said,
    pub(super) sent: Sent,
    /// What decides, for who wants to decide it again.
    pub(super) stack: Json,
    /// Why the request that was shown is none.
    pub(super) witness: Option<String>,
}

impl Outcome {
    pub(super) fn is_refuted(&self) -> bool {
        let is_allowed = matches!(self.sent, Sent::Allowed(_) | Sent::Depends(_));
        self.witness.is_some() || (is_allowed && matches!(self.said, Said::Closed))
    }

    /// Whether it is decided by what was sent, and whether the answer is definite.
    pub(super) fn is_definite(&self) -> Option<bool> {
        match self.sent {
            Sent::Allowed(_) | Sent::Nothing => Some(!matches!(self.said, Said::Possible(_))),
            Sent::Depends(_) | Sent::Unclear => None,
        }
    }
}

impl Said {
    pub(super) fn of(proof: &Proof) -> Self {
        match proof {
            Proof::Proved => Self::Closed,
            Proof::Violated(request) => Self::Open(Some(request.clone())),
            Proof::Possible(doubts) => Self::Possible(doubts.clone()),
        }
    }
}
