//! `sagelock man`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, CommandFactory};
use clap_mangen::Man;

use super::{Cli, print};
use crate::exit::{Exit, Failure};

/// `sagelock man`.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    sagelock man | man -l -                          read it now\n  \
    sagelock man --out ~/.local/share/man/man1       then `man sagelock-audit`")]
pub(super) struct Command {
    /// Write a page for each command into this folder, which is made where there is none
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

impl Command {
    pub(super) fn run(self) -> Result<Exit, Failure> {
        // Without the command `help`, which would have a page for each command again.
        let mut command = Cli::command().disable_help_subcommand(true);
        command.build();
        match self.out {
            Some(folder) => {
                let told = || format!("cannot write manual pages into `{}`", folder.display());
                let made = fs::create_dir_all(&folder).and_then(|()| write(&command, &folder));
                made.with_context(told).map_err(Failure::usage)?;
            }
            None => print(|out| page(&command).render(out))?,
        }
        Ok(Exit::Clean)
    }
}

/// Writes the page of a command, and those of the commands below it.
fn write(command: &clap::Command, folder: &Path) -> io::Result<()> {
    for below in command.get_subcommands() {
        write(below, folder)?;
    }
    page(command).generate_to(folder).map(|_| ())
}

fn page(command: &clap::Command) -> Man {
    Man::new(command.clone())
        .source(concat!("sagelock ", env!("CARGO_PKG_VERSION")))
        .manual("sagelock manual")
}
