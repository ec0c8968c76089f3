//! Why something is not known: the one reason that a fact, a proof, a check and a verdict give. It is a
//! value until a report words it.

use std::sync::Arc;

use sagelock_policy::prove::Doubt;

use crate::fact::Gap;
use crate::ids::{AccountId, ConfigName, EndpointName, InstanceType, KeyRef, ModelName};

/// Why something is not known. The order is that in which one of several is told.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// A call gave no answer.
    Gap(Arc<Gap>),
    /// Nobody asked.
    NotAsked,

    /// The policies that were read do not decide it.
    Doubt(Doubt),
    /// A policy is none: where, and what is wrong.
    Malformed(Arc<str>),
    /// Of a text that no user, role or root user of the inventory has as its ARN, no policies are known.
    Nobody(Arc<str>),
    /// KMS gives a key's policy and grants to its own account only, which was not audited.
    OwnerNotAudited,

    /// The policy and grants of a key, which say which accounts it lets in, are not known.
    Reach,
    /// An account was not audited.
    AccountNotAudited(AccountId),
    /// Accounts that nothing names were not audited.
    AccountsNotAudited,
    /// The users and roles of an account were not read.
    PeopleNotRead(AccountId),
    /// Endpoints of an account were not all read.
    EndpointsNotRead(AccountId),
    /// Regions of an account were left out, whose endpoints may make a role somebody's.
    RegionsLeftOut(AccountId),
    /// An endpoint that names no tenant uses the key, or runs as somebody who can.
    UntaggedEndpoint,

    /// KMS names a manager of the key that is newer than this release.
    KeyManager(String),
    /// The key is of another partition, which is never asked.
    KeyPartition,
    /// The tags of a key, which say whose it is, could not be read.
    KeyTags,
    /// The key policies of a multi-Region key's replicas are not looked at.
    KeyReplicas,
    /// KMS did not say the state of the key.
    KeyStateMissing,
    /// KMS names a state that is newer than this release.
    KeyState(String),
    /// KMS did not say what kind of key it is.
    KeyKindMissing,
    /// What a reference to a key means could not be read.
    KeyUnread(KeyRef),

    /// What a model loads was not asked.
    ModelNotAsked(ModelName),
    /// What a model loads is not known.
    ModelUnread(ModelName),
    /// A model loads a model package, which is not read.
    ModelPackage {
        /// The model.
        model: ModelName,
        /// The package.
        package: String,
    },
    /// The execution role of a model is not known.
    ModelRole(ModelName),
    /// Inference components name their models themselves, and are not read.
    Components,

    /// Which key a place is under that an endpoint uses.
    PlaceKey {
        /// The place in S3.
        uri: String,
        /// The endpoint.
        endpoint: EndpointName,
    },
    /// AWS does not name every configuration that an endpoint may be running.
    HiddenConfig(EndpointName),
    /// A configuration was deleted under an endpoint, so that its keys are not known.
    ConfigGone {
        /// The configuration.
        config: ConfigName,
        /// The endpoint.
        endpoint: EndpointName,
    },
    /// What the models of a configuration run as is not known.
    ConfigRoles(ConfigName),
    /// What a monitoring schedule runs as is not read.
    ScheduleRole(ConfigName),
    /// What a reference to a key of an endpoint means was not asked.
    KeyNotAsked {
        /// As its configuration spells it.
        key: String,
        /// The endpoint.
        endpoint: EndpointName,
    },
    /// DescribeEndpoint does not say which configuration it runs.
    NoConfigNamed,
    /// Whether an endpoint of that status can be updated.
    EndpointStatus(String),
    /// Whether these instance types have local storage, which no key covers.
    LocalStorage(Vec<InstanceType>),

    /// A text names no bucket whose policies could be read.
    NoBucket(String),
    /// Whether a bucket is of the account whose policies deny.
    BucketOwner {
        /// The account.
        account: AccountId,
        /// What denies there.
        denied: String,
    },
    /// Whether the names of the objects under a prefix make a difference.
    ObjectNames {
        /// The prefix.
        uri: String,
        /// What denies an object of another name.
        denied: String,
    },
    /// Whether SageMaker lists a prefix as the execution role.
    PrefixListed {
        /// The prefix.
        uri: String,
        /// What denies it.
        denied: String,
    },
    /// Under which key an object is was not asked.
    ObjectKey,
    /// The default encryption of a bucket was not asked.
    BucketDefault(String),
    /// S3 names an encryption that is newer than this release.
    Encryption(String),
    /// Whether hosting asks for the key's description, which AWS documents of HyperPod only.
    HostingDescribes(String),
}

impl Why {
    /// Whether something was not read, rather than not decided.
    #[must_use]
    pub const fn is_unread(&self) -> bool {
        matches!(
            self,
            Self::Gap(_)
                | Self::NotAsked
                | Self::OwnerNotAudited
                | Self::Reach
                | Self::AccountNotAudited(_)
                | Self::AccountsNotAudited
                | Self::PeopleNotRead(_)
                | Self::EndpointsNotRead(_)
                | Self::RegionsLeftOut(_)
                | Self::KeyTags
        )
    }
}

impl From<Doubt> for Why {
    fn from(doubt: Doubt) -> Self {
        Self::Doubt(doubt)
    }
}

impl From<&Gap> for Why {
    fn from(gap: &Gap) -> Self {
        Self::Gap(Arc::new(gap.clone()))
    }
}

impl From<&Arc<Gap>> for Why {
    fn from(gap: &Arc<Gap>) -> Self {
        Self::Gap(gap.clone())
    }
}
