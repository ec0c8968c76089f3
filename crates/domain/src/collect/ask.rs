//! The questions of a collection, and the call that asks each.

use sagelock_policy::request::Grant;

use super::PAGES_MAX;
use super::buckets::BucketAsk;
use super::principals::PrincipalAsk;
use super::roster::AccountAsk;
use crate::call::{Call, Op, input};
use crate::ids::{AccountId, ConfigName, EndpointName, KeyArn, ModelName, Region};
use crate::inventory::{CellId, Tags};

/// Where a call is sent: whose credentials, which region.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Address {
    /// The account whose credentials sign.
    pub account: AccountId,
    /// The region that is asked.
    pub region: Region,
}

/// A page of a listing: how many came before, and AWS's token for this one.
#[derive(Clone, Debug, Default)]
pub(super) struct Page {
    pub(super) number: u32,
    pub(super) token: Option<String>,
}

impl Page {
    /// What comes after this one, of a listing of KMS: a marker counts where `Truncated` says so.
    pub(super) fn after_marker(&self, truncated: Option<bool>, marker: Option<String>) -> After {
        self.after(marker.filter(|_| truncated.unwrap_or(false)))
    }

    /// What comes after this one.
    pub(super) fn after(&self, token: Option<String>) -> After {
        match token.filter(|token| !token.is_empty()) {
            None => After::Nothing,
            Some(_) if self.number + 1 >= PAGES_MAX => After::TooMany,
            Some(token) => After::Page(Self {
                number: self.number + 1,
                token: Some(token),
            }),
        }
    }
}

/// What comes after a page.
pub(super) enum After {
    /// Another one, for which AWS gave a token.
    Page(Page),
    /// More than are read.
    TooMany,
    Nothing,
}

/// A question about one cell.
#[derive(Clone, Debug)]
pub(super) enum CellAsk {
    Endpoints(Page),
    Configs(Page),
    Schedules(Page),
    Endpoint(EndpointName),
    Config(ConfigName),
    Tags {
        of: Tagged,
        /// The page after the first, and what came before it.
        more: Option<Box<(Page, Tags)>>,
    },
    Model(ModelName),
    Schedule(String),
    Job {
        schedule: String,
        op: Op,
        name: String,
    },
}

/// What carries the tags.
#[derive(Clone, Debug)]
pub(super) enum Tagged {
    Endpoint(EndpointName),
    Config(ConfigName),
}

/// A question about keys.
#[derive(Clone, Debug)]
pub(super) enum KeyAsk {
    Aliases {
        cell: CellId,
        page: Page,
        so_far: Vec<(String, String)>,
    },
    /// By ARN.
    Key {
        caller: CellId,
        arn: KeyArn,
        /// The account whose configuration names it.
        named_by: AccountId,
        /// Accounts in scope that may be allowed to read it where the caller is not.
        others: Vec<AccountId>,
    },
    /// By the text of a reference whose ARN only KMS can tell.
    Text {
        caller: CellId,
        text: String,
        region: Region,
    },
    Rotation {
        caller: CellId,
        arn: KeyArn,
    },
    Tags {
        caller: CellId,
        arn: KeyArn,
        page: Page,
        so_far: Tags,
    },
    Policy {
        caller: CellId,
        arn: KeyArn,
    },
    Grants {
        caller: CellId,
        arn: KeyArn,
        page: Page,
        so_far: Vec<Grant>,
    },
    /// The organisation of the account that asks.
    Organization {
        caller: CellId,
    },
    Account {
        caller: CellId,
        account: AccountId,
    },
    /// The accounts of the organisation.
    Members {
        caller: CellId,
        page: Page,
    },
}

/// A question.
#[derive(Clone, Debug)]
pub(super) enum Ask {
    Account(AccountAsk),
    Cell(usize, CellAsk),
    Keys(KeyAsk),
    Buckets(BucketAsk),
    Principals(PrincipalAsk),
}

