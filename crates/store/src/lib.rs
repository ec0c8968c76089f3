//! How is it kept? A keeper of texts and bytes in an SQL database; it knows columns, not meaning.
//!
//! Only SQLite is switched on: a file in write-ahead mode, flushed at every commit. The SQL is
//! written so that PostgreSQL can share it. See `docs/adr/0013-one-store.md`.

mod audits;
mod batch;
mod change;
mod denials;
mod descriptions;
mod error;
mod open;
mod packed;
mod place;
mod ran;
mod row;
mod sql;
#[cfg(test)]
mod tests;

pub use audits::{AuditRow, AuditState, Ending, Lease, NewAudit};
pub use batch::Batch;
pub use denials::Denial;
pub use descriptions::Description;
pub use error::StoreError;
pub use open::Store;
pub use place::url_of;
pub use ran::Ran;
