//! `sagelock preflight`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use clap::Args;
use sagelock_domain::collect::{About, Collector, Focus, Scope, StorageReading};
use sagelock_domain::fact::Fact;
use sagelock_domain::ids::{ConfigName, EndpointName, KeyRef};
use sagelock_domain::inventory::{Cell, ConfigFacts, Endpoint, Tags};
use sagelock_domain::preflight::{Deployment, Outcome, config_of, preflight};
use sagelock_domain::settings::ModelArtifacts;

use super::one_endpoint::Absent;
use super::{Plain, SourceArgs, arn, one_endpoint, print, print_plain};
use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::report::{Looked, preflight_json, preflight_table};
use crate::session::Session;

/// `sagelock preflight`.
#[derive(Args, Debug)]
#[command(
    after_help = "It checks what AWS will check: whether the deployer can create the configuration and update or create the \
    endpoint; whether SageMaker gets its grant on the key for the deployer or for an execution role; whether the \
    role can load its models and write its outputs; and whether the key is enabled, symmetric and in this Region. Key \
    policies, grants, identity policies, boundaries, SCPs and RCPs are evaluated together. A check blocks only if the request is proved to be \
    denied; it then names the statement and prints the smallest changes that would allow the request.\n\n\
    Nothing is changed. It reads the endpoint, its models, keys and buckets, the users, roles and policies of \
    the account (iam:GetAccountAuthorizationDetails) and the control policies of the organisation.\n\n\
    Examples:\n  \
    sagelock preflight fraud-detector --key alias/ml/fraud\n  \
    sagelock preflight fraud-detector --key alias/ml/fraud \\\n    \
    --deployer arn:aws:iam::111122223333:role/Deployer\n  \
    sagelock preflight new-endpoint --endpoint-config config.json\n  \
    sagelock preflight fraud-detector --key alias/ml/fraud --format json |\n    \
    jq '.checks[] | select(.answer == \"blocked\") | .because, .changes[0]'\n\n\
    Exit codes: 0 it will succeed · 1 something blocks it · 3 something is not known"
)]
pub(super) struct Command {
    /// The endpoint that is to be updated or created: its name or ARN
    endpoint: String,
    /// The key of the new configuration: an ARN, an id or an alias [default: that of the file, or the
    /// one that the endpoint has now]
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    /// What is to be deployed: the input of CreateEndpointConfig as JSON [default: what the endpoint
    /// runs now, with the key]
    #[arg(long, value_name = "FILE")]
    endpoint_config: Option<PathBuf>,
    /// The name of the new configuration [default: that of the file, or the endpoint's with -cmk]
    #[arg(long, value_name = "NAME")]
    config_name: Option<String>,
    /// Who deploys [default: whose credentials these are]
    #[arg(long, value_name = "ARN")]
    deployer: Option<String>,
    /// The role that models run as that are not there yet; repeat it for more
    #[arg(long = "execution-role", value_name = "ARN")]
    execution: Vec<String>,
    #[command(flatten)]
    source: SourceArgs,
    /// What standard output gets
    #[arg(long, value_enum, default_value = "table")]
    format: Plain,
}

const SUFFIX: &str = "-cmk";

/// What the file says that is to be deployed.
type Given = (Option<ConfigName>, ConfigFacts, Tags);

