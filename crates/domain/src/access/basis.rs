//! What a proof about who can use a key rests on. A proof is made of it, and it is made only where all of
//! it was read: nothing is proved by default.

use std::collections::{BTreeMap, BTreeSet};

use sagelock_policy::request::Caller;

use super::{Accesses, Reach};
use crate::fact::Fact;
use crate::ids::AccountId;
use crate::inventory::{Key, Keys, Principals};
use crate::settings::Settings;
use crate::why::Why;

/// The accounts that a key lets in, every one of which was audited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audited {
    accounts: BTreeSet<AccountId>,
}

impl Audited {
    /// Those of a key.
    ///
    /// # Errors
    /// What the key lets in is not known, or was not all audited.
    pub fn of(
        key: &Key,
        reach: &Reach,
        keys: &Keys,
        accesses: &mut Accesses,
        settings: &Settings,
    ) -> Result<Self, Why> {
        let accounts = match reach {
            Reach::NotRead => return Err(Why::Reach),
            // Conditions may leave in nobody but the organisation, all of which was audited.
            Reach::Any => {
                let access = accesses.of(key, keys, settings);
                let allowed = &settings.allowed_accounts;
                let is_ours = allowed.iter().all(|one| keys.in_scope.contains(one))
                    && access
                        .is_ok_and(|found| found.outsiders.is_empty() && found.doubts.is_empty());
                if !keys.is_whole_organization || !is_ours {
                    return Err(Why::AccountsNotAudited);
                }
                &keys.in_scope
            }
            Reach::Accounts(accounts) => {
                if let Some(other) = accounts.difference(&keys.in_scope).next() {
                    return Err(Why::AccountNotAudited(other.clone()));
                }
                accounts
            }
        };
        Ok(Self {
            accounts: accounts.clone(),
        })
    }

    /// Which they are.
    #[must_use]
    pub const fn accounts(&self) -> &BTreeSet<AccountId> {
        &self.accounts
    }
}

/// Accounts of which not every user and role is known, and why.
#[derive(Clone, Debug, Default)]
pub struct Census {
    unread: BTreeMap<AccountId, Why>,
}

impl Census {
    /// That of what was read.
    #[must_use]
    pub fn of(principals: &Principals, keys: &Keys) -> Self {
        let mut unread = BTreeMap::new();
        for account in &keys.in_scope {
            // One that could not be entered was asked nothing.
            let why = match principals.by_account.get(account).map(|read| &read.fact) {
                None => Some(Why::PeopleNotRead(account.clone())),
                Some(Fact::Unknown(gap)) => Some(Why::from(gap)),
                Some(Fact::Known(list)) => {
                    let mut nobodies = list.iter().map(|one| &one.arn);
                    let nobody = nobodies.find(|arn| Caller::read(arn).is_err());
                    nobody.map(|arn| Why::Nobody(arn.as_str().into()))
                }
            };
            unread.extend(why.map(|why| (account.clone(), why)));
        }
        Self { unread }
    }

    /// Why not everybody of an account is known, where that is so.
    #[must_use]
    pub fn lacks(&self, account: &AccountId) -> Option<&Why> {
        self.unread.get(account)
    }
}

/// Everything that a proof about who can use a key rests on, all of it read: the key's policy and
/// grants, which say whom they let in; the audit of these accounts; their users and roles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Basis {
    audited: Audited,
}

impl Basis {
    /// That of a key.
    ///
    /// # Errors
    /// Something of it was not read: everything that was not.
    pub fn of(audited: Result<Audited, Why>, census: &Census) -> Result<Self, Vec<Why>> {
        let audited = match audited {
            Ok(audited) => audited,
            Err(why) => {
                // It may let in anybody: then everybody who was not read counts.
                let mut lacks = vec![why];
                if !matches!(lacks.as_slice(), [Why::AccountNotAudited(_)]) {
                    lacks.extend(census.unread.values().cloned());
                }
                lacks.sort();
                return Err(lacks);
            }
        };
        let lacks = audited.accounts.iter().filter_map(|one| census.lacks(one));
        let lacks: Vec<Why> = lacks.cloned().collect();
        if lacks.is_empty() {
            Ok(Self { audited })
        } else {
            Err(lacks)
        }
    }

