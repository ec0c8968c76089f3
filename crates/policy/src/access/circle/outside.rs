//! Accounts that policies name and of which nobody is known. What their roles may do, and whom they trust, is not
//! known either: whoever may assume one of them may come back as one.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::edges::{Called, anybody, called};
use super::{Actor, Circle, Edge, Place};
use crate::access::Trust;
use crate::document::{Arn, Document, Who};
use crate::prove::Doubt;

const ACTION: &str = "sts:AssumeRole";

impl Circle {
    /// Those of some accounts of which nobody is known.
    pub(super) fn strangers(&self, accounts: impl IntoIterator<Item = String>) -> BTreeSet<String> {
        let accounts = accounts.into_iter();
        accounts
            .filter(|account| !self.by_account.contains_key(&**account))
            .collect()
    }

    /// Those who may go to an account of which nobody is known and that a trust policy names.
    pub(super) fn by_way_of_strangers(&self, trust: &Document) -> Vec<Place> {
        let accounts = self.strangers(trust.every_account());
        if accounts.is_empty() {
            return Vec::new();
        }
        let goes = |place: &Place| {
            let actor = self.actors.get(*place);
            actor.is_some_and(|actor| accounts.iter().any(|account| self.may_go(actor, account)))
        };
        self.assumers.iter().copied().filter(goes).collect()
    }

    /// Somebody becomes a role that trusts an account of which nobody is known, by way of that account.
    pub(super) fn through(&self, from: &Actor, target: &Actor) -> Option<Edge> {
        let (Who::Role(_), Trust::Known(trust)) = (&target.identity.who, &target.principal.trust)
        else {
            return None;
        };
        let known = self.beyond.borrow().get(&target.principal.arn).cloned();
        let accounts = known.unwrap_or_else(|| {
            let accounts: Rc<[String]> =
                self.strangers(trust.every_account()).into_iter().collect();
            let arn = target.principal.arn.clone();
            self.beyond.borrow_mut().insert(arn, accounts.clone());
            accounts
        });
        if accounts.is_empty() {
            return None;
        }
        self.going(from, accounts.iter().cloned())
    }

    /// Somebody comes to what one of some accounts of which nobody is known may do.
    pub(super) fn going(
        &self,
        from: &Actor,
        accounts: impl IntoIterator<Item = String>,
    ) -> Option<Edge> {
        let mut accounts = self.strangers(accounts).into_iter();
        let account = accounts.find(|account| self.may_go(from, account))?;
        Some(Edge::perhaps(vec![Doubt::Outside(account.into())]))
    }

    /// Whether somebody may assume some role of an account, as far as its own side decides; found once.
    fn may_go(&self, from: &Actor, account: &str) -> bool {
        let key = (from.place, account.into());
        let known = self.going.borrow().get(&key).copied();
        known.unwrap_or_else(|| {
            let may = self.allows(from, account);
            self.going.borrow_mut().insert(key, may);
            may
        })
    }

    fn allows(&self, actor: &Actor, account: &str) -> bool {
        let principal = &actor.principal;
        if *actor.identity.account == *account {
            return false;
        }
        let partition = &*actor.identity.partition;
        let role = |name: &str| format!("arn:{partition}:iam::{account}:{name}");
        let mut roles = vec![role("role/x")];
        for document in &principal.identity {
            roles.extend(document.examples_of(ACTION).iter().filter_map(|example| {
                let arn = Arn::split(example)?;
                let is_there = arn.account == account || arn.account.parse::<u64>().is_err();
                (is_there && arn.resource.starts_with("role/")).then(|| role(arn.resource))
            }));
        }
        let trust = anybody();
        roles.iter().any(|role| {
            let may = principal.is_partial
                || Document::any_may_allow(&principal.identity, ACTION, Some(role));
            let asks = || {
                called(
                    principal,
                    ACTION,
                    (role, account),
                    &[],
                    Some(&trust),
                    &self.prover,
                )
            };
            may && !matches!(asks(), Called::Never)
        })
    }
}
