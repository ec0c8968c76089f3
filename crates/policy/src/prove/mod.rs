//! All requests at once: whether any of them is allowed, and which.
//!
//! The decision is the one that evaluates a single request, over another logic. Of every key of the
//! context that is not known, the patterns of the documents tell which values can make a difference;
//! each leaf of the decision is asked of the evaluator with these. What comes out is a decision diagram:
//! where it is never so, no request is allowed.

mod automaton;
mod budget;
mod callers;
mod diagram;
mod domain;
mod order;
mod prover;
mod said;
mod samples;
mod set;
mod sources;
mod symbolic;
mod together;
mod universe;

pub use budget::Budget;
pub(crate) use callers::{Asker, askers, askers_beside};
pub use prover::Prover;
pub use symbolic::Doubt;

use crate::context::{Context, Value};
use crate::decide::{Logic, decide};
use crate::evaluate::{Verdict, authority, evaluate};
use crate::request::{Caller, NoAction, Request, Stack};
use diagram::{NO, Node};
use domain::{Limit, Limits};
use symbolic::Symbolic;
use together::{contradiction, mended};

/// Requests that are alike but for keys of the context.
#[derive(Clone, Debug)]
pub struct Requests {
    request: Request,
    limits: Limits,
    /// Keys that begin so are facts that nobody knows.
    not_known: Vec<Box<str>>,
    /// Nothing is taken for granted of keys but their types.
    is_loose: bool,
}

/// What was found.
#[derive(Clone, Debug)]
pub enum Proof {
    /// There is no such request.
    Proved,
    /// There is, and this is one: every key of its context that matters is told.
    Violated(Box<Request>),
    /// There may be.
    Possible(Vec<Doubt>),
}

impl Proof {
    /// The same of another action that nothing tells from this one.
    #[must_use]
    pub(crate) fn of_action(&self, action: &str) -> Self {
        match self {
            Self::Violated(request) => match request.of_action(action) {
                Ok(request) => Self::Violated(Box::new(request)),
                Err(_no_action) => self.clone(),
            },
            Self::Proved | Self::Possible(_) => self.clone(),
        }
    }
}

impl Requests {
    /// Requests of an action by a caller. Of every key of the context that `told` does not name, a
    /// request may have any value or none; `None` is that no request has the key.
    ///
    /// # Errors
    /// The action is none.
    pub fn new(
        caller: Caller,
        action: &str,
        resource: &str,
        account: &str,
        told: impl IntoIterator<Item = (String, Option<Value>)>,
    ) -> Result<Self, NoAction> {
        let context = Context::open(told);
        Ok(Self {
            request: Request::new(caller, action, resource, account, context)?,
            limits: Limits::new(),
            not_known: Vec::new(),
            is_loose: false,
        })
    }

    /// The requests that a request may be, of which some keys are not known: they may have any value of their
    /// type, or be absent.
    #[must_use]
    pub fn of(request: &Request) -> Self {
        Self {
            request: request.clone(),
            limits: Limits::new(),
            not_known: Vec::new(),
            is_loose: true,
        }
    }

    /// Requests of an action of KMS, in lower case, have no condition keys of KMS but its own, nor such as
    /// are none of AWS's.
    #[must_use]
    pub(crate) fn of_action(mut self, name: &str) -> Self {
        self.request.context.of_action(name);
        self
    }

    /// Of keys that begin so, all that there are was told.
    #[must_use]
    pub fn whole(mut self, prefix: &str) -> Self {
        self.request.context.close(&prefix.to_lowercase());
        self
    }

