//! Which configuration an endpoint ran when it was last seen.

use jiff::Timestamp;
use sagelock_domain::ids::{AccountId, Region};
use sqlx::Row;
use sqlx::any::AnyRow;

use crate::error::StoreError;
use crate::open::Store;
use crate::row::time;
use crate::sql;

/// An endpoint and its configuration. One is kept for each endpoint: the last.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ran {
    /// The endpoint's ARN. Kept in lower case.
    pub endpoint: String,
    /// When the endpoint was last changed (SageMaker API, DescribeEndpoint, `LastModifiedTime`).
    pub modified: Timestamp,
    /// The name of its configuration (SageMaker API, DescribeEndpoint, `EndpointConfigName`).
    pub config: String,
    /// When that configuration was created.
    pub created: Timestamp,
}

impl Store {
    /// What the endpoints of an account and region ran, by ARN.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn ran(&self, account: &AccountId, region: &Region) -> Result<Vec<Ran>, StoreError> {
        let ask = sqlx::query(sql::RAN)
            .bind(account.as_str())
            .bind(region.as_str());
        let mut found = self.all(ask, read).await?;
        found.sort();
        Ok(found)
    }
}

fn read(row: &AnyRow) -> Result<Ran, sqlx::Error> {
    Ok(Ran {
        endpoint: row.try_get(0)?,
        modified: time(row, 1)?,
        config: row.try_get(2)?,
        created: time(row, 3)?,
    })
}
