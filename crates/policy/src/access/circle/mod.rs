//! Everybody who is known, and who of them can become whom: by assuming a role, by a service that runs the
//! caller's code as a role, by changing what IAM says. Which key is asked about makes no difference here.

mod edges;
mod gathering;
mod iam;
mod made;
mod more;
mod outside;
mod party;
mod services;
mod somewhere;
mod spread;

use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use self::made::Names;
use self::more::{More, Power};
use self::party::Party;
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
    actors: Vec<Rc<Actor>>,
    /// Those who do not exist yet: somebody with every policy that others put on it, somebody new.
    more: RefCell<More>,
    by_arn: BTreeMap<Box<str>, Place>,
    by_account: BTreeMap<Box<str>, Vec<Place>>,
    /// Those who may call sts:AssumeRole on some role, and those who may do something in IAM or hand a role to
    /// a service, by account.
    assumers: BTreeSet<Place>,
    changers: BTreeMap<Box<str>, Vec<Place>>,
    /// Users who may have sessions of federated users.
    federators: BTreeSet<Place>,
    into: Known,
    /// Whom some may make.
    names: RefCell<Names>,
    parties: RefCell<BTreeMap<Place, Rc<Party>>>,
    /// By account, those of whom many are known whom they become.
    leaders: RefCell<BTreeMap<Box<str>, Vec<Place>>>,
    /// By who may be a candidate for it: whom it may become.
    targets: OnceCell<Vec<Rc<[Place]>>>,
    /// By account: everybody of it, and the roles of others that may trust somebody of it.
    reach: RefCell<BTreeMap<Box<str>, Rc<[Place]>>>,
    /// By role, the accounts that its trust policy names and of which nobody is known.
    beyond: RefCell<BTreeMap<Box<str>, Rc<[String]>>>,
    /// Whether somebody may assume some role of an account of which nobody is known.
    going: RefCell<BTreeMap<(Place, Box<str>), bool>>,
}

/// Somebody.
#[derive(Debug)]
struct Actor {
    place: Place,
    /// Somebody known, who has more power than that one.
    origin: Option<(Place, Power)>,
    /// The actions that it was asked about, and whether its policies may allow them on anything.
    may: RefCell<BTreeMap<&'static str, bool>>,
    /// Without policies, where they let it become nobody.
    principal: Principal,
    identity: Identity,
}

/// How somebody becomes somebody else.
#[derive(Clone, Debug)]
struct Edge {
    steps: Vec<Step>,
    /// Those whom it takes, where it is known.
    takers: Vec<Place>,
    /// What it depends on; nothing: it can.
    doubts: Vec<Doubt>,
    /// No permissions boundary may bind it then.
    lifts: bool,
}

impl Actor {
    /// Whether its policies may allow an action on anything.
    fn may(&self, action: &'static str) -> bool {
        let known = self.may.borrow().get(action).copied();
        known.unwrap_or_else(|| {
            let may = self.principal.may_ever(action, None);
            self.may.borrow_mut().insert(action, may);
            may
        })
    }

    /// The trust policy of a role, where it tells those who ask apart by their ARNs.
    fn trust_by_arn(&self) -> Option<&Document> {
        match &self.principal.trust {
            Trust::Known(document) => {
                Some(document).filter(|document| document.asks(|key| key == "aws:principalarn"))
            }
            Trust::NotAsked | Trust::Unread => None,
        }
    }
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
            more: RefCell::default(),
            names: RefCell::default(),
            parties: RefCell::default(),
            leaders: RefCell::default(),
            reach: RefCell::default(),
            targets: OnceCell::new(),
            beyond: RefCell::default(),
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
        // A trust policy that names it is enough to assume a role, unless its own policies deny that; what it may do with
        // a key's tags somebody may need who can become it; and what they deny, they deny whatever is put on it.
        let is_about = |document: &Document| {
            document.may_be_about("sts") || document.may_be_about("kms") || document.denies_any()
        };
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
        self.actors.push(Rc::new(Actor {
            place,
            origin: None,
            may: RefCell::default(),
            identity: identity.clone(),
            principal: kept,
        }));
    }

    /// Where somebody stands.
    #[must_use]
    pub fn place(&self, arn: &str) -> Option<Place> {
        self.by_arn.get(arn).copied()
    }

    /// Who stands there.
    #[must_use]
    pub fn arn(&self, place: Place) -> Option<&str> {
        self.actors.get(place).map(|actor| &*actor.principal.arn)
    }

    /// Somebody, who need not exist yet.
    fn actor(&self, place: Place) -> Option<Rc<Actor>> {
        match self.actors.get(place) {
            Some(actor) => Some(actor.clone()),
            None => self.more.borrow().get(place - self.actors.len()),
        }
    }

    /// Whether somebody may change what IAM says, or hand a role to a service.
    fn changes(&self, actor: &Actor) -> bool {
        let is_new = actor.place >= self.actors.len();
        let changers = self.changers.get(&actor.identity.account);
        is_new || changers.is_some_and(|changers| changers.binary_search(&actor.place).is_ok())
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
                    let actor = self.actors.get(*place);
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
