//! `sagelock keys …`.

mod policy;

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
            What::Policy(command) => command.run(config, quiet).await,
        }
    }
}
