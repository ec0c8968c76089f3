//! `sagelock keys …`.

mod lint;
mod outside;
mod policy;
mod written;

use clap::{Args, Subcommand};

use crate::config::Config;
use crate::exit::{Exit, Failure};

/// `sagelock keys`.
#[derive(Args, Debug)]
pub(super) struct Command {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Say what is odd in a key policy, and what it comes to
    Lint(lint::Command),
    /// Key policies
    Policy(policy::Command),
}

impl Command {
    pub(super) async fn run(
        self,
        config: impl FnOnce() -> Result<Config, Failure>,
        quiet: bool,
    ) -> Result<Exit, Failure> {
        match self.what {
            What::Lint(command) => command.run(),
            What::Policy(command) => command.run(config, quiet).await,
        }
    }
}
