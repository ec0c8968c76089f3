//! `cargo xtask bench audit`: an audit of one region beside a script of boto3, in turns. The
//! servers count the requests.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::counts::{Counts, number};
use super::moto::Moto;
use super::process::{Cost, measure};
use super::python::{python, script};
use super::server::Server;
use super::{Words, built, folder, median};
use crate::figures::{self, Figure};

const REGION: &str = "us-east-1";
const ACCOUNT: &str = "123456789012";

/// What is asked for.
pub(super) struct Asked {
    configs: u64,
    endpoints: u64,
    rounds: usize,
    with_moto: bool,
}

impl Asked {
    pub(super) fn read(words: &mut Words<'_>) -> Result<Self> {
        let asked = Self {
            configs: words.value("--configs")?.unwrap_or(1000),
            endpoints: words.value("--endpoints")?.unwrap_or(300),
            rounds: words.value("--rounds")?.unwrap_or(3),
            with_moto: !words.flag("--without-moto"),
        };
        ensure!(
            asked.endpoints <= asked.configs,
            "each endpoint has a configuration of its own: fewer `--endpoints`"
        );
        words.finish()?;
        Ok(asked)
    }
}

/// A server that counts.
enum Counted {
    Sim(Server),
    Moto(Moto),
}

impl Counted {
    fn url(&self) -> String {
        match self {
            Self::Sim(server) => server.url(),
            Self::Moto(moto) => moto.url(),
        }
    }

    fn counts(&self) -> Result<Counts> {
        match self {
            Self::Sim(server) => server.counts(),
            Self::Moto(moto) => moto.counts(),
        }
    }
}

/// One run, and what the server counted of it.
struct Run {
    cost: Cost,
    counts: Counts,
}

impl Run {
    fn requests(&self) -> f64 {
        number(self.counts.total().requests)
    }

    fn cpu_per_request(&self) -> f64 {
        self.cost.cpu_seconds / self.requests().max(1.0)
    }
}

/// What one benchmark needs.
struct Bench {
    program: PathBuf,
    python: PathBuf,
    folder: PathBuf,
    has_store: bool,
    asked: Asked,
}

pub(super) fn run(asked: &Asked) -> Result<()> {
    let bench = Bench {
        program: built()?,
        python: python()?,
        folder: folder("audit")?,
        has_store: false,
        asked: Asked { ..*asked },
    };
    let bench = Bench {
        has_store: knows(&bench.program, "--db")?,
        ..bench
    };
    // An hour of the server's passes in a minute, so that every endpoint has started.
    let sim = ["--world", "empty", "--speed", "60"].map(ToOwned::to_owned);
    let sim = Counted::Sim(Server::start(&bench.program, &sim, &bench.folder)?);
    bench.beside("the simulated AWS, which keeps connections", &sim)?;
    bench.again(&sim)?;
    drop(sim);
    if asked.with_moto {
        let moto = Counted::Moto(Moto::start(&bench.python, &bench.folder)?);
        bench.beside("moto, which closes every connection", &moto)?;
        bench.again(&moto)?;
    }
    Ok(())
}

/// Whether the audit has a flag in this build.
pub(super) fn knows(program: &Path, flag: &str) -> Result<bool> {
    let help = Command::new(program).args(["audit", "--help"]).output()?;
    let help = String::from_utf8_lossy(&help.stdout).into_owned();
    Ok(help.split_whitespace().any(|word| word == flag))
}

/// The program in an empty world, against a server.
pub(super) fn sagelock(program: &Path, home: &Path, url: &str, account: &str) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .env("HOME", home)
        .env("AWS_ENDPOINT_URL", url)
        .env("AWS_ACCESS_KEY_ID", account)
        .env("AWS_SECRET_ACCESS_KEY", "x")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .current_dir(home);
    command
}

/// An audit ends with findings or gaps, or without; everything else is a failure.
pub(super) fn check(cost: &Cost, out: &Path) -> Result<()> {
    let is_done = matches!(cost.status.code(), Some(0 | 1 | 3));
    let said = std::fs::read_to_string(out.with_extension("stderr")).unwrap_or_default();
    ensure!(is_done, "the audit ended with {}:\n{said}", cost.status);
    Ok(())
}

impl Bench {
    fn seed(&self, server: &Counted) -> Result<u64> {
        let made = script(&self.python, "estate.py")
            .arg(server.url())
            .args([
                REGION.to_owned(),
                self.asked.configs.to_string(),
                self.asked.endpoints.to_string(),
            ])
            .output()?;
        let said = String::from_utf8_lossy(&made.stderr);
        ensure!(made.status.success(), "the estate was not made:\n{said}");
        let made: Value = serde_json::from_slice(&made.stdout)?;
        made.get("keys").and_then(Value::as_u64).context("no keys")
    }

    fn audit(&self, server: &Counted, store: &[String]) -> Result<Run> {
        let out = self.folder.join("audit.json");
        let before = server.counts()?;
        let mut command = sagelock(&self.program, &self.folder, &server.url(), ACCOUNT);
        command
            .args(["audit", "--region", REGION, "--format", "json"])
            .args(store);
        let cost = measure(&mut command, &out, None)?;
        check(&cost, &out)?;
        let said: Value = serde_json::from_str(&std::fs::read_to_string(&out)?)?;
        let rules = said
            .pointer("/totals/rules/EP-001")
            .and_then(Value::as_object);
        let judged: u64 = rules
            .into_iter()
            .flatten()
            .filter_map(|(_, n)| n.as_u64())
            .sum();
        ensure!(
            judged == self.asked.endpoints,
            "EP-001 speaks of {judged} endpoints, not of {}",
            self.asked.endpoints
        );
        let counts = server.counts()?.since(&before);
        Ok(Run { cost, counts })
    }

