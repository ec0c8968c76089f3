//! Everybody who is known, and who of them can become whom: by assuming a role, by a service that runs the
//! caller's code as a role, by changing what IAM says. Which key is asked about makes no difference here.

mod edges;
mod iam;
mod outside;
mod services;
mod spread;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::way::Step;
use super::{Principal, Trust};
use crate::document::{Document, Entry, Identity, Who};
use crate::prove::{Budget, Doubt, Prover};
use crate::request::Caller;

pub use spread::{Course, Own as OwnUse};

/// Where somebody stands among all.
pub type Place = usize;

/// Edges that were found, by where they begin or end.
type Known = RefCell<BTreeMap<Place, Rc<[(Place, Edge)]>>>;

/// Everybody who is known.
#[derive(Debug)]
pub struct Circle {
    /// Of the edges, which are the same for every key.
    prover: Prover,
    actors: Vec<Actor>,
    by_arn: BTreeMap<Box<str>, Place>,
    by_account: BTreeMap<Box<str>, Vec<Place>>,
    /// Those who may call sts:AssumeRole on some role, and those who may do something in IAM or hand a role to
    /// a service, by account.
    assumers: BTreeSet<Place>,
    changers: BTreeMap<Box<str>, Vec<Place>>,
    /// Users who may have sessions of federated users.
    federators: BTreeSet<Place>,
    into: Known,
    promoting: Known,
    /// Whether somebody may assume some role of an account of which nobody is known.
    going: RefCell<BTreeMap<(Place, Box<str>), bool>>,
}

/// Somebody.
#[derive(Debug)]
struct Actor {
    /// Without policies, where they let it become nobody.
    principal: Principal,
    identity: Identity,
}

/// How somebody becomes somebody else.
#[derive(Clone, Debug)]
struct Edge {
    steps: Vec<Step>,
    /// What it depends on; nothing: it can.
    doubts: Vec<Doubt>,
    /// No permissions boundary may bind it then.
    lifts: bool,
}

/// The services whose actions let somebody become somebody else, or come to a key: policies that are about no
/// action of theirs change nothing here.
const ABOUT: [&str; 24] = [
    "kms",
    "apprunner",
    "athena",
    "batch",
    "bedrock-agentcore",
    "cloudformation",
    "codebuild",
    "codedeploy",
    "deadline",
    "ec2",
    "ec2-instance-connect",
    "ecs",
    "elasticmapreduce",
    "glue",
    "iam",
    "imagebuilder",
    "iot",
    "lambda",
    "sagemaker",
    "scheduler",
    "ssm",
    "sso",
    "states",
    "sts",
];

/// Whether an identity policy may change who comes to which key.
#[must_use]
pub fn may_matter(document: &Document) -> bool {
    ABOUT.iter().any(|service| document.may_be_about(service))
}

impl Default for Circle {
    fn default() -> Self {
        Self {
            prover: Prover::new(Budget::of_each()),
            actors: Vec::new(),
            by_arn: BTreeMap::new(),
            by_account: BTreeMap::new(),
            assumers: BTreeSet::new(),
            changers: BTreeMap::new(),
            federators: BTreeSet::new(),
            into: Known::default(),
            promoting: Known::default(),
            going: RefCell::default(),
        }
    }
}

