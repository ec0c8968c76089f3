//! What can go wrong, by what the reader can do about it.

use std::error::Error;
use std::io;
use std::time::Duration;

use thiserror::Error;

/// Why the store did not do it. After any of these what was kept before is as it was: a write is
/// done as a whole or not at all.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The address does not say where the store is.
    #[error("`{url}` is no address of a store: {why}; write `sqlite:///absolute/path`")]
    Address {
        /// As it was given.
        url: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A kind of store that this release cannot speak to. The address is not repeated: it may
    /// hold a password.
    #[error("a store at `{scheme}://…` is not in this release; write `sqlite:///absolute/path`")]
    Unsupported {
        /// What stands before `://`.
        scheme: String,
    },
    /// The file or its folder cannot be made, read or written.
    #[error(
        "cannot open the store `{path}` for reading and writing; check who owns the file and its \
         folder, or name another place"
    )]
    Open {
        /// The file or folder.
        path: String,
        /// What the system said.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// Written by a newer release. Nothing of it was touched.
    #[error(
        "the store `{path}` was written by a newer release (schema {found}, this one knows \
         {known}); use that release, or name another store"
    )]
    Newer {
        /// The file.
        path: String,
        /// The version in the store.
        found: i64,
        /// The version of this release.
        known: i64,
    },
    /// Another process held the store for longer than we wait.
    #[error(
        "another process has kept the store `{path}` locked for {waited:?}; wait until it is done, \
         or name another store"
    )]
    Locked {
        /// The file.
        path: String,
        /// How long we waited.
        waited: Duration,
    },
    /// The disk is full, or a quota or limit is reached.
    #[error(
        "no room to write the store `{path}`: the disk is full or a limit is reached; make room \
         and start again, what was kept before is intact"
    )]
    Full {
        /// The file.
        path: String,
        /// What the system or the engine said.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// A file that is no store of ours.
    #[error("`{path}` is no store of sagelock and was left as it is; name another place")]
    NotADatabase {
        /// The file.
        path: String,
    },
    /// What is read cannot be right: a damaged file, or a value that no release writes.
    #[error(
        "the store `{path}` is damaged; put back a copy of it, or name another place and audit \
         again"
    )]
    Malformed {
        /// The file.
        path: String,
        /// What was found.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// The audit is no longer ours: another process has taken it over, or it was abandoned or
    /// finished.
    #[error("another process goes on with audit `{audit}`, or has ended it; this one must stop")]
    Taken {
        /// The audit's id.
        audit: String,
    },
    /// The beginning of an id that several audits have.
    #[error("`{prefix}` is the beginning of several audits, `{first}` and `{second}`; write more")]
    Ambiguous {
        /// As it was given.
        prefix: String,
        /// One of them.
        first: String,
        /// Another.
        second: String,
    },
    /// Anything else that the engine refused.
    #[error("the store `{path}` refused what was asked of it")]
    Sql {
        /// The file.
        path: String,
        /// What the engine said.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
}

/// What kind of failure a result code of SQLite is ("Result and Error Codes",
/// sqlite.org/rescode.html). The low byte is the family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    /// SQLITE_BUSY, SQLITE_LOCKED.
    Locked,
    /// SQLITE_FULL; also SQLITE_IOERR while writing, which is how a quota or a limit of the file's
    /// size shows.
    Full,
    /// SQLITE_NOTADB.
    NotADatabase,
    /// SQLITE_CORRUPT.
    Corrupt,
    /// SQLITE_CANTOPEN, SQLITE_PERM, SQLITE_READONLY.
    Open,
    /// All others.
    Other,
}

impl Family {
    pub(crate) fn of(code: i32) -> Self {
        match (code & 0xff, code >> 8) {
            (5 | 6, _) => Self::Locked,
            // WRITE, TRUNCATE, SHMSIZE: each makes a file larger or smaller.
            (13, _) | (10, 3 | 6 | 19) => Self::Full,
            (26, _) => Self::NotADatabase,
            (11, _) => Self::Corrupt,
            (3 | 8 | 14, _) => Self::Open,
            _ => Self::Other,
        }
    }

    /// The family of what sqlx says; none where it is not the engine that spoke.
    pub(crate) fn of_error(error: &sqlx::Error) -> Option<Self> {
        let code = error.as_database_error()?.code()?;
        code.parse().ok().map(Self::of)
    }
}

/// Says what sqlx said in our words.
pub(crate) fn said(error: sqlx::Error, path: &str, waited: Duration) -> StoreError {
    let path = path.to_owned();
    if matches!(error, sqlx::Error::PoolTimedOut) {
        return StoreError::Locked { path, waited };
    }
    if matches!(
        error,
        sqlx::Error::Decode(_) | sqlx::Error::ColumnDecode { .. }
    ) {
        let source = error.into();
        return StoreError::Malformed { path, source };
    }
    let family = Family::of_error(&error).unwrap_or(Family::Other);
    let source = error.into();
    match family {
        Family::Locked => StoreError::Locked { path, waited },
        Family::Full => StoreError::Full { path, source },
        Family::NotADatabase => StoreError::NotADatabase { path },
        Family::Corrupt => StoreError::Malformed { path, source },
        Family::Open => StoreError::Open { path, source },
        Family::Other => StoreError::Sql { path, source },
    }
}

/// Says what the file system said in our words.
pub(crate) fn refused(error: io::Error, path: String) -> StoreError {
    use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    let full = [StorageFull, QuotaExceeded, FileTooLarge].contains(&error.kind());
    let source = error.into();
    if full {
        StoreError::Full { path, source }
    } else {
        StoreError::Open { path, source }
    }
}