impl Command {
    pub(super) async fn run(mut self, config: Config, quiet: bool) -> Result<Exit, Failure> {
        let name = one_endpoint::name(&self.endpoint, &mut self.source.regions)?;
        for role in &self.execution {
            arn::role(role)?;
        }
        if let Some(deployer) = &self.deployer {
            arn::deployer(deployer)?;
        }
        let mut given = self.endpoint_config.as_deref().map(read).transpose()?;
        let key = KeyRef::read(self.key.as_deref());
        if let Some(text) = &self.key
            && !key.as_ref().is_some_and(KeyRef::is_well_formed)
        {
            return Err(Failure::usage(anyhow!("`{text}` is no key"))
                .hint("expected the ARN or the id of a key, or alias/NAME"));
        }
        if let (Some((_, facts, _)), Some(key)) = (&mut given, &key) {
            facts.volume_key = Some(key.clone());
        }
        let session = Session::open(&self.source.wanted(&config)?).await?;
        let deployer = self.deployer.clone().or_else(|| session.caller.clone());
        let Some(deployer) = deployer else {
            let error = anyhow!("a recording does not say who deploys");
            return Err(Failure::usage(error).hint("name it with --deployer"));
        };
        let config_name = self.config_name(&name, given.as_ref())?;
        let absent = match &given {
            Some(_) => Absent::IsToBeCreated,
            None => Absent::IsAnError(
                "choose the place with --region, --profile or --org; for an endpoint that does not exist \
                 yet, give its configuration with --endpoint-config",
            ),
        };
        let text = &self.endpoint;
        let account = one_endpoint::account(&session, text, &name, absent, quiet).await?;
        let focus = Focus {
            config: Some(config_name.clone()),
            endpoint: name,
            account,
            planned: given.as_ref().map(|(_, facts, _)| facts.clone()),
            key: key.clone(),
            at: session.started_at,
        };
        let reading = StorageReading {
            outputs: true,
            artifacts: Some(ModelArtifacts::Object),
        };
        let collector = |scope: &Scope| {
            let collector = Collector::new(scope).reading(reading);
            collector
                .with_principals(About::Everything)
                .on(focus.clone())
        };
        let (collected, cells) = one_endpoint::collect(&session, collector, quiet).await?;
        let (cell, endpoint) = one_endpoint::chosen(&cells, text, absent)?;
        of_the_account(&deployer, cell)?;
        let (facts, tags) = match given {
            Some((_, facts, tags)) => (facts, Some(tags)),
            None => running(cell, endpoint, key)?,
        };
        let deployment = Deployment {
            is_new: matches!(endpoint.described.fact, Fact::Known(None)),
            endpoint: focus.endpoint,
            config: config_name,
            facts,
            tags,
            deployer,
            roles: self.execution,
        };
        let found = preflight(
            &deployment,
            cell,
            collected.keys(),
            collected.principals(),
            session.started_at,
        );
        let looked = Looked {
            deployment: &deployment,
            cell: &cell.id,
            found: &found,
            gaps: collected.gaps(),
            simulated: session.simulated.is_some(),
        };
        match self.format {
            Plain::Json => print_plain(|out| preflight_json(&looked, out))?,
            Plain::Table => print(|out| preflight_table(&looked, out))?,
        }
        Ok(match found.outcome() {
            Outcome::Blocked => Exit::Findings,
            Outcome::Unknown => Exit::Incomplete,
            Outcome::Passed => Exit::Clean,
        })
    }

    fn config_name(
        &self,
        endpoint: &EndpointName,
        given: Option<&Given>,
    ) -> Result<ConfigName, Failure> {
        let of_file = given.and_then(|(name, ..)| name.as_ref());
        let named = self.config_name.as_deref();
        if let Some(name) = named.or(of_file.map(ConfigName::as_str)) {
            return if one_endpoint::is_name(name) {
                Ok(ConfigName::new(name))
            } else {
                let error = anyhow!("`{name}` is no name of an endpoint configuration");
                Err(Failure::usage(error).hint(one_endpoint::NAMES))
            };
        }
        let name = endpoint.as_str();
        let end = name.len().min(one_endpoint::NAME_MAX - SUFFIX.len());
        let name = name.get(..end).unwrap_or(name);
        Ok(ConfigName::new(format!("{name}{SUFFIX}")))
    }
}

/// What is to be deployed, from a file.
fn read(path: &Path) -> Result<Given, Failure> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()));
    let text = text.map_err(Failure::usage)?;
    config_of(&text).map_err(|error| {
        let hint = "`aws sagemaker create-endpoint-config --generate-cli-skeleton` shows its form";
        Failure::usage(anyhow!(error).context(path.display().to_string())).hint(hint)
    })
}

/// SageMaker has no calls across accounts (Service Authorization Reference, Amazon SageMaker: its
/// resources have no policies).
fn of_the_account(deployer: &str, cell: &Cell) -> Result<(), Failure> {
    let account = &cell.id.account;
    if deployer.split(':').nth(4) == Some(account.as_str()) {
        return Ok(());
    }
    let error = anyhow!("`{deployer}` is of another account than the endpoint, {account}");
    Err(Failure::usage(error).hint("say who deploys there with --deployer"))
}

/// What the endpoint runs now, with another key.
fn running(
    cell: &Cell,
    endpoint: &Endpoint,
    key: Option<KeyRef>,
) -> Result<(ConfigFacts, Option<Tags>), Failure> {
    let facts = endpoint.described.fact.known().and_then(Option::as_ref);
    let name = facts.and_then(|facts| facts.config.as_ref());
    let config = name.and_then(|name| cell.configs.get(name));
    let hint = "say what is to be deployed with --endpoint-config";
    match config.map(|config| (config, &config.described.fact)) {
        Some((config, Fact::Known(Some(said)))) if facts.is_some_and(|one| one.can_run(said)) => {
            let mut facts = said.clone();
            facts.volume_key = key.or(facts.volume_key);
            Ok((facts, config.tags.fact.known().cloned()))
        }
        Some((config, Fact::Known(_))) => Err(Failure::usage(anyhow!(
            "the configuration that `{}` runs, {}, was deleted",
            endpoint.name,
            config.name
        ))
        .hint(hint)),
        Some((_, Fact::Unknown(gap))) => {
            Err(Failure::new(Exit::Incomplete, anyhow!("{gap}")).hint(hint))
        }
        None => {
            let error = anyhow!("what `{}` runs is not known", endpoint.name);
            Err(Failure::new(Exit::Incomplete, error).hint(hint))
        }
    }
}
