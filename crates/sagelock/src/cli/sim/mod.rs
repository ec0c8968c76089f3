//! `sagelock sim serve`.

mod fleet;

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use anyhow::{Context, anyhow};
use clap::{Args, Subcommand, ValueEnum};
use jiff::Timestamp;
use sagelock_sim::fault::Plan;
use sagelock_sim::{LocalStorage, World, estate};
use tokio::signal::unix::{SignalKind, signal};

use crate::exit::{Exit, Failure};
use crate::listen::{Simulated, bind, serve, write_counts};
use fleet::FleetArgs;

/// `sagelock sim`.
#[derive(Args, Debug)]
pub(super) struct Command {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Answer AWS clients on a port of loopback, until Ctrl-C
    Serve(Serve),
}

/// `sagelock sim serve`.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    sagelock sim serve --port 4599\n  \
    aws --endpoint-url http://127.0.0.1:4599 sagemaker list-endpoints\n  \
    AWS_ENDPOINT_URL=http://127.0.0.1:4599 sagelock audit --region eu-west-1\n  \
    sagelock sim serve --world empty --speed 60      a minute passes in a second\n  \
    sagelock sim serve --faults faults.toml          throttles, failures, denials\n  \
    sagelock sim serve --world fleet --accounts 1000 --regions 4 \\\n    \
    --accounts-file accounts.yml\n\n\
    Any access key works; a 12-digit access key selects the account with that ID, and any other selects 123456789012. \
    What is simulated, and how faults are written: docs/simulator.md.")]
struct Serve {
    /// The port; 0 is any that is free, and the line on standard error names it
    #[arg(long, value_name = "PORT", default_value_t = 4599)]
    port: u16,
    /// What is in the world
    #[arg(long, value_enum, default_value_t = Holds::Demo)]
    world: Holds,
    #[command(flatten)]
    fleet: FleetArgs,
    /// Where chance begins: the same seed makes the same world
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Virtual seconds in one real second
    #[arg(long, value_name = "X", default_value_t = 1.0, value_parser = speed)]
    speed: f64,
    /// What goes wrong, in TOML
    #[arg(long, value_name = "FILE")]
    faults: Option<PathBuf>,
    /// Write what was counted of the clients' requests here, in JSON: at the start, at the end and on
    /// SIGUSR1
    #[arg(long, value_name = "FILE")]
    counts: Option<PathBuf>,
    /// How a key on a type with local storage is taken: as since June 2026, or as before
    #[arg(long, value_enum, value_name = "HOW", default_value_t = Keys::Accepted)]
    local_storage_keys: Keys,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Holds {
    /// An organisation in which every rule finds something
    Demo,
    /// An organisation of as many accounts, regions and endpoints as you say
    Fleet,
    /// Nothing but the aliases that AWS manages
    Empty,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Keys {
    /// The key is accepted and does not cover the local storage
    Accepted,
    /// The configuration is refused
    Refused,
}

fn speed(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(speed) if speed > 0.0 && speed <= 1e6 => Ok(speed),
        Ok(_) | Err(_) => Err("expected a number above 0, at most 1000000".to_owned()),
    }
}

impl Command {
    pub(super) async fn run(self, quiet: bool) -> Result<Exit, Failure> {
        let What::Serve(serve) = self.what;
        serve.run(quiet).await
    }
}

impl Serve {
    async fn run(self, quiet: bool) -> Result<Exit, Failure> {
        let (world, name) = self.make()?;
        let listener = bind(self.port).map_err(|error| {
            let told = anyhow!(error).context(format!("cannot listen on 127.0.0.1:{}", self.port));
            Failure::usage(told).hint("choose another `--port`; 0 is any that is free")
        })?;
        let address = listener
            .local_addr()
            .map_err(|error| Failure::new(Exit::Internal, error))?;
        let simulated = Simulated::new(world, self.speed);
        self.count(&simulated)?;
        let mut asked = signal(SignalKind::user_defined1())
            .map_err(|error| Failure::new(Exit::Internal, error))?;
        // Whoever started us waits for this line, so it is said even with `--quiet`.
        anstream::eprintln!(
            "ready: a simulated AWS on http://{address} (world {name}, seed {}, speed {})",
            self.seed,
            self.speed
        );
        let local = tokio::task::LocalSet::new();
        let serving = local.run_until(serve(listener, Rc::clone(&simulated)));
        let counting = async {
            while asked.recv().await.is_some() {
                if let Err(failure) = self.count(&simulated) {
                    let _ = writeln!(anstream::stderr(), "error: {:#}", failure.error);
                }
            }
        };
        tokio::select! {
            () = serving => {}
            () = counting => {}
            () = stopped() => {}
        }
        self.count(&simulated)?;
        if !quiet {
            let _ = tell(&simulated, &mut anstream::stderr());
        }
        Ok(Exit::Clean)
    }

