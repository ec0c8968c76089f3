//! The project's own automation. `cargo xtask` lists what there is.

mod bench;
mod ci;
mod circles;
mod differential;
mod documents;
mod figures;
mod fuzz;
mod metadata;
mod mutants;
mod options;
mod random;
mod record;
mod refute;
mod tidy;
mod worlds;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

/// Attacks on proofs make requests by the million.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const HELP: &str = "\
Benchmarks and proofs write what they reach into docs/figures.md.

cargo xtask ci                  everything that must be green: installs what it needs first
cargo xtask tidy                the invariants that a machine can hold
cargo xtask docs [--check]      the generated documents, written or compared
cargo xtask permissions [--check]   docs/permissions.json alone
cargo xtask record --python P   corpus/recorded again, from moto; P is a Python with moto
cargo xtask prove truth         the truth test against moto, full size, in release
cargo xtask prove sim           the truth tests of the simulated AWS, in release
cargo xtask prove mutants [--part K/N]
                                the policy engine changed in every small way: its tests must notice;
                                with --part, every Nth change from the Kth on
cargo xtask prove refute [--stacks N] [--seed S] [--requests N] [--only N]
                                the proofs attacked with requests near what the policies write, in release
cargo xtask prove worlds [--worlds N] [--seed S] [--only N]
                                who comes to a key through others, against worlds in which every call is made
cargo xtask prove fuzz [--minutes N]
                                the policy engine given whatever comes, ten minutes for each target
cargo xtask prove strangers     boto3, the AWS CLI, Cloud Custodian and Prowler, in release
cargo xtask differential [--cases N] [--seed S]
                                random requests, decided by us and by an evaluator of others
cargo xtask bench sim           how many requests a second the simulated AWS answers on one core
cargo xtask bench policy          how many requests a second the policy engine decides on one core
cargo xtask bench isolation       which of 100 tenants can use which of 1,000 keys, on one core
cargo xtask bench proofs          what the hardest key policies cost: lint, who-can, diff, an audit
cargo xtask bench readme          the README's commands in a fresh clone: time and disk
cargo xtask bench audit [--configs N] [--endpoints N] [--rounds N] [--without-moto]
                                an audit beside a script of boto3: requests, CPU, time, memory
cargo xtask bench audit --scale [--accounts N] [--regions N] [--endpoints N] [--rate R] [--delay MS]
                                [--audit-rate N|max] [--format F]
                                an audit of a fleet whose answers are late and limited as AWS limits";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match words.as_slice() {
        ["ci"] => ci::run(),
        ["tidy"] => tidy::run(),
        ["docs"] => documents::run(false),
        ["docs", "--check"] => documents::run(true),
        ["permissions"] => documents::permissions(false),
        ["permissions", "--check"] => documents::permissions(true),
        ["record", "--python", python] => record::run(Path::new(python)),
        ["prove", "truth"] => ci::prove_truth(),
        ["prove", "sim"] => ci::prove_sim(),
        ["prove", "mutants", rest @ ..] => mutants::prove(rest),
        ["prove", "refute", rest @ ..] => refute::prove(rest),
        ["prove", "worlds", rest @ ..] => worlds::prove(rest),
        ["prove", "fuzz", rest @ ..] => fuzz::prove(rest),
        ["prove", "strangers"] => ci::prove_strangers(),
        ["bench", "sim"] => bench::sim(),
        ["bench", "audit", rest @ ..] => bench::audit(rest),
        ["bench", "policy", rest @ ..] => bench::policy(rest),
        ["bench", "isolation", rest @ ..] => bench::isolation(rest),
        ["bench", "proofs", rest @ ..] => bench::proofs(rest),
        ["bench", "readme"] => bench::readme(),
        ["differential", rest @ ..] => differential::run(rest),
        [] | ["help" | "--help" | "-h"] => {
            println!("{HELP}");
            Ok(())
        }
        other => Err(anyhow::anyhow!("no task `{}`\n{HELP}", other.join(" "))),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The repository's folder.
fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

/// Where cargo builds.
fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), Into::into)
}

/// Builds this program in release, and runs it.
fn in_release(words: &[&str]) -> Result<()> {
    let release = [
        "run",
        "--locked",
        "--release",
        "--quiet",
        "--package",
        "xtask",
        "--",
    ];
    run(cargo(&release).args(words))
}

/// A folder that is kept under the target directory: its name holds a hash of what it was made of, so
/// that a change makes a new one.
fn kept(name: &str, of: &[u8]) -> Result<PathBuf> {
    let hash = Sha256::digest(of)
        .iter()
        .take(4)
        .fold(0, |hash: u32, byte| (hash << 8) | u32::from(*byte));
    let temporary = target().join("tmp");
    std::fs::create_dir_all(&temporary)?;
    Ok(temporary.join(format!("{name}-{hash:08x}")))
}

/// Runs a command in the repository, and fails where it does.
fn run(command: &mut Command) -> Result<()> {
    let shown = show(command);
    eprintln!("$ {shown}");
    let status = command
        .current_dir(root())
        .status()
        .with_context(|| format!("cannot run `{shown}`"))?;
    if !status.success() {
        bail!("`{shown}` failed");
    }
    Ok(())
}

fn show(command: &Command) -> String {
    let words: Vec<String> = std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    words.join(" ")
}

/// cargo, as whoever started us has it.
fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments);
    command
}
