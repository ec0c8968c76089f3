//! Of which accounts somebody can use a key at all.

use std::collections::BTreeSet;

use sagelock_policy::request::Caller;
use sagelock_policy::{Document, Kind};

use crate::ids::AccountId;
use crate::inventory::Key;

/// The accounts whose users and roles a key's policy or a grant may let use it, its own included; `None`:
/// any, or it is not known (KMS Developer Guide, "Allowing users in other accounts to use a KMS key": the
/// key policy has to).
pub(crate) fn reach(key: &Key) -> Option<BTreeSet<AccountId>> {
    let policy = key.policy.as_ref()?.fact.known()?;
    let document = Document::read(Kind::Resource, policy).ok()?;
    let grants = key.grants.as_ref()?.fact.known()?;
    let mut accounts: BTreeSet<AccountId> = [key.arn.account()].into();
    accounts.extend(document.reach()?.iter().map(AccountId::new));
    for grant in grants {
        let grantee = grant.grantee.as_deref()?;
        match Caller::read(grantee) {
            Ok(caller) => accounts.insert(AccountId::new(caller.account()?)),
            Err(_) => return None,
        };
    }
    Some(accounts)
}
