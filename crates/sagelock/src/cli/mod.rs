//! The command line.

mod accounts;
mod arn;
mod audit;
mod completions;
mod config;
mod demo;
mod doctor;
mod estimate;
mod explain;
mod history;
mod isolation;
mod keys;
mod kpi;
mod man;
mod one_endpoint;
mod policy;
mod preflight;
mod sim;

use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, anyhow};
use clap::{Args, Parser, Subcommand};
use sagelock_domain::drive::Rate;
use sagelock_domain::ids::Region;
use sagelock_domain::rules::Severity;

use crate::config::{Config, rate};
use crate::exit::{Exit, Failure};
use crate::report::Format;
use crate::session::Wanted;

/// Govern customer managed keys (CMK) on Amazon SageMaker endpoints, from audit to proof.
#[derive(Debug, Parser)]
#[command(
    name = "sagelock",
    version,
    max_term_width = 100,
    arg_required_else_help = true
)]
#[command(after_help = "Exit codes:\n  \
    0 clean · 1 findings at or above --fail-on · 2 usage or configuration\n  \
    3 incomplete: something could not be read · 4 credentials · 5 internal")]
pub(crate) struct Cli {
    /// The configuration file [default: sagelock.toml in this folder, if there is one]
    #[arg(long, global = true, value_name = "FILE", env = "SAGELOCK_CONFIG")]
    config: Option<PathBuf>,
    /// Say nothing but the result
    #[arg(long, short, global = true)]
    quiet: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// See it: a simulated organisation and its audit, without an AWS account
    Demo(demo::Command),
    /// Give every endpoint of an account a verdict, or say why it cannot be known
    Audit(audit::Command),
    /// Show the chain of facts, calls and times behind a verdict
    Explain(explain::Command),
    /// Show the share of endpoints under a customer managed key and the pass rate over time
    Kpi(kpi::Command),
    /// Check credentials and permissions, and say which verdicts are missing for lack of them
    Doctor(doctor::Command),
    /// Find out whether a deployment with a key will succeed, and which statement blocks it
    Preflight(preflight::Command),
    /// Prove which tenant can use which key
    Isolation(isolation::Command),
    /// Govern keys and their policies
    Keys(keys::Command),
    /// Ask what a set of policies decides
    Policy(policy::Command),
    /// Serve a simulated AWS over HTTP, for any AWS client
    Sim(sim::Command),
    /// Show the effective configuration and where each value comes from
    Config(config::Command),
    /// Print the script that completes commands in a shell
    Completions(completions::Command),
    /// Print the manual page, or write one for each command
    Man(man::Command),
}

/// Where facts come from.
#[derive(Args, Debug)]
struct SourceArgs {
    /// The profile of the shared AWS configuration files
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// A region to look at; repeat it for more [default: every region the account has enabled]
    #[arg(long = "region", value_name = "REGION")]
    regions: Vec<String>,
    /// Replay a recording instead of calling AWS
    #[arg(long, value_name = "DIR", conflicts_with_all = ["profile", "rate", "role", "accounts_file", "org"])]
    offline: Option<PathBuf>,
    /// Requests a second for each account, region and operation, or `max`
    /// [default: 10 for SageMaker, 20 for KMS; max where AWS is simulated]
    #[arg(long, value_name = "N|max", value_parser = parse_rate)]
    rate: Option<RateArg>,
    /// Take what answers at the endpoint override for a simulated AWS: no limit on requests, and the
    /// report says so [default: where all services are overridden to this machine]
    #[arg(long, conflicts_with = "offline")]
    simulated: bool,
    #[command(flatten)]
    accounts: accounts::AccountArgs,
}

/// A rate, as clap carries it.
#[derive(Clone, Copy, Debug)]
struct RateArg(Rate);

fn parse_rate(text: &str) -> Result<RateArg, String> {
    rate(text).map(RateArg)
}

impl SourceArgs {
    fn wanted<'a>(&'a self, config: &Config) -> Result<Wanted<'a>, Failure> {
        let configured = config.audit.rate.as_deref().map(rate).transpose();
        let configured = configured.map_err(|error| Failure::usage(anyhow::anyhow!(error)))?;
        Ok(Wanted {
            profile: self.profile.clone(),
            regions: self.regions.iter().map(Region::new).collect(),
            offline: self.offline.as_deref(),
            record: None,
            simulated: None,
            is_simulated: self.simulated,
            accounts: self.accounts.wanted()?,
            rate: self.rate.map(|rate| rate.0).or(configured),
            deadline: Duration::from_secs(u64::from(config.audit.deadline_seconds)),
        })
    }
}

