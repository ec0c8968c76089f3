//! What is known of S3: the default encryption of buckets, and how artifacts are encrypted.

use std::collections::BTreeMap;

use crate::call::view;
use crate::fact::Read;
use crate::ids::{BucketName, KeyRef, Region};

/// What is known of the places that the live endpoints of a cell write to and load from.
#[derive(Clone, Debug, Default)]
pub struct Storage {
    /// The buckets. `Known(None)`: no such bucket.
    pub buckets: BTreeMap<BucketName, Read<Option<BucketFacts>>>,
    /// The artifacts that are one object or lie under a prefix. `Known(None)`: no such object.
    pub objects: BTreeMap<ObjectName, Read<Option<ObjectFacts>>>,
    /// What lies under a prefix. `Known(None)`: no such bucket.
    pub prefixes: BTreeMap<ObjectName, Read<Option<PrefixFacts>>>,
}

/// A key, or a prefix of keys, in a bucket.
pub type ObjectName = (BucketName, String);

/// So many objects under a prefix are looked at one by one, and no more. A model of 400 billion
/// parameters is published in some 200 files.
pub const MOST_OBJECTS: u32 = 250;

/// What lies under a prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrefixFacts {
    /// The keys of the objects that hold something, at most [`MOST_OBJECTS`].
    pub keys: Vec<String>,
    /// Whether they are all.
    pub is_whole: bool,
}

/// What a bucket says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BucketFacts {
    /// Where it is; its key is of this region (S3 API, PutBucketEncryption: the key is to be in the
    /// bucket's region).
    pub region: Region,
    /// What new objects get that name no encryption of their own.
    pub default: Encryption,
}

/// What an object says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectFacts {
    /// Where its bucket is.
    pub region: Region,
    /// How it is encrypted.
    pub encryption: Encryption,
}

/// Server-side encryption (S3 API, `ServerSideEncryption`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Encryption {
    /// None: an object from before January 2023.
    None,
    /// `AES256`: under keys of S3's own.
    S3,
    /// `aws:kms` or `aws:kms:dsse`: under a key of KMS; none is named: `aws/s3`, which AWS manages.
    Kms(Option<KeyRef>),
    /// A key that the customer brings with every request.
    Customer,
    /// Something newer than this release.
    Other(String),
}

impl Encryption {
    fn read(algorithm: Option<&str>, key: Option<&str>) -> Self {
        match algorithm {
            None | Some("") => Self::None,
            Some("AES256") => Self::S3,
            Some("aws:kms" | "aws:kms:dsse") => Self::Kms(KeyRef::read(key)),
            Some(other) => Self::Other(other.to_owned()),
        }
    }

    /// The key, where one is named.
    #[must_use]
    pub fn key(&self) -> Option<&KeyRef> {
        match self {
            Self::Kms(key) => key.as_ref(),
            Self::None | Self::S3 | Self::Customer | Self::Other(_) => None,
        }
    }

    /// AWS's own word for it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::None => "absent",
            Self::S3 => "AES256",
            Self::Kms(_) => "aws:kms",
            Self::Customer => "customer-provided",
            Self::Other(name) => name,
        }
    }
}

impl BucketFacts {
    /// Takes what we need from a reply that came from a region.
    #[must_use]
    pub fn read(view: view::GetBucketEncryption, region: Region) -> Self {
        let by_default = view.rules.into_iter().find_map(|rule| rule.by_default);
        let default = by_default.map_or(Encryption::None, |by_default| {
            Encryption::read(Some(&by_default.algorithm), by_default.key.as_deref())
        });
        Self { region, default }
    }
}

impl PrefixFacts {
    /// Takes what we need from a reply.
    #[must_use]
    pub fn read(view: view::ListObjectsV2) -> Self {
        // What the console makes for a folder is an object without content.
        let held = view.contents.into_iter().filter(|one| one.size != "0");
        Self {
            keys: held.map(|one| one.key).collect(),
            is_whole: !view.is_truncated,
        }
    }
}

impl ObjectFacts {
    /// Takes what we need from a reply that came from a region.
    #[must_use]
    pub fn read(view: &view::HeadObject, region: Region) -> Self {
        let encryption = match &view.customer_algorithm {
            Some(_) => Encryption::Customer,
            None => Encryption::read(view.algorithm.as_deref(), view.key.as_deref()),
        };
        Self { region, encryption }
    }
}
