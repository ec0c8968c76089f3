//! What was called and what happened, for those who check.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use super::Ctx;
use crate::service::Service;
use crate::table::Operation;

/// The ledger of a world.
#[derive(Debug, Default)]
pub struct Ledger {
    entries: Vec<Entry>,
    counts: BTreeMap<(Service, &'static str), u64>,
    unknown: BTreeMap<String, u64>,
}

/// A line of it.
#[derive(Clone, Debug)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// In which account.
    pub account: String,
    /// In which region.
    pub region: String,
    /// What.
    pub happening: Happening,
}

/// What happened.
#[derive(Clone, Debug)]
pub enum Happening {
    /// A call that can change something was made.
    Called {
        /// The service.
        service: Service,
        /// The operation.
        operation: &'static str,
        /// What it was asked with.
        input: Value,
        /// The code of the error it ended in; none where it succeeded.
        refused: Option<String>,
    },
    /// An endpoint's status changed.
    Endpoint {
        /// Its name.
        name: String,
        /// The status it has now; none where it is gone.
        status: Option<&'static str>,
        /// Whether it serves.
        serving: bool,
    },
}

impl Ledger {
    pub(crate) fn called(
        &mut self,
        at: Timestamp,
        ctx: &Ctx,
        row: &Operation,
        input: Option<Value>,
        refused: Option<String>,
    ) {
        *self.counts.entry((row.service, row.name)).or_default() += 1;
        if let Some(input) = input {
            self.entries.push(Entry {
                at,
                account: ctx.account.clone(),
                region: ctx.region.clone(),
                happening: Happening::Called {
                    service: row.service,
                    operation: row.name,
                    input,
                    refused,
                },
            });
        }
    }

    pub(super) fn unknown(&mut self, asked: &str) {
        *self.unknown.entry(asked.to_owned()).or_default() += 1;
    }

    pub(crate) fn endpoint(
        &mut self,
        at: Timestamp,
        ctx: &Ctx,
        name: &str,
        status: Option<&'static str>,
        serving: bool,
    ) {
        self.entries.push(Entry {
            at,
            account: ctx.account.clone(),
            region: ctx.region.clone(),
            happening: Happening::Endpoint {
                name: name.to_owned(),
                status,
                serving,
            },
        });
    }

    /// Counts from here on: what made the world is no client's.
    pub(crate) fn count_anew(&mut self) {
        self.counts.clear();
    }

    /// The lines, in order.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Calls that were answered, by operation.
    #[must_use]
    pub fn counts(&self) -> &BTreeMap<(Service, &'static str), u64> {
        &self.counts
    }

    /// Operations that somebody asked for and that are not simulated.
    #[must_use]
    pub fn unknown_operations(&self) -> &BTreeMap<String, u64> {
        &self.unknown
    }
}
