//! What the server counted of its clients' requests, as a file that others read.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::Path;

use sagelock_sim::{Tally, World};
use serde::Serialize;

/// A file of counts. Every field is a number of requests since the server was ready.
#[derive(Serialize)]
struct Counts<'w> {
    schema: &'static str,
    requests: u64,
    throttled: u64,
    refused: u64,
    lost: u64,
    /// All accounts and regions together, by `service:Operation`.
    operations: BTreeMap<String, Row>,
    /// By the caller's account, region and operation.
    accounts: BTreeMap<&'w str, BTreeMap<&'w str, BTreeMap<String, Row>>>,
    /// What is not simulated, as it was asked for.
    unknown: &'w BTreeMap<String, u64>,
}

#[derive(Serialize)]
struct Row {
    requests: u64,
    throttled: u64,
    refused: u64,
    lost: u64,
}

impl From<Tally> for Row {
    fn from(tally: Tally) -> Self {
        Self {
            requests: tally.requests,
            throttled: tally.throttled,
            refused: tally.refused,
            lost: tally.lost,
        }
    }
}

/// Writes what was counted. Whoever reads the file sees it whole: it is written beside its place
/// and then takes it.
///
/// # Errors
/// The file cannot be written.
pub(crate) fn write_counts(world: &World, path: &Path) -> io::Result<()> {
    let tallies = world.ledger().tallies();
    let total = tallies.total();
    let mut accounts: BTreeMap<&str, BTreeMap<&str, BTreeMap<String, Row>>> = BTreeMap::new();
    for (account, region, (service, name), tally) in tallies.iter() {
        let regions = accounts.entry(account).or_default();
        let operations = regions.entry(region).or_default();
        let operation = format!("{}:{name}", service.prefix());
        operations.insert(operation, tally.into());
    }
    let operations = tallies.by_operation().into_iter();
    let counts = Counts {
        schema: "sagelock.sim.counts/1",
        requests: total.requests,
        throttled: total.throttled,
        refused: total.refused,
        lost: total.lost,
        operations: operations
            .map(|((service, name), tally)| (format!("{}:{name}", service.prefix()), tally.into()))
            .collect(),
        accounts,
        unknown: world.ledger().unknown_operations(),
    };
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let mut out = BufWriter::new(File::create(&beside)?);
    serde_json::to_writer(&mut out, &counts)?;
    out.write_all(b"\n")?;
    out.flush()?;
    drop(out);
    std::fs::rename(&beside, path)
}
