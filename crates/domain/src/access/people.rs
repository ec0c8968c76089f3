//! All users and roles of the accounts, and which of them can use a key.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use sagelock_policy::Document;
use sagelock_policy::access::{Principal, Users};
use sagelock_policy::prove::Proof;

use super::{REPLICAS, Reach, key_asked, principal_asked};
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
    unread: BTreeMap<AccountId, Option<Arc<Gap>>>,
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
    /// An account that can use the key and of which it is not known who there is, and why.
    pub unread: Option<(AccountId, Option<Arc<Gap>>)>,
    /// Why the execution roles of the key's endpoints may not all be known.
    pub uses_gap: Option<UsesGap>,
}

impl People {
    /// Everybody of the accounts in scope.
    #[must_use]
    pub fn new(principals: &Principals, in_scope: &BTreeSet<AccountId>) -> Self {
        let mut all = Vec::new();
        // One that could not be entered was asked nothing.
        let asked = |account: &&AccountId| principals.by_account.contains_key(*account);
        let outside = in_scope.iter().filter(|account| !asked(account));
        let mut unread: BTreeMap<AccountId, Option<Arc<Gap>>> =
            outside.map(|account| (account.clone(), None)).collect();
        for (account, read) in &principals.by_account {
            match &read.fact {
                Fact::Unknown(gap) => {
                    unread.insert(account.clone(), Some(gap.clone()));
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
        reach: &Reach,
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
        perhaps.extend(
            federated(&asked)
                .into_iter()
                .filter(|arn| !settings.is_key_user(arn))
                .map(|arn| format!("{arn} can, depends on who may call sts:GetFederationToken")),
        );
        if key.arn.is_multi_region() {
            perhaps.push(format!(
                "somebody can use its replicas, depends on {REPLICAS}"
            ));
        }
        let mut unread = self.unread.iter();
        KeyUsers {
            beyond,
            perhaps,
            unread: unread
                .find(|(account, _)| reach.has(account))
                .map(|(account, gap)| (account.clone(), gap.clone())),
            uses_gap: uses_gap.cloned(),
        }
    }
}

/// Federated users that a key policy or a grant names: they are in no list of users and roles.
fn federated(key: &sagelock_policy::access::Key) -> Vec<String> {
    let policy = key.policy.iter().flat_map(Document::federated);
    let grants = key.grants.iter().flatten();
    let grantees = grants.filter_map(|grant| grant.grantee.as_deref());
    let grantees = grantees.filter(|arn| arn.contains(":federated-user/"));
    policy.chain(grantees.map(ToOwned::to_owned)).collect()
}
