//! Somebody who does not exist yet: new roles and users, and sessions of federated users, of any name that policies tell
//! apart.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::edges::Hands;
use super::iam;
use super::spread::Asked;
use super::{Actor, Circle, Edge, Place};
use crate::access::{Principal, everything};
use crate::document::{Document, Identity, Who};
use crate::pattern::Pattern;
use crate::prove::{Doubt, Prover, askers_beside};
use crate::request::{Caller, Stack};

/// What makes somebody new.
const ACTIONS: [&str; 3] = ["iam:CreateRole", "iam:CreateUser", "iam:UpdateUser"];

/// Those whom some may make, by account and by who may have something to do with them.
pub(super) type Names = BTreeMap<(Box<str>, Vec<Place>), Option<Rc<[Rc<Actor>]>>>;

/// How some come to a key by somebody whom they make.
pub(super) struct Maker {
    pub(super) edge: Edge,
    pub(super) made: Principal,
}

impl Circle {
    /// Those whom some of an account may make, as far as the policies of IAM tell them apart; `None`: that is too much to
    /// tell. `all` are those who may have something to do with them.
    pub(super) fn names(&self, who: Hands<'_>, all: Hands<'_>) -> Option<Rc<[Rc<Actor>]>> {
        let Some(first) = makers(who).first().copied() else {
            return Some(Rc::from([]));
        };
        let key = (first.identity.account.clone(), of_their_own(all));
        let known = self.names.borrow().get(&key).cloned();
        known.unwrap_or_else(|| {
            let trusts = self.actors.iter().filter_map(|actor| actor.trust_by_arn());
            let stack = Stack {
                identity: written(all).chain(trusts.cloned()).collect(),
                ..Stack::default()
            };
            let names = self.new_ones(first, all, &stack, &self.prover);
            let names: Option<Rc<[Rc<Actor>]>> = names.map(Into::into);
            self.names.borrow_mut().insert(key, names.clone());
            names
        })
    }

    /// How some come to a key by somebody whom those of an account among them make: of any name that the key policy and
    /// their own policies tell apart.
    pub(super) fn makes(
        &self,
        who: Hands<'_>,
        all: Hands<'_>,
        asked: &Asked<'_>,
    ) -> Vec<Result<Maker, Doubt>> {
        let Some(first) = makers(who).first().copied() else {
            return Vec::new();
        };
        let stack = Stack {
            identity: written(all).collect(),
            ..asked.users.stack_of(&first.principal)
        };
        let Some(names) = self.new_ones(first, all, &stack, asked.prover) else {
            // Which names there are is too much to tell.
            return vec![Err(Doubt::Budget)];
        };
        let found = names.iter().flat_map(|one| {
            let bare = one.principal.clone();
            let with_policies = Principal {
                identity: everything(),
                ..bare.clone()
            };
            let uses = [&bare, &with_policies].map(|made| asked.may_use(made));
            if uses == [false, false] {
                return Vec::new();
            }
            let found = iam::made(all, one, &self.prover);
            let bare = found
                .bare
                .filter(|_| uses[0])
                .map(|edge| Maker { edge, made: bare });
            let other = found.with_policies.filter(|_| uses[1]);
            let other = other.map(|edge| Maker {
                edge,
                made: with_policies,
            });
            bare.into_iter().chain(other).map(Ok).collect()
        });
        found.collect()
    }

