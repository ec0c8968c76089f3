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
use crate::row::micros;
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
    for (account, region, ran) in &batch.ran {
        let ask = sqlx::query(sql::RAN_WRITE)
            .bind(account.as_str())
            .bind(region.as_str())
            .bind(ran.endpoint.to_lowercase())
            .bind(micros(ran.modified))
            .bind(ran.config.as_str())
            .bind(micros(ran.created));
        change.run(ask).await?;
    }
    Ok(())
}

/// The statement for [`sql::ROWS`] descriptions.
static MANY: LazyLock<String> = LazyLock::new(|| sql::descriptions_write(sql::ROWS));

/// The statement for the rest.
static ONE: LazyLock<String> = LazyLock::new(|| sql::descriptions_write(1));

/// Writes the last of each that is there twice: PostgreSQL refuses a statement that changes one
/// row two times.
async fn descriptions(
    change: &mut Change,
    batch: &[(AccountId, Region, Description)],
) -> Result<(), StoreError> {
    type Key<'a> = (&'a AccountId, &'a Region, String, Timestamp);
    let last: BTreeMap<Key<'_>, &Description> = batch
        .iter()
        .map(|(account, region, description)| {
            let name = description.name.to_lowercase();
            ((account, region, name, description.created), description)
        })
        .collect();
    let rows: Vec<(Key<'_>, &Description)> = last.into_iter().collect();
    let (many, rest) = rows.as_chunks::<{ sql::ROWS }>();
    let chunks = many.iter().map(|chunk| (MANY.as_str(), chunk.as_slice()));
    let ones = rest.chunks(1).map(|chunk| (ONE.as_str(), chunk));
    for (text, rows) in chunks.chain(ones) {
        let mut ask = sqlx::query(text);
        for ((account, region, name, created), description) in rows {
            ask = ask
                .bind(account.as_str())
                .bind(region.as_str())
                .bind(name.as_str())
                .bind(micros(*created))
                .bind(description.arn.as_str())
                .bind(description.body.as_str())
                .bind(micros(description.answered))
                .bind(description.request_id.as_deref());
        }
        change.run(ask).await?;
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
