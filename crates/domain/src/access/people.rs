//! All users and roles of the accounts, and which of them can use a key.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use sagelock_policy::access::{Principal, Users};
use sagelock_policy::prove::Proof;

use super::{key_asked, principal_asked, reach};
use crate::fact::{Fact, Gap};
use crate::ids::AccountId;
use crate::inventory::{Controls, Key, Principals};
use crate::rules::UsesGap;
use crate::settings::Settings;

/// Who there is in the accounts.
#[derive(Clone, Debug)]
pub struct People {
    all: Vec<Principal>,
    /// Accounts of which it is not known who there is.
    unread: BTreeMap<AccountId, Arc<Gap>>,
    /// What binds accounts.
    controls: Principals,
}

/// Who can use a key beside who may.
#[derive(Clone, Debug)]
pub struct KeyUsers {
    /// Their ARNs.
    pub beyond: Vec<String>,
    /// Who may be able to, and on what it depends.
    pub perhaps: Vec<String>,
    /// Why not all of them are known.
    pub unread: Option<Arc<Gap>>,
    /// Why the execution roles of the key's endpoints may not all be known.
    pub uses_gap: Option<UsesGap>,
}

impl People {
    /// Everybody.
    #[must_use]
    pub fn new(principals: &Principals) -> Self {
        let mut all = Vec::new();
        let mut unread = BTreeMap::new();
        for (account, read) in &principals.by_account {
            match &read.fact {
                Fact::Unknown(gap) => {
                    unread.insert(account.clone(), gap.clone());
                }
                Fact::Known(list) => {
                    let asked = list.iter();
                    all.extend(asked.filter_map(|one| principal_asked(one, account, principals)));
                }
            }
        }
        let controls: Controls = principals.controls.clone();
        Self {
            all,
            unread,
            controls: Principals {
                controls,
                ..Principals::default()
            },
        }
    }

    /// Who can use a key beside roles that may, and those whom the settings allow to.
    #[must_use]
    pub fn beyond(
        &self,
        key: &Key,
        roles: &BTreeSet<String>,
        uses_gap: Option<&UsesGap>,
        settings: &Settings,
    ) -> KeyUsers {
        let asked = key_asked(key, &self.controls);
        let users = Users::new(&asked);
        let (mut beyond, mut perhaps) = (Vec::new(), Vec::new());
        for one in &self.all {
            if roles.contains(&*one.arn) || settings.is_key_user(&one.arn) {
                continue;
            }
            let with_steps = !settings.is_trusted_admin(&one.arn);
            match users.worst(one, with_steps).map(|found| found.proof) {
                None | Some(Proof::Proved) => {}
                Some(Proof::Violated(_)) => beyond.push(one.arn.to_string()),
                Some(Proof::Possible(doubts)) => {
                    let why: Vec<String> = doubts.iter().map(ToString::to_string).collect();
                    perhaps.push(format!("{} can, depends on {}", one.arn, why.join(", ")));
                }
            }
        }
        KeyUsers {
            beyond,
            perhaps,
            unread: self.unread_within(reach(key).as_ref()),
            uses_gap: uses_gap.cloned(),
        }
    }

    fn unread_within(&self, reach: Option<&BTreeSet<AccountId>>) -> Option<Arc<Gap>> {
        let mut unread = self.unread.iter();
        let found = unread.find(|(account, _)| reach.is_none_or(|reach| reach.contains(*account)));
        found.map(|(_, gap)| gap.clone())
    }
}
