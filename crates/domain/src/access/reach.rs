//! Of which accounts somebody can use a key at all.

use std::collections::BTreeSet;

use sagelock_policy::Document;
use sagelock_policy::access::{self, outsiders};
use sagelock_policy::prove::{Budget, Proof, Prover};
use sagelock_policy::request::{Caller, Grant};

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
        let (Ok(document), Ok(grants)) = (key.document(), key.known_grants()) else {
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
fn has_no_outsiders(key: &Key, document: &Document) -> bool {
    let asked = access::Key {
        policy: Some(document.clone()),
        grants: Some(Vec::new()),
        ..access::Key::new(key.arn.as_str())
    };
    let found = outsiders(&asked, &[], &[], &Prover::new(Budget::of_audit(0)));
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const OWN: &str = "111122223333";
    const OTHER: &str = "222233334444";

    fn reach(principal: &str, condition: &serde_json::Value, grants: Vec<Grant>) -> Option<Reach> {
        let statements = json!([{ "Effect": "Allow", "Action": "kms:*", "Resource": "*",
            "Principal": { "AWS": principal }, "Condition": condition }]);
        let arn = format!("arn:aws:kms:eu-west-1:{OWN}:key/1234abcd-12ab-34cd-56ef-1234567890ab");
        Key::of(&arn, &statements, grants).map(|key| Reach::of(&key))
    }

    fn accounts(ids: &[&str]) -> Reach {
        let ids = ids.iter().copied().map(AccountId::new);
        Reach::Accounts(ids.collect())
    }

    #[test]
    fn a_key_reaches_its_own_account_and_those_that_are_named() {
        let root = |account| format!("arn:aws:iam::{account}:root");
        assert_eq!(
            reach(&root(OWN), &json!({}), vec![]),
            Some(accounts(&[OWN]))
        );
        assert_eq!(
            reach(&root(OTHER), &json!({}), vec![]),
            Some(accounts(&[OWN, OTHER]))
        );
        let condition = |account| json!({ "StringEquals": { "kms:CallerAccount": account } });
        assert_eq!(reach("*", &json!({}), vec![]), Some(Reach::Any));
        assert_eq!(reach("*", &condition(OWN), vec![]), Some(accounts(&[OWN])));
        assert_eq!(reach("*", &condition(OTHER), vec![]), Some(Reach::Any));
    }

    #[test]
    fn a_grant_reaches_its_grantee_or_anybody_where_that_is_not_known() {
        let root = format!("arn:aws:iam::{OWN}:root");
        let granted = |grantee: Option<String>| {
            let grant = Grant {
                grantee: grantee.map(Into::into),
                operations: vec!["decrypt".into()],
                ..Grant::default()
            };
            reach(&root, &json!({}), vec![grant])
        };
        let role = format!("arn:aws:iam::{OTHER}:role/reader");
        assert_eq!(granted(Some(role)), Some(accounts(&[OWN, OTHER])));
        let service = "sagemaker.amazonaws.com".to_owned();
        assert_eq!(granted(Some(service)), Some(accounts(&[OWN])));
        assert_eq!(granted(None), Some(Reach::Any));
        assert_eq!(granted(Some("AROAEXAMPLE".to_owned())), Some(Reach::Any));
    }
}
