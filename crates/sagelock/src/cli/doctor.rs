//! `sagelock doctor`.

use std::io::{self, Write};

use anyhow::anyhow;
use clap::Args;
use owo_colors::OwoColorize;
use sagelock_domain::call::{Call, CallError, CallErrorKind, Op, Reply, Service, input};
use sagelock_domain::collect::Address;
use sagelock_domain::drive::{Batch, Driver};
use sagelock_domain::ids::{
    AccountId, BucketName, ConfigName, EndpointName, KeyArn, ModelName, Partition,
};
use sagelock_domain::inventory::Control;
use sagelock_domain::permissions::{
    MANAGED_POLICIES, Role, policy, role_cloudformation, role_terraform, rules_needing,
};
use serde_json::json;

use super::{Plain, SourceArgs, print};
use crate::accounts::Accounts;
use crate::config::Config;
use crate::drive::run;
use crate::exit::{Exit, Failure};
use crate::session::Session;

/// `sagelock doctor`.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    sagelock doctor --profile audit\n  \
    sagelock doctor --print-role terraform > sagelock-role.tf\n  \
    sagelock doctor --print-role json --for move\n\n\
    `doctor` tests audit permissions in one account, with calls that change nothing. If an \
    operation needs a resource, the call names one that does not exist; a \"not found\" response \
    means that the operation is allowed. `doctor` does not test the permissions that only an audit \
    of several accounts needs, or the write permissions of the move and cleanup roles.")]
pub(super) struct Command {
    #[command(flatten)]
    source: SourceArgs,
    /// Print a least-privilege role and exit
    #[arg(long, value_name = "FORM", value_enum)]
    print_role: Option<RoleForm>,
    /// The task that the role is for
    #[arg(
        long = "for",
        value_name = "ROLE",
        value_enum,
        default_value = "audit",
        requires = "print_role"
    )]
    role_for: RoleFor,
    /// What standard output gets: table or json [default: table]
    #[arg(long, value_name = "FORMAT", value_enum)]
    format: Option<Plain>,
}

/// A form of the role.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum RoleForm {
    /// The IAM policy of the role
    Json,
    /// A CloudFormation template
    Cfn,
    /// A Terraform configuration
    Terraform,
}

/// What a role is for.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum RoleFor {
    /// Audit endpoints and keys; read-only
    Audit,
    /// Move endpoints to configurations that have a key
    Move,
    /// Delete the configurations that endpoints were moved from
    Cleanup,
}

impl From<RoleFor> for Role {
    fn from(role: RoleFor) -> Self {
        match role {
            RoleFor::Audit => Self::Audit,
            RoleFor::Move => Self::Move,
            RoleFor::Cleanup => Self::Cleanup,
        }
    }
}

/// What trying a permission showed.
struct Tried {
    op: Op,
    outcome: Outcome,
    said: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Allowed,
    Denied,
    /// S3 says that a bucket does not exist before it says whether asking is allowed.
    NotShown,
    NotKnown,
}

impl Command {
    pub(super) async fn run(self, config: Config, _quiet: bool) -> Result<Exit, Failure> {
        if let Some(form) = self.print_role {
            let role = self.role_for.into();
            let text = match form {
                RoleForm::Json => format!("{:#}\n", json!(policy(role))),
                RoleForm::Cfn => format!("{:#}\n", role_cloudformation(role)),
                RoleForm::Terraform => role_terraform(role),
            };
            print(|out| write!(out, "{text}"))?;
            return Ok(Exit::Clean);
        }
        if self.source.offline.is_some() {
            return Err(Failure::usage(anyhow!(
                "`doctor` asks AWS; it does not work on a recording"
            )));
        }
        let as_json = self.format == Some(Plain::Json);
        let wanted = self.source.wanted(&config)?;
        if !matches!(wanted.accounts, Accounts::Own) {
            let error = anyhow!("`doctor` tries what its own credentials may do, in one account");
            return Err(Failure::usage(error).hint(
                "give it the credentials of the role (a profile with `role_arn`, say); `audit` names \
                 every account that it cannot enter, and why",
            ));
        }
        let session = Session::open(&wanted).await?;
        let tried = try_all(&session).await;
        print(|out| {
            if as_json {
                write_json(&session, &tried, out)
            } else {
                write_text(&session, &tried, out)
            }
        })?;
        let is_fine = |tried: &Tried| match tried.outcome {
            Outcome::Allowed | Outcome::NotShown => true,
            Outcome::Denied | Outcome::NotKnown => false,
        };
        let all = tried.iter().all(is_fine);
        Ok(if all && session.regions_gap.is_none() {
            Exit::Clean
        } else {
            Exit::Incomplete
        })
    }
}

