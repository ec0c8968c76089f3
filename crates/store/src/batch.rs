//! What a run has learned, written in one transaction.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use jiff::Timestamp;
use sagelock_domain::ids::{AccountId, Region};

use crate::audits::Lease;
use crate::change::Change;
use crate::denials::Denial;
use crate::descriptions::Description;
use crate::error::StoreError;
use crate::open::Store;
use crate::ran::Ran;
use crate::row::{Ask, micros};
use crate::sql;

/// What is written at once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// Descriptions of configurations. Writing one again replaces it.
    pub descriptions: Vec<(AccountId, Region, Description)>,
    /// Answers of this run, behind those that are there.
    pub answers: Vec<(AccountId, Region, Vec<u8>)>,
    /// Findings of this audit, by part (0 endpoints and configurations, 1 keys). A part that is
    /// there is replaced.
    pub findings: Vec<(AccountId, Region, u8, Vec<u8>)>,
    /// Denials to forget, by caller, call and subject, before the new ones are written.
    pub forget_denials: Vec<(AccountId, String, String)>,
    /// Denials. Writing one again replaces it.
    pub denials: Vec<Denial>,
    /// What endpoints run. Writing one again replaces it.
    pub ran: Vec<(AccountId, Region, Ran)>,
}

impl Store {
    /// Writes a batch of the run that holds the audit, all of it or nothing, and renews its lease.
    /// It is on the disk when this returns.
    ///
    /// # Errors
    /// [`StoreError::Taken`] where the audit is another's by now; see [`StoreError`] for the
    /// others.
    pub async fn write(&self, audit: &str, lease: &Lease, batch: &Batch) -> Result<(), StoreError> {
        let mut change = Change::begin(self).await?;
        let result = write(&mut change, audit, lease, batch).await;
        change.end(result).await
    }
}

async fn write(
    change: &mut Change,
    audit: &str,
    lease: &Lease,
    batch: &Batch,
) -> Result<(), StoreError> {
    change.hold(audit, lease).await?;
    descriptions(change, &batch.descriptions).await?;
    for (account, region, chunk) in &batch.answers {
        let ask = sqlx::query(sql::ANSWERS_WRITE)
            .bind(audit)
            .bind(account.as_str())
            .bind(region.as_str())
            .bind(chunk.as_slice());
        change.run(ask).await?;
    }
    for (account, region, part, packed) in &batch.findings {
        let ask = sqlx::query(sql::FINDINGS_WRITE)
            .bind(audit)
            .bind(account.as_str())
            .bind(region.as_str())
            .bind(i64::from(*part))
            .bind(packed.as_slice());
        change.run(ask).await?;
    }
    denials(change, batch).await?;
    ran(change, &batch.ran).await
}

/// The last of each description.
async fn descriptions(
    change: &mut Change,
    batch: &[(AccountId, Region, Description)],
) -> Result<(), StoreError> {
    static TEXTS: LazyLock<Texts> = LazyLock::new(|| Texts::of(&sql::DESCRIPTIONS_WRITE));
    type Key<'a> = (&'a AccountId, &'a Region, String, Timestamp);
    let last: BTreeMap<Key<'_>, &Description> = batch
        .iter()
        .map(|(account, region, one)| {
            let name = one.name.to_lowercase();
            ((account, region, name, one.created), one)
        })
        .collect();
    upsert(change, &TEXTS, last, |ask, (key, one)| {
        let (account, region, name, created) = key;
        ask.bind(account.as_str())
            .bind(region.as_str())
            .bind(name.as_str())
            .bind(micros(*created))
            .bind(one.arn.as_str())
            .bind(one.body.as_str())
            .bind(micros(one.answered))
            .bind(one.request_id.as_deref())
    })
    .await
}

/// What each endpoint ran last.
async fn ran(change: &mut Change, batch: &[(AccountId, Region, Ran)]) -> Result<(), StoreError> {
    static TEXTS: LazyLock<Texts> = LazyLock::new(|| Texts::of(&sql::RAN_WRITE));
    let last: BTreeMap<(&AccountId, &Region, String), &Ran> = batch
        .iter()
        .map(|(account, region, one)| ((account, region, one.endpoint.to_lowercase()), one))
        .collect();
    upsert(change, &TEXTS, last, |ask, (key, one)| {
        let (account, region, endpoint) = key;
        ask.bind(account.as_str())
            .bind(region.as_str())
            .bind(endpoint.as_str())
            .bind(micros(one.modified))
            .bind(one.config.as_str())
            .bind(micros(one.created))
    })
    .await
}

/// The statements of a table that is written several rows at a time.
struct Texts {
    /// For [`sql::ROWS`].
    many: String,
    /// For each that is left.
    one: String,
}

impl Texts {
    fn of(upsert: &sql::Upsert) -> Self {
        Self {
            many: upsert.text(sql::ROWS),
            one: upsert.text(1),
        }
    }
}

/// Writes rows, each once, in the order of their keys.
async fn upsert<K, V>(
    change: &mut Change,
    texts: &'static Texts,
    rows: BTreeMap<K, V>,
    bind: impl for<'q> Fn(Ask<'q>, &(K, V)) -> Ask<'q>,
) -> Result<(), StoreError> {
    let rows: Vec<(K, V)> = rows.into_iter().collect();
    let (many, rest) = rows.as_chunks::<{ sql::ROWS }>();
    let many = many
        .iter()
        .map(|rows| (texts.many.as_str(), rows.as_slice()));
    let rest = rest.chunks(1).map(|row| (texts.one.as_str(), row));
    for (text, rows) in many.chain(rest) {
        change
            .run(rows.iter().fold(sqlx::query(text), &bind))
            .await?;
    }
    Ok(())
}

async fn denials(change: &mut Change, batch: &Batch) -> Result<(), StoreError> {
    for (caller, call, subject) in &batch.forget_denials {
        let ask = sqlx::query(sql::DENIALS_FORGET)
            .bind(caller.as_str())
            .bind(call.as_str())
            .bind(subject.as_str());
        change.run(ask).await?;
    }
    for denial in &batch.denials {
        let ask = sqlx::query(sql::DENIALS_WRITE)
            .bind(denial.caller.as_str())
            .bind(denial.call.as_str())
            .bind(denial.subject.as_str())
            .bind(micros(denial.at))
            .bind(denial.code.as_str())
            .bind(denial.said.as_str());
        change.run(ask).await?;
    }
    Ok(())
}
