//! `cargo xtask bench audit --scale`: an audit of a fleet whose answers are late and whose rates
//! are limited as those of AWS; killed in its middle and started again; and once more.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::audit::{check, knows, sagelock};
use super::counts::{Counts, number};
use super::process::{Cost, measure};
use super::server::Server;
use super::{Words, built, folder};
use crate::figures::{self, Figure};

/// The management account of a fleet.
const MANAGEMENT: &str = "111122223333";
/// Of AWS STS, for each account and region (IAM User Guide, "IAM and AWS STS quotas").
const STS_PER_SECOND: f64 = 600.0;

/// What is asked for.
#[derive(PartialEq)]
pub(super) struct Asked {
    accounts: u32,
    regions: u32,
    endpoints: u32,
    /// In each account, beside those that models run as.
    roles: u32,
    /// Calls a second of each account, region and API; the burst is twice that.
    rate: f64,
    delay_milliseconds: u64,
    /// The audit's own `--rate`.
    audit_rate: String,
    /// The audit's own `--format`: one that is written as it comes, where memory is to be seen.
    format: String,
    /// Whether the rules that have to know every user and role are configured, or none is.
    is_configured: bool,
}

/// Every rule on, those that are not by default included.
const CONFIGURED: &str = r#"[keys]
endpoints_max = 500
users = ["arn:aws:iam::*:role/administrator", "arn:aws:iam::*:role/sagelock-audit"]
[isolation]
audits = "prove"
trusted_admins = ["arn:aws:iam::*:role/administrator"]
"#;

impl Asked {
    pub(super) fn read(words: &mut Words<'_>) -> Result<Self> {
        let rate = words.value("--rate")?.unwrap_or(5.0);
        ensure!(rate > 0.0, "`--rate` is above 0");
        let asked = Self {
            accounts: words.value("--accounts")?.unwrap_or(20),
            regions: words.value("--regions")?.unwrap_or(4),
            endpoints: words.value("--endpoints")?.unwrap_or(50),
            roles: words.value("--roles")?.unwrap_or(20),
            is_configured: words.flag("--configured"),
            rate,
            delay_milliseconds: words.value("--delay")?.unwrap_or(50),
            audit_rate: words
                .value("--audit-rate")?
                .unwrap_or_else(|| rate.to_string()),
            format: words
                .value("--format")?
                .unwrap_or_else(|| "ndjson".to_owned()),
        };
        words.finish()?;
        Ok(asked)
    }

    fn faults(&self) -> String {
        use std::fmt::Write as _;
        let mut text = String::new();
        if self.delay_milliseconds > 0 {
            text = format!(
                "[[fault]]\neffect = \"slow\"\nmilliseconds = {}\n",
                self.delay_milliseconds
            );
        }
        for service in [
            "sagemaker",
            "kms",
            "organizations",
            "ec2",
            "iam",
            "s3",
            "sts",
        ] {
            let (rate, burst) = self.limit(service);
            let _ = write!(
                text,
                "[[limit]]\ncalls = \"{service}:*\"\nper_second = {rate}\nburst = {burst}\n"
            );
        }
        text
    }

    /// The rate and the burst of a service's APIs.
    fn limit(&self, service: &str) -> (f64, f64) {
        if service == "sts" {
            (STS_PER_SECOND, STS_PER_SECOND)
        } else {
            (self.rate, (2.0 * self.rate).max(1.0))
        }
    }

    /// How long the limits alone hold these calls up: the longest bucket, and its name.
    fn limited_seconds(&self, counts: &Counts) -> (f64, String) {
        let mut longest = (0.0, String::new());
        for ((account, region, operation), row) in &counts.0 {
            let service = operation.split(':').next().unwrap_or_default();
            let (rate, burst) = self.limit(service);
            let admitted = number(row.requests.saturating_sub(row.throttled));
            let seconds = (admitted - burst).max(0.0) / rate;
            if seconds > longest.0 {
                longest = (seconds, format!("{operation} of {account} in {region}"));
            }
        }
        longest
    }
}

