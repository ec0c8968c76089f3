//! Keys: who one is, and the spellings of it.

use std::fmt;
use std::str::FromStr;

use super::{AccountId, Arn, NotAnArn, Partition, Region};

/// Who a key is: `arn:aws:kms:eu-west-1:111122223333:key/…`. Two spellings of one key have one
/// `KeyArn`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyArn(Arn);

impl KeyArn {
    /// Whether it is a multi-Region key, primary or replica (KMS Developer Guide, "Multi-Region keys in AWS
    /// KMS": their ids begin so).
    #[must_use]
    pub fn is_multi_region(&self) -> bool {
        self.id().starts_with("mrk-")
    }

    /// The key a bare key id means to a caller in this account and region (KMS API,
    /// `DescribeKey`, `KeyId`: a key id names a key of the caller's account and region).
    #[must_use]
    pub fn of_id(partition: &Partition, region: &Region, account: &AccountId, id: &str) -> Self {
        let partition = partition.as_str();
        let text = format!("arn:{partition}:kms:{region}:{account}:key/{id}");
        Self(Arn(text.into()))
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
        if arn.service() == "kms" && !id.is_empty() && arn.has_place() {
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
            Ok(arn)
                if arn.service() == "kms"
                    && arn.resource().starts_with("alias/")
                    && arn.has_place() =>
            {
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

    /// The owner and the region that the reference itself names: an ARN does.
    #[must_use]
    pub fn place(&self) -> Option<(AccountId, Region)> {
        match self {
            Self::Arn(arn) => Some((arn.account(), arn.region())),
            Self::AliasArn(arn) => Some((AccountId::new(arn.account()), Region::new(arn.region()))),
            Self::Alias(_) | Self::Id(_) => None,
        }
    }

    /// Whether the text is one that KMS could know: an id of a key's shape or a name of an
    /// alias's (KMS API, DescribeKey, `KeyId`; CreateAlias, `AliasName`, pattern).
    #[must_use]
    pub fn is_well_formed(&self) -> bool {
        match self {
            Self::Arn(arn) => is_key_id(arn.id()),
            Self::AliasArn(_) | Self::Alias(_) => self.alias_name().is_some_and(is_alias_name),
            Self::Id(text) => is_key_id(text),
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

/// `1234abcd-12ab-34cd-56ef-1234567890ab`, or `mrk-` and 32 hexadecimal digits (KMS Developer
/// Guide, "Key identifiers"). Where the hyphens stand is not looked at: moto puts them into the
/// ids of multi-Region keys as well.
fn is_key_id(text: &str) -> bool {
    let digits = text.strip_prefix("mrk-").unwrap_or(text);
    let is_allowed = |byte: u8| byte.is_ascii_hexdigit() || byte == b'-';
    digits.bytes().all(is_allowed) && digits.bytes().filter(|byte| *byte != b'-').count() == 32
}

fn is_alias_name(name: &str) -> bool {
    name.strip_prefix("alias/").is_some_and(|rest| {
        !rest.is_empty()
            && rest
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"/_-".contains(&byte))
    })
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
            (
                "a region that is a host of somebody's",
                Some("arn:aws:kms:evil.example/x:111122223333:key/12"),
                "Id",
            ),
            (
                "a region that ends in a number",
                Some("arn:aws:kms:a.b.evil-x-1:111122223333:alias/prod"),
                "Id",
            ),
            ("no region", Some("arn:aws:kms::111122223333:key/12"), "Id"),
            (
                "an account that is none",
                Some("arn:aws:kms:eu-west-1:1111:key/12"),
                "Id",
            ),
            (
                "a region of another partition than the ARN's",
                Some("arn:aws:kms:cn-north-1:111122223333:key/12"),
                "Id",
            ),
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
    fn texts_that_kms_could_know_have_a_shape() {
        let cases = [
            (KEY, true),
            ("1234abcd-12ab-34cd-56ef-1234567890ab", true),
            ("mrk-1234abcd12ab34cd56ef1234567890ab", true),
            ("alias/prod", true),
            ("arn:aws:kms:eu-west-1:111122223333:alias/prod", true),
            ("alias/", false),
            ("alias/pro d", false),
            ("not-a-key", false),
            ("arn:aws:kms:eu-west-1:111122223333:key/not-a-key", false),
            ("arn:aws:iam::111122223333:role/x", false),
        ];
        for (text, expected) in cases {
            let read = KeyRef::read(Some(text)).expect("not empty");
            assert_eq!(read.is_well_formed(), expected, "{text}");
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
