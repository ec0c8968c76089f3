//! Which hosting instance types have local NVMe storage, which a key does not cover.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::ids::InstanceType;

/// Whether an instance type has local storage; `None` where the type is not in the table.
///
/// Authoritative at run time would be EC2's `DescribeInstanceTypes`
/// (`InstanceStorageInfo.NvmeSupport`); the table holds every type of botocore 1.44.5's
/// `ProductionVariantInstanceType`, with the source of each size.
#[must_use]
pub fn has_local_storage(instance: &InstanceType) -> Option<bool> {
    TABLE.get(instance.as_str()).map(|gigabytes| *gigabytes > 0)
}

/// Every hosting instance type of the table, and its local storage in GB.
pub fn local_storage() -> impl Iterator<Item = (&'static str, u32)> {
    TABLE
        .iter()
        .map(|(name, gigabytes)| (name.as_str(), *gigabytes))
}

static TABLE: LazyLock<BTreeMap<String, u32>> = LazyLock::new(|| {
    let file: File =
        serde_json::from_str(include_str!("../data/instance-storage.json")).unwrap_or(File {
            sources: Vec::new(),
        });
    file.sources
        .into_iter()
        .flat_map(|source| source.local_nvme_gb)
        .collect()
});

#[derive(Deserialize)]
struct File {
    sources: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    local_nvme_gb: BTreeMap<String, u32>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn storage_is_looked_up_and_never_guessed_from_the_name() {
        let cases = [
            ("ml.m5.large", Some(false)),
            ("ml.m5d.large", Some(true)),
            ("ml.g5.xlarge", Some(true)),
            ("ml.inf2.xlarge", Some(false)),
            ("ml.p5.48xlarge", Some(true)),
            ("ml.z9.large", None),
        ];
        for (name, expected) in cases {
            assert_eq!(
                has_local_storage(&InstanceType::new(name)),
                expected,
                "{name}"
            );
        }
        assert_eq!(TABLE.len(), 277, "the whole table is read");
    }
}
