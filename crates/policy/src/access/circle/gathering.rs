//! Who is of a party: whom the members become, one after the other and together, until there is nobody else.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::edges::Hands;
use super::more::Power;
use super::party::{Member, Party, Via};
use super::{Actor, Circle, Edge, Place, iam, services};
use crate::document::Who;

/// So many questions are asked at most for one.
const MOST: usize = 100_000;

/// A party, while its members are looked for.
pub(super) struct Gathering<'a> {
    circle: &'a Circle,
    party: Party,
    held: Places,
    /// What those who are known may be given, or have.
    powers: Places,
    /// So many members were asked whom they become, and these need not be.
    asked: usize,
    known: BTreeSet<usize>,
    /// What may be, while what is certain is looked for.
    perhaps: Vec<(Place, Edge)>,
    puts: BTreeMap<Place, Vec<Edge>>,
    is_certain: bool,
    questions: usize,
}

impl<'a> Gathering<'a> {
    /// Somebody and everybody whom it becomes.
    pub(super) fn of(circle: &'a Circle, from: Place) -> Party {
        let first = Member {
            place: from,
            via: Via::Itself,
        };
        let mut gathering = Self {
            circle,
            party: Party {
                members: vec![first],
                edges: Vec::new(),
                through: Vec::new(),
                certain: 0,
                puts: Vec::new(),
                is_cut: false,
            },
            held: Places::default(),
            powers: Places::default(),
            asked: 0,
            known: BTreeSet::new(),
            perhaps: Vec::new(),
            puts: BTreeMap::new(),
            is_certain: true,
            questions: 0,
        };
        gathering.held.set(from, IS);
        gathering.gather();
        gathering.is_certain = false;
        gathering.party.certain = gathering.party.members.len();
        for (place, edge) in std::mem::take(&mut gathering.perhaps) {
            gathering.accept(place, edge);
        }
        for through in 0..gathering.party.through.len() {
            gathering.join(through);
        }
        gathering.gather();
        let Self {
            puts,
            mut party,
            held,
            ..
        } = gathering;
        let unmet = puts.into_iter().filter(|(place, _)| !held.has(*place, IS));
        party.puts = unmet
            .flat_map(|(place, edges)| edges.into_iter().map(move |edge| (place, edge)))
            .collect();
        party
    }

    fn gather(&mut self) {
        loop {
            while let Some(member) = self.party.members.get(self.asked).copied() {
                let is_known = self.known.contains(&self.asked);
                self.asked += 1;
                if let Some(actor) = self.circle.actor(member.place).filter(|_| !is_known) {
                    self.ask(&actor);
                }
            }
            let before = self.party.members.len();
            self.ask_together();
            if self.party.members.len() == before {
                return;
            }
        }
    }

    /// Whether another question may be asked.
    fn may_ask(&mut self) -> bool {
        self.questions += 1;
        self.party.is_cut |= self.questions > MOST;
        !self.party.is_cut
    }

    /// Whom one member becomes, and on whom it puts policies.
    fn ask(&mut self, actor: &Rc<Actor>) {
        let account = &actor.identity.account;
        let leaders = self.circle.leaders_of(account);
        let targets = self.circle.targets(actor);
        for to in leaders.iter().chain(targets.iter()).copied() {
            if self.held.has(to, IS) {
                continue;
            }
            if let Some(target) = self.circle.actors.get(to)
                && self.may_ask()
                && let Some(edge) = self.circle.becoming(&[actor], target)
            {
                self.accept(to, taken_by(edge, actor));
            }
        }
        if !self.circle.changes(actor) {
            return;
        }
        let alters = iam::Alters::of(actor);
        let own = self.circle.by_account.get(account);
        for to in own.into_iter().flatten().copied() {
            let is_raised = self.powers.has(to, bit(Power::Raised));
            let is_lifted = self.powers.has(to, bit(Power::Lifted));
            if is_raised && is_lifted {
                continue;
            }
            let Some(target) = self.circle.actors.get(to) else {
                continue;
            };
            if !self.may_ask() {
                return;
            }
            let put = (!is_raised).then(|| iam::put(actor, target, &self.circle.prover));
            let edges = put.into_iter().flatten();
            let altered = alters.target(target).filter(|_| !is_lifted).cloned();
            let edges = edges.chain(altered);
            for edge in edges.collect::<Vec<Edge>>() {
                let known = self.puts.entry(to).or_default();
                if known.iter().all(|one| Power::by(one) != Power::by(&edge)) {
                    self.powers.set(to, bit(Power::by(&edge)));
                    known.push(taken_by(edge, actor));
                }
            }
            self.raise(to);
        }
    }

    /// Gives somebody whom a member becomes what members put on it.
    fn raise(&mut self, place: Place) {
        if !self.held.has(place, IS) {
            return;
        }
        let edges = self.puts.get(&place).cloned().unwrap_or_default();
        for mut edge in edges {
            let Some(target) = self.circle.actors.get(place) else {
                continue;
            };
            let power = Power::by(&edge);
            let raised = self.circle.with_power(target, power);
            edge.takers.push(place);
            // With every policy, and any tags.
            let opened = self.circle.with_power(target, Power::Opened);
            if power == Power::Raised && self.held.has(opened, IS) && !iam::denies(target) {
                let retagged = self.circle.with_power(target, Power::Retagged);
                let mut edge = edge.clone();
                edge.takers.push(opened);
                self.accept(retagged, edge);
            }
            self.accept(raised, edge);
        }
    }