/// Tries every permission once, in the first region.
async fn try_all(session: &Session) -> Vec<Tried> {
    let region = session.regions.first().unwrap_or(&session.scope.home);
    let region = region.clone();
    let address = Address {
        account: session.scope.account.clone(),
        region,
    };
    let account = &session.scope.account;
    let Ok(bucket) = format!("{NOTHING}-{account}").parse::<BucketName>() else {
        return Vec::new();
    };
    let probes: Vec<(Op, Call)> = Op::ALL
        .iter()
        .filter_map(|op| Some((*op, probe(*op, &address, &bucket)?)))
        .collect();
    let calls: Vec<(Address, Call)> = probes
        .iter()
        .map(|(op, call)| {
            let mut address = address.clone();
            if *op == Op::DescribeAccount {
                address.region = sagelock_domain::regions::organizations_home(&address.region);
            }
            (address, call.clone())
        })
        .collect();
    let mut driver = Driver::new(Batch::new(calls), session.limits);
    run(&mut driver, &session.port, |_| {}).await;
    let (batch, _) = driver.finish();
    probes
        .into_iter()
        .zip(batch.into_answers())
        .map(|((op, _), answer)| judge(op, answer))
        .collect()
}

/// What does not exist.
const NOTHING: &str = "sagelock-doctor-probe";

