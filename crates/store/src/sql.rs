//! Every SQL text of the crate. What stands under [`SHARED`] is written for SQLite and PostgreSQL
//! alike: `$1` placeholders, times as BIGINT microseconds since 1970, ids and JSON as TEXT, no
//! BOOLEAN. Text columns of keys are compared by their bytes, so what is read is sorted by the
//! reader: the two engines do not order text alike.

use std::fmt::Write;
use std::time::Duration;

/// The version of the schema that this release writes.
pub(crate) const VERSION: i64 = 1;

/// How many rows one [`Upsert`] writes. Each statement is a trip to the thread of the connection,
/// which costs as much as some rows.
pub(crate) const ROWS: usize = 8;

/// Declares texts and the list of all of them.
macro_rules! texts {
    ($list:ident: $($(#[$doc:meta])* $name:ident = $text:expr;)*) => {
        $($(#[$doc])* pub(crate) const $name: &str = $text;)*

        #[cfg(test)]
        pub(crate) const $list: &[(&str, &str)] = &[$((stringify!($name), $text)),*];
    };
}

texts! { SHARED:
    VERSION_READ = "SELECT version FROM sagelock_schema";
    VERSION_BEGIN = "INSERT INTO sagelock_schema (version) VALUES ($1)";
    VERSION_WRITE = "UPDATE sagelock_schema SET version = $1";

    COMMIT = "COMMIT";
    ROLLBACK = "ROLLBACK";

    DESCRIPTIONS = "SELECT name, created, arn, body, answered, request_id FROM descriptions \
        WHERE account = $1 AND region = $2";

    AUDIT_BEGIN = "INSERT INTO audits (id, started, state, scope, about, lease_host, lease_pid, \
        lease_at) VALUES ($1, $2, 'running', $3, $4, $5, $6, $7)";
    AUDIT_UNFINISHED = "SELECT id, started, finished, state, scope, about, summary, lease_host, \
        lease_pid, lease_at FROM audits WHERE scope = $1 AND state IN ('running', 'interrupted') \
        ORDER BY started DESC, id DESC LIMIT 1";
    /// The lease that is there must be the one that was looked at, to the microsecond.
    AUDIT_TAKE_OVER = "UPDATE audits SET state = 'running', finished = NULL, summary = NULL, \
        lease_host = $1, lease_pid = $2, lease_at = $3 WHERE id = $4 AND lease_host = $5 \
        AND lease_pid = $6 AND lease_at = $7 AND state IN ('running', 'interrupted')";
    /// Changes no row when the audit is another's by now.
    AUDIT_HOLD = "UPDATE audits SET lease_at = $1 WHERE id = $2 AND lease_host = $3 \
        AND lease_pid = $4 AND state = 'running'";
    AUDIT_FINISH = "UPDATE audits SET finished = $1, state = $2, summary = $3 WHERE id = $4 \
        AND lease_host = $5 AND lease_pid = $6 AND state = 'running'";
    AUDIT_ABANDON = "UPDATE audits SET state = 'abandoned' WHERE id = $1 AND lease_host = $2 \
        AND lease_pid = $3 AND lease_at = $4 AND state IN ('running', 'interrupted')";
    AUDITS = "SELECT id, started, finished, state, scope, about, summary FROM audits \
        WHERE summary IS NOT NULL AND state <> 'running' \
        ORDER BY finished DESC, id DESC LIMIT $1";
    AUDITS_OF = "SELECT id, started, finished, state, scope, about, summary FROM audits \
        WHERE scope = $1 AND summary IS NOT NULL AND state <> 'running' \
        ORDER BY started DESC, id DESC LIMIT $2";
    /// Two at most: a third would say nothing new.
    AUDIT_BY_PREFIX = "SELECT id, started, finished, state, scope, about, summary FROM audits \
        WHERE substr(id, 1, $1) = $2 ORDER BY length(id), id LIMIT 2";
    /// What has nothing to show, and what nobody has held for long.
    PRUNE_LEFT = "DELETE FROM audits WHERE (state = 'abandoned' AND summary IS NULL) \
        OR (state = 'running' AND lease_at < $1)";
    PRUNE_OLD = "DELETE FROM audits WHERE id IN (SELECT id FROM (SELECT id, ROW_NUMBER() OVER \
        (PARTITION BY scope ORDER BY started DESC, id DESC) AS place FROM audits \
        WHERE summary IS NOT NULL AND state <> 'running') AS ranked WHERE place > $1)";

    FINDINGS_CELLS = "SELECT DISTINCT account, region FROM findings WHERE audit = $1";
    FINDINGS = "SELECT part, packed FROM findings \
        WHERE audit = $1 AND account = $2 AND region = $3 ORDER BY part";
    FINDINGS_WRITE = "INSERT INTO findings (audit, account, region, part, packed) \
        VALUES ($1, $2, $3, $4, $5) ON CONFLICT (audit, account, region, part) \
        DO UPDATE SET packed = excluded.packed";
    /// An audit that was abandoned before it had a summary has nothing to show.
    FINDINGS_DROP = "DELETE FROM findings WHERE audit = $1 \
        AND audit IN (SELECT id FROM audits WHERE summary IS NULL)";

    ANSWERS_CELLS = "SELECT DISTINCT account, region FROM answers WHERE audit = $1";
    ANSWERS = "SELECT place, chunk FROM answers \
        WHERE audit = $1 AND account = $2 AND region = $3 ORDER BY place";
    ANSWERS_WRITE = "INSERT INTO answers (audit, account, region, place, chunk) \
        VALUES ($1, $2, $3, (SELECT COALESCE(MAX(place), -1) + 1 FROM answers \
        WHERE audit = $1 AND account = $2 AND region = $3), $4)";
    ANSWERS_DROP = "DELETE FROM answers WHERE audit = $1";

    DENIALS = "SELECT caller, call, subject, at, code, said FROM denials WHERE at >= $1";
    DENIALS_WRITE = "INSERT INTO denials (caller, call, subject, at, code, said) \
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (caller, call, subject) \
        DO UPDATE SET at = excluded.at, code = excluded.code, said = excluded.said";
    DENIALS_FORGET = "DELETE FROM denials WHERE caller = $1 AND call = $2 AND subject = $3";

    RAN = "SELECT endpoint, modified, config, created FROM ran \
        WHERE account = $1 AND region = $2";
}

texts! { SQLITE:
    /// Takes the right to write at once: a transaction that begins by reading and is refused when
    /// it comes to write does not wait for its turn.
    SQLITE_BEGIN = "BEGIN IMMEDIATE";
    SQLITE_TABLES = "SELECT name FROM sqlite_master WHERE type = 'table'";
    SQLITE_WAL = "PRAGMA journal_mode = WAL";
    /// A commit is on the disk when it is acknowledged, also after a power loss.
    SQLITE_DURABLE = "PRAGMA synchronous = FULL";
    SQLITE_FOREIGN_KEYS = "PRAGMA foreign_keys = ON";
}

/// How long SQLite waits for another connection's lock.
pub(crate) fn sqlite_wait(patience: Duration) -> String {
    format!("PRAGMA busy_timeout = {}", patience.as_millis())
}

/// The steps from each version of the schema to the next. What was released is never changed.
/// On PostgreSQL a BLOB is a BYTEA.
pub(crate) const SQLITE_STEPS: &[&[&str]] = &[&[
    "CREATE TABLE sagelock_schema (version BIGINT NOT NULL)",
    "CREATE TABLE descriptions (
        account TEXT NOT NULL, region TEXT NOT NULL, name TEXT NOT NULL, created BIGINT NOT NULL,
        arn TEXT NOT NULL, body TEXT NOT NULL, answered BIGINT NOT NULL, request_id TEXT,
        PRIMARY KEY (account, region, name, created))",
    "CREATE TABLE audits (
        id TEXT NOT NULL PRIMARY KEY, started BIGINT NOT NULL, finished BIGINT,
        state TEXT NOT NULL, scope TEXT NOT NULL, about TEXT NOT NULL, summary TEXT,
        lease_host TEXT NOT NULL, lease_pid BIGINT NOT NULL, lease_at BIGINT NOT NULL)",
    "CREATE TABLE findings (
        audit TEXT NOT NULL REFERENCES audits (id) ON DELETE CASCADE,
        account TEXT NOT NULL, region TEXT NOT NULL, part BIGINT NOT NULL, packed BLOB NOT NULL,
        PRIMARY KEY (audit, account, region, part))",
    "CREATE TABLE answers (
        audit TEXT NOT NULL REFERENCES audits (id) ON DELETE CASCADE,
        account TEXT NOT NULL, region TEXT NOT NULL, place BIGINT NOT NULL, chunk BLOB NOT NULL,
        PRIMARY KEY (audit, account, region, place))",
    "CREATE TABLE denials (
        caller TEXT NOT NULL, call TEXT NOT NULL, subject TEXT NOT NULL, at BIGINT NOT NULL,
        code TEXT NOT NULL, said TEXT NOT NULL,
        PRIMARY KEY (caller, call, subject))",
    "CREATE TABLE ran (
        account TEXT NOT NULL, region TEXT NOT NULL, endpoint TEXT NOT NULL,
        modified BIGINT NOT NULL, config TEXT NOT NULL, created BIGINT NOT NULL,
        PRIMARY KEY (account, region, endpoint))",
]];

