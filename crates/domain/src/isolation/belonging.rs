//! Who belongs to which tenant.

use std::collections::{BTreeMap, BTreeSet};

use super::Tenancy;
use crate::inventory::Principals;
use crate::settings::Settings;

/// Users and roles by the tenant whose they are.
#[derive(Default)]
pub(super) struct Belonging<'a> {
    /// By tenant, their ARNs.
    pub(super) tenants: BTreeMap<String, BTreeSet<&'a str>>,
    /// By ARN, of those of tenants and of roles of endpoints that name none.
    places: BTreeMap<&'a str, Vec<usize>>,
    unread: Vec<&'a str>,
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
        let mut all = Self::default();
        let mut members: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        let nobodys: BTreeSet<&str> = tenancy.roles_of_nobody().map(String::as_str).collect();
        for read in principals.by_account.values() {
            for found in read.fact.known().into_iter().flatten() {
                let tag = found.tags.get(&settings.tags.tenant).map(str::trim);
                let runs = of_role.get(found.arn.as_str()).into_iter().flatten();
                let tenants = tag.filter(|tag| !tag.is_empty()).into_iter();
                let tenants: BTreeSet<&str> = tenants.chain(runs.copied()).collect();
                if !tenants.is_empty() || nobodys.contains(found.arn.as_str()) {
                    members.insert(&found.arn, tenants);
                }
            }
        }
        let none = BTreeSet::new();
        let running = of_role.iter().map(|(arn, tenants)| (*arn, tenants));
        for (arn, tenants) in running.chain(nobodys.iter().map(|arn| (*arn, &none))) {
            if !members.contains_key(arn) {
                all.unread.push(arn);
                members.insert(arn, tenants.clone());
            }
        }
        for (arn, tenants) in &members {
            for tenant in tenants {
                let of_tenant = all.tenants.entry((*tenant).to_owned()).or_default();
                of_tenant.insert(arn);
            }
        }
        let names = all.tenants.keys().enumerate();
        let names: BTreeMap<&str, usize> =
            names.map(|(place, name)| (name.as_str(), place)).collect();
        let places = members.into_iter().map(|(arn, tenants)| {
            let places = tenants.iter().filter_map(|name| names.get(name).copied());
            (arn, places.collect())
        });
        all.places = places.collect();
        all
    }

    /// Where the tenants of somebody stand among all, none of a role of endpoints that name no tenant; `None`:
    /// it is neither.
    pub(super) fn places(&self, arn: &str) -> Option<&[usize]> {
        self.places.get(arn).map(Vec::as_slice)
    }

    /// Roles that endpoints run as, and of which nothing else is known.
    pub(super) fn unread(&self) -> impl Iterator<Item = &'a str> {
        self.unread.iter().copied()
    }

    /// Everybody, by ARN.
    pub(super) fn arns(&self) -> impl Iterator<Item = &'a str> {
        self.places.keys().copied()
    }
}
