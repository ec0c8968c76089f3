//! The regions of AWS, as far as this release knows them.

use crate::ids::{Partition, Region};
use sagelock_policy::spelling;

/// Whether this release has heard of the region.
#[must_use]
pub fn is_known(region: &Region) -> bool {
    REGIONS.binary_search(&region.as_str()).is_ok()
}

/// Whether every account has the region: it cannot be switched off (AWS Account Management
/// Reference Guide, "Enable or disable AWS Regions in your account", regions enabled by default).
#[must_use]
pub fn is_always_enabled(region: &Region) -> bool {
    ALWAYS_ENABLED.binary_search(&region.as_str()).is_ok()
}

/// The region that answers for an account as a whole: one of these that every account has, else
/// one of their partition that every account has.
#[must_use]
pub fn answering(named: &[Region], otherwise: &Region) -> Region {
    if let Some(region) = named.iter().find(|region| is_always_enabled(region)) {
        return region.clone();
    }
    let Some(first) = named.first() else {
        return otherwise.clone();
    };
    let partition = Partition::of_region(first);
    if partition == Partition::of_region(otherwise) && is_always_enabled(otherwise) {
        return otherwise.clone();
    }
    match partition.as_str() {
        "aws" => Region::new("us-east-1"),
        "aws-cn" => Region::new("cn-north-1"),
        "aws-us-gov" => Region::new("us-gov-west-1"),
        _ => first.clone(),
    }
}

/// The known regions whose names are closest to a text, best first.
#[must_use]
pub fn close_to(text: &str) -> Vec<&'static str> {
    let mut close: Vec<(usize, &'static str)> = REGIONS
        .iter()
        .map(|name| (spelling::distance(text, name), *name))
        .filter(|(d, _)| *d <= 3)
        .collect();
    close.sort_unstable();
    close.into_iter().take(3).map(|(_, name)| name).collect()
}

/// Where a partition's Organizations answers (botocore, `endpoints.json`, `organizations`; of
/// the partitions that it does not list, the first region of `partitions.json`).
#[must_use]
pub fn organizations_home(region: &Region) -> Region {
    Region::new(match Partition::of_region(region).as_str() {
        "aws-cn" => "cn-northwest-1",
        "aws-us-gov" => "us-gov-west-1",
        "aws-iso" => "us-iso-east-1",
        "aws-iso-b" => "us-isob-east-1",
        "aws-iso-e" => "eu-isoe-west-1",
        "aws-iso-f" => "us-isof-south-1",
        "aws-eusc" => "eusc-de-east-1",
        _ => "us-east-1",
    })
}

/// Of each partition, sorted.
const ALWAYS_ENABLED: &[&str] = &[
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "cn-north-1",
    "cn-northwest-1",
    "eu-central-1",
    "eu-north-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-gov-east-1",
    "us-gov-west-1",
    "us-west-1",
    "us-west-2",
];

/// Regions of botocore 1.44.5's `endpoints.json`, sorted. A region that is missing here is
/// looked up with `ec2:DescribeRegions` before it is refused.
const REGIONS: &[&str] = &[
    "af-south-1",
    "ap-east-1",
    "ap-east-2",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-south-2",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-6",
    "ap-southeast-7",
    "ca-central-1",
    "ca-west-1",
    "cn-north-1",
    "cn-northwest-1",
    "eu-central-1",
    "eu-central-2",
    "eu-isoe-west-1",
    "eu-north-1",
    "eu-south-1",
    "eu-south-2",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "eusc-de-east-1",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "mx-central-1",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-gov-east-1",
    "us-gov-west-1",
    "us-iso-east-1",
    "us-iso-west-1",
    "us-isob-east-1",
    "us-isob-west-1",
    "us-isof-east-1",
    "us-isof-south-1",
    "us-west-1",
    "us-west-2",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_and_typing_errors_are_understood() {
        assert!(REGIONS.is_sorted());
        assert!(is_known(&Region::new("eu-west-1")));
        assert!(!is_known(&Region::new("eu-west-9")));
        assert_eq!(close_to("eu-wset-1").first(), Some(&"eu-west-1"));
        assert!(close_to("moon").is_empty());
    }

    #[test]
    fn every_partition_asks_its_own_organizations() {
        for name in REGIONS {
            let region = Region::new(*name);
            let home = organizations_home(&region);
            assert!(is_known(&home), "{name}: {home}");
            let partition = |region: &Region| Partition::of_region(region).as_str().to_owned();
            assert_eq!(partition(&home), partition(&region), "{name}");
        }
    }
}
