//! An audit in process: open calls are answered one at a time, in any order.

use std::collections::BTreeMap;

use jiff::Timestamp;
use sagelock_domain::assess::{Assessor, Finding};
use sagelock_domain::call::{Call, CallError, Op, Reply};
use sagelock_domain::collect::{Address, Collector, Next};
use sagelock_domain::inventory::{Cell, Keys};
use sagelock_domain::settings::Settings;

/// Audits; `pick` chooses which of so many open calls is answered next, and `see` sees every cell.
/// Gives the findings, the collector at its end, and how often each operation was asked.
pub(crate) fn collect(
    mut collector: Collector,
    now: Timestamp,
    mut pick: impl FnMut(usize) -> usize,
    mut answer: impl FnMut(&Address, &Call) -> Result<Reply, CallError>,
    mut see: impl FnMut(&Cell, &Keys),
) -> (Vec<Finding>, Collector, BTreeMap<Op, usize>) {
    let settings = Settings::default();
    let mut assessor = Assessor::new(&settings, now);
    let mut findings = Vec::new();
    let mut asked = BTreeMap::new();
    let mut open = Vec::new();
    loop {
        match collector.advance() {
            Next::Start(ticket, address, op) => {
                *asked.entry(op).or_default() += 1;
                let call = collector.call(ticket).expect("a call");
                open.push((ticket, address, call));
                continue;
            }
            Next::Recall(_) => unreachable!("nothing is remembered"),
            Next::Wait if collector.widen() => continue,
            Next::Wait => {}
            Next::Done => break,
        }
        let (ticket, address, call) = open.swap_remove(pick(open.len()));
        collector.on_reply(ticket, answer(&address, &call), now);
        for cell in collector.take_cells() {
            see(&cell, collector.keys());
            findings.extend(assessor.assess_cell(&cell, collector.keys()));
        }
    }
    findings.extend(assessor.assess_keys(collector.keys()));
    (findings, collector, asked)
}
