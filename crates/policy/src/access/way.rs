//! The ways to what a key protects.

use crate::request::Stack;

/// How somebody comes to what a key protects.
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
}

/// Operations that give plaintext or a data key (AWS KMS API).
pub(super) const DIRECTLY: [&str; 5] = [
    "kms:Decrypt",
    "kms:ReEncryptFrom",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyPair",
    "kms:DeriveSharedSecret",
];
/// The same, as grants name them.
pub(super) const GRANTED: [&str; 5] = [
    "Decrypt",
    "ReEncryptFrom",
    "GenerateDataKey",
    "GenerateDataKeyPair",
    "DeriveSharedSecret",
];
pub(super) const TAGS: [&str; 2] = ["kms:TagResource", "kms:UntagResource"];
pub(super) const ALIASES: [&str; 3] = ["kms:CreateAlias", "kms:UpdateAlias", "kms:DeleteAlias"];

impl Way {
    /// The action that is asked for first.
    #[must_use]
    pub const fn action(self) -> &'static str {
        match self {
            Self::Directly(action) | Self::ByTag(action) | Self::ByAlias(action) => action,
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
}

impl Way {
    pub(super) const fn is_granted(self) -> bool {
        matches!(self, Self::Directly(_) | Self::ByGrant)
    }

    /// Whether any policy depends on what it changes.
    pub(super) fn is_asked_for(self, stack: &Stack) -> bool {
        let asks = |is: fn(&str) -> bool| stack.documents().any(|document| document.asks(is));
        match self {
            Self::Directly(_) | Self::ByGrant | Self::ByPolicy | Self::ByReplica => true,
            Self::ByTag(_) => asks(|key| key.starts_with("aws:resourcetag/")),
            Self::ByAlias(_) => asks(|key| key == "kms:resourcealiases"),
        }
    }
}
