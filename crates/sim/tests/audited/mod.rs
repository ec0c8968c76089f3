//! An audit in process, from its first call to its last finding.

use std::collections::BTreeMap;

use jiff::Timestamp;
use sagelock_domain::assess::Finding;
use sagelock_domain::audit::{Auditor, Ended, Last};
use sagelock_domain::call::{Call, CallError, Op, Reply};
use sagelock_domain::collect::Address;

use crate::collected::collect;

/// Gives the findings, what came of it beside them, and how often each operation was asked.
pub(crate) fn audit(
    mut auditor: Auditor<'_>,
    now: Timestamp,
    pick: impl FnMut(usize) -> usize,
    answer: impl FnMut(&Address, &Call) -> Result<Reply, CallError>,
) -> (Vec<Finding>, Ended, BTreeMap<Op, usize>) {
    let mut findings = Vec::new();
    let asked = collect(&mut auditor, now, pick, answer, |auditor| {
        let judged = auditor.take_findings();
        findings.extend(judged.into_iter().flat_map(|one| one.findings));
    });
    let mut closing = auditor.close(|_, _| {});
    for last in &mut closing {
        let (Last::Endpoints(_, found) | Last::Keys(_, found)) = last;
        findings.extend(found);
    }
    (findings, closing.end(), asked)
}
