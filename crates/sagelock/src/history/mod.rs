//! What was: audits that are kept, what is remembered of them, and how a killed one goes on.
//!
//! A store that fails in the middle does not end the audit: what it says is right without it. It
//! is told at the end that it was not kept.

mod begin;
mod difference;
mod journal;
mod summary;

use std::cell::{Cell, RefCell};
use std::io;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use sagelock_domain::assess::Record;
use sagelock_domain::call::{Call, CallError, CallErrorKind, Reply};
use sagelock_domain::collect::{self, Address, Denied, Memory};
use sagelock_domain::fact::Fact;
use sagelock_domain::ids::ConfigName;
use sagelock_domain::inventory::{self, CellId};
use sagelock_domain::recording::Recording;
use sagelock_store::{AuditRow, Ending, Lease, Ran, Store};
use serde_json::value::RawValue;

pub(crate) use begin::{Place, open, scope};
pub(crate) use difference::{Difference, Since, earlier, not_compared};
pub(crate) use summary::Summary;

use self::journal::{Journal, nowhere, recording};
use crate::drive::Keeper;
use crate::findings::unpack;
use crate::outcome::Audit;

/// What is kept of audits; or nothing, where nothing is to be kept.
pub(crate) struct History(Option<Kept>);

/// An audit that is being kept.
struct Kept {
    store: Store,
    audit: String,
    lease: RefCell<Lease>,
    /// Whether the audit was begun by a process that was killed or interrupted.
    goes_on: bool,
    journal: RefCell<Journal>,
    written: Cell<Instant>,
    is_writing: Cell<bool>,
    /// The first thing that went wrong; nothing is written after it.
    failed: RefCell<Option<anyhow::Error>>,
}

/// So many audits are kept of each scope; the oldest go.
const AUDITS_KEPT: u32 = 400;
/// A run that nobody went on with for so long is forgotten.
const STALE_HOURS: i64 = 48;

/// Something is written at least so often, so that it is seen that the run is alive.
const WRITE_EVERY: Duration = Duration::from_secs(5);

impl History {
    /// Nothing is kept.
    pub(crate) fn none() -> Self {
        Self(None)
    }

    /// Whether anything is kept.
    pub(crate) fn is_kept(&self) -> bool {
        self.0.is_some()
    }

    /// What a run that was cut off had been answered beside its cells.
    pub(crate) async fn recall_shared(&self) -> Recording {
        let Some(kept) = self.0.as_ref().filter(|kept| kept.goes_on) else {
            return Recording::default();
        };
        let nowhere = nowhere();
        match kept.answers(&nowhere).await {
            Ok(answers) => answers,
            Err(error) => {
                kept.fail(error);
                Recording::default()
            }
        }
    }

    /// Who was denied which key since then.
    pub(crate) async fn denied(&self, since: Timestamp) -> Denied {
        let mut denied = Denied::default();
        let Some(kept) = &self.0 else { return denied };
        match kept.store.denials(since).await {
            Ok(denials) => {
                for denial in denials {
                    let error = CallError {
                        kind: CallErrorKind::AccessDenied,
                        code: denial.code,
                        message: denial.said,
                    };
                    denied.note(denial.caller, denial.subject, denial.at, error);
                }
            }
            Err(error) => kept.fail(error),
        }
        denied
    }

    /// Keeps what came of an account and region.
    pub(crate) fn close(&self, cell: &inventory::Cell, pack: Vec<u8>) {
        if let Some(kept) = &self.0 {
            kept.put(|journal| journal.close(&cell.id, pack, ran(cell)));
        }
    }

    /// Keeps what is said of endpoints and configurations, with what came late.
    pub(crate) fn join(&self, cell: &CellId, pack: Vec<u8>) {
        if let Some(kept) = &self.0 {
            kept.put(|journal| {
                journal.add_findings(cell, 0, pack);
                Ok(())
            });
        }
    }

    /// Keeps what is said of the keys of an account and region.
    pub(crate) fn add_keys(&self, cell: &CellId, pack: Vec<u8>) {
        if let Some(kept) = &self.0 {
            kept.put(|journal| {
                journal.add_findings(cell, 1, pack);
                Ok(())
            });
        }
    }

    /// Ends the audit: the last answers, and what came of it. The store is closed, so that one file
    /// holds all of it.
    ///
    /// # Errors
    /// The audit could not be kept as a whole.
    pub(crate) async fn finish(&self, audit: &Audit) -> anyhow::Result<()> {
        let Some(kept) = &self.0 else { return Ok(()) };
        let ended = kept.finish(audit).await;
        kept.store.close().await;
        ended
    }

    /// The store, where there is one.
    pub(crate) fn store(&self) -> Option<&Store> {
        self.0.as_ref().map(|kept| &kept.store)
    }
}

impl Keeper for History {
    /// What is remembered of an account and region. What cannot be read is asked again.
    async fn recall(&self, cell: &CellId) -> Memory {
        let Some(kept) = &self.0 else {
            return Memory::default();
        };
        match kept.recall(cell).await {
            Ok(memory) => memory,
            Err(error) => {
                kept.fail(error);
                Memory::default()
            }
        }
    }

