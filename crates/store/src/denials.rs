//! Who was denied what, so that it is not asked again and again.

use jiff::Timestamp;
use sagelock_domain::ids::AccountId;
use sqlx::Row;
use sqlx::any::AnyRow;

use crate::error::StoreError;
use crate::open::Store;
use crate::row::{micros, time};
use crate::sql;

/// A call that was denied. One is kept for each caller, call and subject: the last.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Denial {
    /// The account that asked.
    pub caller: AccountId,
    /// The call, `kms:DescribeKey`.
    pub call: String,
    /// What it asked about, as it was written in the call.
    pub subject: String,
    /// When it was denied.
    pub at: Timestamp,
    /// AWS's error code.
    pub code: String,
    /// AWS's words.
    pub said: String,
}

impl Store {
    /// The denials at or after a time, by caller, call and subject.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn denials(&self, since: Timestamp) -> Result<Vec<Denial>, StoreError> {
        let ask = sqlx::query(sql::DENIALS).bind(micros(since));
        let mut found = self.all(ask, read).await?;
        found.sort();
        Ok(found)
    }
}

fn read(row: &AnyRow) -> Result<Denial, sqlx::Error> {
    Ok(Denial {
        caller: AccountId::new(row.try_get::<String, _>(0)?),
        call: row.try_get(1)?,
        subject: row.try_get(2)?,
        at: time(row, 3)?,
        code: row.try_get(4)?,
        said: row.try_get(5)?,
    })
}
