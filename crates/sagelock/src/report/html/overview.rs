//! What the findings are together: one look at each of them, and memory for their kinds only.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use sagelock_domain::assess::{Record, SubjectKind};
use sagelock_domain::call::{Finds, Op};
use sagelock_domain::ids::{AccountId, Region};
use sagelock_domain::rules::{Severity, Verdict};

use crate::outcome::Audit;
use crate::report::chart::HeatCell;

/// Counts of findings, by what they say.
pub(super) type Shown = BTreeMap<(Verdict, Severity), u64>;

/// What the findings are together.
#[derive(Default)]
pub(super) struct Overview {
    /// How many are shown, after `--verdict`.
    pub(super) shown: Shown,
    /// How many somebody excused.
    pub(super) excepted: u64,
    /// Where they are.
    pub(super) places: BTreeMap<AccountId, BTreeMap<Region, HeatCell>>,
    /// What asks to be done, by kind.
    pub(super) kinds: BTreeMap<KindId, Kind>,
}

/// What is one thing to do: a reason of a rule, or a call without an answer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum KindId {
    /// Rule and reason.
    Fail(String, String),
    /// Reason, and the call that was not answered.
    Unknown(String, Option<Op>),
}

/// How often, and what is said of it.
pub(super) struct Kind {
    pub(super) severities: BTreeMap<Severity, u64>,
    pub(super) rules: BTreeSet<String>,
    pub(super) subject: SubjectKind,
    pub(super) says: String,
    pub(super) fix: String,
}

impl Kind {
    /// How many findings.
    pub(super) fn count(&self) -> u64 {
        self.severities.values().sum()
    }
}

impl Overview {
    /// Reads every finding once.
    pub(super) fn of(audit: &Audit) -> io::Result<Self> {
        let mut overview = Self::default();
        audit.findings.each(&mut |record| {
            overview.add(record);
            Ok(())
        })?;
        for gap in audit.coverage.gaps.iter().map(|gap| &gap.gap) {
            if gap.call.row().finds == Finds::Resources {
                overview.place(&gap.account, &gap.region).is_unread = true;
            }
        }
        Ok(overview)
    }

    fn place(&mut self, account: &AccountId, region: &Region) -> &mut HeatCell {
        let regions = self.places.entry(account.clone()).or_default();
        regions.entry(region.clone()).or_default()
    }

    fn add(&mut self, record: Record) {
        let shown = (record.verdict, record.severity);
        *self.shown.entry(shown).or_default() += 1;
        let is_excepted = record.exception.is_some();
        self.excepted += u64::from(is_excepted);
        let subject = &record.subject;
        let place = self.place(&subject.account, &subject.region);
        if is_excepted {
            return;
        }
        match record.verdict {
            Verdict::Fail => place.fails += 1,
            Verdict::Unknown => place.unknowns += 1,
            Verdict::Pass | Verdict::NotApplicable => return,
        }
        let id = if record.verdict == Verdict::Fail {
            KindId::Fail(record.rule.to_string(), record.reason.to_string())
        } else {
            let call = record.gap.as_ref().map(|gap| gap.call);
            KindId::Unknown(record.reason.to_string(), call)
        };
        let kind = self.kinds.entry(id).or_insert_with(|| Kind {
            severities: BTreeMap::new(),
            rules: BTreeSet::new(),
            subject: record.subject.kind,
            says: says(&record),
            fix: record.remediation.to_string(),
        });
        *kind.severities.entry(record.severity).or_default() += 1;
        if !kind.rules.contains(record.rule.as_ref()) {
            kind.rules.insert(record.rule.into_owned());
        }
    }

    /// How many of a verdict are shown.
    pub(super) fn of_verdict(&self, verdict: Verdict) -> u64 {
        let counts = self.shown.iter();
        counts
            .filter(|((of, _), _)| *of == verdict)
            .map(|(_, count)| count)
            .sum()
    }
}

/// What is the case with all of a kind.
fn says(record: &Record) -> String {
    match (&record.gap, record.reason_says()) {
        (Some(gap), _) => gap_says(gap.call, &record.reason),
        (None, Some(says)) => says.to_owned(),
        (None, None) => record.message.clone(),
    }
}

fn gap_says(call: Op, reason: &str) -> String {
    let words = reason.replace('_', " ");
    format!("{} gave no answer: {words}", call.name())
}
