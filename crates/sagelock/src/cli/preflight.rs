//! `sagelock preflight`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use clap::Args;
use sagelock_domain::collect::{Collector, Focus, Scope, StorageReading};
use sagelock_domain::drive::Driver;
use sagelock_domain::fact::Fact;
use sagelock_domain::ids::{ConfigName, EndpointName, KeyRef};
use sagelock_domain::inventory::{Cell, ConfigFacts, Endpoint, Tags};
use sagelock_domain::preflight::{Deployment, config_of, preflight};
use sagelock_domain::settings::ModelArtifacts;

use super::{Plain, SourceArgs, print, print_plain};
use crate::config::Config;
use crate::drive::{Ended, run};
use crate::exit::{Exit, Failure};
use crate::progress::Progress;
use crate::report::{Looked, preflight_json, preflight_table};
use crate::session::Session;

/// `sagelock preflight`.
#[derive(Args, Debug)]
#[command(
    after_help = "It asks what AWS will ask: may the deployer create the configuration and update or create the\n\
    endpoint; does SageMaker get its grant on the key for the deployer or for an execution role; can the\n\
    role load its models and write its outputs; is the key enabled, symmetric and of this region. Key\n\
    policies, grants, identity policies, boundaries, SCPs and RCPs decide together. Only what is proved to be\n\
    denied blocks; it names the statement and prints the smallest changes by which it is allowed.\n\n\
    Nothing is changed. It reads the endpoint, its models, keys and buckets, the users, roles and policies of\n\
    the account (iam:GetAccountAuthorizationDetails) and the control policies of the organisation.\n\n\
    Examples:\n  \
    sagelock preflight fraud-detector --key alias/ml/fraud\n  \
    sagelock preflight fraud-detector --key alias/ml/fraud \\\n    \
    --deployer arn:aws:iam::111122223333:role/Deployer\n  \
    sagelock preflight new-endpoint --region eu-west-1 --endpoint-config config.json\n  \
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

/// SageMaker API, CreateEndpointConfig, `EndpointConfigName`: at most 63.
const NAME_MAX: usize = 63;
const SUFFIX: &str = "-cmk";

/// What the file says that is to be deployed.
type Given = (Option<ConfigName>, ConfigFacts, Tags);

