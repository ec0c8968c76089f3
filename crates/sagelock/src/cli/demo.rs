//! `sagelock demo`.

use std::net::SocketAddr;
use std::sync::mpsc;
use std::time::Duration;

use anyhow::anyhow;
use clap::Args;
use jiff::Timestamp;
use sagelock_aws::Simulated as Simulator;
use sagelock_domain::drive::Rate;
use sagelock_sim::estate::demo;

use super::audit::tell;
use super::print;
use crate::accounts::{Accounts, Filter, Organization};
use crate::audit::{Keep, Past, audit};
use crate::config::{Config, DECISIONS};
use crate::exit::{Exit, Failure};
use crate::listen::{Simulated, bind, serve};
use crate::progress::Progress;
use crate::report::{self, Format, terminal_width};
use crate::session::{Session, Wanted};

/// `sagelock demo`.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    sagelock demo                 the audit; the simulated AWS goes on\n  \
    sagelock demo --once          the audit, and the end\n  \
    sagelock demo --once --format json | jq .totals\n\n\
    Six accounts have endpoints in three regions. The management account assumes a role \
    in every other one and audits them over HTTP, as it would on AWS. Nothing leaves this \
    machine. Its settings are its own (`--print-config`); `--config FILE` puts yours in their place.")]
pub(super) struct Command {
    /// Print the audit and exit 0
    #[arg(long)]
    once: bool,
    /// Where chance begins: the same seed makes the same organisation
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// The port of the simulated AWS; 0 is any that is free
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    port: u16,
    /// Print what the organisation has decided, its sagelock.toml, and do nothing else
    #[arg(long, exclusive = true)]
    print_config: bool,
    /// What standard output gets [default: table]
    #[arg(long, value_name = "FORMAT", value_enum)]
    format: Option<Format>,
}

/// How long an answer of the simulated AWS may be repeated for.
const DEADLINE: Duration = Duration::from_secs(30);

impl Command {
    /// Runs it; `config` is the one that the user named, where they did.
    pub(super) async fn run(self, config: Option<Config>, quiet: bool) -> Result<Exit, Failure> {
        if self.print_config {
            print(|out| out.write_all(DECISIONS.as_bytes()))?;
            return Ok(Exit::Clean);
        }
        let config = match config {
            Some(config) => config,
            None => Config::of_demo().map_err(Failure::usage)?,
        };
        let address = simulate(self.port, self.seed)?;
        let url = format!("http://{address}");
        if !quiet {
            anstream::eprintln!(
                "SIMULATED: an organisation of {} accounts in {} regions, on {url}",
                demo::accounts().len(),
                demo::REGIONS.len()
            );
        }
        let wanted = Wanted {
            rate: Some(Rate::Max),
            deadline: DEADLINE,
            simulated: Some(Simulator {
                url: url.clone(),
                access_key: demo::MANAGEMENT.to_owned(),
            }),
            accounts: Accounts::Organization(Organization {
                role: demo::ROLE.to_owned(),
                external_id: None,
                duration_seconds: None,
                filter: Filter::default(),
            }),
            ..Wanted::default()
        };
        let session = Session::open(&wanted).await?;
        let done = audit(
            &session,
            &config,
            &Progress::new(quiet),
            Keep::default(),
            Past::none(),
        )
        .await?;
        let format = self.format.unwrap_or(Format::Table);
        print(|out| report::write(&done.audit, format, out, terminal_width()))?;
        if !quiet {
            tell(&done.audit, &done.calls, &session, false);
        }
        if self.once {
            return Ok(Exit::Clean);
        }
        anstream::eprintln!(
            "\nThe simulated AWS goes on answering until Ctrl-C. In another terminal, as one of the \
             accounts:\n  \
             export AWS_ENDPOINT_URL={url}\n  \
             export AWS_ACCESS_KEY_ID={MEMBER} AWS_SECRET_ACCESS_KEY=x\n  \
             sagelock demo --print-config > demo.toml\n  \
             sagelock --config demo.toml audit --region eu-west-1\n  \
             aws --region eu-west-1 sagemaker list-endpoints"
        );
        tokio::signal::ctrl_c()
            .await
            .map_err(|error| Failure::new(Exit::Internal, error))?;
        Ok(Exit::Clean)
    }
}

/// An account of the organisation in which there is something to see.
const MEMBER: &str = "222233334444";

/// Starts the simulated AWS beside the audit, as another machine would be. It ends with the
/// process.
fn simulate(port: u16, seed: u64) -> Result<SocketAddr, Failure> {
    let (tell, told) = mpsc::channel::<std::io::Result<SocketAddr>>();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let runtime = match runtime {
            Ok(runtime) => runtime,
            Err(error) => {
                let _ = tell.send(Err(error));
                return;
            }
        };
        runtime.block_on(async {
            let listener = match bind(port) {
                Ok(listener) => listener,
                Err(error) => {
                    let _ = tell.send(Err(error));
                    return;
                }
            };
            let world = demo::demo(Timestamp::now(), seed);
            let simulated = Simulated::new(world, 1.0);
            let _ = tell.send(listener.local_addr());
            tokio::task::LocalSet::new()
                .run_until(serve(listener, simulated))
                .await;
        });
    });
    match told.recv() {
        Ok(Ok(address)) => Ok(address),
        Ok(Err(error)) => {
            let told = anyhow!(error).context(format!("cannot listen on 127.0.0.1:{port}"));
            Err(Failure::usage(told).hint("choose another `--port`; 0 is any that is free"))
        }
        Err(_) => Err(Failure::new(
            Exit::Internal,
            anyhow!("the simulated AWS did not start"),
        )),
    }
}
