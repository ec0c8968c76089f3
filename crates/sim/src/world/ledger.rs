//! What was called and what happened, for those who check.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use super::Ctx;
use super::tally::{Ending, Tallies};
use crate::service::Service;
use crate::table::Operation;

/// The ledger of a world.
#[derive(Debug, Default)]
pub struct Ledger {
    entries: Vec<Entry>,
    /// Lines that are kept; none keeps all.
    lines: Option<usize>,
    tallies: Tallies,
    unknown: BTreeMap<String, u64>,
}

/// Different operations that are not simulated and are told apart; what comes beyond them is
/// counted together.
const UNKNOWN_MAX: usize = 1000;
/// Under this name.
const UNKNOWN_OTHERS: &str = "others";

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
    /// Notes a call that can change something.
    pub(crate) fn called(
        &mut self,
        at: Timestamp,
        ctx: &Ctx,
        row: &Operation,
        input: Value,
        refused: Option<String>,
    ) {
        self.write(Entry {
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

    /// Counts a request, whatever it asked for.
    pub(super) fn count(&mut self, ctx: &Ctx, row: &Operation, ending: Ending) {
        self.tallies.count(ctx, row, ending);
    }

    pub(super) fn unknown(&mut self, asked: &str) {
        let is_new = !self.unknown.contains_key(asked);
        let name = if is_new && self.unknown.len() >= UNKNOWN_MAX {
            UNKNOWN_OTHERS
        } else {
            asked
        };
        *self.unknown.entry(name.to_owned()).or_default() += 1;
    }

    /// Whether lines are kept at all.
    pub(super) fn keeps(&self) -> bool {
        self.lines != Some(0)
    }

    /// Keeps the latest lines only: so many, and up to twice as many before the oldest are
    /// forgotten at once.
    pub(super) fn keep(&mut self, lines: usize) {
        self.lines = Some(lines);
        self.forget(lines);
    }

    fn write(&mut self, entry: Entry) {
        if !self.keeps() {
            return;
        }
        self.entries.push(entry);
        if let Some(lines) = self.lines
            && self.entries.len() >= lines.saturating_mul(2)
        {
            self.forget(lines);
        }
    }

    fn forget(&mut self, lines: usize) {
        let before = self.entries.len().saturating_sub(lines);
        self.entries.drain(..before);
    }

    pub(crate) fn endpoint(
        &mut self,
        at: Timestamp,
        ctx: &Ctx,
        name: &str,
        status: Option<&'static str>,
        serving: bool,
    ) {
        self.write(Entry {
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
        self.tallies = Tallies::default();
    }

    /// The lines, in order: all, or the latest where the world keeps no more.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The requests that came, by account, region and operation.
    #[must_use]
    pub fn tallies(&self) -> &Tallies {
        &self.tallies
    }

    /// Operations that somebody asked for and that are not simulated.
    #[must_use]
    pub fn unknown_operations(&self) -> &BTreeMap<String, u64> {
        &self.unknown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ledger_that_keeps_few_lines_holds_the_latest_and_no_more_than_twice_as_many() {
        let ctx = Ctx::root(Service::SageMaker, "111122223333", "eu-west-1");
        let mut ledger = Ledger::default();
        let note = |ledger: &mut Ledger, number: usize| {
            ledger.endpoint(
                Timestamp::UNIX_EPOCH,
                &ctx,
                &number.to_string(),
                None,
                false,
            );
        };
        let last = |ledger: &Ledger| match ledger.entries().last().map(|entry| &entry.happening) {
            Some(Happening::Endpoint { name, .. }) => name.clone(),
            other => format!("{other:?}"),
        };
        (0..50).for_each(|number| note(&mut ledger, number));
        assert_eq!(ledger.entries().len(), 50, "all, where nothing is said");
        ledger.keep(10);
        assert_eq!(ledger.entries().len(), 10);
        for number in 50..1000 {
            note(&mut ledger, number);
            assert!((10..20).contains(&ledger.entries().len()));
            assert_eq!(last(&ledger), number.to_string());
        }
        ledger.keep(0);
        note(&mut ledger, 1000);
        assert!(ledger.entries().is_empty(), "none");
    }

    #[test]
    fn what_is_not_simulated_is_told_apart_up_to_a_bound() {
        let mut ledger = Ledger::default();
        for number in 0..5 * UNKNOWN_MAX {
            ledger.unknown(&format!("x: Operation{number}"));
        }
        ledger.unknown("x: Operation0");
        let unknown = ledger.unknown_operations();
        assert_eq!(unknown.len(), UNKNOWN_MAX + 1);
        assert_eq!(unknown.get("x: Operation0"), Some(&2));
        let others = u64::try_from(4 * UNKNOWN_MAX).ok();
        assert_eq!(unknown.get(UNKNOWN_OTHERS).copied(), others);
    }
}