/// A table that is written several rows at a time. No row may stand twice in a statement:
/// PostgreSQL refuses to change one row two times.
pub(crate) struct Upsert {
    /// The table, and its columns, those of the key first.
    head: &'static str,
    /// How many columns these are.
    columns: usize,
    /// What happens to a row that is there.
    tail: &'static str,
}

pub(crate) const DESCRIPTIONS_WRITE: Upsert = Upsert {
    head: "INSERT INTO descriptions (account, region, name, created, arn, body, answered, \
        request_id) VALUES ",
    columns: 8,
    tail: " ON CONFLICT (account, region, name, created) DO UPDATE SET arn = excluded.arn, \
        body = excluded.body, answered = excluded.answered, request_id = excluded.request_id",
};

pub(crate) const RAN_WRITE: Upsert = Upsert {
    head: "INSERT INTO ran (account, region, endpoint, modified, config, created) VALUES ",
    columns: 6,
    tail: " ON CONFLICT (account, region, endpoint) DO UPDATE SET modified = excluded.modified, \
        config = excluded.config, created = excluded.created",
};

impl Upsert {
    /// The statement for so many rows.
    pub(crate) fn text(&self, rows: usize) -> String {
        let mut text = String::from(self.head);
        for row in 0..rows {
            text.push_str(if row == 0 { "(" } else { ", (" });
            for column in 1..=self.columns {
                let comma = if column == 1 { "" } else { ", " };
                // Writing to a String cannot fail.
                let _ = write!(text, "{comma}${}", row * self.columns + column);
            }
            text.push(')');
        }
        text.push_str(self.tail);
        text
    }
}