/// A call that shows whether an operation is allowed, about something that does not exist; none
/// for what only an audit of several accounts needs.
#[expect(
    clippy::too_many_lines,
    reason = "an arm for each operation of the table"
)]
fn probe(op: Op, address: &Address, bucket: &BucketName) -> Option<Call> {
    let max_results = 1;
    let next_token = None;
    let job_definition_name = NOTHING.to_owned();
    let partition = Partition::of_region(&address.region);
    let Address { account, region } = address;
    let bucket = bucket.clone();
    let no_key = KeyArn::of_id(
        &partition,
        region,
        account,
        "00000000-0000-0000-0000-000000000000",
    );
    let key_id = no_key.to_string();
    Some(match op {
        Op::AssumeRole
        | Op::ListAccounts
        | Op::ListAccountsForParent
        | Op::ListOrganizationalUnitsForParent
        | Op::ListTagsForResource => return None,
        Op::ListParents => input::ListParents {
            child_id: account.to_string(),
        }
        .into(),
        Op::ListPoliciesForTarget => input::ListPoliciesForTarget {
            target_id: account.to_string(),
            filter: Control::Service.as_str().to_owned(),
            next_token: None,
        }
        .into(),
        // AWS's own, which every organisation has.
        Op::DescribePolicy => input::DescribePolicy {
            policy_id: "p-FullAWSAccess".to_owned(),
        }
        .into(),
        Op::ListRoots => input::ListRoots {}.into(),
        Op::GetAccountAuthorizationDetails => input::GetAccountAuthorizationDetails {
            max_items: 1,
            marker: None,
        }
        .into(),
        Op::GetCallerIdentity => input::GetCallerIdentity {}.into(),
        Op::DescribeRegions => input::DescribeRegions { all_regions: true }.into(),
        Op::DescribeAccount => input::DescribeAccount {
            account_id: AccountId::new(account.as_str()),
        }
        .into(),
        Op::ListEndpoints => input::ListEndpoints {
            max_results,
            next_token,
        }
        .into(),
        Op::DescribeEndpoint => input::DescribeEndpoint {
            endpoint_name: EndpointName::new(NOTHING),
        }
        .into(),
        Op::ListEndpointConfigs => input::ListEndpointConfigs {
            max_results,
            next_token,
        }
        .into(),
        Op::DescribeEndpointConfig => input::DescribeEndpointConfig {
            endpoint_config_name: ConfigName::new(NOTHING),
        }
        .into(),
        Op::ListTags => input::ListTags {
            resource_arn: format!(
                "arn:{}:sagemaker:{region}:{account}:endpoint/{NOTHING}",
                partition.as_str()
            ),
            max_results: 50,
            next_token,
        }
        .into(),
        Op::DescribeModel => input::DescribeModel {
            model_name: ModelName::new(NOTHING),
        }
        .into(),
        Op::ListMonitoringSchedules => input::ListMonitoringSchedules {
            max_results,
            next_token,
        }
        .into(),
        Op::DescribeMonitoringSchedule => input::DescribeMonitoringSchedule {
            monitoring_schedule_name: NOTHING.to_owned(),
        }
        .into(),
        Op::DescribeDataQualityJobDefinition => input::DescribeDataQualityJobDefinition {
            job_definition_name,
        }
        .into(),
        Op::DescribeModelQualityJobDefinition => input::DescribeModelQualityJobDefinition {
            job_definition_name,
        }
        .into(),
        Op::DescribeModelBiasJobDefinition => input::DescribeModelBiasJobDefinition {
            job_definition_name,
        }
        .into(),
        Op::DescribeModelExplainabilityJobDefinition => {
            input::DescribeModelExplainabilityJobDefinition {
                job_definition_name,
            }
            .into()
        }
        Op::ListAliases => input::ListAliases {
            limit: 1,
            marker: None,
        }
        .into(),
        Op::DescribeKey => input::DescribeKey { key_id }.into(),
        Op::GetKeyRotationStatus => input::GetKeyRotationStatus { key_id }.into(),
        Op::GetKeyPolicy => input::GetKeyPolicy {
            key_id,
            policy_name: "default".to_owned(),
        }
        .into(),
        Op::ListGrants => input::ListGrants {
            key_id,
            limit: 1,
            marker: None,
        }
        .into(),
        Op::DescribeOrganization => input::DescribeOrganization {}.into(),
        Op::ListResourceTags => input::ListResourceTags {
            key_id,
            limit: 1,
            marker: None,
        }
        .into(),
        Op::GetBucketEncryption => input::GetBucketEncryption { bucket }.into(),
        Op::HeadObject => input::HeadObject {
            bucket,
            key: NOTHING.to_owned(),
        }
        .into(),
        Op::ListObjectsV2 => input::ListObjectsV2 {
            bucket,
            prefix: NOTHING.to_owned(),
            max_keys: 1,
        }
        .into(),
    })
}

/// Why a permission on S3 cannot be tried without a bucket that exists.
const NOT_SHOWN: &str =
    "S3 answers that a bucket does not exist before it looks at the permission; an audit shows it";

fn judge(op: Op, answer: Result<Reply, CallError>) -> Tried {
    let (outcome, said) = match answer {
        Ok(_) => (Outcome::Allowed, String::new()),
        Err(error) => match error.kind {
            CallErrorKind::NotFound if op.row().service == Service::S3 => {
                (Outcome::NotShown, NOT_SHOWN.to_owned())
            }
            // AWS looks at the permission first, then at the subject.
            CallErrorKind::NotFound | CallErrorKind::Refused => (Outcome::Allowed, String::new()),
            CallErrorKind::AccessDenied => (Outcome::Denied, error.message),
            CallErrorKind::Throttled
            | CallErrorKind::Unavailable
            | CallErrorKind::Credentials
            | CallErrorKind::NotJson
            | CallErrorKind::Interrupted
            | CallErrorKind::NotRecorded => (Outcome::NotKnown, error.to_string()),
        },
    };
    Tried { op, outcome, said }
}

