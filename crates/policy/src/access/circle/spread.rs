//! Who comes to a key through others: what each can do by itself, handed back to everybody who can become it.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;

use super::iam;
use super::made::Maker;
use super::more::Power;
use super::party::Party;
use super::{Actor, Circle, Edge, Place};
use crate::access::Principal;
use crate::access::users::{Use, Users};
use crate::access::way::{Step, Way};
use crate::document::Who;
use crate::prove::{Doubt, Proof, Prover};

/// What somebody can do with a key by itself: it can use it, or that depends on something.
pub type Own = Vec<Doubt>;

/// How somebody comes to what a key protects, through others.
#[derive(Clone, Debug)]
pub struct Course {
    /// The first step.
    pub way: Way,
    /// The steps, where all are allowed, up to being `end`; none where something is in doubt.
    pub steps: Vec<Step>,
    /// What it depends on.
    pub doubts: Vec<Doubt>,
    /// As whom it goes on with what that one can do by itself; `None`: the steps are all.
    pub end: Option<Place>,
}

impl Course {
    fn of(edge: &Edge, rest: &[Step], doubts: &[Doubt], end: Option<Place>) -> Self {
        let all: Vec<Doubt> = edge.doubts.iter().chain(doubts).cloned().collect();
        let steps: Vec<Step> = edge.steps.iter().chain(rest).cloned().collect();
        Self::by(steps, all, end)
    }

    fn by(steps: Vec<Step>, mut all: Vec<Doubt>, end: Option<Place>) -> Self {
        all.sort();
        all.dedup();
        let first = steps.first().map(|step| step.request.action_name());
        let action = first.as_deref().map_or("sts:AssumeRole", known);
        Self {
            way: Way::ByBecoming(action),
            steps: if all.is_empty() { steps } else { Vec::new() },
            doubts: all,
            end,
        }
    }

    /// The same as what is found of a way; `rest` is what the one at the end can do by itself.
    #[must_use]
    pub fn found(mut self, rest: &[Step]) -> Use {
        if self.doubts.is_empty() {
            self.steps.extend_from_slice(rest);
        }
        let request = self.steps.first().map(|step| step.request.clone());
        let proof = match request {
            Some(request) if self.doubts.is_empty() => Proof::Violated(request),
            Some(_) | None => Proof::Possible(self.doubts),
        };
        Use {
            way: self.way,
            proof,
            steps: self.steps,
        }
    }
}

/// The name of an action as a word of this release.
fn known(action: &str) -> &'static str {
    const OTHERS: [&str; 3] = ["sts:AssumeRole", "sts:GetFederationToken", "iam:PassRole"];
    let mut all = iam::ACTIONS.iter().chain(&OTHERS);
    all.find(|one| one.eq_ignore_ascii_case(action))
        .copied()
        .unwrap_or("sts:AssumeRole")
}

/// About a key: who can use it, and whether what is certain is wanted, or what may be.
pub(super) struct Asked<'a> {
    pub(super) users: &'a Users,
    pub(super) prover: &'a Prover,
    is_certain: bool,
    /// What those can do who do not exist yet.
    found: RefCell<BTreeMap<Place, Option<Rc<Used>>>>,
}

/// How somebody uses the key: the steps, or what it depends on.
#[derive(Debug)]
struct Used {
    steps: Vec<Step>,
    doubts: Vec<Doubt>,
}

impl Asked<'_> {
    /// How somebody uses the key.
    fn used(&self, principal: &Principal) -> Option<Used> {
        let found = self.users.worst(principal, true, self.prover)?;
        match found.proof {
            Proof::Proved => None,
            Proof::Violated(_) => Some(Used {
                steps: found.steps,
                doubts: Vec::new(),
            }),
            Proof::Possible(doubts) => Some(Used {
                steps: Vec::new(),
                doubts,
            }),
        }
    }

    /// Whether somebody with more power may come to the key where it does not without: tags that nobody asks about open
    /// nothing.
    fn may_differ(&self, actor: &Actor) -> bool {
        let asks = || {
            let stack = self.users.stack_of(&actor.principal);
            let mut documents = stack.documents();
            documents.any(|one| one.asks(|key| key.starts_with("aws:principaltag/")))
        };
        !matches!(actor.origin, Some((_, Power::Opened))) || asks()
    }

    /// Whether somebody uses the key, as certainly as is asked.
    pub(super) fn may_use(&self, principal: &Principal) -> bool {
        let used = self.used(principal);
        used.is_some_and(|used| used.doubts.is_empty() || !self.is_certain)
    }
}