    /// Roles and users who do not exist yet, such that all are treated as one of them; `None` where it is too much to tell.
    fn new_ones(
        &self,
        first: &Actor,
        all: Hands<'_>,
        stack: &Stack,
        prover: &Prover,
    ) -> Option<Vec<Rc<Actor>>> {
        let account = &*first.identity.account;
        let partition = &*first.identity.partition;
        // Of any name that their policies tell apart, too.
        let names = iam_resources(&stack.identity);
        let askers = askers_beside(&[stack], partition, &[account], &names, prover)?;
        let may_tag = all.iter().any(|actor| iam::may(actor, "iam:TagUser"));
        let made = askers.into_iter().filter_map(|asker| {
            let is_user = asker.arn.contains(":user/");
            let is_new = matches!(&asker.caller, Caller::Identity(one) if *one.account == *account)
                && !asker.is_itself
                && (asker.arn.contains(":role/") || asker.arn.contains(":user/"))
                && !asker.arn.contains(":role/aws-service-role/")
                && !asker.arn.contains(":role/aws-reserved/")
                && !self.is_there(account, &asker.arn);
            let caller = Caller::read(&asker.arn).ok().filter(|_| is_new)?;
            let Caller::Identity(identity) = caller.clone() else {
                return None;
            };
            Some(Rc::new(Actor {
                place: Place::MAX,
                origin: None,
                may: RefCell::default(),
                identity,
                principal: Principal {
                    // A session of a role may bring tags; those of a user somebody gives.
                    tags: (is_user && !may_tag).then(Vec::new),
                    scp: first.principal.scp.clone(),
                    organization: first.principal.organization.clone(),
                    ..Principal::new(&asker.arn, caller)
                },
            }))
        });
        Some(made.collect())
    }

    /// Whether there is a role or a user of that name already, of whatever path (IAM API, CreateRole: "Role names are not
    /// distinguished by case").
    fn is_there(&self, account: &str, arn: &str) -> bool {
        let named = |arn: &str| {
            let name = arn.rsplit('/').next().unwrap_or_default();
            (arn.contains(":role/"), name.to_lowercase())
        };
        let mut own = self.by_account.get(account).into_iter().flatten();
        own.any(|place| {
            let actor = self.actors.get(*place);
            actor.is_some_and(|actor| named(&actor.principal.arn) == named(arn))
        })
    }

    /// How a user comes to a key by a token of a federated user.
    pub(super) fn federates(&self, actor: &Rc<Actor>, asked: &Asked<'_>) -> Vec<Maker> {
        let account = &*actor.identity.account;
        let partition = &*actor.identity.partition;
        let stack = asked.users.stack_of(&actor.principal);
        let federated = asked.users.federated(account).into_iter();
        let mut names: Vec<Identity> = federated.cloned().collect();
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
        let found = names.into_iter().filter_map(|named| {
            let arn = named.to_string();
            let edge = iam::federated(actor, &arn, &self.prover)?;
            let made = Principal {
                arn: arn.as_str().into(),
                caller: Caller::Identity(named),
                session: everything().pop(),
                tags: None,
                id: None,
                ..actor.principal.clone()
            };
            Some(Maker { edge, made })
        });
        found.collect()
    }
}

/// Those of some who may make somebody.
fn makers(who: Hands<'_>) -> Vec<&Rc<Actor>> {
    let makes = |actor: &&Rc<Actor>| ACTIONS.iter().any(|action| iam::may(actor, action));
    who.iter().copied().filter(makes).collect()
}

/// Those of some who have policies that are their own.
fn of_their_own(all: Hands<'_>) -> Vec<Place> {
    let own = all.iter().filter(|actor| actor.origin.is_none());
    own.map(|actor| actor.place).collect()
}

/// What the policies of some say of new roles and users, and what bounds them.
fn written(all: Hands<'_>) -> impl Iterator<Item = Document> {
    let own = all.iter().filter(|actor| actor.origin.is_none());
    let documents = own.flat_map(|actor| {
        let Principal {
            identity,
            boundary,
            session,
            scp,
            ..
        } = &actor.principal;
        let levels = scp.iter().flatten().flatten();
        identity.iter().chain(boundary).chain(session).chain(levels)
    });
    let tells = |document: &&Document| {
        let mut statements = document.statements().iter();
        let is_about = || {
            ["iam", "sts"]
                .iter()
                .any(|name| document.may_be_about(name))
        };
        statements.any(|one| !one.conditions.is_empty() || !is_all(&one.resources.list))
            && is_about()
    };
    documents.filter(tells).cloned()
}

fn is_all(resources: &[Pattern]) -> bool {
    matches!(resources, [one] if one.to_string() == "*")
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
