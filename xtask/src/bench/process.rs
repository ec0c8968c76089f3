//! What a process costs: time, processor, memory.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use nix::sys::resource::{Usage, UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;

/// What one run cost.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cost {
    /// From its start to its end.
    pub(super) wall_seconds: f64,
    /// Of the processor, in user and kernel, with all processes that it waited for (getrusage(2),
    /// `RUSAGE_CHILDREN`).
    pub(super) cpu_seconds: f64,
    /// The most memory that was resident (proc(5), `VmHWM`), in MiB.
    pub(super) peak_mib: f64,
    /// How it ended.
    pub(super) status: ExitStatus,
}

/// How often memory is looked at.
const LOOK: Duration = Duration::from_millis(2);

/// Runs a command to its end, or kills it after a while. Its output goes into files. No other
/// child of ours may end meanwhile.
pub(super) fn measure(
    command: &mut Command,
    out: &Path,
    kill_after: Option<Duration>,
) -> Result<Cost> {
    let stderr = out.with_extension("stderr");
    command
        .stdin(Stdio::null())
        .stdout(File::create(out)?)
        .stderr(File::create(&stderr)?);
    let cpu_before = cpu(UsageWho::RUSAGE_CHILDREN)?;
    let begun = Instant::now();
    let mut child = command
        .spawn()
        .with_context(|| format!("cannot run {}", command.get_program().display()))?;
    let mut peak_kib = 0;
    let status = loop {
        peak_kib = peak(child.id()).unwrap_or_default().max(peak_kib);
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if kill_after.is_some_and(|after| begun.elapsed() >= after) {
            child.kill()?;
        }
        thread::sleep(LOOK);
    };
    let wall_seconds = begun.elapsed().as_secs_f64();
    Ok(Cost {
        wall_seconds,
        cpu_seconds: cpu(UsageWho::RUSAGE_CHILDREN)? - cpu_before,
        peak_mib: f64::from(peak_kib) / 1024.0,
        status,
    })
}

/// The most memory of a process that was resident, in KiB.
pub(super) fn peak(id: u32) -> Option<u32> {
    let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}

pub(super) fn cpu(who: UsageWho) -> Result<f64> {
    let usage: Usage = getrusage(who)?;
    let time = usage.user_time() + usage.system_time();
    let microseconds = i32::try_from(time.num_microseconds() % 1_000_000)?;
    let seconds = i32::try_from(time.num_seconds())?;
    Ok(f64::from(seconds) + f64::from(microseconds) / 1e6)
}

/// CPU seconds of a process that runs, its own and the kernel's for it (proc(5), stat, fields 14
/// and 15), to a hundredth.
pub(super) fn cpu_of(id: u32) -> Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat"))?;
    let after = stat.rsplit(')').next().unwrap_or_default();
    let ticks: f64 = after
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|ticks| ticks.parse::<f64>().ok())
        .sum();
    // The kernel's USER_HZ is 100 on every platform that Linux has.
    Ok(ticks / 100.0)
}
