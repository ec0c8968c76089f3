//! Of which accounts somebody can use a key at all.

use std::collections::BTreeSet;

use sagelock_policy::access::{self, outsiders};
use sagelock_policy::prove::Proof;
use sagelock_policy::request::{Caller, Grant};
use sagelock_policy::{Document, Kind};

use crate::ids::AccountId;
use crate::inventory::Key;

/// The accounts whose users and roles a key's policy or a grant may let use it (KMS Developer Guide,
/// "Allowing users in other accounts to use a KMS key": the key policy has to).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// The key policy or the grants were not read.
    NotRead,
    /// Any, under whatever conditions.
    Any,
    /// These, the key's own included.
    Accounts(BTreeSet<AccountId>),
}

impl Reach {
    /// That of a key.
    #[must_use]
    pub fn of(key: &Key) -> Self {
        let policy = key.policy.as_ref().and_then(|read| read.fact.known());
        let document = policy.and_then(|text| Document::read(Kind::Resource, text).ok());
        let grants = key.grants.as_ref().and_then(|read| read.fact.known());
        let (Some(document), Some(grants)) = (document, grants) else {
            return Self::NotRead;
        };
        let own = key.arn.account();
        let mut accounts = BTreeSet::new();
        for grant in grants {
            match grantee(grant, &own) {
                Some(account) => accounts.insert(account),
                None => return Self::Any,
            };
        }
        match document.reach() {
            Some(named) => accounts.extend(named.iter().map(AccountId::new)),
            // Conditions may leave nobody but its own.
            None if has_no_outsiders(key, document) => {}
            None => return Self::Any,
        }
        accounts.insert(own);
        Self::Accounts(accounts)
    }

    /// Whether nobody of another account is able to.
    #[must_use]
    pub fn is_own(&self) -> bool {
        match self {
            Self::NotRead | Self::Any => false,
            Self::Accounts(accounts) => accounts.len() == 1,
        }
    }

    /// Whether somebody of an account may be able to.
    #[must_use]
    pub fn has(&self, account: &AccountId) -> bool {
        match self {
            Self::NotRead | Self::Any => true,
            Self::Accounts(accounts) => accounts.contains(account),
        }
    }
}

/// Of the policy alone.
fn has_no_outsiders(key: &Key, document: Document) -> bool {
    let asked = access::Key {
        policy: Some(document),
        grants: Some(Vec::new()),
        ..access::Key::new(key.arn.as_str())
    };
    let found = outsiders(&asked, &[], &[]);
    found.is_ok_and(|list| list.iter().all(|one| matches!(one.proof, Proof::Proved)))
}

/// Whom a grant lets in. A service uses it for who had it created (KMS Developer Guide, "Grants for AWS
/// services").
fn grantee(grant: &Grant, own: &AccountId) -> Option<AccountId> {
    let caller = Caller::read(grant.grantee.as_deref()?).ok()?;
    match caller {
        Caller::Service(_) => {
            let issuer = grant.issuer.as_deref().map(AccountId::new);
            Some(issuer.unwrap_or_else(|| own.clone()))
        }
        Caller::Identity(_) => caller.account().map(AccountId::new),
        Caller::Anonymous => None,
    }
}
