//! The accounts of a session: how each is entered, and in which regions it is looked at.

use std::rc::Rc;

use anyhow::anyhow;
use sagelock_aws::Membership;
use sagelock_domain::collect::{Access, Address, Entry, Extent, Regions};
use sagelock_domain::ids::{AccountId, Arn, Partition, Region};
use sagelock_domain::regions::{self, is_always_enabled};

use super::Session;
use super::refusal::no_such_region;
use crate::accounts::{Accounts, Listed, Organization, list};
use crate::drive::Port;
use crate::exit::Failure;

impl Session {
    /// Takes up several accounts, in these regions where some are named.
    pub(super) async fn choose_accounts(
        &mut self,
        accounts: &Accounts,
        named: &[Region],
    ) -> Result<(), Failure> {
        let unknown = named.iter().find(|region| !regions::is_known(region));
        if let Some(region) = unknown {
            return Err(no_such_region(region));
        }
        self.check_duration(accounts)?;
        let members = match accounts {
            Accounts::Own => Vec::new(),
            Accounts::Listed(listed) => listed
                .iter()
                .map(|one| self.listed(one, named))
                .collect::<Result<Vec<_>, _>>()?,
            Accounts::Organization(organization) => self.organization(organization, named).await?,
        };
        self.scope.extent = match accounts {
            Accounts::Own | Accounts::Listed(_) => Extent::Named,
            Accounts::Organization(of) if of.filter.is_empty() => Extent::All,
            Accounts::Organization(_) => Extent::Some,
        };
        self.scope.entries = Vec::new();
        for (entry, membership) in members {
            if let Some(plan) = membership
                && let Some(Port::Aws(aws, _)) = Rc::get_mut(&mut self.port)
            {
                aws.add_member(entry.account.clone(), plan);
            }
            self.scope.entries.push(entry);
        }
        Ok(())
    }

    /// A role that assumes a role gets an hour at the most (IAM User Guide, "Methods to assume a
    /// role", role chaining).
    fn check_duration(&self, accounts: &Accounts) -> Result<(), Failure> {
        const CHAINED_SECONDS_MAX: u32 = 3600;
        let asked = match accounts {
            Accounts::Own => None,
            Accounts::Listed(listed) => listed.iter().find_map(|one| one.duration_seconds),
            Accounts::Organization(organization) => organization.duration_seconds,
        };
        let is_role = |arn: &String| arn.contains(":assumed-role/");
        let chains = match accounts {
            Accounts::Listed(listed) => listed.iter().any(|one| one.roles.len() > 1),
            Accounts::Own | Accounts::Organization(_) => false,
        };
        let is_chained = chains || self.caller.as_ref().is_some_and(is_role);
        if is_chained && asked.is_some_and(|seconds| seconds > CHAINED_SECONDS_MAX) {
            let error = anyhow!("a role that assumes a role has an hour at the most");
            return Err(Failure::usage(error)
                .hint("leave `--session-duration` out: sessions are renewed as they end"));
        }
        Ok(())
    }

    fn listed(
        &self,
        one: &Listed,
        named: &[Region],
    ) -> Result<(Entry, Option<Membership>), Failure> {
        let account = &one.account;
        let own_region = one.regions.first().unwrap_or(&self.scope.home);
        let partition = Partition::of_region(own_region);
        let roles = one.roles.iter();
        let roles: Vec<String> = roles
            .map(|role| role_arn(role, account, &partition))
            .collect();
        let regions = if named.is_empty() {
            &one.regions
        } else {
            named
        };
        let is_own = *account == self.scope.account;
        let membership = Membership {
            external_id: one.external_id.clone(),
            duration_seconds: one.duration_seconds,
            profile: one.profile.clone().filter(|_| roles.is_empty()),
            roles,
        };
        let access = match (membership.roles.last(), &membership.profile) {
            (Some(role), _) => Access::Role(role.clone()),
            (None, Some(profile)) => Access::Profile(profile.clone()),
            (None, None) if is_own => Access::Own,
            (None, None) => {
                let line = one.line;
                let error = anyhow!("account {account} (line {line}) has neither role nor profile");
                return Err(Failure::usage(error)
                    .hint("name one in the file, or one for all of them with `--role`"));
            }
        };
        let entry = self.entry(account, access.clone(), regions);
        let membership = (access != Access::Own).then_some(membership);
        Ok((entry, membership))
    }

    async fn organization(
        &mut self,
        organization: &Organization,
        named: &[Region],
    ) -> Result<Vec<(Entry, Option<Membership>)>, Failure> {
        let home = Address {
            account: self.scope.account.clone(),
            region: self.scope.home.clone(),
        };
        let found = list(&self.port, self.limits, &home, &organization.filter).await?;
        self.calls.add(&found.calls);
        self.skipped = found.skipped;
        let partition = Partition::of_region(&self.scope.home);
        let members = found.accounts.iter().map(|account| {
            // A stack set that makes the role in every account leaves the management account out
            // (AWS CloudFormation User Guide, "Service-managed permissions"), whose credentials
            // these are.
            if *account == self.scope.account {
                return (self.entry(account, Access::Own, named), None);
            }
            let role = role_arn(&organization.role, account, &partition);
            let membership = Membership {
                roles: vec![role.clone()],
                external_id: organization.external_id.clone(),
                duration_seconds: organization.duration_seconds,
                profile: None,
            };
            let entry = self.entry(account, Access::Role(role), named);
            (entry, Some(membership))
        });
        Ok(members.collect())
    }

    /// Regions that every account has need not be asked for.
    fn entry(&self, account: &AccountId, access: Access, named: &[Region]) -> Entry {
        let regions = named.to_vec();
        let regions = if !regions.is_empty() && regions.iter().all(is_always_enabled) {
            Regions::Known(regions)
        } else {
            Regions::Enabled(regions)
        };
        let home = regions::answering(named, &self.scope.home);
        Entry {
            account: account.clone(),
            access,
            regions,
            leaves_out: !named.is_empty(),
            home,
        }
    }
}

/// The ARN of a role that is named by its name.
fn role_arn(role: &str, account: &AccountId, partition: &Partition) -> String {
    if role.parse::<Arn>().is_ok() {
        return role.to_owned();
    }
    let name = role.trim_start_matches('/');
    format!("arn:{}:iam::{account}:role/{name}", partition.as_str())
}
