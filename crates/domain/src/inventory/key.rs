//! A KMS key.

use std::collections::BTreeSet;

use jiff::Timestamp;
use sagelock_policy::Document;
use sagelock_policy::request::Grant;

use super::{KeyPolicy, Tags};
use crate::call::view;
use crate::fact::{Fact, Read};
use crate::ids::{KeyArn, Region};
use crate::why::Why;

/// Which key a reference means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resolved {
    /// This one.
    Key(KeyArn),
    /// One that AWS manages, known by its reserved alias and never asked for: `DescribeKey` of
    /// such an alias may create the key (KMS API, DescribeKey).
    AwsManagedAlias,
    /// None: KMS says that it does not exist.
    NotFound,
    /// One of another partition, whose regions do not know the caller's credentials and are
    /// never asked (AWS General Reference, "Amazon Resource Names", partition).
    OtherPartition,
}

/// A key, as far as it could be read.
#[derive(Clone, Debug)]
pub struct Key {
    /// Who it is.
    pub arn: KeyArn,
    /// What `DescribeKey` says.
    pub described: Read<KeyFacts>,
    /// Its rotation; `None` while it was not asked for, because the key's type has none or
    /// AWS manages the key.
    pub rotation: Option<Read<Rotation>>,
    /// Its tags; `None` where they were not asked for.
    pub tags: Option<Read<Tags>>,
    /// Its aliases; `None` where they were not asked for.
    pub aliases: Option<Read<Vec<String>>>,
    /// Its policy; `None` where it was not asked for.
    pub policy: Option<Read<KeyPolicy>>,
    /// Its grants; `None` where they were not asked for.
    pub grants: Option<Read<Vec<Grant>>>,
}

/// What a key is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyFacts {
    /// Who manages it.
    pub manager: KeyManager,
    /// Its state (KMS API, `KeyState`): `Enabled`, `Disabled`, `PendingDeletion` …
    pub state: String,
    /// Its specification (KMS API, `KeySpec`): `SYMMETRIC_DEFAULT`, `RSA_4096` …
    pub spec: String,
    /// What it may be used for (KMS API, `KeyUsage`): `ENCRYPT_DECRYPT` …
    pub usage: String,
    /// Where its material comes from (KMS API, `Origin`): `AWS_KMS`, `EXTERNAL` …
    pub origin: String,
    /// When imported material expires, where it does.
    pub valid_to: Option<Timestamp>,
    /// When it will be deleted, where it is scheduled to be.
    pub deletion: Option<Timestamp>,
    /// Whether it is a multi-Region key.
    pub multi_region: bool,
    /// Where the keys with the same material are, primary and replicas; `None` of a multi-Region key is that
    /// it was not told.
    pub regions: Option<BTreeSet<Region>>,
}

/// Who manages a key (KMS API, `KeyManager`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyManager {
    /// The customer.
    Customer,
    /// AWS.
    Aws,
    /// Something newer than this release.
    Other(String),
}

/// Rotation of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rotation {
    /// Whether it rotates by itself.
    pub enabled: bool,
    /// Every how many days.
    pub period_days: u32,
}

/// KMS API, GetKeyRotationStatus, `RotationPeriodInDays`: "The default value is 365 days".
const ROTATION_DAYS_DEFAULT: u32 = 365;

impl Key {
    /// What its policy says.
    ///
    /// # Errors
    /// It was not asked for, could not be read, or is none.
    pub fn document(&self) -> Result<&Document, Why> {
        let read = self.policy.as_ref().ok_or(Why::OwnerNotAudited)?;
        match &read.fact {
            Fact::Unknown(gap) => Err(Why::from(gap)),
            Fact::Known(policy) => policy
                .document()
                .map_err(|wrong| Why::Malformed(wrong.clone())),
        }
    }

    /// Its grants.
    ///
    /// # Errors
    /// They were not asked for, or could not be read.
    pub fn known_grants(&self) -> Result<&[Grant], Why> {
        let read = self.grants.as_ref().ok_or(Why::OwnerNotAudited)?;
        match &read.fact {
            Fact::Unknown(gap) => Err(Why::from(gap)),
            Fact::Known(grants) => Ok(grants),
        }
    }

    /// Whether keys of other Regions have its material, or may have it (KMS API,
    /// `MultiRegionConfiguration`).
    #[must_use]
    pub fn may_have_replicas(&self) -> bool {
        let facts = self.described.fact.known();
        let regions = facts.and_then(|facts| facts.regions.as_ref());
        let here = self.arn.region();
        let is_here = |regions: &BTreeSet<Region>| regions.iter().all(|region| *region == here);
        self.arn.is_multi_region() && !regions.is_some_and(is_here)
    }

