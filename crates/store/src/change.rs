//! A transaction: everything in it is kept, or nothing.
//!
//! sqlx's own transactions are not used. Where SQLite has rolled back by itself (a full disk, an
//! I/O error, a failed commit), sqlx goes on believing that a transaction is open, and every later
//! one of that connection fails.

use sqlx::pool::PoolConnection;
use sqlx::{Any, AnyConnection, Executor};

use crate::error::StoreError;
use crate::open::{Store, Version};
use crate::row::Ask;
use crate::sql;

/// A transaction that is open.
pub(crate) struct Change {
    store: Store,
    connection: PoolConnection<Any>,
    open: bool,
}

impl Change {
    /// Begins to write. The version is looked at in the transaction: a newer release may have
    /// changed the schema since this process opened the store.
    pub(crate) async fn begin(store: &Store) -> Result<Self, StoreError> {
        let mut change = Self::begin_unversioned(store).await?;
        let found = sqlx::query_scalar(sql::VERSION_READ)
            .fetch_one(change.connection())
            .await
            .map(Version::Ours);
        match store.known(found) {
            Ok(_) => Ok(change),
            Err(error) => change.end(Err(error)).await,
        }
    }

    /// Begins to write where there may be no schema yet.
    pub(crate) async fn begin_unversioned(store: &Store) -> Result<Self, StoreError> {
        let mut change = Self {
            store: store.clone(),
            connection: store.connection().await?,
            open: true,
        };
        let begun = change.connection.execute(sql::SQLITE_BEGIN).await;
        match begun {
            Ok(_) => Ok(change),
            Err(error) => {
                let error = store.said(error);
                change.end(Err(error)).await
            }
        }
    }

    pub(crate) fn connection(&mut self) -> &mut AnyConnection {
        &mut self.connection
    }

    /// Runs one statement and says how many rows it changed.
    pub(crate) async fn run(&mut self, ask: Ask<'_>) -> Result<u64, StoreError> {
        match ask.execute(&mut *self.connection).await {
            Ok(done) => Ok(done.rows_affected()),
            Err(error) => Err(self.store.said(error)),
        }
    }

    /// Keeps everything where all went well, else nothing.
    pub(crate) async fn end<T>(mut self, result: Result<T, StoreError>) -> Result<T, StoreError> {
        let result = match result {
            Ok(value) => match self.connection.execute(sql::COMMIT).await {
                Ok(_) => {
                    self.open = false;
                    return Ok(value);
                }
                Err(error) => Err(self.store.said(error)),
            },
            Err(error) => Err(error),
        };
        // Refused where SQLite has rolled back by itself: then there is nothing to undo.
        let _ = self.connection.execute(sql::ROLLBACK).await;
        self.open = false;
        result
    }
}

impl Drop for Change {
    /// Abandoned half-way: the connection goes, and the transaction with it.
    fn drop(&mut self) {
        if self.open {
            self.connection.close_on_drop();
        }
    }
}
