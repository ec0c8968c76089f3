//! The accounts of the organisation, asked of Organizations by its management account or a
//! delegated administrator.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use anyhow::anyhow;
use sagelock_domain::call::view::{OrganizationAccount, Tag};
use sagelock_domain::call::{Call, CallError, CallErrorKind, input};
use sagelock_domain::collect::Address;
use sagelock_domain::drive::{Calls, Limits};
use sagelock_domain::ids::AccountId;

use super::{every_one_is_there, is_named};
use crate::drive::Port;
use crate::drive::ask;
use crate::exit::{Exit, Failure};

/// Which accounts of the organisation.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    /// Roots or organisational units, with all that is below them; none means all.
    pub(crate) units: Vec<String>,
    /// Tags that an account bears, `key=value`, all of them.
    pub(crate) tags: Vec<(String, String)>,
    /// Ids or names; none means all.
    pub(crate) accounts: Vec<String>,
}

impl Filter {
    /// Whether it leaves nobody out.
    pub(crate) fn is_empty(&self) -> bool {
        self.units.is_empty() && self.tags.is_empty() && self.accounts.is_empty()
    }
}

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) accounts: Vec<AccountId>,
    /// Accounts that cannot be looked at, and why.
    pub(crate) skipped: Vec<(AccountId, String)>,
    pub(crate) calls: Calls,
}

/// Pages of one listing that are read: 200,000 accounts.
const PAGES_MAX: usize = 10_000;
/// Organisational units that are walked through (AWS Organizations User Guide, "Quotas": an
/// organisation has at most 2,000).
const UNITS_MAX: usize = 10_000;

/// Lists the accounts.
pub(crate) async fn list(
    port: &Rc<Port>,
    limits: Limits,
    home: &Address,
    filter: &Filter,
) -> Result<Found, Failure> {
    let mut asking = Asking {
        port,
        limits,
        address: Address {
            account: home.account.clone(),
            region: sagelock_domain::regions::organizations_home(&home.region),
        },
        calls: Calls::default(),
    };
    let all = if filter.units.is_empty() {
        asking.accounts(None).await?
    } else {
        asking.below(&filter.units).await?
    };
    every_one_is_there(&filter.accounts, |named| {
        let is = |one: &OrganizationAccount| is_named(named, &one.id, one.name.as_deref());
        all.iter().any(is)
    })?;
    let mut found = Found::default();
    let mut active = BTreeMap::new();
    for account in all {
        let name = account.name.clone();
        if !is_named(&filter.accounts, &account.id, name.as_deref()) {
            continue;
        }
        match account.state.or(account.status).as_deref() {
            Some("ACTIVE") => {
                active.insert(account.id, name);
            }
            state => {
                let state = state.unwrap_or("of unknown state").to_lowercase();
                let name = name.unwrap_or_default();
                found
                    .skipped
                    .push((account.id, format!("{name} is {state}")));
            }
        }
    }
    if !filter.tags.is_empty() {
        asking.only_tagged(&mut active, &filter.tags).await?;
    }
    found.accounts = active.into_keys().collect();
    found.calls = asking.calls;
    if found.accounts.is_empty() {
        let error = anyhow!("no active account of the organisation is chosen");
        return Err(Failure::usage(error).hint("see `--ou`, `--account-tag` and `--account`"));
    }
    Ok(found)
}

struct Asking<'a> {
    port: &'a Rc<Port>,
    limits: Limits,
    address: Address,
    calls: Calls,
}

