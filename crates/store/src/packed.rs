//! Bytes that belong to an audit, by account and region: its findings, and the answers of a run
//! that is under way. The store does not look into them.

use sagelock_domain::ids::{AccountId, Region};
use sqlx::Row;
use sqlx::any::AnyRow;

use crate::error::StoreError;
use crate::open::Store;
use crate::sql;

impl Store {
    /// The accounts and regions that an audit has findings of, sorted.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn cells(&self, audit: &str) -> Result<Vec<(AccountId, Region)>, StoreError> {
        self.cells_of(sql::FINDINGS_CELLS, audit).await
    }

    /// An audit's findings of an account and region, by part.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn findings(
        &self,
        audit: &str,
        account: &AccountId,
        region: &Region,
    ) -> Result<Vec<Vec<u8>>, StoreError> {
        self.bytes_of(sql::FINDINGS, audit, account, region).await
    }

    /// The accounts and regions that a run has answers of, sorted. Answers that belong to none
    /// have `""` for both.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn answered_cells(
        &self,
        audit: &str,
    ) -> Result<Vec<(AccountId, Region)>, StoreError> {
        self.cells_of(sql::ANSWERS_CELLS, audit).await
    }

    /// A run's answers of an account and region, in the order in which they were written.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn answers(
        &self,
        audit: &str,
        account: &AccountId,
        region: &Region,
    ) -> Result<Vec<Vec<u8>>, StoreError> {
        self.bytes_of(sql::ANSWERS, audit, account, region).await
    }

    async fn cells_of(
        &self,
        text: &'static str,
        audit: &str,
    ) -> Result<Vec<(AccountId, Region)>, StoreError> {
        let mut cells = self.all(sqlx::query(text).bind(audit), cell).await?;
        cells.sort();
        Ok(cells)
    }

    async fn bytes_of(
        &self,
        text: &'static str,
        audit: &str,
        account: &AccountId,
        region: &Region,
    ) -> Result<Vec<Vec<u8>>, StoreError> {
        let ask = sqlx::query(text)
            .bind(audit)
            .bind(account.as_str())
            .bind(region.as_str());
        self.all(ask, |row| row.try_get(1)).await
    }
}

fn cell(row: &AnyRow) -> Result<(AccountId, Region), sqlx::Error> {
    let account: String = row.try_get(0)?;
    let region: String = row.try_get(1)?;
    Ok((AccountId::new(account), Region::new(region)))
}
