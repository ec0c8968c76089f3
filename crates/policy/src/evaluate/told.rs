//! What a decision is told by: the statements that made it, what is missing, which gate is shut.

use std::collections::BTreeSet;

use super::leaves::{Noted, Trace, Why};
use super::{Open, Truth, authority, verdict};
use crate::decide::{Authority, Class, Decision, Place};
use crate::document::{Effect, Kind};
use crate::request::{Request, Stack};

/// What was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Allowed.
    Allowed,
    /// Denied.
    Denied {
        /// By a statement that denies; else because nothing allows.
        explicitly: bool,
    },
    /// It depends on what is not known.
    Unknown,
}

/// A statement that a decision rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Because {
    /// Where it stands.
    pub place: Place,
    /// Its name, where it has one.
    pub sid: Option<Box<str>>,
    /// What it does.
    pub effect: Effect,
}

/// A decision, and what it rests on.
#[derive(Clone, Debug)]
pub struct Answer {
    /// What was decided.
    pub verdict: Verdict,
    /// The statements that decided it; none where nothing allows.
    pub because: Vec<Because>,
    /// Keys of the context that are not known and on which it depends, as policies write them.
    pub missing: Vec<Box<str>>,
    /// What AWS leaves open and on which it depends.
    pub open: Vec<Open>,
    /// Who does not allow, where nothing denies; `Resource` is the key policy, grants included.
    pub shut: Vec<Shut>,
}

/// Documents that do not allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shut {
    /// Their kind.
    pub kind: Kind,
    /// Of service control policies, the level.
    pub level: Option<usize>,
}

pub(super) fn answer(
    request: &Request,
    stack: &Stack,
    decision: &Decision<Truth>,
    trace: &Trace,
) -> Answer {
    let verdict = verdict(decision);
    let because = match verdict {
        Verdict::Denied { explicitly: true } => trace
            .noted
            .iter()
            .filter(|noted| noted.effect == Effect::Deny && is_yes(noted))
            .map(because)
            .collect(),
        Verdict::Allowed => allowing(request, decision, &trace.noted),
        Verdict::Denied { explicitly: false } | Verdict::Unknown => Vec::new(),
    };
    let (missing, open) = if verdict == Verdict::Unknown {
        reasons(decision, trace)
    } else {
        (Vec::new(), Vec::new())
    };
    let shut = match verdict {
        Verdict::Denied { explicitly: false } => shut(request, stack, decision, &trace.noted),
        Verdict::Denied { explicitly: true } | Verdict::Allowed | Verdict::Unknown => Vec::new(),
    };
    Answer {
        verdict,
        because,
        missing,
        open,
        shut,
    }
}

fn is_yes(noted: &Noted) -> bool {
    noted.truths.iter().any(|(_, truth)| *truth == Truth::Yes)
}

fn is_class(noted: &Noted, class: Class) -> bool {
    noted.truths.contains(&(class, Truth::Yes))
}

fn because(noted: &Noted) -> Because {
    Because {
        place: noted.place,
        sid: noted.sid.clone(),
        effect: noted.effect,
    }
}

/// The statements of one way that allows, and of the gates before it.
fn allowing(request: &Request, decision: &Decision<Truth>, noted: &[Noted]) -> Vec<Because> {
    let same = request
        .caller
        .account()
        .is_none_or(|account| *account == *request.account);
    let yes = |truth: Truth| truth == Truth::Yes;
    let direct = yes(decision.direct);
    let role = yes(decision.role);
    let account = yes(decision.account);
    let own = yes(decision.caller);
    let (classes, with_caps, with_identity): (&[Class], bool, bool) = if same && direct {
        (&[Class::Direct], false, false)
    } else if same && role && yes(decision.cap) {
        (&[Class::Role], true, false)
    } else if own && (account || !same) {
        (&[Class::Direct, Class::Role, Class::Account], true, true)
    } else if yes(decision.grant) {
        (&[], false, false)
    } else {
        (&[], true, true)
    };
    noted
        .iter()
        .filter(|noted| noted.effect == Effect::Allow)
        .filter(|noted| match noted.place.kind {
            Kind::Scp | Kind::Endpoint => is_yes(noted),
            Kind::Boundary | Kind::Session => with_caps && is_yes(noted),
            Kind::Identity => with_identity && is_yes(noted),
            Kind::Resource | Kind::Trust => classes.iter().any(|class| is_class(noted, *class)),
            Kind::Rcp => false,
        })
        .map(because)
        .collect()
}