impl Asking<'_> {
    async fn one(&mut self, call: Call) -> Result<sagelock_domain::call::Reply, Failure> {
        let asked = vec![(self.address.clone(), call)];
        let (answers, calls) = ask(self.port, self.limits, asked).await?;
        self.calls.add(&calls);
        match answers.into_iter().next() {
            Some(Ok(reply)) => Ok(reply),
            Some(Err(error)) => Err(refused(&error)),
            None => Err(Failure::new(Exit::Internal, anyhow!("no answer"))),
        }
    }

    /// The accounts of the organisation, or of one unit.
    async fn accounts(
        &mut self,
        parent: Option<&str>,
    ) -> Result<Vec<OrganizationAccount>, Failure> {
        let mut accounts = Vec::new();
        let mut next_token = None;
        for _ in 0..PAGES_MAX {
            let call = match parent {
                None => Call::from(input::ListAccounts { next_token }),
                Some(parent) => Call::from(input::ListAccountsForParent {
                    parent_id: parent.to_owned(),
                    next_token,
                }),
            };
            let reply = self.one(call).await?;
            let page = input::ListAccounts::view(&reply).map_err(malformed)?;
            accounts.extend(page.accounts);
            next_token = page.next_token.filter(|token| !token.is_empty());
            if next_token.is_none() {
                return Ok(accounts);
            }
        }
        Err(too_many("accounts"))
    }

    /// The accounts of these units and of all units below them.
    async fn below(&mut self, units: &[String]) -> Result<Vec<OrganizationAccount>, Failure> {
        let mut accounts = BTreeMap::new();
        let mut seen: BTreeSet<String> = BTreeSet::new();
        let mut open: Vec<String> = units.to_vec();
        while let Some(unit) = open.pop() {
            if !seen.insert(unit.clone()) {
                continue;
            }
            if seen.len() > UNITS_MAX {
                return Err(too_many("organisational units"));
            }
            for account in self.accounts(Some(&unit)).await? {
                accounts.insert(account.id.clone(), account);
            }
            open.extend(self.units(&unit).await?);
        }
        Ok(accounts.into_values().collect())
    }

    async fn units(&mut self, parent: &str) -> Result<Vec<String>, Failure> {
        let mut units = Vec::new();
        let mut next_token = None;
        for _ in 0..PAGES_MAX {
            let call = input::ListOrganizationalUnitsForParent {
                parent_id: parent.to_owned(),
                next_token,
            };
            let reply = self.one(call.into()).await?;
            let page = input::ListOrganizationalUnitsForParent::view(&reply).map_err(malformed)?;
            units.extend(page.organizational_units.into_iter().map(|unit| unit.id));
            next_token = page.next_token.filter(|token| !token.is_empty());
            if next_token.is_none() {
                return Ok(units);
            }
        }
        Err(too_many("organisational units"))
    }

    /// Leaves the accounts that bear every one of these tags.
    async fn only_tagged(
        &mut self,
        accounts: &mut BTreeMap<AccountId, Option<String>>,
        wanted: &[(String, String)],
    ) -> Result<(), Failure> {
        // An account has at most 50 tags (Organizations API, TagResource), which are one page.
        let call = |account: &AccountId| input::ListTagsForResource {
            resource_id: account.to_string(),
            next_token: None,
        };
        let asked = accounts
            .keys()
            .map(|account| (self.address.clone(), call(account).into()))
            .collect();
        let (answers, calls) = ask(self.port, self.limits, asked).await?;
        self.calls.add(&calls);
        let mut tagged = BTreeSet::new();
        for (account, answer) in accounts.keys().zip(answers) {
            let reply = answer.map_err(|error| refused(&error))?;
            let tags = input::ListTagsForResource::view(&reply).map_err(malformed)?;
            let bears = |(key, value): &(String, String)| {
                let is = |tag: &Tag| tag.key == *key && tag.value == *value;
                tags.tags.iter().any(is)
            };
            if wanted.iter().all(bears) {
                tagged.insert(account.clone());
            }
        }
        accounts.retain(|account, _| tagged.contains(account));
        Ok(())
    }
}

fn malformed(error: sagelock_domain::call::Malformed) -> Failure {
    let told = anyhow::Error::from(error).context("cannot list the accounts of the organisation");
    Failure::new(Exit::Incomplete, told).hint("is there a proxy or an endpoint override?")
}

fn too_many(what: &str) -> Failure {
    let error = anyhow!("the organisation has more {what} than are read");
    Failure::new(Exit::Incomplete, error)
}

/// Organizations answers its management account and its delegated administrators (Organizations
/// API, ListAccounts).
fn refused(error: &CallError) -> Failure {
    let told = anyhow!("{error}").context("cannot list the accounts of the organisation");
    if error.code == "AWSOrganizationsNotInUseException" {
        return Failure::usage(told)
            .hint("the account is in no organisation: name accounts with `--accounts-file`");
    }
    if error.kind == CallErrorKind::NotFound || error.code.starts_with("ParentNotFound") {
        return Failure::usage(told).hint("`--ou` takes the id of a root (r-…) or unit (ou-…)");
    }
    let exit = match error.kind {
        CallErrorKind::AccessDenied | CallErrorKind::Credentials => Exit::Credentials,
        CallErrorKind::NotFound
        | CallErrorKind::Throttled
        | CallErrorKind::Unavailable
        | CallErrorKind::NotJson
        | CallErrorKind::Refused
        | CallErrorKind::Interrupted
        | CallErrorKind::NotRecorded => Exit::Incomplete,
    };
    Failure::new(exit, told).hint(
        "ask from the management account or a delegated administrator of any service, or name \
         accounts with `--accounts-file`",
    )
}
