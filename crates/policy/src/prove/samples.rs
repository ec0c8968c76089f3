//! Values of condition keys that nobody wrote, and those that a person would expect.

use super::universe::{Form, IDENTITY_CENTER};
use crate::document::{Arn, Partition};
use crate::request::Request;

/// Where a request is asked: in the partition and the Region of its resource.
#[derive(Clone, Copy, Debug)]
pub(in crate::prove) struct Home<'a> {
    partition: &'a str,
    region: &'a str,
}

impl<'a> Home<'a> {
    pub(in crate::prove) fn of(request: &'a Request) -> Self {
        let arn = Arn::split(&request.resource);
        let partition = arn.as_ref().map_or("aws", |arn| arn.partition);
        let region = arn.map_or("", |arn| arn.region);
        let any = Partition::named(partition).map_or("eu-west-1", |one| one.region);
        let is_named = !region.is_empty() && !region.contains(['*', '?', '$']);
        Self {
            partition,
            region: if is_named { region } else { any },
        }
    }

    pub(in crate::prove) const fn partition(self) -> &'a str {
        self.partition
    }

    fn suffix(self) -> &'static str {
        Partition::named(self.partition).map_or("amazonaws.com", |one| one.suffix)
    }
}

impl Form {
    /// A text that nobody wrote, and others.
    pub(in crate::prove) fn fresh(self, number: usize, home: Home<'_>) -> String {
        let account = 999_999_999_999 - number;
        let Home { partition, region } = home;
        match self {
            Self::Account => format!("{account:012}"),
            Self::Organization => format!("o-other{number:05}"),
            Self::Via => format!("other{number}.{region}.{}", home.suffix()),
            Self::ServiceVia => {
                let [first, second] = IDENTITY_CENTER;
                let suffix = home.suffix();
                match number {
                    0 => format!("{first}.{region}.{suffix}"),
                    1 => format!("{second}.{region}.{suffix}"),
                    _ => format!("{first}.{region}{number}.{suffix}"),
                }
            }
            Self::Boolean | Self::OneOf(_) => self
                .listed()
                .get(number)
                .copied()
                .unwrap_or_default()
                .to_owned(),
            Self::Source => format!("arn:{partition}:sns:{region}:{account:012}:other"),
            Self::Arn { service, kind } => {
                format!("arn:{partition}:{service}:{region}:{account:012}:{kind}other")
            }
            Self::User => format!("AIDAOTHER{number:012}"),
            Self::Session => format!("AROAOTHER{number:012}:session"),
            Self::Number => (77_000 + number).to_string(),
            Self::Epoch => (1_900_000_000 + number).to_string(),
            Self::Id(prefix) => format!("{prefix}{:08x}", 0x0dd0_0dd0 + number),
            Self::Alias => format!("alias/other{number}"),
            Self::OrganizationPath => format!("o-other{number:05}/r-other/"),
            Self::Service => format!("other{number}.amazonaws.com"),
            Self::Date => format!("2031-02-03T04:{:02}:{:02}Z", number / 60 % 60, number % 60),
            Self::Address => format!("192.0.2.{}", 1 + number % 254),
            Self::Text | Self::Tag | Self::TagValue => {
                if number == 0 {
                    "other".to_owned()
                } else {
                    format!("other{number}")
                }
            }
        }
    }

    /// Texts that a person would expect, where one will do.
    pub(in crate::prove) fn examples(self, home: Home<'_>) -> Vec<String> {
        match self {
            Self::Via => ["sagemaker", "s3", "ec2"]
                .map(|service| format!("{service}.{}.{}", home.region, home.suffix()))
                .into(),
            Self::ServiceVia => IDENTITY_CENTER
                .map(|service| format!("{service}.{}.{}", home.region, home.suffix()))
                .into(),
            Self::Boolean | Self::OneOf(_) => Vec::new(),
            Self::Account
            | Self::Organization
            | Self::Source
            | Self::Arn { .. }
            | Self::User
            | Self::Session
            | Self::Text
            | Self::Tag
            | Self::TagValue
            | Self::Number
            | Self::Epoch
            | Self::Id(_)
            | Self::OrganizationPath
            | Self::Service
            | Self::Alias
            | Self::Date => vec![self.fresh(0, home)],
            Self::Address => vec![self.fresh(0, home), "2001:db8::1".to_owned()],
        }
    }
}
