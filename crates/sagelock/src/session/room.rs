//! How much may be under way at once. Every call has a connection, every connection is an open
//! file, and a process may have only so many: 1,024 on most systems until it asks for more.

/// Calls that may be under way at once: an organisation has more places to ask than an account.
pub(super) fn in_flight(accounts: usize) -> usize {
    let wanted = (IN_FLIGHT * accounts).min(IN_FLIGHT_MAX);
    wanted.min(allowed(files(needed(wanted))))
}

/// For each account.
const IN_FLIGHT: usize = 64;
/// In all: at 50 ms an answer more than two processors keep up with; each connection takes memory.
const IN_FLIGHT_MAX: usize = 512;
/// Files that are something else: the store, reports, a recording, the terminal.
const OTHER_FILES: usize = 256;

/// Files that so many calls take: slow ones are let go beside as many others.
const fn needed(calls: usize) -> usize {
    2 * calls + OTHER_FILES
}

/// The other way round; a process that may open next to nothing still asks.
fn allowed(files: usize) -> usize {
    (files.saturating_sub(OTHER_FILES) / 2).max(IN_FLIGHT)
}

/// Files that this process may have open: it asks for what it needs, as far as the system lets it.
#[cfg(unix)]
fn files(needed: usize) -> usize {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let wanted = needed as u64;
    let Some(current) = limit.current.filter(|&current| current < wanted) else {
        return needed;
    };
    let raised = limit.maximum.map_or(wanted, |maximum| maximum.min(wanted));
    let asked = Rlimit {
        current: Some(raised),
        maximum: limit.maximum,
    };
    let held = match setrlimit(Resource::Nofile, asked) {
        Ok(()) => raised,
        Err(_) => current,
    };
    usize::try_from(held).unwrap_or(needed)
}

/// There is no such limit.
#[cfg(not(unix))]
fn files(needed: usize) -> usize {
    needed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_as_many_as_files_let_them() {
        assert_eq!(allowed(1024), 384);
        assert_eq!(allowed(needed(IN_FLIGHT_MAX)), IN_FLIGHT_MAX);
        assert_eq!(allowed(100), IN_FLIGHT);
        assert_eq!(in_flight(1), IN_FLIGHT);
    }
}
