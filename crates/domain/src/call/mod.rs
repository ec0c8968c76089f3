//! What we may ask of AWS, and what we may change there: two tables, and everything that follows from them.
//!
//! `read` and `write` declare each operation once. The permission documents, the count of calls, the
//! rate budgets, recording and replay are folds over them; a call that is in neither cannot be made. A
//! write is of another type than a read, so that whoever holds reads cannot be handed one.

mod error;
mod macros;
mod read;
mod reply;
mod time;
mod wires;
pub mod write;

pub use error::{CallError, CallErrorKind, classify};
pub use read::{Call, Op, input, view, view_iam};
pub use reply::{Malformed, Reply};
pub use time::AwsTime;

/// An AWS service that we talk to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Service {
    /// Amazon SageMaker.
    SageMaker,
    /// AWS Key Management Service.
    Kms,
    /// AWS Security Token Service.
    Sts,
    /// Amazon EC2, for the list of regions.
    Ec2,
    /// AWS Organizations.
    Organizations,
    /// Amazon S3.
    S3,
    /// AWS Identity and Access Management.
    Iam,
}

impl Service {
    /// The prefix of its IAM actions.
    #[must_use]
    pub fn prefix(self) -> &'static str {
        match self {
            Self::SageMaker => "sagemaker",
            Self::Kms => "kms",
            Self::Sts => "sts",
            Self::Ec2 => "ec2",
            Self::Organizations => "organizations",
            Self::S3 => "s3",
            Self::Iam => "iam",
        }
    }

    /// Requests a second that an audit allows itself, for each account and region. AWS does not
    /// publish SageMaker's control-plane rates (AWS General Reference, "Amazon SageMaker
    /// endpoints and quotas" lists resource quotas only); KMS answers `DescribeKey` at 2,000 and
    /// `ListAliases` at 500 a second (KMS Developer Guide, "Request quotas"); S3 answers at least
    /// 5,500 `GET` and `HEAD` requests a second for each prefix (S3 User Guide, "Best practices
    /// design patterns: optimizing Amazon S3 performance").
    #[must_use]
    pub fn rate_default(self) -> f64 {
        match self {
            Self::SageMaker | Self::Ec2 => 10.0,
            Self::Sts => 200.0,
            Self::Kms | Self::S3 => 20.0,
            Self::Organizations | Self::Iam => 5.0,
        }
    }
}

/// How a request travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    /// `POST /` with `X-Amz-Target: target` and a JSON 1.1 body.
    Json {
        /// The service's target prefix.
        prefix: &'static str,
    },
    /// `POST /` with a form body; the reply is XML.
    Query {
        /// The service's API version.
        version: &'static str,
    },
    /// What is asked stands in the method, the path and the query; the reply is XML, or, of a
    /// `HEAD`, in its headers.
    Rest {
        /// `GET` or `HEAD`.
        method: Method,
        /// The sub-resource, written after a question mark; empty for none.
        query: &'static str,
    },
}

/// The method of a request in REST.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// The reply has a body.
    Get,
    /// The reply is its status and its headers.
    Head,
}

impl Method {
    /// The word of HTTP.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
        }
    }
}

/// What an operation finds, and so what is not known where it fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finds {
    /// What something is like.
    Facts,
    /// What there is in an account and region.
    Resources,
    /// The way into an account, and its regions.
    Account,
    /// Which accounts there are.
    Accounts,
    /// Nothing: it changes something.
    Nothing,
}

/// What a table says of an operation.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The operation's name in AWS's API reference.
    pub operation: &'static str,
    /// The service.
    pub service: Service,
    /// The protocol.
    pub wire: Wire,
    /// The IAM actions that allow it (Service Authorization Reference); S3's are not called as its
    /// operations are.
    pub actions: &'static [&'static str],
    /// What the IAM statement names as resource, `*` where the action admits no other.
    pub resource: &'static str,
    /// What it finds.
    pub finds: Finds,
    /// What else it needs.
    pub also: &'static [Permission],
    /// What it is asked for; one sentence, for the permission document.
    pub purpose: &'static str,
}

/// A permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Permission {
    /// The IAM action.
    pub action: &'static str,
    /// What the IAM statement names as resource.
    pub resource: &'static str,
    /// The operator, key and value of the condition under which it is enough.
    pub only: Option<(&'static str, &'static str, &'static str)>,
}

impl Row {
    /// Every permission that a call needs.
    pub fn permissions(&self) -> impl Iterator<Item = Permission> + use<> {
        let (actions, resource) = (self.actions, self.resource);
        let own = actions.iter().map(move |action| Permission {
            action,
            resource,
            only: None,
        });
        own.chain(self.also.iter().copied())
    }
}
