//! `sagelock keys …`.

mod policy;

use clap::{Args, Subcommand};

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
    pub(super) fn run(self) -> Result<Exit, Failure> {
        match self.what {
            What::Policy(command) => command.run(),
        }
    }
}
