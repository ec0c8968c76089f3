//! Calls in process: open ones are answered one at a time, in any order.

use std::collections::BTreeMap;

use jiff::Timestamp;
use sagelock_domain::call::{Call, CallError, Op, Reply};
use sagelock_domain::collect::{Address, Next};
use sagelock_domain::drive::Source;

/// Answers until nothing is left to ask; `pick` chooses which of so many open calls is answered next, and
/// `see` comes after every answer. Gives how often each operation was asked.
pub(crate) fn collect<S: Source>(
    source: &mut S,
    now: Timestamp,
    mut pick: impl FnMut(usize) -> usize,
    mut answer: impl FnMut(&Address, &Call) -> Result<Reply, CallError>,
    mut see: impl FnMut(&mut S),
) -> BTreeMap<Op, usize> {
    let mut asked = BTreeMap::new();
    let mut open = Vec::new();
    loop {
        match source.advance() {
            Next::Start(ticket, address, op) => {
                *asked.entry(op).or_default() += 1;
                let call = source.call(ticket).expect("a call");
                open.push((ticket, address, call));
                continue;
            }
            Next::Recall(_) => unreachable!("nothing is remembered"),
            Next::Wait if source.widen() => continue,
            Next::Wait => {}
            Next::Done => return asked,
        }
        let (ticket, address, call) = open.swap_remove(pick(open.len()));
        source.on_reply(ticket, answer(&address, &call), now);
        see(source);
    }
}
