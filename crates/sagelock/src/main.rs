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
mod outcome;
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
            tell(&"error:".red().bold(), "error:", &failure.error.to_string());
            for cause in failure.error.chain().skip(1) {
                tell(&"  because:", "  because:", &cause.to_string());
            }
            if let Some(hint) = &failure.hint {
                let mark = format!("  {}", "hint:".bold());
                tell(&mark, "  hint:", hint);
            }
            ExitCode::from(failure.exit.code())
        }
    }
}

/// Says something on standard error; on a terminal in lines that fit.
fn tell(mark: &dyn std::fmt::Display, plain: &str, text: &str) {
    let width =
        report::stderr_width().map_or(usize::MAX, |width| width.saturating_sub(plain.len() + 1));
    let mut lines = text
        .lines()
        .flat_map(|line| report::wrap(line, width.max(20)));
    anstream::eprintln!("{mark} {}", lines.next().unwrap_or_default());
    for line in lines {
        anstream::eprintln!("{:1$} {line}", "", plain.len());
    }
}