/// A key has one policy, of this name (KMS API, GetKeyPolicy, `PolicyName`).
const POLICY_NAME: &str = "default";
/// SageMaker's lists give at most 100 a page (SageMaker API, `MaxResults`).
const SAGEMAKER_PAGE: u32 = 100;
/// KMS lists aliases and tags in pages of at most 100 and 50 (KMS API, `Limit`).
const ALIAS_PAGE: u32 = 100;
const KEY_TAG_PAGE: u32 = 50;
/// KMS lists grants in pages of at most 100 (KMS API, ListGrants, `Limit`).
const GRANT_PAGE: u32 = 100;

impl CellAsk {
    /// The operation that asks it.
    pub(super) fn op(&self) -> Op {
        match self {
            Self::Endpoints(_) => Op::ListEndpoints,
            Self::Configs(_) => Op::ListEndpointConfigs,
            Self::Schedules(_) => Op::ListMonitoringSchedules,
            Self::Endpoint(_) => Op::DescribeEndpoint,
            Self::Config(_) => Op::DescribeEndpointConfig,
            Self::Tags { .. } => Op::ListTags,
            Self::Model(_) => Op::DescribeModel,
            Self::Schedule(_) => Op::DescribeMonitoringSchedule,
            Self::Job { op, .. } => *op,
        }
    }

    /// The call that asks it.
    pub(super) fn call(&self, arn: impl Fn(&Tagged) -> String) -> Call {
        let max_results = SAGEMAKER_PAGE;
        match self {
            Self::Endpoints(page) => input::ListEndpoints {
                max_results,
                next_token: page.token.clone(),
            }
            .into(),
            Self::Configs(page) => input::ListEndpointConfigs {
                max_results,
                next_token: page.token.clone(),
            }
            .into(),
            Self::Schedules(page) => input::ListMonitoringSchedules {
                max_results,
                next_token: page.token.clone(),
            }
            .into(),
            Self::Endpoint(name) => input::DescribeEndpoint {
                endpoint_name: name.clone(),
            }
            .into(),
            Self::Config(name) => input::DescribeEndpointConfig {
                endpoint_config_name: name.clone(),
            }
            .into(),
            Self::Tags { of, more } => input::ListTags {
                resource_arn: arn(of),
                max_results,
                next_token: more.as_ref().and_then(|more| more.0.token.clone()),
            }
            .into(),
            Self::Model(name) => input::DescribeModel {
                model_name: name.clone(),
            }
            .into(),
            Self::Schedule(name) => input::DescribeMonitoringSchedule {
                monitoring_schedule_name: name.clone(),
            }
            .into(),
            Self::Job { op, name, .. } => job_call(*op, name),
        }
    }

    /// What it is about, for a gap; empty for a listing.
    pub(super) fn subject(&self, arn: impl Fn(&Tagged) -> String) -> String {
        match self {
            Self::Endpoints(_) | Self::Configs(_) | Self::Schedules(_) => String::new(),
            Self::Endpoint(name) => name.to_string(),
            Self::Config(name) => name.to_string(),
            Self::Tags { of, .. } => arn(of),
            Self::Model(name) => name.to_string(),
            Self::Schedule(name) | Self::Job { name, .. } => name.clone(),
        }
    }
}

/// The job definition behind a monitoring type (SageMaker API, `MonitoringType`).
pub(super) fn job_op(monitoring_type: &str) -> Option<Op> {
    match monitoring_type {
        "DataQuality" => Some(Op::DescribeDataQualityJobDefinition),
        "ModelQuality" => Some(Op::DescribeModelQualityJobDefinition),
        "ModelBias" => Some(Op::DescribeModelBiasJobDefinition),
        "ModelExplainability" => Some(Op::DescribeModelExplainabilityJobDefinition),
        _ => None,
    }
}

fn job_call(op: Op, name: &str) -> Call {
    let job_definition_name = name.to_owned();
    if op == Op::DescribeModelQualityJobDefinition {
        input::DescribeModelQualityJobDefinition {
            job_definition_name,
        }
        .into()
    } else if op == Op::DescribeModelBiasJobDefinition {
        input::DescribeModelBiasJobDefinition {
            job_definition_name,
        }
        .into()
    } else if op == Op::DescribeModelExplainabilityJobDefinition {
        input::DescribeModelExplainabilityJobDefinition {
            job_definition_name,
        }
        .into()
    } else {
        input::DescribeDataQualityJobDefinition {
            job_definition_name,
        }
        .into()
    }
}

