//! `sagelock keys policy …`.

mod diff;
mod generate;

use clap::{Args, Subcommand};

use crate::config::Config;
use crate::exit::{Exit, Failure};

/// `sagelock keys policy`.
#[derive(Args, Debug)]
pub(super) struct Command {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Prove whether a key policy lets anybody do more than another
    Diff(diff::Command),
    /// Write the least key policy that an endpoint needs
    Generate(Box<generate::Command>),
}

impl Command {
    pub(super) async fn run(
        self,
        config: impl FnOnce() -> Result<Config, Failure>,
        quiet: bool,
    ) -> Result<Exit, Failure> {
        match self.what {
            What::Diff(command) => command.run(),
            What::Generate(command) => command.run(config()?, quiet).await,
        }
    }
}