/// What is not known, and matters.
fn reasons(decision: &Decision<Truth>, trace: &Trace) -> (Vec<Box<str>>, Vec<Open>) {
    let unknown = |truth: Truth| truth == Truth::Unknown;
    let allowed = unknown(decision.allowed);
    let matters = |noted: &&Noted| {
        let is_unknown = noted.truths.iter().any(|(_, truth)| unknown(*truth));
        is_unknown
            && match (noted.effect, noted.place.kind) {
                (Effect::Deny, _) => unknown(decision.denied),
                (Effect::Allow, Kind::Scp) => allowed && unknown(decision.scp),
                (Effect::Allow, Kind::Endpoint) => allowed && unknown(decision.endpoint),
                (Effect::Allow, Kind::Resource | Kind::Trust) => allowed,
                (Effect::Allow, Kind::Identity) => allowed && unknown(decision.caller),
                (Effect::Allow, Kind::Boundary | Kind::Session) => allowed && unknown(decision.cap),
                (Effect::Allow, Kind::Rcp) => false,
            }
    };
    let mut missing = BTreeSet::new();
    let mut open = BTreeSet::new();
    let whys = trace
        .noted
        .iter()
        .filter(matters)
        .flat_map(|noted| &noted.why);
    for why in whys.chain(&trace.whys) {
        match why {
            Why::Key(name) => {
                missing.insert(name.clone());
            }
            Why::Open(question) => {
                open.insert(*question);
            }
        }
    }
    (missing.into_iter().collect(), open.into_iter().collect())
}

/// Who would have to allow for the answer to be another.
fn shut(
    request: &Request,
    stack: &Stack,
    decision: &Decision<Truth>,
    noted: &[Noted],
) -> Vec<Shut> {
    let no = |truth: Truth| truth == Truth::No;
    let allows = |kind: Kind| {
        noted
            .iter()
            .any(|noted| noted.place.kind == kind && noted.effect == Effect::Allow)
    };
    let of = |kind| Shut { kind, level: None };
    let mut shut = Vec::new();
    if no(decision.scp) {
        let is_shut = |level: &usize| {
            !noted.iter().any(|noted| {
                noted.place.kind == Kind::Scp
                    && noted.place.level == *level
                    && noted.effect == Effect::Allow
            })
        };
        let levels = (0..stack.scp.len()).filter(is_shut);
        shut.extend(levels.map(|level| Shut {
            kind: Kind::Scp,
            level: Some(level),
        }));
    }
    if no(decision.endpoint) {
        shut.push(of(Kind::Endpoint));
    }
    // What allows by itself needs nothing of the caller's.
    if request.is_same_account && decision.direct == Truth::Yes {
        return shut;
    }
    let named = [decision.direct, decision.role, decision.account];
    // What has no policy of its own leaves it to the caller's.
    let has_a_say = authority(request, stack) != Authority::Caller;
    if has_a_say && named.iter().all(|truth| no(*truth)) && no(decision.grant) {
        shut.push(of(Kind::Resource));
    }
    // The key policy names the role: what is missing is missing in what caps it.
    let is_capped = decision.role == Truth::Yes && no(decision.cap);
    if no(decision.caller) && !is_capped && !allows(Kind::Identity) {
        shut.push(of(Kind::Identity));
    }
    if stack.boundary.is_some() && !allows(Kind::Boundary) {
        shut.push(of(Kind::Boundary));
    }
    if stack.session.is_some() && !allows(Kind::Session) {
        shut.push(of(Kind::Session));
    }
    // Everything allows, and still it is not: an action that crosses no accounts is left to the key's
    // own; a session of GetFederationToken has nothing without a session policy.
    if shut.is_empty() {
        let is_foreign = !request.is_same_account && !request.crosses;
        shut.push(of(if is_foreign {
            Kind::Resource
        } else {
            Kind::Session
        }));
    }
    shut
}