fn write_text(session: &Session, tried: &[Tried], out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "account  {}", session.scope.account)?;
    writeln!(
        out,
        "caller   {}",
        session.caller.as_deref().unwrap_or("not known")
    )?;
    if let Some(url) = &session.simulated {
        writeln!(out, "SIMULATED: {url}")?;
    }
    match &session.regions_gap {
        Some(gap) => writeln!(out, "regions  {} only: {gap}", session.regions.len())?,
        None => writeln!(
            out,
            "regions  {} enabled, {} off",
            session.regions.len(),
            session.regions_off.len()
        )?,
    }
    writeln!(out)?;
    for Tried { op, outcome, said } in tried {
        let mark = match outcome {
            Outcome::Allowed => "allowed".green().to_string(),
            Outcome::Denied => "DENIED ".red().bold().to_string(),
            Outcome::NotShown => "untried".yellow().to_string(),
            Outcome::NotKnown => "unknown".yellow().to_string(),
        };
        writeln!(out, "{mark}  {}", op.name())?;
        if *outcome != Outcome::Allowed {
            writeln!(out, "         unlocks {}", unlocks(*op))?;
            writeln!(out, "         {said}")?;
        }
    }
    writeln!(out)?;
    for policy in MANAGED_POLICIES {
        if policy.lacks.is_empty() {
            writeln!(out, "AWS's {} allows every call of an audit", policy.name)?;
        } else {
            let lacks: Vec<&str> = policy.lacks.iter().map(|op| op.name()).collect();
            writeln!(out, "AWS's {} lacks {}", policy.name, lacks.join(", "))?;
        }
    }
    writeln!(
        out,
        "the least-privilege role: sagelock doctor --print-role json|cfn|terraform"
    )
}

/// What a permission is good for.
fn unlocks(op: Op) -> String {
    let rules: Vec<&str> = rules_needing(op).map(|rule| rule.id).collect();
    let purpose = op.row().purpose.trim().trim_end_matches('.');
    if rules.is_empty() {
        purpose.to_owned()
    } else {
        format!("{} ({purpose})", rules.join(", "))
    }
}

fn write_json(session: &Session, tried: &[Tried], out: &mut dyn Write) -> io::Result<()> {
    let permissions: Vec<serde_json::Value> = tried
        .iter()
        .map(|tried| {
            json!({
                "operation": tried.op.name(),
                "actions": tried.op.row().actions,
                "allowed": match tried.outcome {
                    Outcome::Allowed => Some(true),
                    Outcome::Denied => Some(false),
                    Outcome::NotShown | Outcome::NotKnown => None,
                },
                "said": tried.said,
                "rules": rules_needing(tried.op).map(|rule| rule.id).collect::<Vec<_>>(),
            })
        })
        .collect();
    let managed: serde_json::Map<String, serde_json::Value> = MANAGED_POLICIES
        .iter()
        .map(|policy| {
            let lacks: Vec<&str> = policy.lacks.iter().map(|op| op.name()).collect();
            (policy.name.to_owned(), json!({ "lacks": lacks }))
        })
        .collect();
    let document = json!({
        "schema": "sagelock.doctor/1",
        "account": session.scope.account.as_str(),
        "caller": session.caller,
        "simulated": session.simulated.is_some(),
        "regions": session.regions.iter().map(sagelock_domain::ids::Region::as_str).collect::<Vec<_>>(),
        "regions_off": session.regions_off.iter().map(sagelock_domain::ids::Region::as_str).collect::<Vec<_>>(),
        "permissions": permissions,
        "managed_policies": managed,
    });
    writeln!(out, "{document:#}")
}
