//! Which accounts, as the command line says it.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;

use crate::accounts::{Accounts, Filter, Listed, Organization, every_one_is_there, is_named, read};
use crate::exit::Failure;

/// Which accounts.
#[derive(Args, Debug)]
pub(super) struct AccountArgs {
    /// The role to assume in every account: its name, or its path and name
    #[arg(long, value_name = "NAME", value_parser = role, help_heading = "Accounts")]
    role: Option<String>,
    /// The accounts, as c7n-org reads them; an account without a role takes `--role`
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with = "org",
        help_heading = "Accounts"
    )]
    accounts_file: Option<PathBuf>,
    /// Every active account of the organisation, by `--role`
    #[arg(long, requires = "role", help_heading = "Accounts")]
    org: bool,
    /// With `--org`: only what is in this root or organisational unit, or below it
    #[arg(
        long = "ou",
        value_name = "ID",
        requires = "org",
        conflicts_with = "accounts_file",
        help_heading = "Accounts"
    )]
    units: Vec<String>,
    /// Only accounts that bear this tag: `key=value`
    #[arg(long = "account-tag", value_name = "KEY=VALUE", value_parser = tag, help_heading = "Accounts")]
    tags: Vec<TagArg>,
    /// Only this account, by id or name
    #[arg(long = "account", value_name = "ID|NAME", help_heading = "Accounts")]
    accounts: Vec<String>,
    /// The external ID that the roles' trust policies require
    #[arg(long, value_name = "TEXT", help_heading = "Accounts")]
    external_id: Option<String>,
    /// How long a session lasts, 900 to 43200 seconds; where a role assumes a role, an hour at the
    /// most [default: an hour]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(900..=43_200), help_heading = "Accounts")]
    session_duration: Option<u32>,
}

/// A role's ARN is of one account, and this is for all of them.
fn role(text: &str) -> Result<String, String> {
    let name = text.trim_start_matches('/');
    let fits = |c: char| c.is_ascii_alphanumeric() || "+=,.@_-/".contains(c);
    if text.starts_with("arn:") {
        Err("an ARN is of one account; write the role's name, as it is in every account".to_owned())
    } else if name.is_empty() || !name.chars().all(fits) {
        Err("not the name of a role: letters, digits and any of +=,.@_-".to_owned())
    } else {
        Ok(name.to_owned())
    }
}

/// A tag, as clap carries it.
#[derive(Clone, Debug)]
struct TagArg(String, String);

fn tag(text: &str) -> Result<TagArg, String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok(TagArg(key.to_owned(), value.to_owned())),
        Some(_) | None => Err("expected key=value, for example environment=production".to_owned()),
    }
}

impl AccountArgs {
    /// The accounts that are meant.
    pub(super) fn wanted(&self) -> Result<Accounts, Failure> {
        if let Some(path) = &self.accounts_file {
            return self.listed(path);
        }
        if !self.org {
            let several = [
                (self.role.is_some(), "--role"),
                (!self.tags.is_empty(), "--account-tag"),
                (!self.accounts.is_empty(), "--account"),
                (self.session_duration.is_some(), "--session-duration"),
                (self.external_id.is_some(), "--external-id"),
            ];
            if let Some((_, flag)) = several.into_iter().find(|(given, _)| *given) {
                let error = anyhow::anyhow!("`{flag}` is for several accounts");
                return Err(
                    Failure::usage(error).hint("name them with `--accounts-file` or `--org`")
                );
            }
            return Ok(Accounts::Own);
        }
        Ok(Accounts::Organization(Organization {
            role: self.role.clone().unwrap_or_default(),
            external_id: self.external_id.clone(),
            duration_seconds: self.session_duration,
            filter: Filter {
                units: self.units.clone(),
                tags: self
                    .tags
                    .iter()
                    .map(|tag| (tag.0.clone(), tag.1.clone()))
                    .collect(),
                accounts: self.accounts.clone(),
            },
        }))
    }

    fn listed(&self, path: &std::path::Path) -> Result<Accounts, Failure> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read `{}`", path.display()))
            .map_err(Failure::usage)?;
        let mut listed = read(path, &text).map_err(|error| {
            Failure::usage(error).hint("the format is that of c7n-org's accounts.yml")
        })?;
        every_one_is_there(&self.accounts, |named| {
            let is = |one: &Listed| is_named(named, &one.account, one.name.as_deref());
            listed.iter().any(is)
        })?;
        listed.retain(|one| is_named(&self.accounts, &one.account, one.name.as_deref()));
        for TagArg(key, value) in &self.tags {
            let wanted = format!("{key}:{value}");
            listed.retain(|one| one.tags.contains(&wanted));
        }
        if listed.is_empty() {
            let error = anyhow::anyhow!("no account of `{}` is chosen", path.display());
            return Err(Failure::usage(error).hint("see `--account` and `--account-tag`"));
        }
        for one in &mut listed {
            if one.roles.is_empty() && one.profile.is_none() {
                one.roles.extend(self.role.clone());
            }
            if one.external_id.is_none() {
                one.external_id.clone_from(&self.external_id);
            }
            one.duration_seconds = self.session_duration;
        }
        Ok(Accounts::Listed(listed))
    }
}
