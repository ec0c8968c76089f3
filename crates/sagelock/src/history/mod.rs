//! What was: audits that are kept, and what is remembered of them.

use jiff::Timestamp;
use sagelock_domain::call::{Call, CallError, Reply};
use sagelock_domain::collect::{Address, Memory};
use sagelock_domain::inventory::CellId;

/// What is kept of audits; or nothing, where nothing is to be kept.
pub(crate) struct History {}

impl History {
    /// Nothing is kept.
    pub(crate) fn none() -> Self {
        Self {}
    }

    /// What is remembered of an account and region.
    pub(crate) async fn recall(&self, _cell: &CellId) -> Memory {
        Memory::default()
    }

    /// Keeps an answer.
    pub(crate) fn note(
        &self,
        _address: &Address,
        _call: &Call,
        _result: &Result<Reply, CallError>,
        _at: Timestamp,
    ) {
    }
}
