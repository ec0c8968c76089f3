//! sagelock: govern customer managed keys (CMK) on Amazon SageMaker endpoints.

mod accounts;
mod audit;
mod cli;
mod config;
mod drive;
mod exit;
mod findings;
mod history;
mod key_facts;
mod listen;
mod packing;
mod progress;
mod report;
mod session;

use std::process::ExitCode;

use clap::Parser;
use owo_colors::OwoColorize;

/// An audit makes and drops small texts by the million.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    match cli::run(cli) {
        Ok(exit) => ExitCode::from(exit.code()),
        Err(failure) => {
            anstream::eprintln!("{} {}", "error:".red().bold(), failure.error);
            for cause in failure.error.chain().skip(1) {
                anstream::eprintln!("  because: {cause}");
            }
            if let Some(hint) = &failure.hint {
                anstream::eprintln!("  {} {hint}", "hint:".bold());
            }
            ExitCode::from(failure.exit.code())
        }
    }
}