    /// The same, where nothing else is lacking either.
    ///
    /// # Errors
    /// Something is: all of it.
    pub fn unless(found: Result<Self, Vec<Why>>, more: Vec<Why>) -> Result<Self, Vec<Why>> {
        match (found, more) {
            (Ok(basis), more) if more.is_empty() => Ok(basis),
            (Ok(_), more) => Err(more),
            (Err(mut lacks), more) => {
                lacks.extend(more);
                Err(lacks)
            }
        }
    }

    /// The accounts whose users and roles were asked.
    #[must_use]
    pub const fn accounts(&self) -> &BTreeSet<AccountId> {
        self.audited.accounts()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const OWN: &str = "111122223333";
    const OTHER: &str = "222233334444";

    /// Of a key that lets in everybody of its own account and of another.
    fn audited(allowed: &[&str], in_scope: &[&str]) -> Result<Audited, Why> {
        let set = |ids: &[&str]| -> BTreeSet<AccountId> {
            ids.iter().copied().map(AccountId::new).collect()
        };
        let statements = json!([{ "Effect": "Allow", "Action": "kms:*", "Resource": "*",
            "Principal": { "AWS": "*" },
            "Condition": { "StringEquals": { "aws:PrincipalAccount": [OWN, OTHER] } } }]);
        let arn = format!("arn:aws:kms:eu-west-1:{OWN}:key/1234abcd-12ab-34cd-56ef-1234567890ab");
        let key = Key::of(&arn, &statements, Vec::new()).ok_or(Why::NotAsked)?;
        let keys = Keys {
            in_scope: set(in_scope),
            is_organization: true,
            is_whole_organization: true,
            ..Keys::default()
        };
        let settings = Settings {
            allowed_accounts: set(allowed),
            ..Settings::default()
        };
        let mut accesses = Accesses::default();
        Audited::of(&key, &Reach::of(&key), &keys, &mut accesses, &settings)
    }

    #[test]
    fn accounts_that_are_allowed_and_were_not_audited_may_use_a_key() {
        assert!(audited(&[], &[OWN, OTHER]).is_ok());
        assert!(audited(&[OTHER], &[OWN, OTHER]).is_ok());
        // Nobody outside is not allowed, and yet somebody uses it whom nobody asked.
        let others = Err(Why::AccountsNotAudited);
        assert_eq!(audited(&[OTHER], &[OWN]), others);
        assert_eq!(audited(&[], &[OWN]), others);
    }

    #[test]
    fn nothing_is_proved_where_people_were_not_read_or_something_else_is_lacking() {
        let account = AccountId::new(OWN);
        let audited = || {
            let accounts = [account.clone()].into();
            Ok(Audited { accounts })
        };
        let keys = Keys {
            in_scope: [account.clone()].into(),
            ..Keys::default()
        };
        let census = Census::of(&Principals::default(), &keys);
        let unread = Err(vec![Why::PeopleNotRead(account.clone())]);
        assert_eq!(Basis::of(audited(), &census), unread);
        let whole = Basis::of(audited(), &Census::default());
        assert!(whole.is_ok());
        assert_eq!(
            Basis::unless(whole.clone(), vec![Why::KeyTags]),
            Err(vec![Why::KeyTags])
        );
        assert_eq!(Basis::unless(whole.clone(), Vec::new()), whole);
        let not_audited = Basis::of(Err(Why::Reach), &census);
        assert_eq!(
            Basis::unless(not_audited, vec![Why::KeyTags]),
            Err(vec![Why::Reach, Why::PeopleNotRead(account), Why::KeyTags])
        );
    }
}
