//! All users and roles of the accounts, and which of them can use a key.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use sagelock_policy::Document;
use sagelock_policy::access::{Principal, Users};
use sagelock_policy::prove::Proof;

use super::reached::Reached;
use super::{REPLICAS, Reach, Reader};
use crate::fact::{Fact, Gap};
use crate::few::Few;
use crate::ids::{AccountId, KeyArn};
use crate::inventory::{self, Key, KeyManager, Keys, Principals};
use crate::rules::UsesGap;
use crate::settings::Settings;

/// Who there is, asked about every key.
#[derive(Clone, Debug)]
pub struct People {
    by_key: BTreeMap<KeyArn, Beyond>,
    /// Accounts of which it is not known who there is.
    unread: BTreeMap<AccountId, Option<Arc<Gap>>>,
}

/// What was found of a key.
#[derive(Clone, Debug, Default)]
struct Beyond {
    certain: Few,
    perhaps: Few,
}

/// Who can use a key beside who may.
#[derive(Clone, Debug)]
pub struct KeyUsers {
    /// Their ARNs.
    pub beyond: Few,
    /// Who may be able to, and on what it depends.
    pub perhaps: Few,
    /// An account that can use the key and of which it is not known who there is, and why.
    pub unread: Option<(AccountId, Option<Arc<Gap>>)>,
    /// Why the execution roles of the key's endpoints may not all be known.
    pub uses_gap: Option<UsesGap>,
}

impl People {
    /// Asks everybody of the accounts in scope about every key that lets them in, account by account:
    /// what all of them may do does not fit into memory at once.
    pub fn ask<'u>(
        principals: &Principals,
        keys: &Keys,
        settings: &Settings,
        roles: impl Fn(&KeyArn) -> Option<&'u BTreeSet<String>>,
        mut tell: impl FnMut(usize, usize),
    ) -> Self {
        let reader = Reader::new(principals);
        let customers = keys.by_arn.values().filter(|key| is_judged(key));
        let reached = Reached::new(customers.clone(), &reader);
        let mut by_key: BTreeMap<KeyArn, Beyond> = BTreeMap::new();
        let mut unread = BTreeMap::new();
        // One that could not be entered was asked nothing.
        let outside = keys.in_scope.iter();
        let outside = outside.filter(|account| !principals.by_account.contains_key(*account));
        unread.extend(outside.map(|account| (account.clone(), None)));
        for (done, (account, read)) in principals.by_account.iter().enumerate() {
            tell(done, principals.by_account.len());
            let list = match &read.fact {
                Fact::Unknown(gap) => {
                    unread.insert(account.clone(), Some(gap.clone()));
                    continue;
                }
                Fact::Known(list) => list,
            };
            let people = somebody(list, account, &reader, settings);
            reached.by(account, &reader, |key, users| {
                let found = by_key.entry(key.arn.clone()).or_default();
                let may = roles(&key.arn);
                let others = people.iter();
                let others =
                    others.filter(|one| may.is_none_or(|may| !may.contains(&*one.asked.arn)));
                for one in others {
                    found.add(one, users);
                }
            });
            reader.forget();
        }
        for key in customers {
            let found = by_key.entry(key.arn.clone()).or_default();
            found.add_nameless(key, settings);
        }
        Self { by_key, unread }
    }

    /// Who can use a key beside the roles of its endpoints, and those whom the settings allow to.
    #[must_use]
    pub fn beyond(&self, key: &Key, reach: &Reach, uses_gap: Option<&UsesGap>) -> KeyUsers {
        let found = self.by_key.get(&key.arn).cloned().unwrap_or_default();
        let mut unread = self.unread.iter();
        KeyUsers {
            beyond: found.certain,
            perhaps: found.perhaps,
            unread: unread
                .find(|(account, _)| reach.has(account))
                .map(|(account, gap)| (account.clone(), gap.clone())),
            uses_gap: uses_gap.cloned(),
        }
    }
}

/// Somebody of an account.
struct Somebody {
    asked: Principal,
    with_steps: bool,
}

/// All of an account but those who may use keys.
fn somebody(
    list: &[inventory::Principal],
    account: &AccountId,
    reader: &Reader<'_>,
    settings: &Settings,
) -> Vec<Somebody> {
    list.iter()
        .filter(|one| !settings.is_key_user(&one.arn))
        .filter_map(|one| {
            Some(Somebody {
                asked: reader.principal(one, account)?,
                with_steps: !settings.is_trusted_admin(&one.arn),
            })
        })
        .collect()
}

/// Of the others it makes no difference who can use them.
fn is_judged(key: &Key) -> bool {
    let facts = key.described.fact.known();
    facts.is_none_or(|facts| facts.manager == KeyManager::Customer)
}

impl Beyond {
    fn add(&mut self, one: &Somebody, users: &Users) {
        let arn = &one.asked.arn;
        match users
            .worst(&one.asked, one.with_steps)
            .map(|used| used.proof)
        {
            None | Some(Proof::Proved) => {}
            Some(Proof::Violated(_)) => self.certain.add(|| arn.to_string()),
            Some(Proof::Possible(doubts)) => self.perhaps.add(|| {
                let why: Vec<String> = doubts.iter().map(ToString::to_string).collect();
                format!("{arn} can, depends on {}", why.join(", "))
            }),
        }
    }

    /// Those who are in no list of users and roles.
    fn add_nameless(&mut self, key: &Key, settings: &Settings) {
        for arn in federated(key) {
            if !settings.is_key_user(&arn) {
                self.perhaps
                    .add(|| format!("{arn} can, depends on who may call sts:GetFederationToken"));
            }
        }
        if key.arn.is_multi_region() {
            self.perhaps
                .add(|| format!("somebody can use its replicas, depends on {REPLICAS}"));
        }
    }
}

/// Federated users that a key policy or a grant names.
fn federated(key: &Key) -> Vec<String> {
    let policy = key.policy.as_ref().and_then(|read| read.fact.known());
    let policy = policy.and_then(|text| Document::read(sagelock_policy::Kind::Resource, text).ok());
    let grants = key.grants.as_ref().and_then(|read| read.fact.known());
    let grantees = grants
        .into_iter()
        .flatten()
        .filter_map(|grant| grant.grantee.as_deref());
    let grantees = grantees.filter(|arn| arn.contains(":federated-user/"));
    let named = policy.iter().flat_map(Document::federated);
    named.chain(grantees.map(ToOwned::to_owned)).collect()
}
