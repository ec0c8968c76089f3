//! `sagelock sim serve --world fleet`: an organisation of any size.

use std::path::PathBuf;

use anyhow::anyhow;
use clap::{Args, value_parser};
use jiff::Timestamp;
use sagelock_sim::World;
use sagelock_sim::estate::fleet::{self, Size};

use crate::exit::Failure;

/// How large it is.
#[derive(Args, Debug)]
pub(super) struct FleetArgs {
    /// Of the world `fleet`: accounts, the management account included [default: 10]
    #[arg(long, value_name = "N", value_parser = value_parser!(u32).range(1..=ACCOUNTS_MAX))]
    accounts: Option<u32>,
    /// Of the world `fleet`: regions in which each account has endpoints, 1 to 17 [default: 2]
    #[arg(long, value_name = "N", value_parser = value_parser!(u32).range(1..=REGIONS_MAX))]
    regions: Option<u32>,
    /// Of the world `fleet`: endpoints in each account and region, each with a configuration of
    /// its own [default: 50]
    #[arg(long, value_name = "N", value_parser = value_parser!(u32).range(0..=ENDPOINTS_MAX))]
    endpoints: Option<u32>,
    /// Of the world `fleet`: roles in each account, beside those that models run as [default: 20]
    #[arg(long, value_name = "N", value_parser = value_parser!(u32).range(0..=ROLES_MAX))]
    roles: Option<u32>,
    /// Of the world `fleet`: write its accounts here, as c7n-org and `sagelock audit` read them
    #[arg(long, value_name = "FILE")]
    accounts_file: Option<PathBuf>,
}

/// Ours: ten times what the largest organisations that AWS writes about have.
const ACCOUNTS_MAX: i64 = 20_000;
/// As many as there are regions that every account has.
const REGIONS_MAX: i64 = fleet::REGIONS.len().cast_signed() as i64;
/// Ours: a list of more takes long to answer.
const ENDPOINTS_MAX: i64 = 10_000;
/// IAM User Guide, "IAM and AWS STS quotas": the most roles of an account.
const ROLES_MAX: i64 = 5_000;

impl FleetArgs {
    /// Nothing of it may be said of another world.
    pub(super) fn refuse(&self) -> Result<(), Failure> {
        let said = [
            ("--accounts", self.accounts.is_some()),
            ("--regions", self.regions.is_some()),
            ("--endpoints", self.endpoints.is_some()),
            ("--roles", self.roles.is_some()),
            ("--accounts-file", self.accounts_file.is_some()),
        ];
        match said.iter().find(|(_, is_said)| *is_said) {
            None => Ok(()),
            Some((flag, _)) => {
                let told = anyhow!("`{flag}` says nothing about this world");
                Err(Failure::usage(told).hint("say `--world fleet` as well, or leave it out"))
            }
        }
    }

    /// Makes it, and writes its accounts; in words, what it is.
    pub(super) fn make(&self, now: Timestamp, seed: u64) -> Result<(World, String), Failure> {
        let number = |said: Option<u32>, default: u32| {
            usize::try_from(said.unwrap_or(default)).unwrap_or_default()
        };
        let size = Size {
            accounts: number(self.accounts, 10),
            regions: number(self.regions, 2),
            endpoints: number(self.endpoints, 50),
            roles: number(self.roles, 20),
        };
        let made = fleet::fleet(now, seed, size);
        if let Some(path) = &self.accounts_file {
            std::fs::write(path, made.accounts_file()).map_err(|error| {
                let told = anyhow!(error).context(format!("cannot write `{}`", path.display()));
                Failure::usage(told)
            })?;
        }
        let closed = made.accounts.iter().filter(|account| account.suspended);
        let told = format!(
            "fleet of {} endpoints in {} accounts and {} regions, {} more accounts suspended",
            made.endpoints,
            size.accounts,
            size.regions,
            closed.count(),
        );
        Ok((made.world, told))
    }
}
