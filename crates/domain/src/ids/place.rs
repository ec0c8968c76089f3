//! Places in S3, as configurations and models write them.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use super::Arn;

/// A bucket's name, of a shape that may become part of a host name (S3 User Guide, "General purpose
/// bucket naming rules").
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BucketName(String);

/// A text is no bucket's name.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{0}` is not the name of a bucket")]
pub struct NotABucket(String);

/// Shortest and longest name of a bucket.
const NAME_LENGTH: std::ops::RangeInclusive<usize> = 3..=63;

impl BucketName {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for BucketName {
    type Err = NotABucket;

    fn from_str(text: &str) -> Result<Self, NotABucket> {
        let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        // A label of a host name begins and ends with a letter or a digit.
        let is_label = |label: &str| {
            let ends = [label.bytes().next(), label.bytes().next_back()];
            ends.into_iter().all(|byte| byte.is_some_and(is_plain))
                && label.bytes().all(|byte| is_plain(byte) || byte == b'-')
        };
        let is_address =
            text.split('.').count() == 4 && text.split('.').all(|part| part.parse::<u8>().is_ok());
        if NAME_LENGTH.contains(&text.len()) && text.split('.').all(is_label) && !is_address {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotABucket(text.to_owned()))
        }
    }
}

impl fmt::Display for BucketName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for BucketName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// A place in S3.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// A bucket, and a key or a prefix in it; the empty text is the whole bucket.
    Bucket(BucketName, String),
    /// An access point, whose bucket the text does not name.
    AccessPoint,
    /// Something else: another protocol, a directory bucket, no bucket's name.
    Other,
}

/// The ends of names that look like a bucket's and are aliases of access points (S3 User Guide,
/// "Using a bucket-style alias for your access point").
const ACCESS_POINTS: [&str; 4] = ["-s3alias", "--ol-s3", "--xa-s3", ".mrap"];
/// The ends of names of directory and table buckets, which answer elsewhere (S3 User Guide,
/// "General purpose bucket naming rules").
const OTHER_BUCKETS: [&str; 2] = ["--x-s3", "--table-s3"];

impl Place {
    /// Reads `s3://bucket/key`.
    #[must_use]
    pub fn read(uri: &str) -> Self {
        let Some(rest) = uri.trim().strip_prefix("s3://") else {
            return Self::Other;
        };
        if let Ok(arn) = rest.parse::<Arn>() {
            let is_point =
                arn.service().starts_with("s3") && arn.resource().contains("accesspoint");
            return if is_point {
                Self::AccessPoint
            } else {
                Self::Other
            };
        }
        let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
        let ends = |some: &[&str]| some.iter().any(|end| bucket.ends_with(end));
        if ends(&ACCESS_POINTS) {
            return Self::AccessPoint;
        }
        match bucket.parse() {
            Ok(bucket) if !ends(&OTHER_BUCKETS) => Self::Bucket(bucket, key.to_owned()),
            Ok(_) | Err(_) => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read_and_never_guessed() {
        let bucket =
            |name: &str, key: &str| Place::Bucket(name.parse().expect("a name"), key.to_owned());
        let cases = [
            ("s3://models/a/b.tar.gz", bucket("models", "a/b.tar.gz")),
            ("s3://ml/a", Place::Other),
            ("s3://ml-1", bucket("ml-1", "")),
            ("s3://ml.example/", bucket("ml.example", "")),
            ("s3://models//a b", bucket("models", "/a b")),
            ("https://ml.s3.amazonaws.com/a", Place::Other),
            ("file:///a", Place::Other),
            ("s3://", Place::Other),
            ("s3://ML/a", Place::Other),
            ("s3://10.0.0.1/a", Place::Other),
            ("s3://evil.example:80/a", Place::Other),
            ("s3://a@evil/a", Place::Other),
            ("s3://ml..x/a", Place::Other),
            ("s3://-ml/a", Place::Other),
            ("s3://ml--use1-az4--x-s3/a", Place::Other),
            ("s3://point-abc-s3alias/a", Place::AccessPoint),
            (
                "s3://arn:aws:s3:eu-west-1:111122223333:accesspoint/p/a",
                Place::AccessPoint,
            ),
            (
                "s3://arn:aws:s3-object-lambda:eu-west-1:111122223333:accesspoint/p",
                Place::AccessPoint,
            ),
            ("s3://arn:aws:iam::111122223333:role/x", Place::Other),
        ];
        for (uri, expected) in cases {
            assert_eq!(Place::read(uri), expected, "{uri}");
        }
    }
}
