//! What things are called: accounts, regions, names, ARNs and the spellings of a key.

mod key;
mod place;

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub use key::{KeyArn, KeyRef};
pub use place::{BucketName, Place};

/// Declares text newtypes that are compared, ordered and printed as their text. They stand in
/// every fact of an organisation, so that a copy shares the text.
macro_rules! text_ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Takes the text as AWS wrote it.
            pub fn new(text: impl AsRef<str>) -> Self {
                Self(Arc::from(text.as_ref()))
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Cow::<'de, str>::deserialize(deserializer).map(Self::new)
            }
        }
    )*};
}

text_ids! {
    /// Twelve digits: an AWS account.
    AccountId,
    /// A region, `eu-west-1`.
    Region,
    /// An endpoint's name (SageMaker API, `EndpointName`).
    EndpointName,
    /// An endpoint configuration's name (SageMaker API, `EndpointConfigName`).
    ConfigName,
    /// A model's name (SageMaker API, `ModelName`).
    ModelName,
    /// A hosting instance type, `ml.m5.large` (SageMaker API, `ProductionVariantInstanceType`).
    InstanceType,
}

impl Region {
    /// Whether the text has the shape of a region's name: at least three words of lower-case
    /// letters and digits with hyphens between them, the last a number (AWS Account Management
    /// Reference Guide, "AWS Regions", codes). Only such a text may become part of a host name.
    #[must_use]
    pub fn has_shape(&self) -> bool {
        let words: Vec<&str> = self.0.split('-').collect();
        let is_word = |word: &&str| {
            let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
            !word.is_empty() && word.bytes().all(plain)
        };
        words.len() >= 3
            && self.0.len() <= REGION_LENGTH_MAX
            && words.iter().all(is_word)
            && words
                .first()
                .is_some_and(|first| first.bytes().all(|byte| byte.is_ascii_lowercase()))
            && words.last().is_some_and(|last| last.parse::<u8>().is_ok())
    }
}

/// The longest text that is taken for a region's name; the longest there is has 15 characters.
const REGION_LENGTH_MAX: usize = 32;

impl AccountId {
    /// Whether the text is an account id: twelve digits (AWS Account Management Reference Guide,
    /// "AWS account identifiers").
    #[must_use]
    pub fn has_shape(&self) -> bool {
        self.0.len() == 12 && self.0.bytes().all(|byte| byte.is_ascii_digit())
    }
}

/// The `aws`, `aws-cn`, `aws-us-gov` … of an ARN.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Partition(String);

impl Partition {
    /// Takes the text as an ARN wrote it.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The partition a region belongs to, by the region's prefix.
    #[must_use]
    pub fn of_region(region: &Region) -> Self {
        Self::new(sagelock_policy::Partition::of_region(region.as_str()).name)
    }

    /// The domain that services answer under in a Region.
    #[must_use]
    pub fn domain_of(region: &Region) -> &'static str {
        sagelock_policy::Partition::of_region(region.as_str()).suffix
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An Amazon Resource Name, split at its five colons; a copy shares the text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Arn(Arc<str>);

/// A text is not an ARN of the kind that was expected.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{text}` is not {expected}")]
pub struct NotAnArn {
    text: String,
    expected: &'static str,
}

impl Arn {
    fn part(&self, index: usize) -> &str {
        self.0.splitn(6, ':').nth(index).unwrap_or_default()
    }

    /// `aws`, `aws-cn` …
    #[must_use]
    pub fn partition(&self) -> &str {
        self.part(1)
    }

    /// `sagemaker`, `kms` …
    #[must_use]
    pub fn service(&self) -> &str {
        self.part(2)
    }

    /// The region; empty for global resources.
    #[must_use]
    pub fn region(&self) -> &str {
        self.part(3)
    }

    /// The owning account; empty where the service has none.
    #[must_use]
    pub fn account(&self) -> &str {
        self.part(4)
    }

    /// Everything after the account, `endpoint/name`.
    #[must_use]
    pub fn resource(&self) -> &str {
        self.part(5)
    }

    /// Whether it names a place: a region and an account of their shapes, and the partition that
    /// the region belongs to.
    fn has_place(&self) -> bool {
        let region = Region::new(self.region());
        region.has_shape()
            && AccountId::new(self.account()).has_shape()
            && Partition::of_region(&region).as_str() == self.partition()
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Arn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Arn {
    type Err = NotAnArn;

    fn from_str(text: &str) -> Result<Self, NotAnArn> {
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        match parts.as_slice() {
            ["arn", partition, service, _, _, resource]
                if !partition.is_empty() && !service.is_empty() && !resource.is_empty() =>
            {
                Ok(Self(text.into()))
            }
            _ => Err(NotAnArn {
                text: text.to_owned(),
                expected: "an ARN",
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_have_a_shape() {
        let cases = [
            ("eu-west-1", true),
            ("us-gov-west-1", true),
            ("eusc-de-east-1", true),
            ("", false),
            ("moon", false),
            ("eu-west", false),
            ("eu-west-1.evil.example", false),
            ("evil.example/eu-west-1", false),
            ("eu--1", false),
            ("EU-west-1", false),
            ("a-b-c-d-e-f-g-h-i-j-k-l-m-n-o-p-1", false),
        ];
        for (text, expected) in cases {
            assert_eq!(Region::new(text).has_shape(), expected, "{text}");
        }
    }
}