/// Somebody who comes to the key, while those who can become it are looked for.
struct Found {
    place: Place,
    steps: Vec<Step>,
    doubts: Vec<Doubt>,
    end: Option<Place>,
}

impl Found {
    fn of(place: Place, course: &Course) -> Self {
        Self {
            place,
            steps: course.steps.clone(),
            doubts: course.doubts.clone(),
            end: course.end,
        }
    }
}

impl Circle {
    /// Who comes to a key through others: `own` is what each can do by itself that is not proved to be closed.
    /// Those who can by themselves are not told again.
    #[must_use]
    pub fn spread(
        &self,
        users: &Users,
        own: &BTreeMap<Place, Own>,
        prover: &Prover,
    ) -> BTreeMap<Place, Course> {
        let mut courses: BTreeMap<Place, Course> = BTreeMap::new();
        let settled: BTreeSet<Place> = own
            .iter()
            .filter(|(_, doubts)| doubts.is_empty())
            .map(|(place, _)| *place)
            .collect();
        let mut asked = Asked {
            users,
            prover,
            is_certain: true,
            found: RefCell::default(),
        };
        // What is certain first: then what may be says nothing new of those.
        for is_certain in [true, false] {
            asked.is_certain = is_certain;
            let by_own = own
                .iter()
                .filter(|(_, doubts)| doubts.is_empty() || !is_certain);
            let queue = by_own.map(|(place, doubts)| Found {
                place: *place,
                steps: Vec::new(),
                doubts: doubts.clone(),
                end: Some(*place),
            });
            let known = courses.iter();
            let known = known.map(|(place, course)| Found::of(*place, course));
            let queue = queue.chain(known).collect();
            self.hand_back(queue, &settled, &mut courses, is_certain);
            // And by what opens only step by step.
            for place in 0..self.actors.len() {
                if settled.contains(&place) || courses.contains_key(&place) {
                    continue;
                }
                let course = self.in_party(&self.party(place), own, &asked);
                courses.extend(course.map(|course| (place, course)));
            }
        }
        courses
    }

    /// Hands back what somebody can do to everybody who can become it.
    fn hand_back(
        &self,
        mut queue: VecDeque<Found>,
        settled: &BTreeSet<Place>,
        courses: &mut BTreeMap<Place, Course>,
        is_certain: bool,
    ) {
        let mut done: BTreeSet<Place> = BTreeSet::new();
        while let Some(found) = queue.pop_front() {
            if !done.insert(found.place) {
                continue;
            }
            for (from, edge) in self.into(found.place).iter() {
                if settled.contains(from) || courses.contains_key(from) {
                    continue;
                }
                if is_certain && !edge.doubts.is_empty() {
                    continue;
                }
                let course = Course::of(edge, &found.steps, &found.doubts, found.end);
                queue.push_back(Found::of(*from, &course));
                courses.insert(*from, course);
            }
        }
    }

