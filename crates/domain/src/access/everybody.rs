//! All users and roles of the accounts, asked about keys: what each can do with one by itself, and what
//! through others.

use std::collections::{BTreeMap, BTreeSet};

use sagelock_policy::access::{Circle, OwnUse, Place, Principal, Use, Users, Way};
use sagelock_policy::prove::{Budget, Proof, Prover};

use super::reached::Reached;
use super::{Reader, principal_unread};
use crate::fact::Fact;
use crate::ids::AccountId;
use crate::inventory::{self, Key, Principals};
use crate::settings::Settings;

/// All that are known.
pub(crate) struct Everybody<'a> {
    principals: &'a Principals,
    settings: &'a Settings,
    /// By account: those of whom nothing but the ARN is known.
    unread: BTreeMap<AccountId, BTreeSet<&'a str>>,
    reader: Reader<'a>,
    circle: Circle,
}

/// Somebody, while keys are asked about.
struct Somebody {
    asked: Principal,
    place: Place,
    /// It takes no second step.
    is_trusted: bool,
}

/// What was found of a key.
#[derive(Default)]
struct Found {
    /// Of those that can use it, or that may.
    own: BTreeMap<Place, OwnUse>,
    /// What is not told yet: who may.
    perhaps: BTreeMap<Place, Way>,
    trusted: BTreeSet<Place>,
}

impl<'a> Everybody<'a> {
    /// Reads everybody; `unread` are the ARNs of roles that may be in no list.
    pub(crate) fn new(
        principals: &'a Principals,
        unread: impl IntoIterator<Item = &'a str>,
        settings: &'a Settings,
    ) -> Self {
        let mut all = Self {
            reader: Reader::new(principals),
            circle: Circle::default(),
            unread: BTreeMap::new(),
            principals,
            settings,
        };
        for arn in unread {
            let account = AccountId::new(arn.split(':').nth(4).unwrap_or_default());
            all.unread.entry(account).or_default().insert(arn);
        }
        for account in all.accounts() {
            for one in all.of(&account) {
                all.circle.add(&one);
            }
            all.reader.forget();
        }
        all
    }

    fn accounts(&self) -> BTreeSet<AccountId> {
        let known = self.principals.by_account.keys();
        known.chain(self.unread.keys()).cloned().collect()
    }

    /// Those of an account. Of whom an ARN is nobody's, the census says so.
    fn of(&self, account: &AccountId) -> Vec<Principal> {
        let listed = self.principals.by_account.get(account);
        let listed: &[inventory::Principal] = match listed.map(|read| &read.fact) {
            Some(Fact::Known(list)) => list,
            Some(Fact::Unknown(_)) | None => &[],
        };
        let known: BTreeSet<&str> = listed.iter().map(|one| one.arn.as_str()).collect();
        let others = self.unread.get(account).into_iter().flatten();
        let others = others.filter(|arn| !known.contains(*arn));
        let listed = listed.iter().map(|one| self.reader.principal(one, account));
        listed
            .chain(others.map(|arn| principal_unread(arn)))
            .filter_map(Result::ok)
            .collect()
    }

    /// Asks everybody about every key that lets it in, account by account: what all of them may do does not
    /// fit into memory at once. `meet` is told who can use a key, or may: everybody once.
    pub(crate) fn ask<'k>(
        &self,
        keys: impl Iterator<Item = &'k Key>,
        mut tell: impl FnMut(usize, usize),
        mut meet: impl FnMut(&'k Key, &str, Use),
    ) {
        let reached = Reached::new(keys, &self.reader);
        let accounts = self.accounts();
        let mut wide: Vec<Found> = Vec::new();
        wide.resize_with(reached.wide().len(), Found::default);
        for (done, account) in accounts.iter().enumerate() {
            tell(done, accounts.len());
            let people = self.people(account);
            for key in reached.own(account) {
                let users = Users::new(&self.reader.key(key));
                let prover = Prover::new(Budget::of_audit(people.len()));
                let mut found = Found::default();
                by_themselves(&people, &users, &prover, &mut found, |who, used| {
                    meet(key, who, used);
                });
                self.through_others(found, &users, &prover, |who, used| meet(key, who, used));
            }
            for (wide, found) in reached.wide().iter().zip(&mut wide) {
                if !wide.reach.has(account) {
                    continue;
                }
                let prover = Prover::new(Budget::of_audit(people.len()));
                by_themselves(&people, &wide.users, &prover, found, |who, used| {
                    meet(wide.key, who, used);
                });
            }
            self.reader.forget();
        }
        for (wide, found) in reached.wide().iter().zip(wide) {
            let prover = Prover::new(Budget::of_audit(found.own.len()));
            self.through_others(found, &wide.users, &prover, |who, used| {
                meet(wide.key, who, used);
            });
        }
    }

    fn people(&self, account: &AccountId) -> Vec<Somebody> {
        let all = self.of(account).into_iter();
        all.filter_map(|asked| {
            Some(Somebody {
                place: self.circle.place(&asked.arn)?,
                is_trusted: self.settings.is_trusted_admin(&asked.arn),
                asked,
            })
        })
        .collect()
    }

    fn through_others(
        &self,
        mut found: Found,
        users: &Users,
        prover: &Prover,
        mut meet: impl FnMut(&str, Use),
    ) {
        let courses = self.circle.spread(users, &found.own, prover);
        for (place, course) in courses {
            let Some(who) = self.circle.arn(place) else {
                continue;
            };
            let is_trusted = found.trusted.contains(&place) || self.settings.is_trusted_admin(who);
            let is_told = found.perhaps.contains_key(&place) && !course.doubts.is_empty();
            if !is_trusted && !is_told {
                found.perhaps.remove(&place);
                meet(who, course.found(&[]));
            }
        }
        for (place, way) in found.perhaps {
            let doubts = found.own.remove(&place).unwrap_or_default();
            if let Some(who) = self.circle.arn(place) {
                let proof = Proof::Possible(doubts);
                let steps = Vec::new();
                meet(who, Use { way, proof, steps });
            }
        }
    }
}

/// Asks those of an account what they can do by themselves.
fn by_themselves(
    people: &[Somebody],
    users: &Users,
    prover: &Prover,
    found: &mut Found,
    mut meet: impl FnMut(&str, Use),
) {
    for one in people {
        // Whoever becomes somebody that is trusted takes the steps that it does not take.
        let Some(all) = users.worst(&one.asked, true, prover) else {
            continue;
        };
        let doubts = match &all.proof {
            Proof::Proved => continue,
            Proof::Violated(_) => Vec::new(),
            Proof::Possible(doubts) => doubts.clone(),
        };
        found.own.insert(one.place, doubts);
        if one.is_trusted {
            found.trusted.insert(one.place);
            if let Some(used) = users.worst(&one.asked, false, prover) {
                meet(&one.asked.arn, used);
            }
        } else if matches!(all.proof, Proof::Possible(_)) {
            found.perhaps.insert(one.place, all.way);
        } else {
            meet(&one.asked.arn, all);
        }
    }
}
