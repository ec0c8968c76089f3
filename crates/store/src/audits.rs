//! Audits: which there were, and who is at work on one.

use jiff::Timestamp;
use sqlx::Row;
use sqlx::any::AnyRow;

use crate::change::Change;
use crate::error::StoreError;
use crate::open::Store;
use crate::row::{micros, time, time_or_none};
use crate::sql;

/// How far an audit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuditState {
    /// Under way; where its process is gone, it was killed.
    Running,
    /// Ended as it should.
    Done,
    /// Ended before its time, with what it had. It can be gone on with.
    Interrupted,
    /// Given up; nobody goes on with it.
    Abandoned,
}

impl AuditState {
    /// The word that is kept.
    fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Done => "done",
            Self::Interrupted => "interrupted",
            Self::Abandoned => "abandoned",
        }
    }

    fn read(word: &str) -> Result<Self, sqlx::Error> {
        [
            Self::Running,
            Self::Done,
            Self::Interrupted,
            Self::Abandoned,
        ]
        .into_iter()
        .find(|state| state.word() == word)
        .ok_or_else(|| sqlx::Error::Decode(format!("no state of an audit: `{word}`").into()))
    }
}

/// How an audit ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// As it should. Its answers are no longer needed.
    Done,
    /// Before its time. Its answers are kept, so that it can be gone on with.
    Interrupted,
}

/// An audit, without its findings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRow {
    /// Its id.
    pub id: String,
    /// When it began.
    pub started: Timestamp,
    /// When it ended. None: it has not.
    pub finished: Option<Timestamp>,
    /// How far it is.
    pub state: AuditState,
    /// What it is an audit of: the same text, the same scope.
    pub scope: String,
    /// How it was begun: JSON.
    pub about: String,
    /// What came of it: JSON. None: nothing yet.
    pub summary: Option<String>,
}

/// An audit that begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAudit {
    /// Its id; no other may have it.
    pub id: String,
    /// When it begins.
    pub started: Timestamp,
    /// What it is an audit of: the same text, the same scope.
    pub scope: String,
    /// How it is begun: JSON.
    pub about: String,
    /// Whose it is.
    pub lease: Lease,
}

/// The process that is at work on an audit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Its machine.
    pub host: String,
    /// Its process id there.
    pub pid: u32,
    /// When it last showed that it is alive.
    pub at: Timestamp,
}

impl Store {
    /// Begins an audit.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn begin_audit(&self, audit: &NewAudit) -> Result<(), StoreError> {
        let mut change = Change::begin(self).await?;
        let ask = sqlx::query(sql::AUDIT_BEGIN)
            .bind(audit.id.as_str())
            .bind(micros(audit.started))
            .bind(audit.scope.as_str())
            .bind(audit.about.as_str())
            .bind(audit.lease.host.as_str())
            .bind(i64::from(audit.lease.pid))
            .bind(micros(audit.lease.at));
        let result = change.run(ask).await.map(drop);
        change.end(result).await
    }

    /// The newest audit of a scope that is running or was interrupted, and who was at work on it.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn unfinished(&self, scope: &str) -> Result<Option<(AuditRow, Lease)>, StoreError> {
        let ask = sqlx::query(sql::AUDIT_UNFINISHED).bind(scope);
        let found = self
            .all(ask, |row| Ok((read(row)?, read_lease(row)?)))
            .await?;
        Ok(found.into_iter().next())
    }

    /// Goes on with an audit whose process is gone, and says whether it is ours now. It is not
    /// where the lease is no longer the one that was seen: its process lives, or another was
    /// quicker. What it had for a summary is gone.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn take_over(
        &self,
        audit: &str,
        seen: &Lease,
        ours: &Lease,
    ) -> Result<bool, StoreError> {
        let mut change = Change::begin(self).await?;
        let ask = sqlx::query(sql::AUDIT_TAKE_OVER)
            .bind(ours.host.as_str())
            .bind(i64::from(ours.pid))
            .bind(micros(ours.at))
            .bind(audit)
            .bind(seen.host.as_str())
            .bind(i64::from(seen.pid))
            .bind(micros(seen.at));
        let result = change.run(ask).await.map(|rows| rows == 1);
        change.end(result).await
    }

    /// Shows that the process at work on an audit is alive at `lease.at`.
    ///
    /// # Errors
    /// [`StoreError::Taken`] where the audit is another's by now.
    pub async fn renew(&self, audit: &str, lease: &Lease) -> Result<(), StoreError> {
        let mut change = Change::begin(self).await?;
        let result = change.hold(audit, lease).await;
        change.end(result).await
    }

    /// Ends an audit. The answers of one that is done are deleted with it.
    ///
    /// # Errors
    /// [`StoreError::Taken`] where the audit is another's by now.
    pub async fn finish_audit(
        &self,
        audit: &str,
        lease: &Lease,
        finished: Timestamp,
        ending: Ending,
        summary: &str,
    ) -> Result<(), StoreError> {
        let mut change = Change::begin(self).await?;
        let result = finish(&mut change, audit, lease, finished, ending, summary).await;
        change.end(result).await
    }

    /// Gives an audit up, with its answers, and says whether that was done. It is not where the
    /// lease is no longer the one that was seen. One that was interrupted keeps its summary and
    /// findings; one that was killed has none to keep.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn abandon(&self, audit: &str, seen: &Lease) -> Result<bool, StoreError> {
        let mut change = Change::begin(self).await?;
        let result = abandon(&mut change, audit, seen).await;
        change.end(result).await
    }

    /// The audits of a scope that ended with a summary, newest first.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn audits_of(&self, scope: &str, limit: u32) -> Result<Vec<AuditRow>, StoreError> {
        let ask = sqlx::query(sql::AUDITS_OF)
            .bind(scope)
            .bind(i64::from(limit));
        self.all(ask, read).await
    }

    /// The audits that ended with a summary, newest first.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn audits(&self, limit: u32) -> Result<Vec<AuditRow>, StoreError> {
        let ask = sqlx::query(sql::AUDITS).bind(i64::from(limit));
        self.all(ask, read).await
    }

    /// The audit of an id, or of the beginning of one that no other has.
    ///
    /// # Errors
    /// [`StoreError::Ambiguous`] where several ids begin like this.
    pub async fn audit(&self, prefix: &str) -> Result<Option<AuditRow>, StoreError> {
        if prefix.is_empty() {
            return Ok(None);
        }
        // An INTEGER: PostgreSQL's substr takes no BIGINT.
        let length = i32::try_from(prefix.chars().count()).unwrap_or(i32::MAX);
        let ask = sqlx::query(sql::AUDIT_BY_PREFIX).bind(length).bind(prefix);
        let mut found = self.all(ask, read).await?.into_iter();
        match (found.next(), found.next()) {
            (Some(first), Some(second)) if first.id != prefix => Err(StoreError::Ambiguous {
                prefix: prefix.to_owned(),
                first: first.id,
                second: second.id,
            }),
            (first, _) => Ok(first),
        }
    }

    /// Deletes, with their findings and answers, all but the newest `keep` audits of each scope
    /// that have a summary; audits that were abandoned without one; and audits that nobody has
    /// shown to be alive since `stale`. Says how many.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn prune(&self, keep: u32, stale: Timestamp) -> Result<u64, StoreError> {
        let mut change = Change::begin(self).await?;
        let result = prune(&mut change, keep, stale).await;
        change.end(result).await
    }
}

