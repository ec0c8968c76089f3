//! Which accounts are in scope.

mod file;
mod organization;

use anyhow::anyhow;
use sagelock_domain::ids::AccountId;

use crate::exit::Failure;

pub(crate) use file::{Listed, read};
pub(crate) use organization::{Filter, list};

/// Which accounts.
#[derive(Clone, Debug, Default)]
pub(crate) enum Accounts {
    /// That of the credentials.
    #[default]
    Own,
    /// Those of a list.
    Listed(Vec<Listed>),
    /// Those of the organisation.
    Organization(Organization),
}

/// The accounts of the organisation, and how they are entered.
#[derive(Clone, Debug)]
pub(crate) struct Organization {
    /// The role's name, or its path and name.
    pub(crate) role: String,
    pub(crate) external_id: Option<String>,
    pub(crate) duration_seconds: Option<u32>,
    pub(crate) filter: Filter,
}

/// An account of this many, as the user names it: by id or by name.
pub(crate) fn is_named(named: &[String], account: &AccountId, name: Option<&str>) -> bool {
    named.is_empty()
        || named
            .iter()
            .any(|one| one == account.as_str() || Some(one.as_str()) == name)
}

/// Of the accounts that the user names, none may be a typing error.
pub(crate) fn every_one_is_there(
    named: &[String],
    is_there: impl Fn(&[String]) -> bool,
) -> Result<(), Failure> {
    let missing = named
        .iter()
        .find(|one| !is_there(std::slice::from_ref(one)));
    match missing {
        Some(one) => Err(Failure::usage(anyhow!("there is no account `{one}`"))
            .hint("`--account` takes an id or a name")),
        None => Ok(()),
    }
}