/// Reads `--fail-on`: a severity, or none.
fn fail_on(text: &str) -> Result<FailOn, String> {
    if text == "none" {
        return Ok(FailOn(None));
    }
    Severity::read(text)
        .map(|severity| FailOn(Some(severity)))
        .ok_or_else(|| "expected critical, high, medium, low or none".to_owned())
}

#[derive(Clone, Copy, Debug)]
struct FailOn(Option<Severity>);

/// Reads `--min-coverage`.
fn share(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        Ok(_) | Err(_) => Err("expected a number from 0 to 1".to_owned()),
    }
}

/// Writes a document to standard output, byte by byte: nothing in it is for a terminal.
fn print_plain(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Failure> {
    written(BufWriter::new(io::stdout().lock()), write)
}

/// Writes to standard output. Whoever reads it may have had enough: `sagelock audit | head`.
fn print(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Failure> {
    written(BufWriter::new(anstream::stdout().lock()), write)
}

fn written(
    mut out: impl Write,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), Failure> {
    match write(&mut out).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written
            .context("cannot write to standard output")
            .map_err(Failure::usage),
    }
}

/// The two formats of every verb but `audit` and `demo`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Plain {
    /// For people
    Table,
    /// One object with everything
    Json,
}

/// An estimate has the same two, of the formats of an audit.
fn is_json(format: Option<Format>) -> Result<bool, Failure> {
    match format {
        Some(Format::Json) => Ok(true),
        Some(Format::Table) | None => Ok(false),
        Some(
            Format::Ndjson
            | Format::Csv
            | Format::Md
            | Format::Html
            | Format::Sarif
            | Format::Junit
            | Format::Ocsf
            | Format::Asff,
        ) => Err(Failure::usage(anyhow!(
            "`audit --estimate` has the formats table and json"
        ))),
    }
}

/// Runs a command.
pub(crate) fn run(cli: Cli) -> Result<Exit, Failure> {
    let named = cli.config.is_some();
    let config = || {
        Config::load(cli.config.as_deref()).map_err(|error| {
            Failure::usage(error)
                .hint("`sagelock config` lists every key, its value and its origin")
        })
    };
    let quiet = cli.quiet;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(Exit::Internal, error))?;
    match cli.command {
        Command::Demo(command) => {
            let config = named.then(config).transpose()?;
            runtime.block_on(command.run(config, quiet))
        }
        Command::Audit(command) => runtime.block_on(command.run(config()?, quiet)),
        Command::Explain(command) => runtime.block_on(command.run(config()?, quiet)),
        Command::Kpi(command) => runtime.block_on(command.run()),
        Command::Doctor(command) => runtime.block_on(command.run(config()?, quiet)),
        Command::Preflight(command) => runtime.block_on(command.run(config()?, quiet)),
        Command::Isolation(command) => runtime.block_on(command.run(config()?, quiet)),
        Command::Keys(command) => runtime.block_on(command.run(config, quiet)),
        Command::Policy(command) => command.run(quiet),
        Command::Sim(command) => runtime.block_on(command.run(quiet)),
        Command::Config(command) => command.run(&config()?),
        Command::Completions(command) => command.run(),
        Command::Man(command) => command.run(),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    /// What is broken by hand is broken again at 80 columns, where it is longer.
    #[test]
    fn examples_are_no_wider_than_a_terminal_and_prose_is_not_broken_by_hand() {
        fn look(command: &clap::Command, wrong: &mut Vec<String>) {
            let text = command.get_after_help().map(ToString::to_string);
            let text = text.unwrap_or_default();
            let lines: Vec<&str> = text.lines().collect();
            for (index, line) in lines.iter().enumerate() {
                let is_example = line.starts_with("  ");
                let before = index.checked_sub(1).and_then(|index| lines.get(index));
                let is_broken = before.is_some_and(|before| {
                    !before.is_empty() && !before.starts_with("  ") && !before.ends_with(':')
                });
                if is_example && line.chars().count() > 80
                    || !is_example && !line.is_empty() && is_broken
                {
                    wrong.push(format!("{}: {line}", command.get_name()));
                }
            }
            for one in command.get_subcommands() {
                look(one, wrong);
            }
        }
        let mut wrong = Vec::new();
        look(&Cli::command(), &mut wrong);
        assert!(wrong.is_empty(), "{wrong:#?}");
    }
}