    fn accept(&mut self, place: Place, edge: Edge) {
        if self.held.has(place, IS) {
            return;
        }
        if self.is_certain && !edge.doubts.is_empty() {
            self.perhaps.push((place, edge));
            return;
        }
        let via = Via::By(self.party.edges.len());
        self.party.edges.push(edge);
        let at = self.add(place, via);
        let known = self.circle.parties.borrow().get(&place).cloned();
        if let Some(known) = known.filter(|known| !known.is_cut) {
            self.party.through.push((at, known));
            self.join(self.party.through.len() - 1);
            self.known.insert(at);
        }
    }

    fn add(&mut self, place: Place, via: Via) -> usize {
        let at = self.party.members.len();
        self.party.members.push(Member { place, via });
        self.held.set(place, IS);
        let actor = self.circle.actor(place);
        if let Some((origin, power)) = actor.and_then(|actor| actor.origin) {
            self.powers.set(origin, bit(power));
            if power == Power::Opened {
                self.raise(origin);
            }
        }
        self.raise(place);
        at
    }

    /// Takes the members of a party that is known in.
    fn join(&mut self, through: usize) {
        let Some((_, party)) = self.party.through.get(through).cloned() else {
            return;
        };
        let members = party.members.iter().enumerate();
        let number = if self.is_certain {
            party.certain
        } else {
            party.members.len()
        };
        for (inner, member) in members.take(number) {
            if !self.held.has(member.place, IS) {
                let at = self.add(member.place, Via::Through(through, inner));
                self.known.insert(at);
            }
        }
        // Those of a member that is not certain wait.
        let puts = party.puts.iter();
        let is_held = |edge: &Edge| edge.takers.iter().all(|taker| self.held.has(*taker, IS));
        let puts: Vec<&(Place, Edge)> = puts.filter(|(_, edge)| is_held(edge)).collect();
        for (place, edge) in puts {
            self.powers.set(*place, bit(Power::by(edge)));
            self.puts.entry(*place).or_default().push(edge.clone());
            self.raise(*place);
        }
    }

    /// Whom the members become only together: one opens a role's trust policy, another assumes it; one makes a role,
    /// another puts policies on it.
    fn ask_together(&mut self) {
        let is_alone = self.party.members.len() == 1;
        let members = self.party.members.iter();
        let actors: Vec<Rc<Actor>> = members
            .filter_map(|member| self.circle.actor(member.place))
            .collect();
        let all: Vec<&Rc<Actor>> = actors.iter().collect();
        let accounts: BTreeSet<&str> = actors
            .iter()
            .filter(|actor| self.circle.changes(actor))
            .map(|actor| &*actor.identity.account)
            .collect();
        for account in accounts {
            let who = actors
                .iter()
                .filter(|actor| *actor.identity.account == *account);
            let who: Vec<&Rc<Actor>> = who.collect();
            self.take_together(&who, &all, is_alone);
            let names = self.circle.names(&who, &all);
            self.party.is_cut |= names.is_none();
            for made in names.iter().flat_map(|names| names.iter()) {
                if !self.may_ask() {
                    return;
                }
                let found = iam::made(&all, made, &self.circle.prover);
                for (edge, has_policies) in [(found.with_policies, true), (found.bare, false)] {
                    if let Some(edge) = edge {
                        let is_certain = edge.doubts.is_empty();
                        self.accept(self.circle.newcomer(made, has_policies), edge);
                        // Without policies it can do no more.
                        if is_certain {
                            break;
                        }
                    }
                }
            }
        }
    }
}

impl Gathering<'_> {
    /// Whom some of an account become together, or open for others of the party.
    fn take_together(&mut self, who: Hands<'_>, all: Hands<'_>, is_alone: bool) {
        let may_open = iam::may_open(who);
        let services = services::started(who);
        let Some(first) = who.first().filter(|_| may_open || !services.is_empty()) else {
            return;
        };
        let own = self.circle.by_account.get(&first.identity.account);
        for to in own.into_iter().flatten().copied() {
            let Some(target) = self.circle.actors.get(to) else {
                continue;
            };
            // One alone was asked whom it becomes.
            let is_new = !self.held.has(to, IS) && !is_alone;
            let has_tags = matches!(target.identity.who, Who::Role(_))
                && target.principal.tags.is_some()
                && !self.powers.has(to, bit(Power::Opened));
            if !(is_new || has_tags && may_open) {
                continue;
            }
            if !self.may_ask() {
                return;
            }
            let prover = &self.circle.prover;
            let opened = may_open.then(|| iam::opened(all, target, prover)).flatten();
            if let Some(edge) = opened.clone().filter(|_| has_tags) {
                // While what is certain is looked for, another member may open it for certain: `add` notes that.
                self.accept(self.circle.with_power(target, Power::Opened), edge);
            }
            if is_new {
                let passed = || services::passed_together(&services, who, target, prover);
                if let Some(edge) = opened.or_else(passed) {
                    self.accept(to, edge);
                }
            }
        }
    }
}

/// What is so of somebody, by place.
#[derive(Debug, Default)]
struct Places(Vec<u8>);

const IS: u8 = 1;

const fn bit(power: Power) -> u8 {
    match power {
        Power::Raised => 1,
        Power::Retagged => 2,
        Power::Lifted => 4,
        Power::Opened => 8,
    }
}

impl Places {
    fn has(&self, place: Place, what: u8) -> bool {
        self.0.get(place).is_some_and(|bits| bits & what != 0)
    }

    fn set(&mut self, place: Place, what: u8) {
        if self.0.len() <= place {
            self.0.resize(place + 1, 0);
        }
        if let Some(bits) = self.0.get_mut(place) {
            *bits |= what;
        }
    }
}

/// An edge that one takes.
fn taken_by(mut edge: Edge, actor: &Actor) -> Edge {
    if edge.takers.is_empty() {
        edge.takers.push(actor.place);
    }
    edge
}
