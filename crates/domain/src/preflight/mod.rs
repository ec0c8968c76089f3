//! Will a deployment with this key succeed, and what stops it? What AWS asks of who deploys, of the
//! execution role and of the key is asked here first. Nothing but what is proved to be denied blocks.

mod blocked;
mod cause;
mod deployment;
mod facts;
mod load;
mod objects;
mod requests;
mod storage;

use jiff::Timestamp;
use sagelock_policy::change::Edit;

pub use cause::Cause;
pub use deployment::{Deployment, NotAConfig, config_of};

use crate::inventory::{Cell, Keys, Principals};
use crate::why::Why;

/// What was found out about a deployment.
#[derive(Clone, Debug)]
pub struct Preflight {
    /// What was looked at, in the order in which AWS would ask.
    pub checks: Vec<Check>,
    /// What is taken for granted.
    pub assumptions: Vec<String>,
}

/// One thing that a deployment needs.
#[derive(Clone, Debug)]
pub struct Check {
    /// What it is for.
    pub step: Step,
    /// Who asks, where somebody does.
    pub principal: Option<String>,
    /// What is asked for: `kms:CreateGrant`.
    pub action: Option<&'static str>,
    /// Of what.
    pub resource: String,
    /// Whether it is so.
    pub answer: Answer,
}

/// Whether what a deployment needs is so.
#[derive(Clone, Debug)]
pub enum Answer {
    /// It is.
    Passed,
    /// It is not, and the deployment fails.
    Blocked(Block),
    /// It is not, and the deployment does not need it: another principal has it.
    Spare(Block),
    /// It is not known, and why.
    Unknown(Vec<Why>),
    /// Something to be known, which stops nothing.
    Noted(String),
}

/// Which kind of answer one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AnswerKind {
    /// [`Answer::Passed`]
    Passed,
    /// [`Answer::Blocked`]
    Blocked,
    /// [`Answer::Spare`]
    Spare,
    /// [`Answer::Unknown`]
    Unknown,
    /// [`Answer::Noted`]
    Noted,
}

impl AnswerKind {
    /// Each of them, as output counts them.
    pub const ALL: [Self; 5] = [
        Self::Passed,
        Self::Blocked,
        Self::Spare,
        Self::Unknown,
        Self::Noted,
    ];

    /// Its name in output.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Blocked => "blocked",
            Self::Spare => "spare",
            Self::Unknown => "unknown",
            Self::Noted => "noted",
        }
    }
}

/// What a deployment comes to; the later ones are worse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// Nothing stops it.
    Passed,
    /// Whether something stops it is not known.
    Unknown,
    /// Something stops it.
    Blocked,
}

impl Outcome {
    /// Its name in output.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Unknown => "unknown",
            Self::Blocked => "blocked",
        }
    }
}

/// Why something is not so.
#[derive(Clone, Debug, Default)]
pub struct Block {
    /// The reason, for people.
    pub says: String,
    /// The statements that deny, or the policies that do not allow.
    pub causes: Vec<Cause>,
    /// Changes of policies by which it is allowed, each by itself; none where no change of a policy
    /// helps. A changed policy has the cause's names.
    pub changes: Vec<Vec<(Cause, Edit)>>,
}

/// What something is needed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// The endpoint can be created or updated now.
    Endpoint,
    /// The configuration's name is free.
    ConfigName,
    /// The models are there.
    Models,
    /// The key can encrypt a volume.
    Key,
    /// The instances have a volume that the key encrypts.
    Volume,
    /// The model may be created.
    CreateModel,
    /// The configuration may be created.
    CreateConfig,
    /// The endpoint may be created or updated.
    Deploy,
    /// SageMaker gets its grant on the key.
    Grant,
    /// SageMaker may read what the key is.
    DescribeKey,
    /// Models can be loaded.
    Load,
    /// Outputs can be written.
    Write,
}

impl Step {
    /// Its name in output.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Endpoint => "endpoint",
            Self::ConfigName => "config_name",
            Self::Models => "models",
            Self::Key => "key",
            Self::Volume => "volume",
            Self::CreateModel => "create_model",
            Self::CreateConfig => "create_config",
            Self::Deploy => "deploy",
            Self::Grant => "grant",
            Self::DescribeKey => "describe_key",
            Self::Load => "load",
            Self::Write => "write",
        }
    }
}

impl Answer {
    /// Which kind it is.
    #[must_use]
    pub const fn kind(&self) -> AnswerKind {
        match self {
            Self::Passed => AnswerKind::Passed,
            Self::Blocked(_) => AnswerKind::Blocked,
            Self::Spare(_) => AnswerKind::Spare,
            Self::Unknown(_) => AnswerKind::Unknown,
            Self::Noted(_) => AnswerKind::Noted,
        }
    }

    /// Its name in output.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.kind().name()
    }

    /// Something else where it is not so.
    fn unless_blocked(self, otherwise: impl FnOnce(Block) -> Self) -> Self {
        match self {
            Self::Blocked(block) => otherwise(block),
            Self::Passed | Self::Spare(_) | Self::Unknown(_) | Self::Noted(_) => self,
        }
    }

    fn blocked(says: impl Into<String>) -> Self {
        Self::Blocked(Block {
            says: says.into(),
            ..Block::default()
        })
    }

    fn unknown(why: impl Into<Why>) -> Self {
        Self::Unknown(vec![why.into()])
    }
}

impl Preflight {
    /// How many checks have an answer of a kind.
    #[must_use]
    pub fn count(&self, kind: AnswerKind) -> usize {
        let answers = self.checks.iter().map(|check| check.answer.kind());
        answers.filter(|answer| *answer == kind).count()
    }

    /// What it comes to. Without a check nothing is known.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        let each = self.checks.iter().map(|check| match check.answer {
            Answer::Passed | Answer::Spare(_) | Answer::Noted(_) => Outcome::Passed,
            Answer::Unknown(_) => Outcome::Unknown,
            Answer::Blocked(_) => Outcome::Blocked,
        });
        each.max().unwrap_or(Outcome::Unknown)
    }
}

/// Looks at a deployment, were it done at a moment.
#[must_use]
pub fn preflight(
    deployment: &Deployment,
    cell: &Cell,
    keys: &Keys,
    principals: &Principals,
    at: Timestamp,
) -> Preflight {
    let mut checks = facts::facts(deployment, cell, keys);
    let asking = requests::Asking::new(deployment, cell, keys, principals, at);
    checks.extend(asking.checks());
    let mut assumptions = vec![
        format!(
            "{} deploys without a session policy, and not through a VPC endpoint with a policy of its own",
            deployment.deployer
        ),
        format!("the deployment takes place at the time of this check, {at:.0} (aws:CurrentTime)"),
        "SageMaker asks KMS for who deploys and as the execution role (kms:ViaService), for a grant of at \
         most what AWS documents for SageMaker HyperPod"
            .to_owned(),
    ];
    if checks
        .iter()
        .any(|check| matches!(check.step, Step::Load | Step::Write))
    {
        assumptions.push(
            "buckets are of the endpoint's account, no bucket policy denies, nor does ECR; objects under a \
             prefix are all as allowed, and under their bucket's key"
                .to_owned(),
        );
    }
    Preflight {
        checks,
        assumptions,
    }
}
