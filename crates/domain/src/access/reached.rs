//! Which keys the people of an account may be able to use at all: the others nobody has to ask about.

use std::collections::BTreeMap;

use sagelock_policy::access::Users;

use super::{Reach, Reader};
use crate::ids::AccountId;
use crate::inventory::Key;

/// Keys by the accounts that they let in.
#[derive(Debug)]
pub(crate) struct Reached<'a> {
    /// Those that let in their own account and no other.
    own: BTreeMap<AccountId, Vec<&'a Key>>,
    wide: Vec<Wide<'a>>,
}

/// A key that lets in others than its own account.
#[derive(Debug)]
pub(crate) struct Wide<'a> {
    pub(crate) key: &'a Key,
    pub(crate) reach: Reach,
    pub(crate) users: Users,
}

impl<'a> Reached<'a> {
    pub(crate) fn new(keys: impl Iterator<Item = &'a Key>, reader: &Reader<'_>) -> Self {
        let mut reached = Self {
            own: BTreeMap::new(),
            wide: Vec::new(),
        };
        for key in keys {
            let reach = Reach::of(key);
            if reach.is_own() {
                let own = reached.own.entry(key.arn.account()).or_default();
                own.push(key);
            } else {
                let users = Users::new(&reader.key(key));
                reached.wide.push(Wide { key, reach, users });
            }
        }
        reached
    }

    /// Those that let in an account, which is theirs, and no other.
    pub(crate) fn own(&self, account: &AccountId) -> impl Iterator<Item = &'a Key> {
        self.own.get(account).into_iter().flatten().copied()
    }

    /// Those that let in others.
    pub(crate) fn wide(&self) -> &[Wide<'a>] {
        &self.wide
    }
}