impl Change {
    /// Renews the lease of the run that holds the audit.
    pub(crate) async fn hold(&mut self, audit: &str, lease: &Lease) -> Result<(), StoreError> {
        let ask = sqlx::query(sql::AUDIT_HOLD)
            .bind(micros(lease.at))
            .bind(audit)
            .bind(lease.host.as_str())
            .bind(i64::from(lease.pid));
        held(audit, self.run(ask).await?)
    }
}

/// A change of an audit that changed none: it is another's.
fn held(audit: &str, rows: u64) -> Result<(), StoreError> {
    if rows == 1 {
        return Ok(());
    }
    Err(StoreError::Taken {
        audit: audit.to_owned(),
    })
}

async fn finish(
    change: &mut Change,
    audit: &str,
    lease: &Lease,
    finished: Timestamp,
    ending: Ending,
    summary: &str,
) -> Result<(), StoreError> {
    let state = match ending {
        Ending::Done => AuditState::Done,
        Ending::Interrupted => AuditState::Interrupted,
    };
    let ask = sqlx::query(sql::AUDIT_FINISH)
        .bind(micros(finished))
        .bind(state.word())
        .bind(summary)
        .bind(audit)
        .bind(lease.host.as_str())
        .bind(i64::from(lease.pid));
    held(audit, change.run(ask).await?)?;
    match ending {
        Ending::Done => change
            .run(sqlx::query(sql::ANSWERS_DROP).bind(audit))
            .await
            .map(drop),
        Ending::Interrupted => Ok(()),
    }
}

async fn abandon(change: &mut Change, audit: &str, seen: &Lease) -> Result<bool, StoreError> {
    let ask = sqlx::query(sql::AUDIT_ABANDON)
        .bind(audit)
        .bind(seen.host.as_str())
        .bind(i64::from(seen.pid))
        .bind(micros(seen.at));
    let done = change.run(ask).await? == 1;
    if done {
        for text in [sql::ANSWERS_DROP, sql::FINDINGS_DROP] {
            change.run(sqlx::query(text).bind(audit)).await?;
        }
    }
    Ok(done)
}

async fn prune(change: &mut Change, keep: u32, stale: Timestamp) -> Result<u64, StoreError> {
    let left = sqlx::query(sql::PRUNE_LEFT).bind(micros(stale));
    let old = sqlx::query(sql::PRUNE_OLD).bind(i64::from(keep));
    Ok(change.run(left).await? + change.run(old).await?)
}

fn read(row: &AnyRow) -> Result<AuditRow, sqlx::Error> {
    let state: String = row.try_get(3)?;
    Ok(AuditRow {
        id: row.try_get(0)?,
        started: time(row, 1)?,
        finished: time_or_none(row, 2)?,
        state: AuditState::read(&state)?,
        scope: row.try_get(4)?,
        about: row.try_get(5)?,
        summary: row.try_get(6)?,
    })
}

fn read_lease(row: &AnyRow) -> Result<Lease, sqlx::Error> {
    let pid: i64 = row.try_get(8)?;
    Ok(Lease {
        host: row.try_get(7)?,
        pid: u32::try_from(pid).map_err(|error| sqlx::Error::Decode(error.into()))?,
        at: time(row, 9)?,
    })
}