/// A fleet that is served, and what audits it.
struct Scale<'a> {
    asked: &'a Asked,
    program: PathBuf,
    folder: PathBuf,
    server: Server,
    /// Audits every account; else one, as builds without `--accounts-file` do.
    is_whole: bool,
    has_store: bool,
}

pub(super) fn run(asked: &Asked) -> Result<()> {
    let program = built()?;
    let folder = folder("scale")?;
    let faults = folder.join("faults.toml");
    fs::write(&faults, asked.faults())?;
    let arguments: Vec<String> = [
        ("--world", "fleet".to_owned()),
        ("--accounts", asked.accounts.to_string()),
        ("--regions", asked.regions.to_string()),
        ("--endpoints", asked.endpoints.to_string()),
        ("--roles", asked.roles.to_string()),
        (
            "--accounts-file",
            folder.join("accounts.yml").display().to_string(),
        ),
        ("--faults", faults.display().to_string()),
    ]
    .into_iter()
    .flat_map(|(name, value)| [name.to_owned(), value])
    .collect();
    let begun = std::time::Instant::now();
    let server = Server::start(&program, &arguments, &folder)?;
    println!(
        "{} endpoints and {} roles in {} accounts and {} regions; the server was ready after {:.1} s with {:.0} \
         MiB\nanswers are held back {} ms; each API of an account and region takes {} calls a \
         second, {} at once",
        u64::from(asked.accounts) * u64::from(asked.regions) * u64::from(asked.endpoints),
        u64::from(asked.accounts) * u64::from(asked.roles),
        asked.accounts,
        asked.regions,
        begun.elapsed().as_secs_f64(),
        server.peak_mib(),
        asked.delay_milliseconds,
        asked.rate,
        asked.limit("sagemaker").1,
    );
    if asked.is_configured {
        fs::write(folder.join("sagelock.toml"), CONFIGURED)?;
        println!("every rule is configured, EP-008, EP-009 and KEY-003 too");
    }
    let is_whole = knows(&program, "--accounts-file")? && knows(&program, "--role")?;
    let scale = Scale {
        is_whole,
        has_store: knows(&program, "--db")?,
        asked,
        program,
        folder,
        server,
    };
    if !is_whole {
        println!("no `--accounts-file` in this build: one account is audited, not all");
    }
    let (whole, counts) = scale.told("whole run", "a", None)?;
    if !scale.has_store {
        println!("no store in this build: nothing is killed, and nothing goes on");
        return Ok(());
    }
    scale.keep(&whole, &counts)?;
    scale.told("second audit", "a", None)?;
    let half = Duration::from_secs_f64(whole.wall_seconds / 2.0);
    let (_, before) = scale.told("killed in its middle", "b", Some(half))?;
    let (_, after) = scale.told("started again", "b", None)?;
    println!(
        "killed and started again: {} + {} = {} calls",
        before.total().requests,
        after.total().requests,
        before.total().requests + after.total().requests
    );
    Ok(())
}