    /// How somebody comes to the key with the powers of all whom it becomes.
    fn in_party(
        &self,
        party: &Party,
        own: &BTreeMap<Place, Own>,
        asked: &Asked<'_>,
    ) -> Option<Course> {
        let is_certain = asked.is_certain;
        let after = |places: &[Place], edge: Option<&Edge>, used: &Used, end| {
            let mut path = party.path(places);
            if let Some(edge) = edge {
                path.steps.extend(edge.steps.iter().cloned());
                path.doubts.extend(edge.doubts.iter().cloned());
            }
            path.doubts.extend(used.doubts.iter().cloned());
            path.steps.extend(used.steps.iter().cloned());
            Course::by(path.steps, path.doubts, end)
        };
        let is_enough = |used: &Used| used.doubts.is_empty() || !is_certain;
        // The first is asked by itself; those who exist were asked before.
        for place in party.members(is_certain).skip(1) {
            if let Some(doubts) = own.get(&place) {
                let used = Used {
                    steps: Vec::new(),
                    doubts: doubts.clone(),
                };
                if is_enough(&used) {
                    return Some(after(&[place], None, &used, Some(place)));
                }
            }
        }
        for place in party.members(is_certain).skip(1) {
            if place >= self.actors.len()
                && let Some(used) = self.used_by(place, asked).filter(|used| is_enough(used))
            {
                return Some(after(&[place], None, &used, None));
            }
        }
        let members: Vec<Rc<Actor>> = party
            .members(is_certain)
            .filter_map(|place| self.actor(place))
            .collect();
        let made = self.makers(&members, asked);
        for one in made {
            let Ok(Maker { edge, made }) = one else {
                // Whom they can make is too much to tell.
                let used = Used {
                    steps: Vec::new(),
                    doubts: vec![Doubt::Budget],
                };
                if is_certain {
                    continue;
                }
                return Some(after(&[], None, &used, None));
            };
            if (edge.doubts.is_empty() || !is_certain)
                && let Some(used) = asked.used(&made).filter(is_enough)
            {
                return Some(after(&edge.takers, Some(&edge), &used, None));
            }
        }
        if is_certain {
            return None;
        }
        self.perhaps(party, &members, asked)
    }

    /// How somebody who does not exist yet uses the key; found once.
    fn used_by(&self, place: Place, asked: &Asked<'_>) -> Option<Rc<Used>> {
        let known = asked.found.borrow().get(&place).cloned();
        known.unwrap_or_else(|| {
            let actor = self.actor(place);
            let actor = actor.filter(|actor| asked.may_differ(actor));
            let used = actor.and_then(|actor| asked.used(&actor.principal));
            let used = used.map(Rc::new);
            asked.found.borrow_mut().insert(place, used.clone());
            used
        })
    }

    /// Those whom some make: by account, and federated users.
    fn makers(&self, members: &[Rc<Actor>], asked: &Asked<'_>) -> Vec<Result<Maker, Doubt>> {
        let changers = members.iter().filter(|actor| self.changes(actor));
        let accounts: BTreeSet<&str> = changers.map(|actor| &*actor.identity.account).collect();
        let all: Vec<&Rc<Actor>> = members.iter().collect();
        let mut found = Vec::new();
        for account in accounts {
            let who = members.iter();
            let who: Vec<&Rc<Actor>> = who
                .filter(|actor| *actor.identity.account == *account)
                .collect();
            found.extend(self.makes(&who, &all, asked));
        }
        let users = members.iter().filter(|actor| {
            let is_new = actor.place >= self.actors.len();
            matches!(actor.identity.who, Who::User(_))
                && (is_new || self.federators.contains(&actor.place))
        });
        for user in users {
            found.extend(self.federates(user, asked).into_iter().map(Ok));
        }
        found
    }

    /// What may be, of which no step is shown.
    fn perhaps(&self, party: &Party, members: &[Rc<Actor>], asked: &Asked<'_>) -> Option<Course> {
        let goes = members.iter().find_map(|member| {
            let is_new = member.place >= self.actors.len();
            let may = is_new || self.assumers.contains(&member.place);
            let edge = may.then(|| self.going(member, asked.users.strangers()))??;
            Some((member.place, edge.doubts))
        });
        if let Some((place, doubts)) = goes {
            let mut path = party.path(&[place]);
            path.doubts.extend(doubts);
            return Some(Course::by(Vec::new(), path.doubts, None));
        }
        let principals: Vec<&Principal> = members.iter().map(|one| &one.principal).collect();
        if let Some(doubt) = asked.users.together(&principals, asked.prover) {
            return Some(Course::by(Vec::new(), vec![doubt], None));
        }
        let cut = || Course::by(Vec::new(), vec![Doubt::Budget], None);
        party.is_cut.then(cut)
    }
}
