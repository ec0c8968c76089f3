//! What AWS said of endpoint configurations. A configuration never changes (SageMaker API,
//! UpdateEndpoint: "you must specify a new `EndpointConfig`"), so what was said once is kept for
//! ever. One that was deleted and created again has another creation time.

use jiff::Timestamp;
use sagelock_domain::ids::{AccountId, Region};
use sqlx::Row;
use sqlx::any::AnyRow;

use crate::error::StoreError;
use crate::open::Store;
use crate::row::time;
use crate::sql;

/// What AWS said of one endpoint configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// Its name. Kept in lower case: SageMaker tells names apart without regard to case.
    pub name: String,
    /// Its ARN, as AWS wrote it.
    pub arn: String,
    /// When it was created, to the microsecond. With account, region and name it says which one
    /// it is.
    pub created: Timestamp,
    /// The answer, as AWS gave it: JSON.
    pub body: String,
    /// When it was given.
    pub answered: Timestamp,
    /// AWS's id of the request. None: the answer bore none.
    pub request_id: Option<String>,
}

impl Store {
    /// The descriptions of an account and region, by name and creation time.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn descriptions(
        &self,
        account: &AccountId,
        region: &Region,
    ) -> Result<Vec<Description>, StoreError> {
        let ask = sqlx::query(sql::DESCRIPTIONS)
            .bind(account.as_str())
            .bind(region.as_str());
        let mut found = self.all(ask, read).await?;
        found.sort_by(|a, b| (&a.name, a.created).cmp(&(&b.name, b.created)));
        Ok(found)
    }
}

fn read(row: &AnyRow) -> Result<Description, sqlx::Error> {
    Ok(Description {
        name: row.try_get(0)?,
        created: time(row, 1)?,
        arn: row.try_get(2)?,
        body: row.try_get(3)?,
        answered: time(row, 4)?,
        request_id: row.try_get(5)?,
    })
}
