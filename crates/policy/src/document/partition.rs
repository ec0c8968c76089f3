//! The partitions of AWS, and the domains of their services.

/// A partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Partition {
    /// What ARNs name it.
    pub name: &'static str,
    /// The domain that its services answer under (botocore, `partitions.json`, `dnsSuffix`).
    pub suffix: &'static str,
    /// How its Regions begin.
    pub regions: &'static str,
    /// One of its Regions.
    pub region: &'static str,
}

/// Every partition; the first one has the Regions that begin as in no other.
pub const PARTITIONS: [Partition; 8] = [
    of("aws", "amazonaws.com", "", "eu-west-1"),
    of("aws-cn", "amazonaws.com.cn", "cn-", "cn-north-1"),
    of("aws-us-gov", "amazonaws.com", "us-gov-", "us-gov-west-1"),
    of("aws-iso", "c2s.ic.gov", "us-iso-", "us-iso-east-1"),
    of("aws-iso-b", "sc2s.sgov.gov", "us-isob-", "us-isob-east-1"),
    of("aws-iso-e", "cloud.adc-e.uk", "eu-isoe-", "eu-isoe-west-1"),
    of("aws-iso-f", "csp.hci.ic.gov", "us-isof-", "us-isof-south-1"),
    of("aws-eusc", "amazonaws.eu", "eusc-", "eusc-de-east-1"),
];

const fn of(
    name: &'static str,
    suffix: &'static str,
    regions: &'static str,
    region: &'static str,
) -> Partition {
    Partition {
        name,
        suffix,
        regions,
        region,
    }
}

impl Partition {
    /// By its name; none is newer than this release.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        PARTITIONS.iter().find(|one| one.name == name)
    }

    /// The one that a Region belongs to, by the beginning of its name.
    #[must_use]
    pub fn of_region(region: &str) -> &'static Self {
        let [main, others @ ..] = &PARTITIONS;
        let mut others = others.iter();
        others
            .find(|one| region.starts_with(one.regions))
            .unwrap_or(main)
    }

    /// What names of services may end with in a partition. Most end so everywhere, and no page says which ones
    /// have the domain of their partition (IAM User Guide, "AWS service principals": "some services").
    pub(crate) fn suffixes(name: &str) -> Vec<&'static str> {
        let everywhere = PARTITIONS.iter().take(1);
        let own = PARTITIONS
            .iter()
            .filter(|one| one.name == name || Self::named(name).is_none());
        let mut all: Vec<_> = everywhere.chain(own).map(|one| one.suffix).collect();
        all.sort_unstable();
        all.dedup();
        all
    }
}
