//! Who comes to a key through others: what each can do by itself, handed back to everybody who can become it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::iam;
use super::{Actor, Circle, Edge, Place};
use crate::access::users::{Use, Users};
use crate::access::way::{Step, Way};
use crate::access::{Principal, everything};
use crate::document::{Document, Identity, Who};
use crate::pattern::Pattern;
use crate::prove::{Doubt, Proof, Prover, askers_beside};
use crate::request::Caller;

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
        let mut all: Vec<Doubt> = edge.doubts.iter().chain(doubts).cloned().collect();
        all.sort();
        all.dedup();
        let steps: Vec<Step> = edge.steps.iter().chain(rest).cloned().collect();
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
struct Asked<'a> {
    users: &'a Users,
    is_certain: bool,
    prover: &'a Prover,
    /// For what does not depend on the key.
    edges: &'a Prover,
}

impl Asked<'_> {
    /// How an edge to somebody comes to the key, where it does as certainly as is asked.
    fn course(&self, edge: &Edge, principal: &Principal) -> Option<Course> {
        if self.is_certain && !edge.doubts.is_empty() {
            return None;
        }
        let found = self.users.worst(principal, true, self.prover)?;
        let (steps, doubts) = match found.proof {
            Proof::Violated(_) => (found.steps, Vec::new()),
            Proof::Possible(doubts) if !self.is_certain => (Vec::new(), doubts),
            Proof::Proved | Proof::Possible(_) => return None,
        };
        Some(Course::of(edge, &steps, &doubts, None))
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
        // What is certain first: then what may be says nothing new of those.
        for is_certain in [true, false] {
            let by_own = own
                .iter()
                .filter(|(_, doubts)| doubts.is_empty() || !is_certain);
            let mut queue: VecDeque<Found> = by_own
                .map(|(place, doubts)| Found {
                    place: *place,
                    steps: Vec::new(),
                    doubts: doubts.clone(),
                    end: Some(*place),
                })
                .collect();
            let asked = Asked {
                users,
                is_certain,
                prover,
                edges: &self.prover,
            };
            let sources = self.made_more(&settled, &courses, &asked);
            for (place, course) in sources {
                courses.entry(place).or_insert(course);
            }
            let known = courses.iter();
            let known = known.filter(|(_, course)| course.doubts.is_empty() || !is_certain);
            queue.extend(known.map(|(place, course)| Found::of(*place, course)));
            self.hand_back(queue, &settled, &mut courses, is_certain);
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

    /// Those who make themselves, somebody whom they can become, or somebody new, able to use the key.
    fn made_more(
        &self,
        settled: &BTreeSet<Place>,
        courses: &BTreeMap<Place, Course>,
        asked: &Asked<'_>,
    ) -> Vec<(Place, Course)> {
        let mut found = Vec::new();
        for place in 0..self.actors.len() {
            if settled.contains(&place) || courses.contains_key(&place) {
                continue;
            }
            let Some(actor) = self.actor(place) else {
                continue;
            };
            let changes = self
                .changers
                .get(&actor.identity.account)
                .is_some_and(|changers| changers.contains(&place));
            let federates = self.federators.contains(&place);
            let promoted = changes.then(|| self.promotes(place, asked));
            let made = changes.then(|| makes(actor, asked));
            let token = federates.then(|| federated(actor, asked));
            let outside = || {
                let goes = !asked.is_certain && self.assumers.contains(&place);
                let edge = goes.then(|| self.going(place, asked.users.strangers()))??;
                Some(Course::of(&edge, &[], &[], None))
            };
            let course = promoted.flatten().or(made.flatten()).or(token.flatten());
            let course = course.or_else(outside);
            found.extend(course.map(|course| (place, course)));
        }
        found
    }

    /// How somebody whom it promotes, itself first, can use the key then.
    fn promotes(&self, place: Place, asked: &Asked<'_>) -> Option<Course> {
        let promoting = self.promoting(place);
        let mut edges = promoting.iter();
        edges.find_map(|(target, edge)| {
            let target = &self.actor(*target)?.principal;
            let promoted = Principal {
                identity: everything(),
                is_partial: false,
                boundary: target.boundary.clone().filter(|_| !edge.lifts),
                // What is not followed may give it other tags.
                tags: target.tags.clone().filter(|_| edge.doubts.is_empty()),
                ..target.clone()
            };
            asked.course(edge, &promoted)
        })
    }
}

/// Whether somebody can make a role or user that can use the key: of any name that policies tell apart.
fn makes(actor: &Actor, asked: &Asked<'_>) -> Option<Course> {
    const ACTIONS: [&str; 3] = ["iam:CreateRole", "iam:CreateUser", "iam:UpdateUser"];
    if !ACTIONS.iter().any(|action| iam::may(actor, action)) {
        return None;
    }
    let account = &*actor.identity.account;
    let partition = &*actor.identity.partition;
    let stack = asked.users.stack_of(&actor.principal);
    // Of any name that its policies tell apart, too.
    let names = iam_resources(&actor.principal.identity);
    let askers = askers_beside(&[&stack], partition, &[account], &names, asked.prover);
    let Some(askers) = askers else {
        // Which names there are is too much to tell.
        let edge = Edge::perhaps(vec![Doubt::Budget]);
        return (!asked.is_certain).then(|| Course::of(&edge, &[], &[], None));
    };
    askers.into_iter().find_map(|asker| {
        let is_new = matches!(&asker.caller, Caller::Identity(one) if *one.account == *account)
            && !asker.is_itself
            && (asker.arn.contains(":role/") || asker.arn.contains(":user/"))
            && !asker.arn.contains(":role/aws-service-role/");
        if !is_new {
            return None;
        }
        let made = Principal {
            scp: actor.principal.scp.clone(),
            organization: actor.principal.organization.clone(),
            ..Principal::new(&asker.arn, Caller::read(&asker.arn).ok()?)
        };
        let found = iam::made(actor, &made, asked.edges);
        let bare = found.bare.and_then(|edge| asked.course(&edge, &made));
        bare.or_else(|| {
            let with_policies = Principal {
                identity: everything(),
                ..made
            };
            asked.course(&found.with_policies?, &with_policies)
        })
    })
}

/// The ARNs of IAM that statements are about.
fn iam_resources(documents: &[Document]) -> Vec<Pattern> {
    let is_of_iam = |text: &str| text.contains(":role/") || text.contains(":user/");
    let statements = documents.iter().flat_map(Document::statements);
    let mut listed: Vec<Pattern> = statements
        .flat_map(|statement| statement.resources.list.iter())
        .filter(|pattern| pattern.fixed().is_some() && is_of_iam(&pattern.to_string()))
        .cloned()
        .collect();
    listed.sort_by_key(ToString::to_string);
    listed.dedup();
    listed
}

/// Whether a user can have a token of a federated user that can use the key: of any name that policies tell apart.
fn federated(actor: &Actor, asked: &Asked<'_>) -> Option<Course> {
    let account = &*actor.identity.account;
    let partition = &*actor.identity.partition;
    let stack = asked.users.stack_of(&actor.principal);
    let mut names: Vec<Identity> = asked
        .users
        .federated(account)
        .into_iter()
        .cloned()
        .collect();
    let askers = askers_beside(&[&stack], partition, &[account], &[], asked.prover);
    for asker in askers.into_iter().flatten() {
        if let Caller::Identity(identity) = asker.caller
            && matches!(identity.who, Who::Federated(_))
            && *identity.account == *account
            && !names.contains(&identity)
        {
            names.push(identity);
        }
    }
    names.into_iter().find_map(|named| {
        let arn = named.to_string();
        let edge = iam::federated(actor, &arn, asked.edges)?;
        let session = Principal {
            arn: arn.as_str().into(),
            caller: Caller::Identity(named),
            session: everything().pop(),
            tags: None,
            id: None,
            ..actor.principal.clone()
        };
        asked.course(&edge, &session)
    })
}
