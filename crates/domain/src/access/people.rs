//! All users and roles of the accounts, and which of them can use a key.

use std::collections::{BTreeMap, BTreeSet};

use sagelock_policy::prove::Proof;

use super::{Audited, Basis, Census, Everybody};
use crate::few::Few;
use crate::ids::KeyArn;
use crate::inventory::{Key, KeyManager, Keys, Principals};
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
        tell: impl FnMut(usize, usize),
    ) -> Self {
        let customers = keys.by_arn.values().filter(|key| is_judged(key));
        let mut by_key: BTreeMap<KeyArn, Beyond> = BTreeMap::new();
        let everybody = Everybody::new(principals, [], settings);
        everybody.ask(customers.clone(), tell, |key, who, used| {
            let may = roles(&key.arn).is_some_and(|may| may.contains(who));
            if !may && !settings.is_key_user(who) {
                let found = by_key.entry(key.arn.clone()).or_default();
                found.add(who, used.proof);
            }
        });
        for key in customers.filter(|key| key.may_have_replicas()) {
            let found = by_key.entry(key.arn.clone()).or_default();
            found.perhaps.add(|| Perhaps {
                who: "somebody by one of its replicas".to_owned(),
                why: vec![Why::KeyReplicas],
            });
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

/// Of the others it makes no difference who can use them.
fn is_judged(key: &Key) -> bool {
    let facts = key.described.fact.known();
    facts.is_none_or(|facts| facts.manager == KeyManager::Customer)
}

impl Beyond {
    fn add(&mut self, who: &str, proof: Proof) {
        match proof {
            Proof::Proved => {}
            Proof::Violated(_) => self.certain.add(|| who.to_owned()),
            Proof::Possible(doubts) => self.perhaps.add(|| Perhaps {
                who: who.to_owned(),
                why: doubts.into_iter().map(Why::from).collect(),
            }),
        }
    }
}
