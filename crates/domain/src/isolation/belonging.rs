//! Who belongs to which tenant.

use std::collections::{BTreeMap, BTreeSet};

use sagelock_policy::access::Principal;

use super::Tenancy;
use crate::access::{Reader, principal_unread};
use crate::ids::AccountId;
use crate::inventory::{self, Principals};
use crate::settings::Settings;
use crate::why::Why;

/// Users and roles by the tenant whose they are.
pub(super) struct Belonging<'a> {
    /// By tenant, their ARNs.
    pub(super) tenants: BTreeMap<String, BTreeSet<&'a str>>,
    /// By account and ARN.
    members: BTreeMap<AccountId, BTreeMap<&'a str, Known<'a>>>,
}

/// What is known of a member.
#[derive(Default)]
struct Known<'a> {
    /// Nothing, of a role that endpoints run as.
    found: Option<&'a inventory::Principal>,
    tenants: BTreeSet<String>,
}

/// Somebody of a tenant, or a role of endpoints that name none.
pub(super) struct Member {
    /// Its ARN.
    pub(super) arn: Box<str>,
    /// What is asked about; why nobody can be.
    pub(super) principal: Result<Principal, Why>,
    /// Whether it is trusted not to take a second step.
    pub(super) is_trusted: bool,
    /// Where its tenants stand among all; of none: of endpoints that name no tenant.
    pub(super) tenants: Vec<usize>,
}

impl<'a> Belonging<'a> {
    pub(super) fn new(
        tenancy: &'a Tenancy,
        principals: &'a Principals,
        settings: &Settings,
    ) -> Self {
        let mut of_role: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (tenant, role) in tenancy.roles() {
            of_role.entry(role).or_default().insert(tenant);
        }
        let mut all = Self {
            tenants: BTreeMap::new(),
            members: BTreeMap::new(),
        };
        let nobodys: BTreeSet<&str> = tenancy.roles_of_nobody().map(String::as_str).collect();
        for (account, read) in &principals.by_account {
            for found in read.fact.known().into_iter().flatten() {
                let tag = found.tags.get(&settings.tags.tenant).map(str::trim);
                let runs = of_role.get(found.arn.as_str()).into_iter().flatten();
                let tenants = tag.filter(|tag| !tag.is_empty()).into_iter();
                let tenants: BTreeSet<&str> = tenants.chain(runs.copied()).collect();
                if !tenants.is_empty() || nobodys.contains(found.arn.as_str()) {
                    all.add(account, &found.arn, Some(found), &tenants);
                }
            }
        }
        // Roles that endpoints run as, and of which nothing else is known.
        let none = BTreeSet::new();
        let unread = of_role.iter().map(|(arn, tenants)| (*arn, tenants));
        for (arn, tenants) in unread.chain(nobodys.iter().map(|arn| (*arn, &none))) {
            let account = AccountId::new(arn.split(':').nth(4).unwrap_or_default());
            let known = all.members.get(&account);
            if !known.is_some_and(|known| known.contains_key(arn)) {
                all.add(&account, arn, None, tenants);
            }
        }
        all
    }

    fn add(
        &mut self,
        account: &AccountId,
        arn: &'a str,
        found: Option<&'a inventory::Principal>,
        tenants: &BTreeSet<&str>,
    ) {
        for tenant in tenants {
            let of_tenant = self.tenants.entry((*tenant).to_owned()).or_default();
            of_tenant.insert(arn);
        }
        let members = self.members.entry(account.clone()).or_default();
        let tenants = tenants.iter().map(ToString::to_string).collect();
        members.insert(arn, Known { found, tenants });
    }

    /// The accounts that somebody is of.
    pub(super) fn accounts(&self) -> impl ExactSizeIterator<Item = &AccountId> {
        self.members.keys()
    }

    /// Those of an account, in the order of their ARNs.
    pub(super) fn members(
        &self,
        account: &AccountId,
        reader: &Reader<'_>,
        settings: &Settings,
    ) -> Vec<Member> {
        let places = self.tenants.keys().enumerate();
        let places: BTreeMap<&str, usize> =
            places.map(|(place, name)| (name.as_str(), place)).collect();
        let members = self.members.get(account).into_iter().flatten();
        members
            .map(|(arn, known)| {
                let principal = match known.found {
                    Some(found) => reader.principal(found, account),
                    None => principal_unread(arn),
                };
                let tenants = known.tenants.iter();
                let tenants = tenants.filter_map(|name| places.get(name.as_str()).copied());
                Member {
                    arn: (*arn).into(),
                    principal,
                    is_trusted: settings.is_trusted_admin(arn),
                    tenants: tenants.collect(),
                }
            })
            .collect()
    }
}
