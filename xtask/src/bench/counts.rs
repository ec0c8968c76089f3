//! Requests as a server counted them.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde_json::Value;

/// Requests for one operation in one account and region.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) requests: u64,
    pub(super) throttled: u64,
}

/// Requests by account, region and `service:Operation`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts(pub(super) BTreeMap<(String, String, String), Row>);

impl Counts {
    /// Reads the file that `sim serve --counts` writes.
    pub(super) fn read(text: &str) -> Result<Self> {
        let document: Value = serde_json::from_str(text).context("the counts are not JSON")?;
        let mut counts = BTreeMap::new();
        let accounts = document.get("accounts").and_then(Value::as_object);
        for (account, regions) in accounts.context("no accounts in the counts")? {
            for (region, operations) in regions.as_object().into_iter().flatten() {
                for (operation, row) in operations.as_object().into_iter().flatten() {
                    let number = |name: &str| row.get(name).and_then(Value::as_u64);
                    let row = Row {
                        requests: number("requests").context("no requests in a row")?,
                        throttled: number("throttled").context("no throttles in a row")?,
                    };
                    let id = (account.clone(), region.clone(), operation.clone());
                    counts.insert(id, row);
                }
            }
        }
        Ok(Self(counts))
    }

    /// What came since then.
    pub(super) fn since(&self, before: &Self) -> Self {
        let rows = self.0.iter().filter_map(|(id, row)| {
            let was = before.0.get(id).copied().unwrap_or_default();
            let row = Row {
                requests: row.requests.saturating_sub(was.requests),
                throttled: row.throttled.saturating_sub(was.throttled),
            };
            (row.requests > 0).then(|| (id.clone(), row))
        });
        Self(rows.collect())
    }

    pub(super) fn total(&self) -> Row {
        self.0.values().fold(Row::default(), |sum, row| Row {
            requests: sum.requests + row.requests,
            throttled: sum.throttled + row.throttled,
        })
    }

    /// Requests by operation.
    pub(super) fn by_operation(&self) -> BTreeMap<&str, u64> {
        let mut sums = BTreeMap::new();
        for ((_, _, operation), row) in &self.0 {
            *sums.entry(operation.as_str()).or_default() += row.requests;
        }
        sums
    }

    /// Requests for an operation.
    pub(super) fn of(&self, operation: &str) -> u64 {
        self.by_operation().get(operation).copied().unwrap_or(0)
    }

    /// The operations, most asked for first.
    pub(super) fn shown(&self) -> String {
        let mut sums: Vec<(&str, u64)> = self.by_operation().into_iter().collect();
        sums.sort_by_key(|(name, count)| (std::cmp::Reverse(*count), *name));
        let shown: Vec<String> = sums
            .into_iter()
            .map(|(name, count)| format!("{name} {count}"))
            .collect();
        shown.join(", ")
    }
}

/// Numbers of requests as numbers to reckon with.
pub(super) fn number(count: u64) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_read_and_subtracted() -> Result<()> {
        let of = |describes: u64, lists: u64| {
            Counts::read(&format!(
                r#"{{"schema":"sagelock.sim.counts/1","accounts":{{"1":{{"r":{{
                "sagemaker:DescribeEndpoint":{{"requests":{describes},"throttled":2,"refused":0,"lost":0}},
                "sagemaker:ListTags":{{"requests":{lists},"throttled":0,"refused":0,"lost":0}}}}}}}}}}"#
            ))
        };
        let (before, after) = (of(3, 4)?, of(10, 4)?);
        let since = after.since(&before);
        assert_eq!(since.total().requests, 7);
        assert_eq!(since.of("sagemaker:DescribeEndpoint"), 7);
        assert_eq!(since.of("sagemaker:ListTags"), 0);
        assert_eq!(after.total().throttled, 2);
        assert_eq!(
            after.shown(),
            "sagemaker:DescribeEndpoint 10, sagemaker:ListTags 4"
        );
        assert!(Counts::read("{}").is_err());
        Ok(())
    }
}
