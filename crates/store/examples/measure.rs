//! What a description costs: CPU microseconds to write and to read, at the size of an
//! organisation. `cargo run --release -p sagelock-store --example measure`.

#![expect(
    clippy::cast_precision_loss,
    clippy::print_stdout,
    reason = "a program that prints what it measured"
)]

use std::error::Error;
use std::fs;
use std::time::Instant;

use jiff::Timestamp;
use sagelock_domain::ids::{AccountId, Region};
use sagelock_store::{Batch, Description, Lease, NewAudit, Store, url_of};

/// 1,000 accounts, 4 regions, 50 configurations each.
const CELLS: u32 = 4_000;

/// Configurations of an account and region.
const EACH: u32 = 50;

/// The length of an answer, in bytes. That of a configuration with one variant.
const BODY: usize = 1_200;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    for cells_a_batch in [1, 8, 20] {
        measure(cells_a_batch).await?;
    }
    Ok(())
}

async fn measure(cells_a_batch: u32) -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("audits.db");
    let store = Store::open(&url_of(&file)?).await?;
    let now = Timestamp::from_microsecond(1_700_000_000_000_000)?;
    let lease = Lease {
        host: "here".to_owned(),
        pid: 1,
        at: now,
    };
    let audit = NewAudit {
        id: "a".to_owned(),
        started: now,
        scope: String::new(),
        about: "{}".to_owned(),
        lease: lease.clone(),
    };
    store.begin_audit(&audit).await?;
    let cells: Vec<u32> = (0..CELLS).collect();
    let batches: Vec<Batch> = cells
        .chunks(cells_a_batch as usize)
        .map(|cells| Batch {
            descriptions: cells.iter().flat_map(|cell| cell_of(*cell, now)).collect(),
            ..Batch::default()
        })
        .collect();
    println!("{} in a transaction", cells_a_batch * EACH);
    for what in ["written", "written again"] {
        let clock = Clock::now()?;
        for batch in &batches {
            store.write("a", &lease, batch).await?;
        }
        clock.say(what)?;
    }
    let clock = Clock::now()?;
    let mut found = 0;
    for cell in 0..CELLS {
        let (account, region) = name_of(cell);
        found += store.descriptions(&account, &region).await?.len();
    }
    clock.say("read, an account and region at once")?;
    store.close().await;
    let bytes = fs::metadata(&file)?.len() / u64::from(CELLS * EACH);
    println!("  {found} descriptions, {bytes} bytes of file for each");
    Ok(())
}

fn name_of(cell: u32) -> (AccountId, Region) {
    let account = AccountId::new(format!("{:012}", cell / 4));
    (account, Region::new(format!("eu-west-{}", cell % 4)))
}

fn cell_of(cell: u32, now: Timestamp) -> Vec<(AccountId, Region, Description)> {
    let (account, region) = name_of(cell);
    let describe = |number: u32| {
        // Names in no order, as AWS lists by time.
        let name = format!("config-{:08x}", number.wrapping_mul(2_654_435_761));
        let description = Description {
            arn: format!("arn:aws:sagemaker:{region}:{account}:endpoint-config/{name}"),
            name,
            created: now,
            body: "x".repeat(BODY),
            answered: now,
            request_id: Some("0b3e9f2a-6c8e-4f6f-9d43-0123456789ab".to_owned()),
        };
        (account.clone(), region.clone(), description)
    };
    (cell * EACH..(cell + 1) * EACH).map(describe).collect()
}

/// CPU of this process, user and system, and wall time.
struct Clock {
    cpu: f64,
    wall: Instant,
}

impl Clock {
    fn now() -> Result<Self, Box<dyn Error>> {
        let (cpu, wall) = (cpu_seconds()?, Instant::now());
        Ok(Self { cpu, wall })
    }

    fn say(&self, what: &str) -> Result<(), Box<dyn Error>> {
        let each = 1e6 / f64::from(CELLS * EACH);
        println!(
            "  {what}: {:.1} µs CPU and {:.1} µs wall for each",
            (cpu_seconds()? - self.cpu) * each,
            self.wall.elapsed().as_secs_f64() * each
        );
        Ok(())
    }
}

/// From /proc/self/stat, in hundredths of a second (proc_pid_stat(5): fields 14 and 15).
fn cpu_seconds() -> Result<f64, Box<dyn Error>> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let after = stat.rsplit(')').next().unwrap_or_default();
    let ticks: Vec<u64> = after
        .split_whitespace()
        .skip(11)
        .take(2)
        .map(str::parse)
        .collect::<Result<_, _>>()?;
    Ok(ticks.iter().sum::<u64>() as f64 / 100.0)
}
