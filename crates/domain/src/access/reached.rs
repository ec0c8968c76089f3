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

#[derive(Debug)]
struct Wide<'a> {
    key: &'a Key,
    reach: Reach,
    users: Users,
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

    /// Every key that lets in an account, and who can use it.
    pub(crate) fn by(
        &self,
        account: &AccountId,
        reader: &Reader<'_>,
        mut meet: impl FnMut(&'a Key, &Users),
    ) {
        for key in self.own.get(account).into_iter().flatten() {
            meet(key, &Users::new(&reader.key(key)));
        }
        for wide in self.wide.iter().filter(|wide| wide.reach.has(account)) {
            meet(wide.key, &wide.users);
        }
    }
}
