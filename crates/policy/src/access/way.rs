//! The ways to what a key protects.

use crate::request::{Request, Stack};

/// How somebody comes to what a key protects: by what it begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Way {
    /// By an operation that gives plaintext or a data key.
    Directly(&'static str),
    /// By creating a grant for such an operation, to itself.
    ByGrant,
    /// By changing the key policy.
    ByPolicy,
    /// By replicating the key to another Region, under another key policy.
    ByReplica,
    /// By changing the key's tags, on which a policy depends.
    ByTag(&'static str),
    /// By changing the key's aliases, on which a policy depends.
    ByAlias(&'static str),
    /// By becoming somebody else: by assuming a role, by changing the policies of IAM.
    ByBecoming(&'static str),
}

/// Operations that give plaintext or a data key (AWS KMS API).
pub(super) const DIRECTLY: [&str; 6] = [
    "kms:Decrypt",
    "kms:ReEncryptFrom",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyPair",
    "kms:DeriveSharedSecret",
    "kms:Decapsulate",
];
/// The same, as grants name them.
pub(super) const GRANTED: [&str; 6] = [
    "Decrypt",
    "ReEncryptFrom",
    "GenerateDataKey",
    "GenerateDataKeyPair",
    "DeriveSharedSecret",
    "Decapsulate",
];
pub(super) const TAGS: [&str; 2] = ["kms:TagResource", "kms:UntagResource"];
pub(super) const ALIASES: [&str; 3] = ["kms:CreateAlias", "kms:UpdateAlias", "kms:DeleteAlias"];

impl Way {
    /// The action that is asked for first.
    #[must_use]
    pub const fn action(self) -> &'static str {
        match self {
            Self::Directly(action)
            | Self::ByTag(action)
            | Self::ByAlias(action)
            | Self::ByBecoming(action) => action,
            Self::ByGrant => "kms:CreateGrant",
            Self::ByPolicy => "kms:PutKeyPolicy",
            Self::ByReplica => "kms:ReplicateKey",
        }
    }

    /// Whether another step has to follow.
    #[must_use]
    pub const fn has_steps(self) -> bool {
        !matches!(self, Self::Directly(_))
    }

    pub(super) const fn is_granted(self) -> bool {
        matches!(self, Self::Directly(_) | Self::ByGrant)
    }
}

/// A step of a way: who asks for what.
#[derive(Clone, Debug)]
pub struct Step {
    /// The user or role by whose policies it is allowed.
    pub who: Box<str>,
    /// A request that is allowed once the steps before were taken.
    pub request: Box<Request>,
}

/// What of a key's facts somebody can change, on which policies depend.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Freed {
    pub(super) tags: bool,
    pub(super) aliases: bool,
}

impl Freed {
    /// What documents ask about.
    pub(super) fn asked(stack: &Stack) -> Self {
        let asks = |is: fn(&str) -> bool| stack.documents().any(|document| document.asks(is));
        Self {
            tags: asks(|key| key.starts_with("aws:resourcetag/")),
            aliases: asks(|key| key == "kms:resourcealiases" || key == "kms:requestalias"),
        }
    }

    pub(super) const fn any(self) -> bool {
        self.tags || self.aliases
    }
}
