//! `sagelock keys policy …`.

mod diff;

use clap::{Args, Subcommand};

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
}

impl Command {
    pub(super) fn run(self) -> Result<Exit, Failure> {
        match self.what {
            What::Diff(command) => command.run(),
        }
    }
}
