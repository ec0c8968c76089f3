//! Which store, and which audit: a new one, or one that was cut off.

use std::cell::{Cell, RefCell};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::anyhow;
use jiff::{SignedDuration, Timestamp};
use sagelock_store::{Lease, NewAudit, Store, StoreError, url_of};
use sha2::{Digest, Sha256};

use super::{History, Kept};
use crate::exit::Failure;
use crate::history::journal::Journal;
use crate::session::Session;

/// Where audits are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Nowhere.
    Nowhere,
    /// At this address.
    Url(String),
    /// In the user's data directory.
    Default,
}

/// An audit that is kept from now on.
pub(crate) struct Begun {
    pub(crate) history: History,
    /// When it was begun, and by what time it was cut off, where it is an earlier one.
    pub(crate) goes_on: Option<(Timestamp, Timestamp)>,
}

/// A run is gone on with where it began not longer ago than this: what it was answered is as old.
const GOES_ON_HOURS_MAX: i64 = 6;
/// A run shows every few seconds that it is alive; one that has not for this long is dead.
const SILENT_MAX: Duration = Duration::from_mins(3);

/// Opens the store.
pub(crate) async fn open(place: &Place) -> Result<Option<Store>, Failure> {
    let url = match place {
        Place::Nowhere => return Ok(None),
        Place::Url(url) => url.clone(),
        Place::Default => url_of(&data_directory()?.join("sagelock.db")).map_err(refused)?,
    };
    Store::open(&url).await.map(Some).map_err(refused)
}

/// The user's data directory (XDG Base Directory Specification, `XDG_DATA_HOME`).
fn data_directory() -> Result<PathBuf, Failure> {
    let from = |name: &str| {
        let path = PathBuf::from(std::env::var_os(name)?);
        path.is_absolute().then_some(path)
    };
    let data = from("XDG_DATA_HOME").or_else(|| Some(from("HOME")?.join(".local/share")));
    data.map(|data| data.join("sagelock")).ok_or_else(|| {
        Failure::usage(anyhow!(
            "there is no data directory to keep audits in: neither XDG_DATA_HOME nor HOME is set"
        ))
        .hint("name a place with `--db sqlite:///absolute/path`, or keep nothing with `--no-store`")
    })
}

fn refused(error: StoreError) -> Failure {
    Failure::usage(error).hint("`--db` names another place, `--no-store` keeps nothing")
}

impl History {
    /// Begins to keep an audit, or goes on with one of the same scope that was cut off.
    pub(crate) async fn begin(
        store: Store,
        session: &Session,
        fresh: bool,
    ) -> Result<Begun, Failure> {
        let scope = scope(session);
        let lease = Lease {
            host: host(),
            pid: std::process::id(),
            at: Timestamp::now(),
        };
        let unfinished = store.unfinished(&scope).await.map_err(refused)?;
        if let Some((row, seen)) = unfinished {
            if is_alive(&seen, &lease) {
                let error = anyhow!(
                    "process {} on {} is auditing the same accounts and regions since {}",
                    seen.pid,
                    seen.host,
                    row.started
                );
                return Err(Failure::usage(error).hint(
                    "wait until it is done; `--db` names another store, `--no-store` keeps nothing",
                ));
            }
            let age = lease.at.duration_since(row.started);
            let same = row.about == about(session);
            if fresh || !same || age > SignedDuration::from_hours(GOES_ON_HOURS_MAX) {
                store.abandon(&row.id, &seen).await.map_err(refused)?;
            } else if store
                .take_over(&row.id, &seen, &lease)
                .await
                .map_err(refused)?
            {
                return Ok(Begun {
                    history: kept(store, row.id, lease, true),
                    goes_on: Some((row.started, seen.at)),
                });
            }
        }
        let id = id(session.started_at, &lease);
        let audit = NewAudit {
            id: id.clone(),
            started: session.started_at,
            scope,
            about: about(session),
            lease: lease.clone(),
        };
        store.begin_audit(&audit).await.map_err(refused)?;
        Ok(Begun {
            history: kept(store, id, lease, false),
            goes_on: None,
        })
    }
}

fn kept(store: Store, audit: String, lease: Lease, goes_on: bool) -> History {
    History(Some(Kept {
        store,
        audit,
        lease: RefCell::new(lease),
        goes_on,
        journal: RefCell::new(Journal::default()),
        written: Cell::new(Instant::now()),
        is_writing: Cell::new(false),
        failed: RefCell::new(None),
    }))
}

/// What an audit is of. Two with the same text can be compared, and the one goes on for the other.
pub(crate) fn scope(session: &Session) -> String {
    let scope = &session.scope;
    let entries: Vec<serde_json::Value> = scope
        .entries
        .iter()
        .map(|entry| serde_json::json!({ "account": entry.account, "regions": entry.regions }))
        .collect();
    serde_json::json!({
        "accounts": entries,
        "simulated": session.simulated.is_some(),
    })
    .to_string()
}

/// How an audit is made. One that was begun in the same way goes on for another: other credentials
/// may be answered otherwise.
fn about(session: &Session) -> String {
    let caller = session.caller.as_deref().unwrap_or_default();
    // The session of a role has another name every time.
    let caller = match caller.rsplit_once('/') {
        Some((role, _)) if caller.contains(":assumed-role/") => role,
        Some(_) | None => caller,
    };
    let access = session.scope.entries.iter();
    let access: Vec<_> = access
        .map(|entry| (&entry.account, &entry.access))
        .collect();
    serde_json::json!({
        "schema": "sagelock.about/1",
        "version": env!("CARGO_PKG_VERSION"),
        "caller": caller,
        "access": access,
        "endpoint_override": session.simulated,
    })
    .to_string()
}

/// A name that says when, and is of nobody else.
fn id(started: Timestamp, lease: &Lease) -> String {
    let mut hash = Sha256::new();
    hash.update(&lease.host);
    hash.update(lease.pid.to_le_bytes());
    hash.update(lease.at.as_nanosecond().to_le_bytes());
    let tail = hash
        .finalize()
        .iter()
        .take(3)
        .fold(0_u32, |tail, byte| tail << 8 | u32::from(*byte));
    format!("{}-{tail:06x}", started.strftime("%Y%m%dT%H%M%SZ"))
}

/// Whether the process that holds a lease is at work.
fn is_alive(seen: &Lease, ours: &Lease) -> bool {
    let silent = ours.at.duration_since(seen.at);
    let is_silent = silent.unsigned_abs() > SILENT_MAX;
    if seen.host != ours.host {
        return !is_silent;
    }
    seen.pid != ours.pid && is_process(seen.pid) && !is_silent
}

/// Whether there is a process of this id. Where the system does not say, there may be.
fn is_process(pid: u32) -> bool {
    let processes = std::path::Path::new("/proc");
    !processes.join("self").exists() || processes.join(pid.to_string()).exists()
}

fn host() -> String {
    let read = |path: &str| {
        let text = std::fs::read_to_string(path).ok()?;
        Some(text.trim().to_owned()).filter(|text| !text.is_empty())
    };
    read("/etc/hostname")
        .or_else(|| read("/proc/sys/kernel/hostname"))
        .or_else(|| std::env::var("HOSTNAME").ok())
        .unwrap_or_else(|| "localhost".to_owned())
}