    /// The script, and its CPU seconds after its imports.
    fn inventory(&self, server: &Counted) -> Result<(Run, f64)> {
        let out = self.folder.join("inventory.json");
        let before = server.counts()?;
        let mut command = script(&self.python, "inventory.py");
        command.arg(server.url()).arg(REGION);
        let cost = measure(&mut command, &out, None)?;
        ensure!(
            cost.status.success(),
            "the script failed, see `{}`",
            out.display()
        );
        let counts = server.counts()?.since(&before);
        let said: Value = serde_json::from_str(&std::fs::read_to_string(&out)?)?;
        for (name, wanted) in [
            ("configs", self.asked.configs),
            ("endpoints", self.asked.endpoints),
            ("tagged", self.asked.configs + self.asked.endpoints),
        ] {
            let found = said.get(name).and_then(Value::as_u64);
            ensure!(
                found == Some(wanted),
                "the script found {found:?} {name}, not {wanted}"
            );
        }
        let after_imports = said.get("cpu_seconds").and_then(Value::as_f64);
        Ok((
            Run { cost, counts },
            after_imports.context("no CPU seconds")?,
        ))
    }

    /// The audit and the script, in turns.
    fn beside(&self, name: &str, server: &Counted) -> Result<()> {
        let Asked {
            configs, endpoints, ..
        } = self.asked;
        let keys = self.seed(server)?;
        let pages = configs.div_ceil(100) + endpoints.div_ceil(100);
        let floor = pages + 2 * (configs + endpoints) + 6 * keys;
        println!("\n{configs} configurations, {endpoints} endpoints, {keys} keys; {name}");
        let no_store: Vec<String> = if self.has_store {
            vec!["--no-store".to_owned()]
        } else {
            Vec::new()
        };
        let (mut audits, mut scripts, mut after_imports) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..self.asked.rounds {
            audits.push(self.audit(server, &no_store)?);
            let (run, cpu) = self.inventory(server)?;
            after_imports.push(cpu / run.requests());
            scripts.push(run);
        }
        let requests = audits.first().map_or(0, |run| run.counts.total().requests);
        println!(
            "floor      {floor} requests: {pages} pages, a describe and a tag listing for each \
             configuration and endpoint, 6 for each key"
        );
        println!(
            "audit      {requests} requests, {:.3} × the floor (at most 1.05)",
            number(requests) / number(floor)
        );
        if let Some(run) = audits.first() {
            println!("           {}", run.counts.shown());
        }
        table(&[("audit", &audits), ("boto3", &scripts)]);
        let of = |runs: &[Run]| median(runs.iter().map(Run::cpu_per_request).collect());
        let (audit, boto3) = (of(&audits), of(&scripts));
        println!(
            "CPU of a request: audit / boto3 = 1/{:.1}; without the script's imports 1/{:.1}",
            boto3 / audit,
            median(after_imports) / audit
        );
        let is_usual = configs == 1000 && endpoints == 300;
        if !is_usual || matches!(server, Counted::Moto(_)) {
            return Ok(());
        }
        let peak = median(audits.iter().map(|run| run.cost.peak_mib).collect());
        figures::write(
            "cargo xtask bench audit",
            &[
                Figure::less(
                    "audit: requests beside the floor",
                    number(requests) / number(floor),
                    "times",
                ),
                Figure::less("audit: CPU of a request", audit * 1e6, "us"),
                Figure::more(
                    "audit: boto3's CPU of a request",
                    boto3 / audit,
                    "times ours",
                ),
                Figure::less("audit: peak memory", peak, "MiB"),
            ],
        )
    }

    /// A first and a second audit with a store.
    fn again(&self, server: &Counted) -> Result<()> {
        if !self.has_store {
            println!("second audit: no store in this build");
            return Ok(());
        }
        let (mut first, mut second) = (Vec::new(), Vec::new());
        for round in 0..self.asked.rounds {
            let path = self
                .folder
                .join(format!("{}-{round}.db", port(&server.url())));
            let store = ["--db".to_owned(), format!("sqlite://{}", path.display())];
            first.push(self.audit(server, &store)?);
            second.push(self.audit(server, &store)?);
        }
        println!("with a store");
        table(&[("first", &first), ("second", &second)]);
        for run in &second {
            let described = run.counts.of("sagemaker:DescribeEndpointConfig");
            println!("second     {}", run.counts.shown());
            ensure!(
                described == 0,
                "the second audit described {described} configurations that it knew"
            );
        }
        Ok(())
    }
}

fn port(url: &str) -> &str {
    url.rsplit(':').next().unwrap_or_default()
}

/// Prints the medians.
fn table(rows: &[(&str, &[Run])]) {
    println!("           requests   wall s    CPU s   CPU µs/request   peak MiB");
    for (name, runs) in rows {
        let of = |what: fn(&Run) -> f64| median(runs.iter().map(what).collect());
        println!(
            "{name:<10} {:>8.0} {:>8.3} {:>8.3} {:>16.1} {:>10.1}",
            of(Run::requests),
            of(|run| run.cost.wall_seconds),
            of(|run| run.cost.cpu_seconds),
            of(|run| run.cpu_per_request() * 1e6),
            of(|run| run.cost.peak_mib),
        );
    }
}
