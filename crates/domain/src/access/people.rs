//! All users and roles of the accounts, and which of them can use a key.

use std::collections::{BTreeMap, BTreeSet};

use sagelock_policy::Document;
use sagelock_policy::access::{Principal, Users};
use sagelock_policy::prove::Proof;

use super::reached::Reached;
use super::{Audited, Basis, Census, Reader};
use crate::fact::Fact;
use crate::few::Few;
use crate::ids::{AccountId, KeyArn};
use crate::inventory::{self, Key, KeyManager, Keys, Principals};
use crate::settings::Settings;
use crate::why::Why;

/// Who there is, asked about every key.
#[derive(Clone, Debug)]
pub struct People {
    by_key: BTreeMap<KeyArn, Beyond>,
    census: Census,
}

/// What was found of a key.
#[derive(Clone, Debug, Default)]
struct Beyond {
    certain: Few,
    perhaps: Few<Perhaps>,
}

/// Somebody who may be able to use a key, and what it depends on.
#[derive(Clone, Debug)]
pub struct Perhaps {
    /// An ARN.
    pub who: String,
    /// What it depends on.
    pub why: Vec<Why>,
}

/// Who can use a key beside who may.
#[derive(Clone, Debug)]
pub struct KeyUsers {
    /// Their ARNs.
    pub beyond: Few,
    /// Who may be able to.
    pub perhaps: Few<Perhaps>,
    /// That these are all there are.
    pub basis: Result<Basis, Vec<Why>>,
    /// Why the execution roles of the key's endpoints may not all be known.
    pub uses_gap: Option<Why>,
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
        for (done, (account, read)) in principals.by_account.iter().enumerate() {
            tell(done, principals.by_account.len());
            let Fact::Known(list) = &read.fact else {
                continue;
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
        let census = Census::of(principals, keys);
        Self { by_key, census }
    }

    /// Who can use a key beside the roles of its endpoints, and those whom the settings allow to.
    #[must_use]
    pub fn beyond(
        &self,
        key: &Key,
        audited: Result<Audited, Why>,
        uses_gap: Option<&Why>,
    ) -> KeyUsers {
        let found = self.by_key.get(&key.arn).cloned().unwrap_or_default();
        KeyUsers {
            beyond: found.certain,
            perhaps: found.perhaps,
            basis: Basis::of(audited, &self.census),
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
            // Of whom that is nobody's ARN, the census says so.
            Some(Somebody {
                asked: reader.principal(one, account).ok()?,
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
            Some(Proof::Possible(doubts)) => self.perhaps.add(|| Perhaps {
                who: arn.to_string(),
                why: doubts.into_iter().map(Why::from).collect(),
            }),
        }
    }

    /// Those who are in no list of users and roles.
    fn add_nameless(&mut self, key: &Key, settings: &Settings) {
        for arn in federated(key) {
            if !settings.is_key_user(&arn) {
                self.perhaps.add(|| Perhaps {
                    why: vec![Why::FederatedUser(arn.as_str().into())],
                    who: arn,
                });
            }
        }
        if key.arn.is_multi_region() {
            self.perhaps.add(|| Perhaps {
                who: "somebody by one of its replicas".to_owned(),
                why: vec![Why::KeyReplicas],
            });
        }
    }
}

/// Federated users that a key policy or a grant names.
fn federated(key: &Key) -> Vec<String> {
    let grants = key.known_grants().unwrap_or_default();
    let grantees = grants.iter().filter_map(|grant| grant.grantee.as_deref());
    let grantees = grantees.filter(|arn| arn.contains(":federated-user/"));
    let named = key.document().into_iter().flat_map(Document::federated);
    named.chain(grantees.map(ToOwned::to_owned)).collect()
}
