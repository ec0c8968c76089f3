//! Somebody and everybody whom it becomes, to the end: what one of them opens, another may walk through. Which key is
//! asked about makes no difference here.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::gathering::Gathering;
use super::{Actor, Circle, Edge, Place};
use crate::access::Trust;
use crate::access::way::Step;
use crate::document::{Document, Entry, Who};
use crate::prove::Doubt;

/// Whoever becomes more than so many is looked at first.
const LEADS: usize = 50;

/// Somebody and everybody whom it becomes.
#[derive(Debug)]
pub(super) struct Party {
    pub(super) members: Vec<Member>,
    pub(super) edges: Vec<Edge>,
    pub(super) through: Vec<(usize, Rc<Self>)>,
    /// So many of the members are certain: the first ones.
    pub(super) certain: usize,
    /// Policies that a member can put on somebody whom none becomes.
    pub(super) puts: Vec<(Place, Edge)>,
    /// There may be more.
    pub(super) is_cut: bool,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Member {
    pub(super) place: Place,
    pub(super) via: Via,
}

/// How somebody joins.
#[derive(Clone, Copy, Debug)]
pub(super) enum Via {
    /// It is the first.
    Itself,
    /// By an edge that members take.
    By(usize),
    /// As a member of the party of a member.
    Through(usize, usize),
}

/// How somebody comes to be a member.
#[derive(Debug, Default)]
pub(super) struct Path {
    pub(super) steps: Vec<Step>,
    pub(super) doubts: Vec<Doubt>,
    seen: BTreeSet<Place>,
}

impl Party {
    /// The members of whom it is certain, or all of them.
    pub(super) fn members(&self, is_certain: bool) -> impl Iterator<Item = Place> {
        let number = if is_certain {
            self.certain
        } else {
            self.members.len()
        };
        self.members.iter().take(number).map(|member| member.place)
    }

    /// How all of some become members.
    pub(super) fn path(&self, places: &[Place]) -> Path {
        let mut path = Path::default();
        for place in places {
            self.walk(*place, &mut path);
        }
        path
    }

    fn walk(&self, place: Place, path: &mut Path) {
        if !path.seen.insert(place) {
            return;
        }
        let member = self.members.iter().find(|member| member.place == place);
        match member.map(|member| member.via) {
            Some(Via::By(edge)) => {
                let Some(edge) = self.edges.get(edge) else {
                    return;
                };
                for taker in &edge.takers {
                    self.walk(*taker, path);
                }
                path.steps.extend(edge.steps.iter().cloned());
                path.doubts.extend(edge.doubts.iter().cloned());
            }
            Some(Via::Through(through, inner)) => {
                let Some((place, party)) = self.through.get(through) else {
                    return;
                };
                if let Some(inner) = party.members.get(inner) {
                    // Whoever comes before it there comes by this one.
                    if let Some(first) = self.members.get(*place) {
                        self.walk(first.place, path);
                    }
                    path.seen.remove(&inner.place);
                    party.walk(inner.place, path);
                }
            }
            Some(Via::Itself) | None => {}
        }
    }
}

impl Circle {
    /// Somebody and everybody whom it becomes; found once.
    pub(super) fn party(&self, from: Place) -> Rc<Party> {
        let known = self.parties.borrow().get(&from).cloned();
        known.unwrap_or_else(|| {
            let party = Rc::new(Gathering::of(self, from));
            if party.members.len() > LEADS
                && let Some(actor) = self.actors.get(from)
            {
                let mut leaders = self.leaders.borrow_mut();
                let account = actor.identity.account.clone();
                leaders.entry(account).or_default().push(from);
            }
            self.parties.borrow_mut().insert(from, party.clone());
            party
        })
    }

    /// Those whom somebody may become, as far as it costs nothing to tell.
    pub(super) fn targets(&self, actor: &Actor) -> Rc<[Place]> {
        if actor.place < self.actors.len() {
            let all = self.targets.get_or_init(|| self.all_targets());
            return all.get(actor.place).cloned().unwrap_or_default();
        }
        self.reach_of(&actor.identity.account)
    }

    fn all_targets(&self) -> Vec<Rc<[Place]>> {
        let mut all: Vec<Vec<Place>> = vec![Vec::new(); self.actors.len()];
        for (to, target) in self.actors.iter().enumerate() {
            for candidate in self.candidates(target) {
                if let Some(targets) = all.get_mut(candidate).filter(|_| candidate != to) {
                    targets.push(to);
                }
            }
        }
        all.into_iter().map(Rc::from).collect()
    }

    /// Everybody of an account, and the roles of others that may trust somebody of it.
    fn reach_of(&self, account: &str) -> Rc<[Place]> {
        let known = self.reach.borrow().get(account).cloned();
        known.unwrap_or_else(|| {
            let is_open = |actor: &&Rc<Actor>| {
                *actor.identity.account == *account
                    || matches!(actor.identity.who, Who::Role(_))
                        && match &actor.principal.trust {
                            Trust::Unread | Trust::NotAsked => true,
                            Trust::Known(document) => {
                                may_name(document, account)
                                    || !self.strangers(document.every_account()).is_empty()
                            }
                        }
            };
            let open = self.actors.iter().filter(is_open);
            let open: Rc<[Place]> = open.map(|actor| actor.place).collect();
            self.reach.borrow_mut().insert(account.into(), open.clone());
            open
        })
    }

    /// Those of an account of whom many are known whom they become.
    pub(super) fn leaders_of(&self, account: &str) -> Vec<Place> {
        self.leaders
            .borrow()
            .get(account)
            .cloned()
            .unwrap_or_default()
    }
}

/// Whether a trust policy may be about somebody of an account.
pub(super) fn may_name(document: &Document, account: &str) -> bool {
    super::entries(document).any(|entry| match entry {
        Entry::Everybody => true,
        Entry::Account { account: named, .. } => **named == *account,
        Entry::Identity(named) => *named.account == *account,
        Entry::Service(_) | Entry::Provider(_) | Entry::Nobody(_) => false,
    })
}
