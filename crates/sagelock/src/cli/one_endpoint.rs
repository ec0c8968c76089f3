//! One endpoint, read without the others: its name, where it is, and what is known around it.

use anyhow::anyhow;
use sagelock_domain::collect::{Collector, Focus, Scope, StorageReading};
use sagelock_domain::drive::Driver;
use sagelock_domain::fact::Fact;
use sagelock_domain::ids::{AccountId, EndpointName};
use sagelock_domain::inventory::{Cell, Endpoint};

use crate::drive::{Ended, run};
use crate::exit::{Exit, Failure};
use crate::progress::Progress;
use crate::session::Session;

/// SageMaker API, CreateEndpointConfig, `EndpointConfigName`: at most 63.
pub(super) const NAME_MAX: usize = 63;
pub(super) const NAMES: &str =
    "a name has up to 63 letters, digits and hyphens, no hyphen at its ends";

/// The same: `^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$`.
pub(super) fn is_name(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let is_long = name.len() > NAME_MAX;
    !name.is_empty() && !is_long && name.chars().all(allowed) && name.trim_matches('-') == name
}

/// The name of an endpoint that is named so, or by its ARN, which says the region too.
pub(super) fn name(text: &str, regions: &mut Vec<String>) -> Result<EndpointName, Failure> {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let name = match parts.as_slice() {
        ["arn", _, "sagemaker", region, _, resource] => {
            if regions.is_empty() {
                regions.push((*region).to_owned());
            }
            resource.strip_prefix("endpoint/")
        }
        ["arn", ..] => None,
        _ => Some(text),
    };
    let name = name.filter(|name| is_name(name)).map(EndpointName::new);
    name.ok_or_else(|| {
        let error = anyhow!("`{text}` is neither the name of an endpoint nor its ARN");
        Failure::usage(error).hint(NAMES)
    })
}

/// The account of an endpoint that is named by its ARN; by its name alone, the account in which it is
/// found, where there are several.
pub(super) async fn account(
    session: &Session,
    text: &str,
    name: &EndpointName,
    absent: Absent,
    quiet: bool,
) -> Result<Option<AccountId>, Failure> {
    if text.starts_with("arn:") {
        let account = text.split(':').nth(4).map(AccountId::new);
        let is_there = |account: &AccountId| session.scope.accounts().any(|one| one == account);
        if let Some(other) = account.as_ref().filter(|account| !is_there(account)) {
            let error = anyhow!("account {other} of `{text}` is not looked at");
            return Err(Failure::usage(error).hint("choose with --profile or --org"));
        }
        return Ok(account);
    }
    if session.scope.accounts().nth(1).is_none() {
        return Ok(None);
    }
    let focus = Focus::of(name.clone(), session.started_at);
    let nothing = StorageReading {
        outputs: false,
        artifacts: None,
    };
    let collector = |scope: &Scope| Collector::new(scope).reading(nothing).on(focus);
    let (_, cells) = collect(session, collector, quiet).await?;
    let (cell, _) = chosen(&cells, text, absent)?;
    Ok(Some(cell.id.account.clone()))
}

/// Collects what a collector is made to look at.
pub(super) async fn collect(
    session: &Session,
    collector: impl FnOnce(&Scope) -> Collector,
    quiet: bool,
) -> Result<(Collector, Vec<Cell>), Failure> {
    let scope = Scope {
        ask_organization: false,
        ..session.scope.clone()
    };
    let progress = Progress::new(quiet);
    let mut driver = Driver::new(collector(&scope), session.limits);
    let mut cells = Vec::new();
    let ended = run(&mut driver, &session.port, |driver| {
        cells.extend(driver.source_mut().take_cells());
        progress.update(driver.source().progress(), driver.calls());
    })
    .await;
    cells.extend(driver.source_mut().take_cells());
    progress.finish();
    if ended == Ended::Interrupted {
        let error = anyhow!("interrupted before everything was read");
        return Err(Failure::new(Exit::Incomplete, error));
    }
    let (collected, _) = driver.finish();
    Ok((collected, cells))
}

/// What it means that there is no such endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Absent {
    /// It is to be created.
    IsToBeCreated,
    /// The user is to be told, and what to do.
    IsAnError(&'static str),
}

/// The one place where the endpoint is, or is to be.
pub(super) fn chosen<'c>(
    cells: &'c [Cell],
    name: &str,
    absent: Absent,
) -> Result<(&'c Cell, &'c Endpoint), Failure> {
    let all = cells.iter().flat_map(|cell| {
        let endpoints = cell.endpoints.values();
        endpoints.map(move |endpoint| (cell, endpoint))
    });
    // An ARN means one account and region, whatever else is looked at.
    let is_name = !name.starts_with("arn:");
    let all = all.filter(|(_, endpoint)| is_name || endpoint.arn.eq_ignore_ascii_case(name));
    let (there, others): (Vec<_>, Vec<_>) =
        all.partition(|(_, endpoint)| matches!(endpoint.described.fact, Fact::Known(Some(_))));
    match (there.as_slice(), others.as_slice()) {
        ([one], _) => Ok(*one),
        ([], [one]) if absent == Absent::IsToBeCreated => Ok(*one),
        ([], []) if !is_name && !cells.is_empty() => {
            let error = anyhow!("`{name}` is of no account and region that is looked at");
            Err(Failure::usage(error).hint("choose with --region, --profile or --org"))
        }
        ([], []) => Err(Failure::new(
            Exit::Incomplete,
            anyhow!("no account could be looked at"),
        )),
        ([], others) => {
            let unread = others
                .iter()
                .find_map(|(_, endpoint)| match &endpoint.described.fact {
                    Fact::Unknown(gap) => Some(gap),
                    Fact::Known(_) => None,
                });
            if let Some(gap) = unread {
                return Err(Failure::new(Exit::Incomplete, anyhow!("{gap}")));
            }
            let mut places: Vec<&str> = others
                .iter()
                .map(|(cell, _)| cell.id.region.as_str())
                .collect();
            places.sort_unstable();
            places.dedup();
            let hint = match absent {
                Absent::IsToBeCreated => {
                    "say where it is to be created: one --region, and with --org one --account"
                }
                Absent::IsAnError(hint) => hint,
            };
            let error = anyhow!("no endpoint `{name}` in {}", places.join(", "));
            Err(Failure::usage(error).hint(hint))
        }
        (several, _) => {
            let arns: Vec<&str> = several.iter().map(|(_, one)| one.arn.as_str()).collect();
            let error = anyhow!("there are {} endpoints `{name}`", several.len());
            Err(Failure::usage(error).hint(format!("name one by its ARN: {}", arns.join(", "))))
        }
    }
}