impl KeyAsk {
    /// Whether it can be asked as another account than this one.
    pub(super) fn has_another_caller(&self, than: &AccountId) -> bool {
        match self {
            Self::Key {
                arn,
                named_by,
                others,
                ..
            } => (*than == arn.account() && named_by != than) || !others.is_empty(),
            Self::Aliases { .. }
            | Self::Text { .. }
            | Self::Rotation { .. }
            | Self::Tags { .. }
            | Self::Policy { .. }
            | Self::Grants { .. }
            | Self::Organization { .. }
            | Self::Account { .. }
            | Self::Members { .. } => false,
        }
    }

    /// The call that asks it, and where.
    pub(super) fn call(&self) -> (Address, Call) {
        let at = |account: &AccountId, region: Region| Address {
            account: account.clone(),
            region,
        };
        match self {
            Self::Aliases { cell, page, .. } => (
                at(&cell.account, cell.region.clone()),
                input::ListAliases {
                    limit: ALIAS_PAGE,
                    marker: page.token.clone(),
                }
                .into(),
            ),
            Self::Key { caller, arn, .. } => (
                at(&caller.account, arn.region()),
                input::DescribeKey {
                    key_id: arn.to_string(),
                }
                .into(),
            ),
            Self::Text {
                caller,
                text,
                region,
            } => (
                at(&caller.account, region.clone()),
                input::DescribeKey {
                    key_id: text.clone(),
                }
                .into(),
            ),
            Self::Rotation { caller, arn } => (
                at(&caller.account, arn.region()),
                input::GetKeyRotationStatus {
                    key_id: arn.to_string(),
                }
                .into(),
            ),
            Self::Tags {
                caller, arn, page, ..
            } => (
                at(&caller.account, arn.region()),
                input::ListResourceTags {
                    key_id: arn.to_string(),
                    limit: KEY_TAG_PAGE,
                    marker: page.token.clone(),
                }
                .into(),
            ),
            Self::Policy { caller, arn } => (
                at(&caller.account, arn.region()),
                input::GetKeyPolicy {
                    key_id: arn.to_string(),
                    policy_name: POLICY_NAME.to_owned(),
                }
                .into(),
            ),
            Self::Grants {
                caller, arn, page, ..
            } => (
                at(&caller.account, arn.region()),
                input::ListGrants {
                    key_id: arn.to_string(),
                    limit: GRANT_PAGE,
                    marker: page.token.clone(),
                }
                .into(),
            ),
            Self::Organization { caller } => (
                at(
                    &caller.account,
                    crate::regions::organizations_home(&caller.region),
                ),
                input::DescribeOrganization {}.into(),
            ),
            Self::Members { caller, page } => (
                at(
                    &caller.account,
                    crate::regions::organizations_home(&caller.region),
                ),
                input::ListAccounts {
                    next_token: page.token.clone(),
                }
                .into(),
            ),
            Self::Account { caller, account } => (
                at(
                    &caller.account,
                    crate::regions::organizations_home(&caller.region),
                ),
                input::DescribeAccount {
                    account_id: account.clone(),
                }
                .into(),
            ),
        }
    }

    /// What it is about, for a gap; empty for a listing.
    pub(super) fn subject(&self) -> String {
        match self {
            Self::Aliases { .. } | Self::Members { .. } | Self::Organization { .. } => {
                String::new()
            }
            Self::Key { arn, .. }
            | Self::Rotation { arn, .. }
            | Self::Tags { arn, .. }
            | Self::Policy { arn, .. }
            | Self::Grants { arn, .. } => arn.to_string(),
            Self::Text { text, .. } => text.clone(),
            Self::Account { account, .. } => account.to_string(),
        }
    }
}