    /// Whether it is known not to wait to be deleted.
    #[must_use]
    pub fn stays(&self) -> bool {
        let facts = self.described.fact.known();
        facts.is_some_and(|facts| !facts.is_to_be_deleted())
    }
}

impl KeyFacts {
    /// Whether it waits to be deleted (KMS API, `KeyState`).
    #[must_use]
    pub fn is_to_be_deleted(&self) -> bool {
        ["PendingDeletion", "PendingReplicaDeletion"].contains(&self.state.as_str())
    }

    /// Takes what we need from a reply. A field that is absent stays the empty text, which is
    /// none of the values that a rule accepts.
    #[must_use]
    pub fn read(view: view::KeyMetadata) -> Self {
        let manager = match view.key_manager.as_deref() {
            Some("CUSTOMER") => KeyManager::Customer,
            Some("AWS") => KeyManager::Aws,
            other => KeyManager::Other(other.unwrap_or_default().to_owned()),
        };
        let spec = view.key_spec.unwrap_or_default();
        // KMS API, CreateKey, `KeyUsage`: a symmetric encryption key has no other usage.
        let usage = match view.key_usage {
            None if spec == "SYMMETRIC_DEFAULT" => "ENCRYPT_DECRYPT".to_owned(),
            usage => usage.unwrap_or_default(),
        };
        let expires = view.expiration_model.as_deref() == Some("KEY_MATERIAL_EXPIRES");
        Self {
            manager,
            state: view.key_state.unwrap_or_default(),
            spec,
            usage,
            origin: view.origin.unwrap_or_default(),
            valid_to: view.valid_to.filter(|_| expires).map(|time| time.0),
            deletion: view.deletion_date.map(|time| time.0),
            multi_region: view.multi_region.unwrap_or(false),
            regions: view.multi_region_configuration.and_then(|all| {
                let keys = all.replica_keys?.into_iter().chain([all.primary_key?]);
                keys.map(|key| key.region).collect()
            }),
        }
    }

    /// Whether KMS can rotate it by itself (KMS API, EnableKeyRotation: symmetric encryption
    /// keys with material from AWS KMS only).
    #[must_use]
    pub fn can_rotate(&self) -> bool {
        self.is_symmetric_encryption() && self.origin == "AWS_KMS"
    }

    /// Whether an integrated service can encrypt with it (KMS Developer Guide, "Asymmetric
    /// keys": services integrated with AWS KMS use symmetric encryption keys only). China's
    /// regions have `SYMMETRIC_DEFAULT` keys of SM4 under the same name.
    #[must_use]
    pub fn is_symmetric_encryption(&self) -> bool {
        self.spec == "SYMMETRIC_DEFAULT" && self.usage == "ENCRYPT_DECRYPT"
    }
}

impl Rotation {
    /// Takes what we need from a reply.
    #[must_use]
    pub fn read(view: &view::GetKeyRotationStatus) -> Self {
        Self {
            enabled: view.key_rotation_enabled,
            period_days: view
                .rotation_period_in_days
                .unwrap_or(ROTATION_DAYS_DEFAULT),
        }
    }
}

#[cfg(test)]
impl Key {
    /// A customer managed key with these statements and grants.
    pub(crate) fn of(
        arn: &str,
        statements: &serde_json::Value,
        grants: Vec<Grant>,
    ) -> Option<Self> {
        use crate::call::Op;
        use crate::fact::Source;

        fn read<T>(value: T) -> Read<T> {
            let source = Source {
                call: Op::GetKeyPolicy,
                at: Timestamp::UNIX_EPOCH,
            };
            let fact = Fact::Known(value);
            Read { source, fact }
        }
        let policy = serde_json::json!({ "Version": "2012-10-17", "Statement": statements });
        Some(Self {
            arn: arn.parse().ok()?,
            described: read(KeyFacts {
                manager: KeyManager::Customer,
                state: "Enabled".to_owned(),
                spec: "SYMMETRIC_DEFAULT".to_owned(),
                usage: "ENCRYPT_DECRYPT".to_owned(),
                origin: "AWS_KMS".to_owned(),
                valid_to: None,
                deletion: None,
                multi_region: false,
                regions: None,
            }),
            rotation: None,
            tags: None,
            aliases: None,
            policy: Some(read(KeyPolicy::read(&policy.to_string().into()))),
            grants: Some(read(grants)),
        })
    }
}