    /// Only those of which a key, a list, has one of these values.
    #[must_use]
    pub fn with_one_of(mut self, key: &str, values: &'static [&'static str]) -> Self {
        let limit = self.limit(key);
        limit.is_there = true;
        limit.has_one_of = Some(values);
        self
    }

    /// Of keys that begin so, nobody knows what they are: whoever asks cannot choose them.
    #[must_use]
    pub fn not_knowing(mut self, prefix: &str) -> Self {
        self.not_known.push(prefix.to_lowercase().into());
        self
    }

    /// Whoever asks can choose everything that is not told.
    #[must_use]
    pub fn knowing_all(mut self) -> Self {
        self.not_known.clear();
        self
    }

    /// Whoever asks can choose keys that begin so.
    #[must_use]
    pub fn choosing(mut self, prefix: &str) -> Self {
        let prefix = prefix.to_lowercase();
        self.not_known.retain(|one| **one != *prefix);
        self
    }

    /// Only those of which a key begins so, or is absent.
    #[must_use]
    pub fn with_prefix(mut self, key: &str, prefix: &str) -> Self {
        self.limit(key).prefix = Some(prefix.into());
        self
    }

    /// Only those of which a key is one of these, or absent.
    #[must_use]
    pub fn with_only(mut self, key: &str, values: impl IntoIterator<Item = Box<str>>) -> Self {
        self.limit(key).only.extend(values);
        self
    }

    /// Only those of which a key is this; `None` is that they do not have it.
    #[must_use]
    pub fn telling(mut self, key: &str, value: Option<Value>) -> Self {
        self.request.context.tell(key, value);
        self
    }

    /// What is known of all of them.
    pub(crate) const fn request(&self) -> &Request {
        &self.request
    }

    fn limit(&mut self, key: &str) -> &mut Limit {
        self.limits.entry(key.to_lowercase().into()).or_default()
    }

    /// Only those that have a key.
    #[must_use]
    pub fn with(mut self, key: &str) -> Self {
        self.limit(key).is_there = true;
        self
    }

    /// Only those of which a key is none of these, nor an ARN of such an account, nor a path that
    /// begins with one.
    #[must_use]
    pub fn without(mut self, key: &str, values: impl IntoIterator<Item = Box<str>>) -> Self {
        self.limit(key).without.extend(values);
        self
    }

    /// Whether any of them is allowed.
    #[must_use]
    pub fn allowed(&self, stack: &Stack, prover: &Prover) -> Proof {
        if !prover.begins(&[stack]) {
            return Proof::Possible(vec![Doubt::Budget]);
        }
        // Most are denied without any key.
        if let Verdict::Denied { .. } = evaluate(&self.request, stack) {
            return Proof::Proved;
        }
        self.find(
            &[stack],
            prover,
            |symbolic| is_allowed(symbolic, stack),
            |request| evaluate(request, stack) == Verdict::Allowed,
        )
    }

    /// Whether any of them is denied.
    #[must_use]
    pub fn denied(&self, stack: &Stack, prover: &Prover) -> Proof {
        if !prover.begins(&[stack]) {
            return Proof::Possible(vec![Doubt::Budget]);
        }
        if evaluate(&self.request, stack) == Verdict::Allowed {
            return Proof::Proved;
        }
        self.find(
            &[stack],
            prover,
            |symbolic| {
                let allowed = is_allowed(symbolic, stack);
                symbolic.not(allowed)
            },
            |request| matches!(evaluate(request, stack), Verdict::Denied { .. }),
        )
    }

    /// Whether one stack allows any of them that the other does not.
    #[must_use]
    pub fn allowed_beyond(&self, wider: &Stack, other: &Stack, prover: &Prover) -> Proof {
        if !prover.begins(&[wider, other]) {
            return Proof::Possible(vec![Doubt::Budget]);
        }
        if let Verdict::Denied { .. } = evaluate(&self.request, wider) {
            return Proof::Proved;
        }
        self.find(
            &[wider, other],
            prover,
            |symbolic| {
                let here = is_allowed(symbolic, wider);
                symbolic.turn_to(other);
                let there = is_allowed(symbolic, other);
                let not_there = symbolic.not(there);
                symbolic.and(here, not_there)
            },
            |request| {
                evaluate(request, wider) == Verdict::Allowed
                    && matches!(evaluate(request, other), Verdict::Denied { .. })
            },
        )
    }

    /// A request for which a truth holds that `again` finds true as well.
    fn find<'a>(
        &'a self,
        stacks: &'a [&'a Stack],
        prover: &'a Prover,
        truth: impl FnOnce(&mut Symbolic<'a>) -> Node,
        again: impl Fn(&Request) -> bool,
    ) -> Proof {
        let [first, ..] = stacks else {
            return Proof::Proved;
        };
        let mut symbolic = Symbolic::new(self, stacks, first, prover);
        let found = truth(&mut symbolic);
        if symbolic.diagram.is_spent() {
            return Proof::Possible(vec![Doubt::Budget]);
        }
        if found == NO {
            return Proof::Proved;
        }
        let definite = symbolic.definite(found);
        match symbolic.witness(definite) {
            Some(witness) if again(&witness) => sendable(witness, again),
            Some(_) | None => match symbolic.doubts(found) {
                // It is a request that is not followed to its end.
                doubts if doubts.is_empty() => Proof::Possible(vec![Doubt::Budget]),
                doubts => Proof::Possible(doubts),
            },
        }
    }
}

/// A request that was found, as far as what it tells can stand together.
fn sendable(found: Request, again: impl Fn(&Request) -> bool) -> Proof {
    let Some(key) = contradiction(&found) else {
        return Proof::Violated(Box::new(found));
    };
    let other = mended(&found);
    if contradiction(&other).is_none() && again(&other) {
        return Proof::Violated(Box::new(other));
    }
    Proof::Possible(vec![Doubt::Key(key.into())])
}

/// Decides a request that cannot be decided by what is known of it, where it comes out the same
/// whatever the rest is; `None` where it does not.
#[must_use]
pub fn settled(request: &Request, stack: &Stack) -> Option<Verdict> {
    let all = Requests::of(request);
    let prover = Prover::default();
    if let Proof::Proved = all.denied(stack, &prover) {
        return Some(Verdict::Allowed);
    }
    if let Proof::Proved = all.allowed(stack, &prover) {
        // By whom it is denied may depend on it.
        return Some(Verdict::Denied { explicitly: false });
    }
    None
}

fn is_allowed(symbolic: &mut Symbolic<'_>, stack: &Stack) -> Node {
    let authority = authority(symbolic.request(), stack);
    let decision = decide(symbolic, stack, authority);
    let not_denied = symbolic.not(decision.denied);
    symbolic.and(decision.allowed, not_denied)
}