impl Command {
    pub(super) async fn run(mut self, config: Config, quiet: bool) -> Result<Exit, Failure> {
        let name = self.name()?;
        for role in &self.execution {
            role_arn(role)?;
        }
        if let Some(deployer) = &self.deployer {
            deployer_arn(deployer)?;
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
        let focus = Focus {
            config: self.config_name(&name, given.as_ref())?,
            endpoint: name,
            wanted: given
                .as_ref()
                .map(|(_, facts, tags)| (facts.clone(), tags.clone())),
            key: key.clone(),
            at: session.started_at,
        };
        let (collected, cells) = collect(&session, &config, focus.clone(), quiet).await?;
        let (cell, endpoint) = self.chosen(&cells, given.is_some())?;
        let (facts, tags) = match given {
            Some((_, facts, tags)) => (facts, Some(tags)),
            None => running(cell, endpoint, key)?,
        };
        let deployment = Deployment {
            is_new: matches!(endpoint.described.fact, Fact::Known(None)),
            endpoint: focus.endpoint,
            config: focus.config,
            facts,
            tags,
            deployer,
            roles: self.execution,
        };
        let found = preflight(&deployment, cell, collected.keys(), collected.principals());
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
        Ok(match found.answer() {
            "blocked" => Exit::Findings,
            "unknown" => Exit::Incomplete,
            _ => Exit::Clean,
        })
    }

    /// The name of the endpoint; an ARN says the region too.
    fn name(&mut self) -> Result<EndpointName, Failure> {
        let text = self.endpoint.clone();
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let name = match parts.as_slice() {
            ["arn", _, "sagemaker", region, _, resource] => {
                if self.source.regions.is_empty() {
                    self.source.regions.push((*region).to_owned());
                }
                resource.strip_prefix("endpoint/")
            }
            ["arn", ..] => None,
            _ => Some(text.as_str()),
        };
        name.filter(|name| is_name(name))
            .map(EndpointName::new)
            .ok_or_else(|| {
                Failure::usage(anyhow!(
                    "`{text}` is neither the name of an endpoint nor its ARN"
                ))
                .hint(NAMES)
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
            return if is_name(name) {
                Ok(ConfigName::new(name))
            } else {
                let error = anyhow!("`{name}` is no name of an endpoint configuration");
                Err(Failure::usage(error).hint(NAMES))
            };
        }
        let name = endpoint.as_str();
        let end = name.len().min(NAME_MAX - SUFFIX.len());
        let name = name.get(..end).unwrap_or(name);
        Ok(ConfigName::new(format!("{name}{SUFFIX}")))
    }

    /// The one place where the endpoint is, or is to be.
    fn chosen<'c>(
        &self,
        cells: &'c [Cell],
        may_be_new: bool,
    ) -> Result<(&'c Cell, &'c Endpoint), Failure> {
        let all = cells.iter().flat_map(|cell| {
            let endpoints = cell.endpoints.values();
            endpoints.map(move |endpoint| (cell, endpoint))
        });
        // An ARN means one account and region, whatever else is looked at.
        let is_name = !self.endpoint.starts_with("arn:");
        let all = all
            .filter(|(_, endpoint)| is_name || endpoint.arn.eq_ignore_ascii_case(&self.endpoint));
        let (there, others): (Vec<_>, Vec<_>) =
            all.partition(|(_, endpoint)| matches!(endpoint.described.fact, Fact::Known(Some(_))));
        let name = &self.endpoint;
        match (there.as_slice(), others.as_slice()) {
            ([one], _) => Ok(*one),
            ([], [one]) if may_be_new => Ok(*one),
            ([], []) if !is_name && !cells.is_empty() => {
                let error = anyhow!("`{name}` is of no account and region that is looked at");
                Err(Failure::usage(error).hint("choose with --region, --profile or --org"))
            }
            ([], []) => Err(Failure::new(
                Exit::Incomplete,
                anyhow!("no account could be looked at"),
            )),
            ([], others) => {
                let unread =
                    others
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
                let hint = if may_be_new {
                    "say where it is to be created: one --region, and with --org one --account"
                } else {
                    "choose with --region or --profile; of one that is to be created say with \
                     --endpoint-config what it will run"
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
        Some((config, Fact::Known(Some(facts)))) => {
            let mut facts = facts.clone();
            facts.volume_key = key.or(facts.volume_key);
            Ok((facts, config.tags.fact.known().cloned()))
        }
        Some((config, Fact::Known(None))) => Err(Failure::usage(anyhow!(
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

const NAMES: &str = "a name has up to 63 letters, digits and hyphens, no hyphen at its ends";

/// SageMaker API, CreateEndpointConfig, `EndpointConfigName`: `^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$`.
fn is_name(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let is_long = name.len() > NAME_MAX;
    !name.is_empty() && !is_long && name.chars().all(allowed) && name.trim_matches('-') == name
}

fn deployer_arn(text: &str) -> Result<(), Failure> {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let is_account = |text: &str| text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit());
    let is_one = match parts.as_slice() {
        ["arn", _, "iam", "", account, who] => {
            let named = who.starts_with("role/") || who.starts_with("user/") || *who == "root";
            is_account(account) && named
        }
        ["arn", _, "sts", "", account, who] => {
            is_account(account) && who.starts_with("assumed-role/")
        }
        _ => false,
    };
    if is_one && !text.contains(['*', '?']) {
        return Ok(());
    }
    Err(
        Failure::usage(anyhow!("`{text}` is no ARN of who can deploy"))
            .hint("expected arn:aws:iam::ACCOUNT:role/NAME, the ARN of a user, a session or root"),
    )
}

fn role_arn(text: &str) -> Result<(), Failure> {
    if text.starts_with("arn:") && text.contains(":iam::") && text.contains(":role/") {
        return Ok(());
    }
    Err(Failure::usage(anyhow!("`{text}` is no ARN of a role"))
        .hint("expected arn:aws:iam::ACCOUNT:role/NAME"))
}

async fn collect(
    session: &Session,
    config: &Config,
    focus: Focus,
    quiet: bool,
) -> Result<(Collector, Vec<Cell>), Failure> {
    let scope = Scope {
        ask_organization: false,
        ..session.scope.clone()
    };
    let reading = StorageReading {
        outputs: true,
        artifacts: Some(ModelArtifacts::Object),
    };
    let _ = config;
    let collector = Collector::new(&scope)
        .reading(reading)
        .with_principals()
        .on(focus);
    let progress = Progress::new(quiet);
    let mut driver = Driver::new(collector, session.limits);
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
