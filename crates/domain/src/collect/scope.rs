//! What to collect: the accounts, how each is entered, and its regions.

use serde::{Deserialize, Serialize};

use super::Address;
use crate::ids::{AccountId, Region};

/// What to collect.
#[derive(Clone, Debug)]
pub struct Scope {
    /// The account whose credentials we have; Organizations is asked from it, and roles are
    /// assumed from it.
    pub account: AccountId,
    /// The region in which roles are assumed.
    pub home: Region,
    /// The accounts to look at.
    pub entries: Vec<Entry>,
    /// Whether to ask Organizations about the accounts of foreign keys.
    pub ask_organization: bool,
    /// What the accounts are to the organisation that is asked.
    pub extent: Extent,
    /// Whether something is remembered of accounts and regions, and to be asked for before they
    /// are looked at.
    pub remembers: bool,
}

/// What the accounts that are looked at are to the organisation that is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// Nobody asked it for them.
    Named,
    /// Some of its accounts.
    Some,
    /// All of them.
    All,
}

/// An account to look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The account.
    pub account: AccountId,
    /// How it is entered.
    pub access: Access,
    /// Its regions.
    pub regions: Regions,
    /// It may have others, which were left out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub leaves_out: bool,
    /// The region that answers for the account as a whole.
    pub home: Region,
}

/// How an account is entered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// With credentials that are there.
    Own,
    /// Through a role of it, by its ARN.
    Role(String),
    /// With a profile that has to prove that it is of this account.
    Profile(String),
}

/// The regions of an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Regions {
    /// These, which it is known to have.
    Known(Vec<Region>),
    /// Those of these that it has enabled; all that it has where none is named.
    Enabled(Vec<Region>),
}

impl Scope {
    /// Accounts whose credentials are there, and the regions of each; the first is ours.
    #[must_use]
    pub fn of(accounts: &[AccountId], regions: &[Region], ask_organization: bool) -> Self {
        let none = || AccountId::new("");
        let home = regions.first().cloned();
        let home = home.unwrap_or_else(|| Region::new("us-east-1"));
        let entries = accounts.iter().map(|account| Entry {
            account: account.clone(),
            access: Access::Own,
            regions: Regions::Known(regions.to_vec()),
            leaves_out: false,
            home: home.clone(),
        });
        Self {
            account: accounts.first().cloned().unwrap_or_else(none),
            home: home.clone(),
            entries: entries.collect(),
            ask_organization,
            extent: Extent::Named,
            remembers: false,
        }
    }

    /// The accounts.
    pub fn accounts(&self) -> impl Iterator<Item = &AccountId> {
        self.entries.iter().map(|entry| &entry.account)
    }

    /// Those of them of which regions may have been left out.
    pub fn left_out(&self) -> impl Iterator<Item = &AccountId> {
        let entries = self.entries.iter().filter(|entry| entry.leaves_out);
        entries.map(|entry| &entry.account)
    }
}

impl Entry {
    /// Where the account as a whole is asked about.
    pub(super) fn address(&self) -> Address {
        Address {
            account: self.account.clone(),
            region: self.home.clone(),
        }
    }
}
