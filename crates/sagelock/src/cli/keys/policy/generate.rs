//! `sagelock keys policy generate`.

use std::collections::BTreeSet;

use anyhow::anyhow;
use clap::Args;
use sagelock_domain::call::Op;
use sagelock_domain::collect::{Collector, Focus, Scope, StorageReading};
use sagelock_domain::ids::{AccountId, Region};
use sagelock_domain::inventory::{Cell, Endpoint};
use sagelock_domain::key_policy::{Roles, key_policy};
use sagelock_policy::write::Policy;
use serde::Serialize;
use serde_json::{Value, json};

use crate::cli::one_endpoint::Absent;
use crate::cli::{SourceArgs, arn, one_endpoint, print_plain};
use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::session::Session;

/// `sagelock keys policy generate`.
#[derive(Args, Debug)]
#[command(
    after_help = "The account's root user can administer and read the key, so that nobody is locked out; it can neither use the \
    key nor create grants, because any IAM policy that allows kms:* would then allow both. Administrators do the \
    same by name. Deployers and the execution role may have SageMaker create its grant. What is \
    printed passes KEY-002, KEY-004 and KEY-005, where nobody of another organisation is named and no \
    administrator is an execution role too.\n\n\
    --strict limits grants to the operations that AWS documents for SageMaker HyperPod. What \
    hosting asks for is not documented: a set that is too narrow fails at the next scale-out.\n\n\
    Examples:\n  \
    sagelock keys policy generate fraud-detector \\\n    \
    --admin arn:aws:iam::111122223333:role/KeyAdmin \\\n    \
    --deployer arn:aws:iam::111122223333:role/Deployer\n  \
    sagelock keys policy generate --region eu-west-1 \\\n    \
    --admin arn:aws:iam::111122223333:role/KeyAdmin \\\n    \
    --execution-role arn:aws:iam::111122223333:role/exec --format terraform"
)]
pub(super) struct Command {
    /// An endpoint, whose account, region and execution roles are read
    endpoint: Option<String>,
    /// Who administers the key: the ARN of a role or user; repeat it for more
    #[arg(long = "admin", value_name = "ARN")]
    administrators: Vec<String>,
    /// Who creates and updates endpoints; repeat it for more
    #[arg(long = "deployer", value_name = "ARN")]
    deployers: Vec<String>,
    /// The role that models run as, where no endpoint is named; repeat it for more
    #[arg(long = "execution-role", value_name = "ARN")]
    execution: Vec<String>,
    /// The account of the key [default: that of the endpoint, or of the roles]
    #[arg(long, value_name = "ID")]
    key_account: Option<String>,
    /// The key protects model artifacts, captured data or results in S3 as well
    #[arg(long)]
    with_storage: bool,
    /// Grants may give no more than what SageMaker is known to ask for
    #[arg(long)]
    strict: bool,
    /// What standard output gets
    #[arg(long, value_enum, default_value = "json")]
    format: Format,
    #[command(flatten)]
    source: SourceArgs,
}

const HINT: &str = "`sagelock audit` lists the endpoints; choose with --region, --profile or --org";

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// The policy, as PutKeyPolicy takes it
    Json,
    /// A resource aws_kms_key with the policy
    Terraform,
    /// A template with a resource AWS::KMS::Key
    Cloudformation,
}

impl Command {
    pub(super) async fn run(self, config: Config, quiet: bool) -> Result<Exit, Failure> {
        for arn in self
            .administrators
            .iter()
            .chain(&self.deployers)
            .chain(&self.execution)
        {
            arn::role_or_user(arn)?;
        }
        let mut roles = Roles {
            account: AccountId::new(&self.account_of_roles()?),
            region: self
                .source
                .regions
                .first()
                .map_or_else(|| Region::new(""), Region::new),
            administrators: self.administrators.clone(),
            deployers: self.deployers.clone(),
            execution: self.execution.clone(),
            with_storage: self.with_storage,
            strict: self.strict,
        };
        if let Some(name) = &self.endpoint {
            self.read_endpoint(name, &config, quiet, &mut roles).await?;
        }
        if !roles.account.has_shape() {
            return Err(Failure::usage(anyhow!(
                "`{}` is no account: expected twelve digits",
                roles.account
            )));
        }
        if !roles.region.has_shape() {
            let error = match roles.region.as_str() {
                "" => anyhow!("the key's region is not known"),
                text => anyhow!("`{text}` is not the name of a region"),
            };
            return Err(Failure::usage(error).hint("give the key's region with --region"));
        }
        let policy = key_policy(&roles);
        let name = self.endpoint.as_deref().unwrap_or("endpoints");
        let text = match self.format {
            Format::Json => pretty(&policy),
            Format::Terraform => terraform(name, &policy),
            Format::Cloudformation => pretty(&cloudformation(name, &policy)),
        };
        print_plain(|out| writeln!(out, "{text}"))?;
        Ok(Exit::Clean)
    }

