//! One edge: whether somebody can become somebody else, and by which steps.

use std::rc::Rc;

use super::iam;
use super::party::may_name;
use super::services;
use super::{Actor, Circle, Edge, Place};
use crate::access::channel::{Channel, common, tells_channels};
use crate::access::users::telling_principal;
use crate::access::way::Step;
use crate::access::{Principal, Trust};
use crate::context::Value;
use crate::document::{Document, Entry, Identity, Who};
use crate::prove::{Doubt, Proof, Prover, Requests};
use crate::request::{Caller, Stack};

/// Some, of whom each takes the steps that it may.
pub(super) type Hands<'a> = &'a [&'a Rc<Actor>];

/// Whether somebody may call something.
pub(super) enum Called {
    Never,
    /// This request is allowed.
    By(Box<crate::Request>),
    Perhaps(Vec<Doubt>),
}

impl Circle {
    /// Those who become somebody, and how; found once.
    pub(super) fn into(&self, to: Place) -> Rc<[(Place, Edge)]> {
        let known = self.into.borrow().get(&to).cloned();
        known.unwrap_or_else(|| {
            let target = self.actors.get(to);
            let from = target.map(|target| self.candidates(target));
            let from = from.into_iter().flatten().filter(|from| *from != to);
            let edges = from.filter_map(|from| {
                let actor = self.actors.get(from)?;
                Some((from, self.becoming(&[actor], target?)?))
            });
            let edges: Rc<[(Place, Edge)]> = edges.collect();
            self.into.borrow_mut().insert(to, edges.clone());
            edges
        })
    }

    /// How somebody of some becomes somebody else.
    pub(super) fn becoming(&self, who: Hands<'_>, target: &Actor) -> Option<Edge> {
        let through = who.iter().map(|actor| self.through(actor, target));
        best([
            acts_as(who, target, &self.prover),
            iam::taken_over(who, target, &self.prover),
            best(through),
        ])
    }
}

impl Edge {
    pub(super) fn perhaps(doubts: Vec<Doubt>) -> Self {
        Self {
            steps: Vec::new(),
            takers: Vec::new(),
            doubts,
            lifts: false,
        }
    }

    /// The same, where that depends on something more.
    pub(super) fn doubted(mut self, doubt: Doubt) -> Self {
        self.doubts.push(doubt);
        self
    }

    /// The same, after which no permissions boundary may bind any more.
    pub(super) fn lifting(self, lifts: bool) -> Self {
        Self { lifts, ..self }
    }

    /// This one, and then another.
    pub(super) fn and(mut self, other: Self) -> Self {
        self.steps.extend(other.steps);
        self.takers.extend(other.takers);
        self.doubts.extend(other.doubts);
        self.lifts |= other.lifts;
        self
    }
}

/// The edge that is certain, or else one that may be.
pub(super) fn best(edges: impl IntoIterator<Item = Option<Edge>>) -> Option<Edge> {
    let mut possible = None;
    for edge in edges.into_iter().flatten() {
        if edge.doubts.is_empty() {
            return Some(edge);
        }
        possible.get_or_insert(edge);
    }
    possible
}

/// Whether somebody may call an action on a resource of its own account or another; `resource_policy` is the
/// trust policy of a role.
pub(super) fn called(
    principal: &Principal,
    action: &str,
    (resource, account): (&str, &str),
    told: &[(&str, &str)],
    trust: Option<&Document>,
    prover: &Prover,
) -> Called {
    let Caller::Identity(identity) = &principal.caller else {
        return Called::Never;
    };
    // Only a trust policy allows what one's own policies do not.
    if trust.is_none() && !principal.may_ever(action, Some(resource)) {
        return Called::Never;
    }
    // Of a role, any session, and those that the trust policy names.
    let own = identity.session_but(&[]);
    let is_own = |session: &Identity| match (&session.who, &own.who) {
        (Who::Session(one, _), Who::Session(other, _)) => {
            one == other && session.account == own.account
        }
        _ => false,
    };
    let named = trust
        .into_iter()
        .flat_map(super::entries)
        .filter_map(|entry| match entry {
            Entry::Identity(session) if is_own(session) => Some(session.clone()),
            Entry::Identity(_)
            | Entry::Everybody
            | Entry::Account { .. }
            | Entry::Service(_)
            | Entry::Provider(_)
            | Entry::Nobody(_) => None,
        });
    let mut callers: Vec<Identity> = named.collect();
    callers.insert(0, own.clone());
    let stack = principal.stack(Stack {
        // What somebody has just made has no policy of its own.
        resource: Some(trust.cloned().unwrap_or_else(nothing)),
        ..Stack::default()
    });
    let ask = |caller: Identity, channel| {
        let caller = Caller::Identity(caller);
        let common = common(&caller, &principal.arn, channel);
        let Ok(asked) = Requests::new(caller, action, resource, account, common) else {
            return Proof::Proved;
        };
        // What is so of the target nobody chooses who asks.
        // Requests of other services have no keys of KMS (Service Authorization Reference, "Condition keys").
        let mut asked = telling_principal(asked, principal)
            .telling("kms:CallerAccount", None)
            .whole("kms:")
            .not_knowing("aws:ResourceTag/")
            .not_knowing("iam:ResourceTag/")
            .not_knowing("iam:PermissionsBoundary")
            .not_knowing("aws:CurrentTime")
            .not_knowing("aws:EpochTime")
            .not_knowing("aws:userid");
        for (key, value) in told {
            asked = asked.telling(key, Some(Value::One((*value).into())));
        }
        asked.allowed(&stack, prover)
    };
    let mut found = Called::Never;
    for caller in callers {
        match ask(caller, Channel::Direct) {
            Proof::Proved => {}
            Proof::Possible(doubts) => found = Called::Perhaps(doubts),
            Proof::Violated(_) if principal.is_partial => {
                return Called::Perhaps(vec![Doubt::Policies]);
            }
            Proof::Violated(_) if principal.scp.is_none() => {
                return Called::Perhaps(vec![Doubt::Scp]);
            }
            Proof::Violated(request) => match needs_more(&request) {
                None => return Called::By(request),
                Some(key) => found = Called::Perhaps(vec![Doubt::Fact(key.into())]),
            },
        }
    }
    // A service may ask for it in somebody's name (IAM User Guide, "Forward access sessions"): of which, is not followed.
    if matches!(found, Called::Never)
        && tells_channels(stack.documents())
        && !matches!(ask(own, Channel::Through), Proof::Proved)
    {
        return Called::Perhaps(vec![Doubt::Fact("aws:CalledVia".into())]);
    }
    found
}

/// What a request asks for that takes a permission of its own, which is not followed: tags (sts:TagSession, iam:TagRole,
/// iam:TagUser) or a source identity (sts:SetSourceIdentity).
fn needs_more(request: &crate::Request) -> Option<&str> {
    let mut told = request.context();
    let is_more = |name: &str| {
        let name = name.to_ascii_lowercase();
        name.starts_with("aws:requesttag/") || name == "aws:tagkeys" || name == "sts:sourceidentity"
    };
    let (name, _) = told.find(|(name, value)| value.is_some() && is_more(name))?;
    Some(name)
}

/// One step, where it may be taken.
pub(super) fn stepped(actor: &Actor, called: Called) -> Option<Edge> {
    let (steps, doubts) = match called {
        Called::Never => return None,
        Called::By(request) => {
            let who = actor.principal.arn.clone();
            (vec![Step { who, request }], Vec::new())
        }
        Called::Perhaps(doubts) => (Vec::new(), doubts),
    };
    Some(Edge {
        steps,
        takers: vec![actor.place],
        doubts,
        lifts: false,
    })
}

/// One call of anybody of some.
pub(super) fn any_calls(
    who: Hands<'_>,
    action: &'static str,
    on: (&str, &str),
    told: &[(&str, &str)],
    prover: &Prover,
) -> Option<Edge> {
    let may = who.iter().filter(|actor| actor.may(action));
    best(may.map(|actor| {
        let found = called(&actor.principal, action, on, told, None, prover);
        stepped(actor, found)
    }))
}

/// Whether somebody of some can act as a role: by sts:AssumeRole, or by a service that runs its code.
pub(super) fn acts_as(who: Hands<'_>, target: &Actor, prover: &Prover) -> Option<Edge> {
    let by_itself = |actor: &&Rc<Actor>| {
        best([
            assumed(actor, target, prover),
            services::passed(actor, target, prover),
        ])
    };
    best(who.iter().map(by_itself))
}

/// By sts:AssumeRole (IAM User Guide, "Granting a user permissions to switch roles").
fn assumed(actor: &Actor, target: &Actor, prover: &Prover) -> Option<Edge> {
    const ACTION: &str = "sts:AssumeRole";
    if !matches!(target.identity.who, Who::Role(_)) {
        return None;
    }
    let role = &*target.principal.arn;
    let principal = &actor.principal;
    let on = (role, &*target.identity.account);
    match &target.principal.trust {
        Trust::Known(document) if !may_name(document, &actor.identity.account) => None,
        Trust::Known(document) => {
            let found = called(principal, ACTION, on, &[], Some(document), prover);
            stepped(actor, found)
        }
        Trust::Unread => Some(Edge::perhaps(vec![Doubt::Trust(role.into())])),
        // Who may assume it is not followed: for whom its own policies allow it, it may be so.
        Trust::NotAsked => match called(principal, ACTION, on, &[], Some(&anybody()), prover) {
            Called::Never => None,
            Called::By(_) | Called::Perhaps(_) => {
                let own = Document::any_may_allow(&principal.identity, ACTION, Some(role));
                (own || principal.is_partial)
                    .then(|| Edge::perhaps(vec![Doubt::Trust(role.into())]))
            }
        },
    }
}

/// A trust policy that lets everybody in.
pub(super) fn anybody() -> Document {
    use crate::document::Kind;
    use crate::write::{Principal as Whom, Statement};
    let statement = Statement::allow("sts:AssumeRole").to(Whom::Everybody);
    let written = crate::access::of_one(Kind::Trust, statement);
    written.into_iter().next().unwrap_or_else(nothing)
}

/// The trust policy that somebody writes who wants to act as a role: it lets it in, and every service that is followed. Its
/// session is named as well, which no permissions boundary binds then (IAM User Guide, "Permissions boundaries for IAM
/// entities").
pub(super) fn for_actor(actor: &Actor) -> Document {
    use crate::document::Kind;
    use crate::write::{Principal as Whom, Statement};
    let session = actor.identity.session_but(&[]).to_string();
    let statement = Statement::allow("sts:AssumeRole").to(Whom::Both(
        [actor.principal.arn.to_string(), session]
            .into_iter()
            .collect(),
        services::principals().collect(),
    ));
    let written = crate::access::of_one(Kind::Trust, statement);
    written.into_iter().next().unwrap_or_else(nothing)
}

/// A policy that says nothing.
fn nothing() -> Document {
    Document {
        statements: Vec::new().into(),
    }
}
