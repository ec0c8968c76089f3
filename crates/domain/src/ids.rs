//! What things are called: accounts, regions, names, ARNs and the spellings of a key.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Declares text newtypes that are compared, ordered and printed as their text.
macro_rules! text_ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Takes the text as AWS wrote it.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
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
        let name = region.as_str();
        let partition = if name.starts_with("cn-") {
            "aws-cn"
        } else if name.starts_with("us-gov-") {
            "aws-us-gov"
        } else if name.starts_with("us-iso-") {
            "aws-iso"
        } else if name.starts_with("eu-isoe-") {
            "aws-iso-e"
        } else if name.starts_with("us-isof-") {
            "aws-iso-f"
        } else if name.starts_with("us-isob-") {
            "aws-iso-b"
        } else if name.starts_with("eusc-") {
            "aws-eusc"
        } else {
            "aws"
        };
        Self::new(partition)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An Amazon Resource Name, split at its five colons.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Arn(String);

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
                Ok(Self(text.to_owned()))
            }
            _ => Err(NotAnArn {
                text: text.to_owned(),
                expected: "an ARN",
            }),
        }
    }
}

/// Who a key is: `arn:aws:kms:eu-west-1:111122223333:key/…`. Two spellings of one key have one
/// `KeyArn`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyArn(Arn);

impl KeyArn {
    /// The key a bare key id means to a caller in this account and region (KMS API,
    /// `DescribeKey`, `KeyId`: a key id names a key of the caller's account and region).
    #[must_use]
    pub fn of_id(partition: &Partition, region: &Region, account: &AccountId, id: &str) -> Self {
        Self(Arn(format!(
            "arn:{}:kms:{region}:{account}:key/{id}",
            partition.as_str()
        )))
    }

    /// The owner.
    #[must_use]
    pub fn account(&self) -> AccountId {
        AccountId::new(self.0.account())
    }

    /// The region the key lives in.
    #[must_use]
    pub fn region(&self) -> Region {
        Region::new(self.0.region())
    }

    /// The key id, `1234abcd-…` or `mrk-…`.
    #[must_use]
    pub fn id(&self) -> &str {
        self.0.resource().strip_prefix("key/").unwrap_or_default()
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Display for KeyArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for KeyArn {
    type Err = NotAnArn;

    fn from_str(text: &str) -> Result<Self, NotAnArn> {
        let arn: Arn = text.parse()?;
        let id = arn.resource().strip_prefix("key/").unwrap_or_default();
        if arn.service() == "kms" && !id.is_empty() {
            Ok(Self(arn))
        } else {
            Err(NotAnArn {
                text: text.to_owned(),
                expected: "the ARN of a KMS key",
            })
        }
    }
}

/// A key as a configuration wrote it. SageMaker accepts four spellings (SageMaker API,
/// CreateEndpointConfig, `KmsKeyId`); which key it is, only KMS can tell.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyRef {
    /// `arn:aws:kms:eu-west-1:111122223333:key/1234abcd-…`
    Arn(KeyArn),
    /// `arn:aws:kms:eu-west-1:111122223333:alias/name`
    AliasArn(Arn),
    /// `alias/name`, of the account and region of whoever wrote it.
    Alias(String),
    /// `1234abcd-…`, likewise; also any text that is none of the other three.
    Id(String),
}

impl KeyRef {
    /// Reads a `KmsKeyId`. The empty text is `None`: AWS's own pattern admits it and it names
    /// no key (SageMaker API, `KmsKeyId`, pattern `[a-zA-Z0-9:/_-]*`).
    #[must_use]
    pub fn read(text: Option<&str>) -> Option<Self> {
        let text = text?.trim();
        if text.is_empty() {
            return None;
        }
        if let Ok(arn) = text.parse::<KeyArn>() {
            return Some(Self::Arn(arn));
        }
        if text.starts_with("alias/") {
            return Some(Self::Alias(text.to_owned()));
        }
        match text.parse::<Arn>() {
            Ok(arn) if arn.service() == "kms" && arn.resource().starts_with("alias/") => {
                Some(Self::AliasArn(arn))
            }
            Ok(_) | Err(_) => Some(Self::Id(text.to_owned())),
        }
    }

    /// The text as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Arn(arn) => arn.as_str(),
            Self::AliasArn(arn) => arn.as_str(),
            Self::Alias(text) | Self::Id(text) => text,
        }
    }

    /// The alias's name, `alias/name`, where the reference is one.
    #[must_use]
    pub fn alias_name(&self) -> Option<&str> {
        match self {
            Self::Alias(name) => Some(name),
            Self::AliasArn(arn) => Some(arn.resource()),
            Self::Arn(_) | Self::Id(_) => None,
        }
    }

    /// Whether the reference is to an alias that AWS reserves for its own keys (KMS Developer
    /// Guide, "Aliases": the prefix `alias/aws/` is reserved for AWS managed keys).
    #[must_use]
    pub fn is_aws_managed_alias(&self) -> bool {
        self.alias_name()
            .is_some_and(|name| name.starts_with("alias/aws/"))
    }
}

impl fmt::Display for KeyRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

    #[test]
    fn a_key_reference_is_read_in_all_its_spellings() {
        let cases = [
            ("no KmsKeyId", None, "None"),
            ("the empty text", Some(""), "None"),
            ("blank text", Some("  "), "None"),
            ("a key ARN", Some(KEY), "Arn"),
            (
                "a multi-Region key ARN",
                Some("arn:aws:kms:eu-west-1:111122223333:key/mrk-12"),
                "Arn",
            ),
            (
                "China",
                Some("arn:aws-cn:kms:cn-north-1:111122223333:key/12"),
                "Arn",
            ),
            ("an alias", Some("alias/prod"), "Alias"),
            (
                "an alias ARN",
                Some("arn:aws:kms:eu-west-1:111122223333:alias/prod"),
                "AliasArn",
            ),
            (
                "a key id",
                Some("1234abcd-12ab-34cd-56ef-1234567890ab"),
                "Id",
            ),
            (
                "an ARN that is no key's",
                Some("arn:aws:iam::111122223333:role/x"),
                "Id",
            ),
            (
                "a KMS ARN of nothing",
                Some("arn:aws:kms:eu-west-1:111122223333:key/"),
                "Id",
            ),
            ("no key at all", Some("not-a-key"), "Id"),
        ];
        for (name, text, expected) in cases {
            let read = KeyRef::read(text);
            let shown = match &read {
                None => "None",
                Some(KeyRef::Arn(_)) => "Arn",
                Some(KeyRef::AliasArn(_)) => "AliasArn",
                Some(KeyRef::Alias(_)) => "Alias",
                Some(KeyRef::Id(_)) => "Id",
            };
            assert_eq!(shown, expected, "{name}");
            if let Some(read) = read {
                assert_eq!(Some(read.as_str()), text, "{name}: the text is kept");
            }
        }
    }

    #[test]
    fn aliases_that_aws_reserves_are_known_by_name() {
        let cases = [
            ("alias/aws/sagemaker", true),
            ("arn:aws:kms:eu-west-1:111122223333:alias/aws/ebs", true),
            ("alias/awsome", false),
            ("alias/prod/aws/ebs", false),
            (KEY, false),
        ];
        for (text, expected) in cases {
            let read = KeyRef::read(Some(text)).expect("not empty");
            assert_eq!(read.is_aws_managed_alias(), expected, "{text}");
        }
    }
}