    /// Keeps an answer.
    fn note(
        &self,
        address: &Address,
        call: &Call,
        result: &Result<Reply, CallError>,
        at: Timestamp,
    ) {
        if let Some(kept) = &self.0 {
            kept.put(|journal| journal.note(address, call, result, at));
        }
    }

    /// How long the loop may sleep, so that what is due is written.
    fn writes_within(&self) -> Duration {
        if self.is_kept() {
            WRITE_EVERY
        } else {
            Duration::MAX
        }
    }

    /// Whether something should be written now; if so, whoever asks writes it.
    fn takes_up_writing(&self) -> bool {
        let Some(kept) = &self.0 else { return false };
        let is_time = kept.written.get().elapsed() >= WRITE_EVERY;
        let has = is_time || kept.journal.borrow().is_due();
        let is_due = has && !kept.is_writing.get() && kept.failed.borrow().is_none();
        if is_due {
            kept.is_writing.set(true);
        }
        is_due
    }

    /// Writes what there is.
    async fn write(&self) {
        if let Some(kept) = &self.0 {
            let batch = kept.journal.borrow_mut().take();
            kept.write(&batch).await;
            kept.is_writing.set(false);
        }
    }
}

/// The summaries of audits.
pub(crate) fn summaries(rows: Vec<AuditRow>) -> anyhow::Result<Vec<(AuditRow, Summary)>> {
    let mut audits = Vec::new();
    for row in rows {
        if let Some(text) = &row.summary {
            let summary = Summary::read(text)?;
            audits.push((row, summary));
        }
    }
    Ok(audits)
}

/// The findings of a kept audit about one account and region.
pub(crate) async fn findings(
    store: &Store,
    audit: &str,
    cell: &CellId,
) -> anyhow::Result<Vec<Record>> {
    let mut records = Vec::new();
    for pack in store.findings(audit, &cell.account, &cell.region).await? {
        unpack(&pack, &mut |record| {
            records.push(record);
            Ok(())
        })?;
    }
    Ok(records)
}

impl Kept {
    async fn finish(&self, audit: &Audit) -> anyhow::Result<()> {
        let rest = self.journal.borrow_mut().take_all();
        match rest {
            Ok(batch) => self.write(&batch).await,
            Err(error) => self.fail(error),
        }
        if let Some(error) = self.failed.borrow_mut().take() {
            return Err(error);
        }
        let summary = Summary::of(audit).to_json()?;
        let ending = if audit.interrupted {
            Ending::Interrupted
        } else {
            Ending::Done
        };
        let lease = self.lease();
        self.store
            .finish_audit(&self.audit, &lease, audit.finished_at, ending, &summary)
            .await?;
        let stale = Timestamp::now() - SignedDuration::from_hours(STALE_HOURS);
        self.store.prune(AUDITS_KEPT, stale).await?;
        Ok(())
    }

    fn fail(&self, error: impl Into<anyhow::Error>) {
        self.failed.borrow_mut().get_or_insert_with(|| error.into());
    }

    fn put(&self, put: impl FnOnce(&mut Journal) -> io::Result<()>) {
        if self.failed.borrow().is_some() {
            return;
        }
        let done = put(&mut self.journal.borrow_mut());
        if let Err(error) = done {
            self.fail(error);
        }
    }

    /// The lease, renewed.
    fn lease(&self) -> Lease {
        let mut lease = self.lease.borrow_mut();
        lease.at = Timestamp::now();
        lease.clone()
    }

    async fn write(&self, batch: &sagelock_store::Batch) {
        if self.failed.borrow().is_some() {
            return;
        }
        let lease = self.lease();
        let written = self.store.write(&self.audit, &lease, batch).await;
        self.written.set(Instant::now());
        if let Err(error) = written {
            self.fail(error);
        }
    }

    async fn answers(&self, cell: &CellId) -> anyhow::Result<Recording> {
        let CellId { account, region } = cell;
        let chunks = self.store.answers(&self.audit, account, region).await?;
        recording(&chunks)
    }

    async fn recall(&self, cell: &CellId) -> anyhow::Result<Memory> {
        let CellId { account, region } = cell;
        let mut memory = Memory::default();
        for one in self.store.descriptions(account, region).await? {
            let reply = Reply {
                body: RawValue::from_string(one.body)?,
                at: one.answered,
                request_id: one.request_id,
            };
            memory.describe(&one.name, one.created, reply);
        }
        for one in self.store.ran(account, region).await? {
            let ran = collect::Ran {
                modified: one.modified,
                config: ConfigName::new(one.config),
                created: one.created,
            };
            memory.ran(&one.endpoint, ran);
        }
        if self.goes_on {
            memory.answered(self.answers(cell).await?);
        }
        Ok(memory)
    }
}

/// What the endpoints of a cell run: so that it is known when it has been deleted.
fn ran(cell: &inventory::Cell) -> Vec<Ran> {
    let mut all = Vec::new();
    for endpoint in cell.endpoints.values() {
        let Fact::Known(Some(facts)) = &endpoint.described.fact else {
            continue;
        };
        let Some(name) = &facts.config else { continue };
        let described = cell.configs.get(name).map(|config| &config.described.fact);
        if let Some(Fact::Known(Some(config))) = described {
            all.push(Ran {
                endpoint: endpoint.arn.clone(),
                modified: facts.modified,
                config: name.to_string(),
                created: config.created,
            });
        }
    }
    all
}
