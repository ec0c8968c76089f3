//! Somebody who does not exist yet: new roles and users, and sessions of federated users, of any name that policies tell
//! apart.

use std::cell::RefCell;
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

/// Those whom some of an account may make, by whom they may be made.
pub(super) type Names = (Vec<Place>, Rc<[Rc<Actor>]>);

/// How some come to a key by somebody whom they make.
pub(super) struct Maker {
    pub(super) edge: Edge,
    pub(super) made: Principal,
}

impl Circle {
    /// Those whom some of an account may make, as far as the policies of IAM tell them apart.
    pub(super) fn names(&self, who: Hands<'_>) -> Rc<[Rc<Actor>]> {
        let makers = makers(who);
        let places: Vec<Place> = makers.iter().map(|actor| actor.place).collect();
        let Some(first) = makers.first() else {
            return Rc::from([]);
        };
        let mut known = self.names.borrow_mut();
        if let Some((_, names)) = known.iter().find(|(of, _)| *of == places) {
            return names.clone();
        }
        let account = &first.identity.account;
        let own = self.by_account.get(account).into_iter().flatten();
        let trusts = own.filter_map(|place| self.actors.get(*place)?.trust_by_arn());
        let documents: Vec<Document> = written(&makers).chain(trusts.cloned()).collect();
        let stack = Stack {
            identity: documents,
            ..Stack::default()
        };
        let names = new(&makers, &stack, &self.prover).unwrap_or_default();
        let names: Rc<[Rc<Actor>]> = names.into();
        known.push((places, names.clone()));
        names
    }

    /// How some of an account come to a key by somebody whom they make: of any name that the key policy and their own
    /// tell apart.
    pub(super) fn makes(&self, who: Hands<'_>, asked: &Asked<'_>) -> Vec<Result<Maker, Doubt>> {
        let makers = makers(who);
        let Some(first) = makers.first() else {
            return Vec::new();
        };
        let stack = Stack {
            identity: written(&makers).collect(),
            ..asked.users.stack_of(&first.principal)
        };
        let Some(names) = new(&makers, &stack, asked.prover) else {
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
            let found = iam::made(who, one, &self.prover);
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

/// What is written of those who make somebody: whoever has every policy tells nobody apart.
fn written<'a>(makers: &'a [&Rc<Actor>]) -> impl Iterator<Item = Document> + 'a {
    let documents = makers.iter().flat_map(|actor| &actor.principal.identity);
    let tells = |document: &&Document| {
        let mut statements = document.statements().iter();
        statements.any(|one| !one.conditions.is_empty() || !is_all(&one.resources.list))
    };
    documents.filter(tells).cloned()
}

fn is_all(resources: &[Pattern]) -> bool {
    matches!(resources, [one] if one.to_string() == "*")
}

/// Roles and users who do not exist yet, such that all are treated as one of them; `None` where it is too much to tell.
fn new(makers: &[&Rc<Actor>], stack: &Stack, prover: &Prover) -> Option<Vec<Rc<Actor>>> {
    let first = makers.first()?;
    let account = &*first.identity.account;
    let partition = &*first.identity.partition;
    // Of any name that their policies tell apart, too.
    let names = iam_resources(&stack.identity);
    let askers = askers_beside(&[stack], partition, &[account], &names, prover)?;
    let made = askers.into_iter().filter_map(|asker| {
        let is_new = matches!(&asker.caller, Caller::Identity(one) if *one.account == *account)
            && !asker.is_itself
            && (asker.arn.contains(":role/") || asker.arn.contains(":user/"))
            && !asker.arn.contains(":role/aws-service-role/");
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
                scp: first.principal.scp.clone(),
                organization: first.principal.organization.clone(),
                ..Principal::new(&asker.arn, caller)
            },
        }))
    });
    Some(made.collect())
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
