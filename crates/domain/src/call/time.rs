//! Times as AWS's JSON writes them.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, de};

/// A time in a reply: seconds since 1970 as any JSON number (`1.7E9` included; botocore's
/// default for JSON 1.1), or RFC 3339 text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AwsTime(pub Timestamp);

impl<'de> Deserialize<'de> for AwsTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl de::Visitor<'_> for Visitor {
            type Value = AwsTime;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("seconds since 1970 or an RFC 3339 time")
            }

            fn visit_i64<E: de::Error>(self, seconds: i64) -> Result<AwsTime, E> {
                Timestamp::from_second(seconds)
                    .map(AwsTime)
                    .map_err(E::custom)
            }

            fn visit_u64<E: de::Error>(self, seconds: u64) -> Result<AwsTime, E> {
                self.visit_i64(i64::try_from(seconds).map_err(E::custom)?)
            }

            #[expect(
                clippy::cast_possible_truncation,
                reason = "a float out of range saturates, and from_microsecond refuses it"
            )]
            fn visit_f64<E: de::Error>(self, seconds: f64) -> Result<AwsTime, E> {
                Timestamp::from_microsecond((seconds * 1e6).round() as i64)
                    .map(AwsTime)
                    .map_err(E::custom)
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<AwsTime, E> {
                text.parse().map(AwsTime).map_err(E::custom)
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_in_every_form() {
        let cases = [
            ("1700000000", "2023-11-14T22:13:20Z"),
            ("1.7E9", "2023-11-14T22:13:20Z"),
            ("1700000000.123", "2023-11-14T22:13:20.123Z"),
            ("1.700000000123E9", "2023-11-14T22:13:20.123Z"),
            ("\"2023-11-14T22:13:20Z\"", "2023-11-14T22:13:20Z"),
        ];
        for (text, expected) in cases {
            let time: AwsTime = serde_json::from_str(text).unwrap();
            assert_eq!(time.0.to_string(), expected, "{text}");
        }
        for text in ["\"yesterday\"", "true", "1e300", "null"] {
            assert!(serde_json::from_str::<AwsTime>(text).is_err(), "{text}");
        }
    }
}
