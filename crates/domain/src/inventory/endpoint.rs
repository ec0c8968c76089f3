//! An endpoint and its monitoring schedules.

use jiff::Timestamp;

use super::{ConfigFacts, Output, Tags};
use crate::fact::{Fact, Read};
use crate::ids::{ConfigName, EndpointName};

/// An endpoint.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// Its name.
    pub name: EndpointName,
    /// Its ARN.
    pub arn: String,
    /// Its status in the list, which is there even where it may not be described.
    pub listed_status: Status,
    /// What `DescribeEndpoint` says; `Known(None)`: deleted since it was listed.
    pub described: Read<Option<EndpointFacts>>,
    /// Its tags.
    pub tags: Read<Tags>,
}

impl Endpoint {
    /// Whether it is judged; what was deleted since it was listed is not.
    #[must_use]
    pub fn is_live(&self) -> bool {
        !matches!(self.described.fact, Fact::Known(None)) && self.status().is_live()
    }

    /// Its status: as described, else as listed.
    #[must_use]
    pub fn status(&self) -> &Status {
        match self.described.fact.known() {
            Some(Some(facts)) => &facts.status,
            Some(None) | None => &self.listed_status,
        }
    }
}

/// What an endpoint is, at one moment.
#[derive(Clone, Debug)]
pub struct EndpointFacts {
    /// Its state.
    pub status: Status,
    /// The configuration it runs (SageMaker API, DescribeEndpoint, `EndpointConfigName`).
    pub config: Option<ConfigName>,
    /// The configuration it is moving to (SageMaker API, `PendingDeploymentSummary`).
    pub pending: Option<ConfigName>,
    /// Why it failed, or why its last update did.
    pub failure_reason: Option<String>,
    /// When it was created.
    pub created: Timestamp,
    /// When it was last modified.
    pub modified: Timestamp,
}

impl EndpointFacts {
    /// Whether a configuration of the name that it runs can be the one that it runs: one that was
    /// made after the endpoint was last modified took the name of one that was deleted (SageMaker
    /// API, UpdateEndpoint: an endpoint changes its configuration by it alone, and
    /// `LastModifiedTime` says when).
    #[must_use]
    pub fn can_run(&self, config: &ConfigFacts) -> bool {
        config.created <= self.modified
    }

    /// Whether instances of a second configuration may be running that is not named.
    #[must_use]
    pub fn hides_a_config(&self) -> bool {
        self.status.has_two_configs() && self.pending.is_none()
    }
}

/// The status of an endpoint (SageMaker API, `EndpointStatus`).
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of the AWS API reference")]
pub enum Status {
    OutOfService,
    Creating,
    Updating,
    SystemUpdating,
    RollingBack,
    InService,
    Deleting,
    Failed,
    UpdateRollbackFailed,
    /// A status that is newer than this release.
    Other(String),
}

impl Status {
    /// Reads AWS's text.
    #[must_use]
    pub fn read(text: &str) -> Self {
        match text {
            "OutOfService" => Self::OutOfService,
            "Creating" => Self::Creating,
            "Updating" => Self::Updating,
            "SystemUpdating" => Self::SystemUpdating,
            "RollingBack" => Self::RollingBack,
            "InService" => Self::InService,
            "Deleting" => Self::Deleting,
            "Failed" => Self::Failed,
            "UpdateRollbackFailed" => Self::UpdateRollbackFailed,
            other => Self::Other(other.to_owned()),
        }
    }

    /// AWS's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::OutOfService => "OutOfService",
            Self::Creating => "Creating",
            Self::Updating => "Updating",
            Self::SystemUpdating => "SystemUpdating",
            Self::RollingBack => "RollingBack",
            Self::InService => "InService",
            Self::Deleting => "Deleting",
            Self::Failed => "Failed",
            Self::UpdateRollbackFailed => "UpdateRollbackFailed",
            Self::Other(text) => text,
        }
    }

    /// Whether the endpoint is judged. A status that we do not know is: an endpoint is never
    /// excused for being new.
    #[must_use]
    pub fn is_live(&self) -> bool {
        match self {
            Self::OutOfService
            | Self::Creating
            | Self::Updating
            | Self::SystemUpdating
            | Self::RollingBack
            | Self::InService
            | Self::UpdateRollbackFailed
            | Self::Other(_) => true,
            Self::Deleting | Self::Failed => false,
        }
    }

    /// Whether instances of two configurations may be running.
    #[must_use]
    pub fn has_two_configs(&self) -> bool {
        match self {
            Self::Updating | Self::RollingBack | Self::UpdateRollbackFailed | Self::Other(_) => {
                true
            }
            Self::OutOfService
            | Self::Creating
            | Self::SystemUpdating
            | Self::InService
            | Self::Deleting
            | Self::Failed => false,
        }
    }
}

/// A monitoring schedule.
#[derive(Clone, Debug)]
pub struct Schedule {
    /// Its name.
    pub name: String,
    /// The endpoint it watches; `Known(None)`: it watches a batch transform.
    pub endpoint: Fact<Option<EndpointName>>,
    /// Where it writes; `Known(None)`: it was deleted since it was listed.
    pub output: Read<Option<Output>>,
}