    /// The world, and what it is called.
    fn make(&self) -> Result<(World, String), Failure> {
        let faults = self.faults.as_deref().map(faults).transpose()?;
        let now = Timestamp::now();
        if self.world != Holds::Fleet {
            self.fleet.refuse()?;
        }
        let (mut world, name) = match self.world {
            Holds::Demo => (estate::demo::demo(now, self.seed), "demo".to_owned()),
            Holds::Empty => (World::new(now, self.seed), "empty".to_owned()),
            Holds::Fleet => self.fleet.make(now, self.seed)?,
        };
        if let Some(faults) = faults {
            world.set_faults(faults);
        }
        world.local_storage = match self.local_storage_keys {
            Keys::Accepted => LocalStorage::KeyAccepted,
            Keys::Refused => LocalStorage::KeyRefused,
        };
        Ok((world, name))
    }

    /// Writes what was counted, where a file is named.
    fn count(&self, simulated: &Simulated) -> Result<(), Failure> {
        let Some(path) = &self.counts else {
            return Ok(());
        };
        write_counts(&simulated.world(), path).map_err(|error| {
            let told = anyhow!(error).context(format!("cannot write `{}`", path.display()));
            Failure::usage(told)
        })
    }
}

/// Says what was asked, and how it ended. Whoever started us may not listen any more.
fn tell(simulated: &Simulated, out: &mut impl Write) -> io::Result<()> {
    let world = simulated.world();
    let ledger = world.ledger();
    let total = ledger.tallies().total();
    writeln!(
        out,
        "{} requests, {} of them throttled; faults struck {} times",
        total.requests,
        total.throttled,
        world.faults().struck()
    )?;
    for ((service, name), tally) in ledger.tallies().by_operation() {
        writeln!(out, "{:>9} {}:{name}", tally.requests, service.prefix())?;
    }
    let unknown = ledger.unknown_operations();
    let unknown: Vec<String> = unknown
        .iter()
        .map(|(asked, count)| format!("{asked} ({count} ×)"))
        .collect();
    if !unknown.is_empty() {
        writeln!(out, "asked for and not simulated: {}", unknown.join(", "))?;
    }
    Ok(())
}

/// Ctrl-C, or a supervisor's request to end.
async fn stopped() {
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        let _ = tokio::signal::ctrl_c().await;
        return;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}

fn faults(path: &Path) -> Result<Plan, Failure> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("cannot read `{}`", path.display()))
        .map_err(Failure::usage)?;
    let plan: Plan = toml::from_str(&text).map_err(|error| {
        let told = anyhow!("{}: {}", path.display(), error.to_string().trim_end());
        Failure::usage(told).hint("docs/simulator.md shows how faults are written")
    })?;
    if let [first, ..] = plan.meaningless().as_slice() {
        let told = anyhow!(
            "{}: no simulated operation is meant by `{first}`",
            path.display()
        );
        return Err(Failure::usage(told).hint(
            "calls are written as in docs/simulated-operations.md, like `sagemaker:Describe*`",
        ));
    }
    Ok(plan)
}
