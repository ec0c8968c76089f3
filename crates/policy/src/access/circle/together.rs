//! What somebody may do with the powers of several whom it can become, one after the other: a tag that one gives and
//! another needs, a policy that one puts on another.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::edges::best;
use super::spread::{Asked, makes};
use super::{Actor, Circle, Edge, Place, iam, services};
use crate::access::{Principal, everything};
use crate::document::Document;
use crate::prove::{Doubt, Proof};

/// As many as are looked at together.
const MOST: usize = 12;

impl Circle {
    /// Those whom somebody can become, itself first; found once.
    pub(super) fn reached(&self, from: Place) -> Rc<[Place]> {
        let known = self.reached.borrow().get(&from).cloned();
        known.unwrap_or_else(|| {
            let mut seen = BTreeSet::from([from]);
            let mut all = vec![from];
            let mut next = 0;
            while let Some(place) = all.get(next).copied() {
                next += 1;
                if all.len() > MOST {
                    break;
                }
                for to in self.targets(place).iter().copied() {
                    if !seen.contains(&to) && self.becoming(place, to).is_some() {
                        seen.insert(to);
                        all.push(to);
                    }
                }
            }
            let all: Rc<[Place]> = all.into();
            self.reached.borrow_mut().insert(from, all.clone());
            all
        })
    }

    /// Those of whom somebody is a candidate to become them.
    fn targets(&self, from: Place) -> Rc<[Place]> {
        let all = self.targets.get_or_init(|| {
            let mut all: Vec<Vec<Place>> = vec![Vec::new(); self.actors.len()];
            for (to, target) in self.actors.iter().enumerate() {
                for candidate in self.candidates(target) {
                    if let Some(targets) = all.get_mut(candidate).filter(|_| candidate != to) {
                        targets.push(to);
                    }
                }
            }
            all.into_iter().map(Rc::from).collect()
        });
        all.get(from).cloned().unwrap_or_default()
    }

    /// Whether somebody may come to the key by what several whom it can become may do together: each is asked with the
    /// policies of all, which is more than any has.
    pub(super) fn combined(&self, place: Place, asked: &Asked<'_>) -> Option<Edge> {
        let reached = self.reached(place);
        if reached.len() < 2 {
            return None;
        }
        if reached.len() > MOST {
            return Some(Edge::perhaps(vec![Doubt::Budget]));
        }
        let members = || reached.iter().filter_map(|place| self.actor(*place));
        let identity = || members().flat_map(|one| one.principal.identity.iter().cloned());
        let identity: Vec<Document> = identity().collect();
        let is_partial = members().any(|one| one.principal.is_partial);
        let with_all = |one: &Actor| Actor {
            principal: Principal {
                identity: identity.clone(),
                boundary: None,
                session: None,
                tags: None,
                is_partial,
                ..one.principal.clone()
            },
            identity: one.identity.clone(),
        };
        let together: Vec<Actor> = members().map(with_all).collect();
        let uses = |actor: &Actor| {
            let found = asked.users.worst(&actor.principal, true, asked.prover);
            found.is_some_and(|found| !matches!(found.proof, Proof::Proved))
        };
        let changes = |actor: &Actor| {
            let mut actions = iam::ACTIONS.iter().chain(services::PASS.iter());
            actions.any(|action| iam::may(actor, action)) && self.changes(actor, asked)
        };
        let any = together.iter().any(|actor| uses(actor) || changes(actor));
        any.then(|| Edge::perhaps(vec![Doubt::Together]))
    }

    /// Whether somebody may change IAM so that somebody whom it can become then can use the key.
    fn changes(&self, actor: &Actor, asked: &Asked<'_>) -> bool {
        if makes(actor, asked).is_some() {
            return true;
        }
        let own = self.by_account.get(&actor.identity.account);
        let mut targets = own.into_iter().flatten().filter_map(|to| self.actor(*to));
        targets.any(|target| {
            let is_itself = target.identity == actor.identity;
            let becomes = || {
                best([
                    super::edges::acts_as(actor, target, &self.prover),
                    iam::taken_over(actor, target, &self.prover),
                ])
            };
            let mut promoted = iam::promoted(actor, target, &self.prover);
            let is_more = promoted.next().is_some();
            if !is_itself && becomes().is_none() {
                return false;
            }
            let principal = Principal {
                identity: if is_more {
                    everything()
                } else {
                    target.principal.identity.clone()
                },
                boundary: None,
                ..target.principal.clone()
            };
            let found = asked.users.worst(&principal, true, asked.prover);
            found.is_some_and(|found| !matches!(found.proof, Proof::Proved))
        })
    }
}
