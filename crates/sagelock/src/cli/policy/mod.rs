//! `sagelock policy …`.

mod lines;
mod simulate;
mod who_can;

use clap::{Args, Subcommand};

use crate::exit::{Exit, Failure};

/// `sagelock policy`.
#[derive(Args, Debug)]
pub(super) struct Command {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Decide requests: JSON lines in, JSON lines out
    Simulate(simulate::Command),
    /// Prove who can use a key, and who cannot: JSON lines in, JSON lines out
    WhoCan(who_can::Command),
}

impl Command {
    pub(super) fn run(self, quiet: bool) -> Result<Exit, Failure> {
        match self.what {
            What::Simulate(command) => command.run(quiet),
            What::WhoCan(command) => command.run(quiet),
        }
    }
}