impl Circle {
    /// Adds somebody.
    pub fn add(&mut self, principal: &Principal) {
        let Caller::Identity(identity) = &principal.caller else {
            return;
        };
        let place = self.actors.len();
        if self.by_arn.contains_key(&principal.arn) {
            return;
        }
        let account = identity.account.clone();
        let can = |names: &[&str]| {
            let mut names = names.iter();
            let may = |name: &&str| Document::any_may_allow(&principal.identity, name, None);
            principal.is_partial || identity.who == Who::Root || names.any(may)
        };
        let assumes = can(&["sts:AssumeRole"]);
        let changes = can(&iam::ACTIONS) || can(&services::PASS);
        let federates = matches!(identity.who, Who::User(_)) && can(&["sts:GetFederationToken"]);
        let mut kept = principal.clone();
        // A trust policy that names it is enough to assume a role, unless its own policies deny that.
        let is_about = |document: &Document| document.may_be_about("sts");
        let says = principal.identity.iter().any(is_about);
        if !assumes && !changes && !federates && !says {
            kept.identity = Vec::new();
        }
        if assumes {
            self.assumers.insert(place);
        }
        if federates {
            self.federators.insert(place);
        }
        if changes {
            self.changers
                .entry(account.clone())
                .or_default()
                .push(place);
        }
        self.by_arn.insert(principal.arn.clone(), place);
        self.by_account.entry(account).or_default().push(place);
        self.actors.push(Actor {
            identity: identity.clone(),
            principal: kept,
        });
    }

    /// Where somebody stands.
    #[must_use]
    pub fn place(&self, arn: &str) -> Option<Place> {
        self.by_arn.get(arn).copied()
    }

    /// Who stands there.
    #[must_use]
    pub fn arn(&self, place: Place) -> Option<&str> {
        self.actor(place).map(|actor| &*actor.principal.arn)
    }

    fn actor(&self, place: Place) -> Option<&Actor> {
        self.actors.get(place)
    }

    /// Those of whom one may become somebody.
    fn candidates(&self, target: &Actor) -> BTreeSet<Place> {
        let account = &target.identity.account;
        let changers = self.changers.get(account).into_iter().flatten().copied();
        let mut candidates: BTreeSet<Place> = changers.collect();
        if !matches!(target.identity.who, Who::Role(_)) {
            return candidates;
        }
        match &target.principal.trust {
            // Whoever is named may.
            Trust::Unread => candidates.extend(0..self.actors.len()),
            Trust::NotAsked => candidates.extend(self.assumers.iter().copied()),
            Trust::Known(document) => {
                for entry in entries(document) {
                    self.named(entry, account, &mut candidates);
                }
                candidates.extend(self.by_way_of_strangers(document));
            }
        }
        candidates
    }

    /// Those whom an entry of a trust policy may let assume a role of an account.
    fn named(&self, entry: &Entry, own: &str, candidates: &mut BTreeSet<Place>) {
        let of = |account: &str| self.by_account.get(account).into_iter().flatten().copied();
        match entry {
            Entry::Everybody => {
                candidates.extend(of(own));
                candidates.extend(self.assumers.iter().copied());
            }
            Entry::Account { account, .. } => {
                candidates.extend(of(account).filter(|place| self.assumers.contains(place)));
            }
            Entry::Identity(identity) => {
                let is_named = |place: &Place| {
                    let actor = self.actor(*place);
                    actor.is_some_and(|actor| is_behind(&actor.identity, identity))
                };
                candidates.extend(of(&identity.account).filter(is_named));
            }
            Entry::Service(_) | Entry::Provider(_) | Entry::Nobody(_) => {}
        }
    }
}

fn entries(document: &Document) -> impl Iterator<Item = &Entry> {
    let principals = document
        .statements()
        .iter()
        .filter_map(|one| one.principals.as_ref());
    principals.flat_map(|principals| principals.list.iter())
}

/// Whether a policy that names one names the other, or a session of it.
fn is_behind(actor: &Identity, named: &Identity) -> bool {
    let name = |who: &Who| match who {
        Who::Role(path) | Who::User(path) => path.rsplit('/').next().map(ToOwned::to_owned),
        Who::Session(role, _) => Some(role.to_string()),
        Who::Root | Who::Federated(_) => None,
    };
    actor.account == named.account && name(&actor.who) == name(&named.who)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_that_is_followed_is_of_a_service_that_matters() {
        let followed = services::actions()
            .chain(iam::ACTIONS)
            .chain(services::PASS.iter().copied());
        for action in followed {
            let (service, _) = action.split_once(':').expect("an action");
            assert!(ABOUT.contains(&service), "{action}");
        }
    }
}
