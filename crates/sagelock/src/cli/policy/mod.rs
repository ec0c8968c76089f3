//! `sagelock policy …`.

mod simulate;

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
}

impl Command {
    pub(super) fn run(self, quiet: bool) -> Result<Exit, Failure> {
        match self.what {
            What::Simulate(command) => command.run(quiet),
        }
    }
}