impl Scale<'_> {
    /// One audit with a store, and what the server counted; killed after a while, where one is
    /// given.
    fn told(&self, name: &str, store: &str, kill: Option<Duration>) -> Result<(Cost, Counts)> {
        let account = if self.is_whole {
            MANAGEMENT
        } else {
            "200000000001"
        };
        let mut command = sagelock(&self.program, &self.folder, &self.server.url(), account);
        command.args(["audit", "--format", &self.asked.format]);
        command.args(["--rate", &self.asked.audit_rate]);
        let file = self.folder.join("accounts.yml");
        if self.is_whole {
            command.arg("--accounts-file").arg(&file);
            command.args(["--role", "sagelock-audit"]);
        }
        for region in regions(&fs::read_to_string(&file)?)? {
            command.args(["--region", &region]);
        }
        if self.has_store {
            let path = self.folder.join(format!("{store}.db"));
            command.arg("--db");
            command.arg(format!("sqlite://{}", path.display()));
        }
        let out = self.folder.join(format!("{}.out", name.replace(' ', "-")));
        let counted = self.server.counts()?;
        let cpu = self.server.cpu_seconds()?;
        let cost = measure(&mut command, &out, kill)?;
        if kill.is_none() {
            check(&cost, &out)?;
        }
        let counts = self.server.counts()?.since(&counted);
        let server_cpu = self.server.cpu_seconds()? - cpu;
        self.print(name, &cost, &counts, server_cpu);
        println!(
            "  report     {:.1} MiB of {}",
            number(fs::metadata(&out)?.len() / 1024) / 1024.0,
            self.asked.format
        );
        Ok((cost, counts))
    }

    /// Into the document, if the fleet is the usual one.
    fn keep(&self, whole: &Cost, counts: &Counts) -> Result<()> {
        if !self.is_whole || *self.asked != Asked::read(&mut Words(Vec::new()))? {
            return Ok(());
        }
        let calls = number(counts.total().requests);
        let (limited, _) = self.asked.limited_seconds(counts);
        figures::write(
            "cargo xtask bench audit --scale",
            &[
                Figure::less(
                    "scale: calls for 4,000 endpoints in 20 accounts",
                    calls,
                    "calls",
                ),
                Figure::less(
                    "scale: wall beside what AWS's limits take",
                    whole.wall_seconds / limited,
                    "times",
                ),
                Figure::less(
                    "scale: CPU of a call",
                    1e6 * whole.cpu_seconds / calls.max(1.0),
                    "us",
                ),
                Figure::less("scale: peak memory", whole.peak_mib, "MiB"),
            ],
        )
    }

    fn print(&self, name: &str, cost: &Cost, counts: &Counts, server_cpu: f64) {
        let total = counts.total();
        let (limited, bucket) = self.asked.limited_seconds(counts);
        println!("\n{name}");
        println!(
            "  calls      {}, {} of them throttled ({:.1} %)",
            total.requests,
            total.throttled,
            100.0 * number(total.throttled) / number(total.requests).max(1.0)
        );
        println!("             {}", counts.shown());
        println!(
            "  wall       {:.1} s, {:.0} calls a second",
            cost.wall_seconds,
            number(total.requests) / cost.wall_seconds
        );
        println!(
            "  CPU        {:.1} s of the audit ({:.0} µs a call), {server_cpu:.1} s of the server",
            cost.cpu_seconds,
            1e6 * cost.cpu_seconds / number(total.requests).max(1.0)
        );
        println!("  peak       {:.1} MiB", cost.peak_mib);
        if bucket.is_empty() {
            println!("  limits     no call had to wait for one");
        } else {
            println!(
                "  limits     {limited:.1} s at the least ({bucket}); wall is {:.2} × that",
                cost.wall_seconds / limited
            );
        }
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        println!(
            "  processors {:.1} s at the least, {cores} of them for the audit and the server",
            (cost.cpu_seconds + server_cpu) / number(cores as u64)
        );
        let places: BTreeMap<_, u64> = counts.0.iter().fold(
            BTreeMap::new(),
            |mut places, ((account, region, _), row)| {
                *places.entry((account, region)).or_default() += row.requests;
                places
            },
        );
        println!(
            "  places     {} accounts and regions were asked",
            places.len()
        );
    }
}

/// The regions of an accounts file that a fleet wrote.
fn regions(text: &str) -> Result<Vec<String>> {
    let list = text
        .split("regions: [")
        .nth(1)
        .and_then(|rest| rest.split(']').next())
        .context("no regions in the accounts file")?;
    Ok(list.split(", ").map(ToOwned::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_bucket_is_what_the_limits_hold_up() -> Result<()> {
        let asked = Asked::read(&mut Words(vec!["--rate", "2"]))?;
        let counts = Counts::read(
            r#"{"accounts":{"1":{"r":{
            "sagemaker:ListTags":{"requests":110,"throttled":6},
            "sagemaker:DescribeEndpoint":{"requests":90,"throttled":0},
            "sts:AssumeRole":{"requests":900,"throttled":0}}}}}"#,
        )?;
        let (seconds, bucket) = asked.limited_seconds(&counts);
        assert!(
            (seconds - 50.0).abs() < 1e-9,
            "(110 - 6 - 4) / 2, not {seconds}"
        );
        assert_eq!(bucket, "sagemaker:ListTags of 1 in r");
        Ok(())
    }
}