    /// The account that is named, or the one of all the roles.
    fn account_of_roles(&self) -> Result<String, Failure> {
        if let Some(account) = &self.key_account {
            return Ok(account.clone());
        }
        let roles = self
            .administrators
            .iter()
            .chain(&self.deployers)
            .chain(&self.execution);
        let mut accounts: Vec<&str> = roles.filter_map(|arn| arn.split(':').nth(4)).collect();
        accounts.sort_unstable();
        accounts.dedup();
        match accounts.as_slice() {
            [only] => Ok((*only).to_owned()),
            _ if self.endpoint.is_some() => Ok(String::new()),
            [] => Err(
                Failure::usage(anyhow!("neither an endpoint nor a role is named")).hint(
                    "name an endpoint, or the roles with --admin, --deployer and --execution-role",
                ),
            ),
            several => Err(Failure::usage(anyhow!(
                "the roles are of several accounts ({}): whose key is it?",
                several.join(", ")
            ))
            .hint("say so with --key-account")),
        }
    }

    /// Takes the account, the region and the execution roles of an endpoint.
    async fn read_endpoint(
        &self,
        text: &str,
        config: &Config,
        quiet: bool,
        roles: &mut Roles,
    ) -> Result<(), Failure> {
        let mut source = self.source.wanted(config)?;
        let mut named = Vec::new();
        let name = one_endpoint::name(text, &mut named)?;
        if source.regions.is_empty() {
            source.regions = named.iter().map(Region::new).collect();
        }
        let session = Session::open(&source).await?;
        let absent = Absent::IsAnError(HINT);
        let account = one_endpoint::account(&session, text, &name, absent, quiet).await?;
        let focus = Focus {
            account,
            ..Focus::of(name, session.started_at)
        };
        let reading = StorageReading {
            outputs: false,
            artifacts: None,
        };
        let collector = |scope: &Scope| Collector::new(scope).reading(reading).on(focus);
        let (collected, cells) = one_endpoint::collect(&session, collector, quiet).await?;
        let (cell, endpoint) = one_endpoint::chosen(&cells, text, absent)?;
        if self.key_account.is_none() {
            roles.account = cell.id.account.clone();
        }
        roles.region = cell.id.region.clone();
        let (execution, are_all) = execution_roles(cell, endpoint);
        if roles.execution.is_empty() && (execution.is_empty() || !are_all) {
            let says = format!("not every execution role of `{text}` could be read");
            let read = [Op::DescribeEndpointConfig, Op::DescribeModel];
            let mut gaps = collected.gaps().iter();
            let error = match gaps.find(|gap| read.contains(&gap.call)) {
                Some(gap) => anyhow!("{gap}").context(says),
                None => anyhow!(says),
            };
            return Err(Failure::new(Exit::Incomplete, error)
                .hint("name those that are missing with --execution-role"));
        }
        for role in execution {
            if !roles.execution.contains(&role) {
                roles.execution.push(role);
            }
        }
        Ok(())
    }
}

/// Those of the configurations that it runs or moves to, and whether they are all.
fn execution_roles(cell: &Cell, endpoint: &Endpoint) -> (BTreeSet<String>, bool) {
    let mut all = BTreeSet::new();
    let mut are_all = true;
    let Some(facts) = endpoint.described.fact.known().and_then(Option::as_ref) else {
        return (all, false);
    };
    for name in facts.config.iter().chain(&facts.pending) {
        let config = cell.configs.get(name);
        let said = config.and_then(|config| config.described.fact.known()?.as_ref());
        match said.filter(|said| facts.can_run(said)) {
            Some(said) => {
                let (roles, are_its) = cell.execution_roles(said);
                all.extend(roles);
                are_all &= are_its;
            }
            None => are_all = false,
        }
    }
    (all, are_all)
}

fn pretty(value: &impl Serialize) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

/// Letters and digits only.
fn identifier(name: &str) -> String {
    let last = name.rsplit('/').next().unwrap_or(name);
    last.chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect()
}

/// HCL takes an object as JSON writes it; `${` would be a template.
fn terraform(name: &str, policy: &Policy) -> String {
    let policy = pretty(policy).replace("${", "$${").replace('\n', "\n  ");
    format!(
        "resource \"aws_kms_key\" \"{0}\" {{\n  \
         description         = \"SageMaker {1}\"\n  \
         enable_key_rotation = true\n  \
         policy = jsonencode({policy})\n\
         }}\n\n\
         resource \"aws_kms_alias\" \"{0}\" {{\n  \
         name          = \"alias/sagemaker/{1}\"\n  \
         target_key_id = aws_kms_key.{0}.key_id\n\
         }}",
        identifier(name).to_lowercase(),
        name.rsplit('/').next().unwrap_or(name),
    )
}

fn cloudformation(name: &str, policy: &Policy) -> Value {
    let short = name.rsplit('/').next().unwrap_or(name);
    json!({
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": format!("The key of SageMaker {short}"),
        "Resources": {
            "Key": {
                "Type": "AWS::KMS::Key",
                "DeletionPolicy": "Retain",
                "UpdateReplacePolicy": "Retain",
                "Properties": { "EnableKeyRotation": true, "KeyPolicy": policy },
            },
            "Alias": {
                "Type": "AWS::KMS::Alias",
                "Properties": {
                    "AliasName": format!("alias/sagemaker/{short}"),
                    "TargetKeyId": { "Ref": "Key" },
                },
            },
        },
        "Outputs": { "KeyArn": { "Value": { "Fn::GetAtt": ["Key", "Arn"] } } },
    })
}
