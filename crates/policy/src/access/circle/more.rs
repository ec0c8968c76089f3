//! Those who do not exist yet: somebody with every policy that others put on it, and somebody new.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::{Actor, Circle, Edge, Place};
use crate::access::{Principal, everything};
use crate::document::Identity;

/// What somebody has once others changed what it may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Power {
    /// Its own policies, and any tags: its trust policy was written to allow sts:TagSession.
    Opened,
    /// Every policy beside its own.
    Raised,
    /// Perhaps every policy, other tags, and nothing that its own policies deny.
    Retagged,
    /// The same, and no permissions boundary.
    Lifted,
}

impl Power {
    /// What somebody has after an edge that puts policies on it.
    pub(super) fn by(edge: &Edge) -> Self {
        match (edge.doubts.is_empty(), edge.lifts) {
            (true, _) => Self::Raised,
            (false, false) => Self::Retagged,
            (false, true) => Self::Lifted,
        }
    }
}

/// All of them that were met.
#[derive(Debug, Default)]
pub(super) struct More {
    actors: Vec<Rc<Actor>>,
    raised: BTreeMap<(Place, Power), Place>,
    new: BTreeMap<(Box<str>, bool), Place>,
}

impl More {
    pub(super) fn get(&self, place: usize) -> Option<Rc<Actor>> {
        self.actors.get(place).cloned()
    }
}

impl Circle {
    /// The place of somebody known, with more power.
    pub(super) fn with_power(&self, target: &Actor, power: Power) -> Place {
        let key = (target.place, power);
        let known = self.more.borrow().raised.get(&key).copied();
        known.unwrap_or_else(|| {
            let mut principal = Principal {
                is_partial: target.principal.is_partial && power == Power::Opened,
                ..target.principal.clone()
            };
            match power {
                Power::Opened => principal.tags = None,
                Power::Raised => principal.identity.extend(everything()),
                Power::Retagged | Power::Lifted => {
                    principal.identity = everything();
                    principal.tags = None;
                }
            }
            if power == Power::Lifted {
                principal.boundary = None;
            }
            let place = self.join(principal, target.identity.clone(), Some(key));
            self.more.borrow_mut().raised.insert(key, place);
            place
        })
    }

    /// The place of somebody whom another makes.
    pub(super) fn newcomer(&self, made: &Actor, has_policies: bool) -> Place {
        let key = (made.principal.arn.clone(), has_policies);
        let known = self.more.borrow().new.get(&key).copied();
        known.unwrap_or_else(|| {
            let mut principal = made.principal.clone();
            if has_policies {
                principal.identity = everything();
            }
            let place = self.join(principal, made.identity.clone(), None);
            self.more.borrow_mut().new.insert(key, place);
            place
        })
    }

    fn join(
        &self,
        principal: Principal,
        identity: Identity,
        origin: Option<(Place, Power)>,
    ) -> Place {
        let mut more = self.more.borrow_mut();
        let place = self.actors.len() + more.actors.len();
        more.actors.push(Rc::new(Actor {
            place,
            origin,
            may: RefCell::default(),
            principal,
            identity,
        }));
        place
    }
}
