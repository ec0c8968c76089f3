//! The whole sequence of an audit: collect, judge each account and region, ask everybody about the keys of
//! all, prove isolation, judge what waited for that, and the keys at last.
//!
//! An [`Auditor`] is a [`Source`] of calls like the collector in it. Whoever drives it takes findings as
//! accounts and regions become whole, and closes it when nothing is left to ask.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use jiff::Timestamp;

use crate::assess::{Assessor, Finding, Totals};
use crate::call::{Call, CallError, Reply};
use crate::collect::{About, Collector, Memory, Next, StorageReading, Ticket};
use crate::drive::Source;
use crate::fact::Gap;
use crate::ids::{AccountId, KeyArn, Region};
use crate::inventory::{Cell, CellId, Keys, Principals};
use crate::isolation::{Asked, Matrix, Tenancy, matrix};
use crate::rules::{Among, Data, needs};
use crate::settings::Settings;

/// What is kept beside the findings.
#[derive(Clone, Copy, Debug, Default)]
pub struct Keep {
    /// Which keys the references of every account and region mean, for who looks at cells after the end.
    pub references: bool,
    /// Who there is, what binds them, and whose endpoints run as whom, for who asks who can use a key.
    pub principals: bool,
}

/// An audit under way.
pub struct Auditor<'a> {
    collector: Collector,
    assessor: Assessor<'a>,
    settings: &'a Settings,
    keep: Keep,
    tenancy: Option<Tenancy>,
    /// What was not read before it began.
    lacks: BTreeSet<Gap>,
}

/// An account and region that was judged.
pub struct Judged {
    /// What is there.
    pub cell: Cell,
    /// What is said of its endpoints and configurations by now.
    pub findings: Vec<Finding>,
}

impl<'a> Auditor<'a> {
    /// Begins an audit, as of a moment, that collects what the rules that are on need.
    #[must_use]
    pub fn new(collector: Collector, settings: &'a Settings, now: Timestamp, keep: Keep) -> Self {
        let collector = collector.reading(StorageReading::of(settings));
        let collector = if keep.principals || needs(settings, Data::Principals) {
            collector.with_principals(About::Keys)
        } else {
            collector
        };
        let needs_tenancy = keep.principals || needs(settings, Data::Isolation);
        Self {
            collector,
            assessor: Assessor::new(settings, now),
            settings,
            keep,
            tenancy: needs_tenancy.then(Tenancy::default),
            lacks: BTreeSet::new(),
        }
    }

    /// Takes what was not read before the audit began, the regions of an account for one.
    #[must_use]
    pub fn lacking(self, gaps: impl IntoIterator<Item = Gap>) -> Self {
        Self {
            lacks: gaps.into_iter().collect(),
            ..self
        }
    }

    /// What is collected by now.
    #[must_use]
    pub fn collector(&self) -> &Collector {
        &self.collector
    }

    /// The accounts and regions that became whole since the last time, judged.
    pub fn take_findings(&mut self) -> Vec<Judged> {
        let cells = self.collector.take_cells().into_iter();
        cells.map(|cell| self.judge(cell)).collect()
    }

    fn judge(&mut self, cell: Cell) -> Judged {
        let findings = self.assessor.assess_cell(&cell, self.collector.keys());
        if let Some(tenancy) = &mut self.tenancy {
            tenancy.note(&cell, self.collector.keys(), self.settings);
        }
        if !self.keep.references {
            self.collector.forget_references(&cell.id);
        }
        Judged { cell, findings }
    }

    /// Asks of all what could not be asked of one account and region, when nothing is left to collect;
    /// `tell` hears how many accounts were asked about, of how many.
    #[must_use]
    pub fn close(self, mut tell: impl FnMut(usize, usize)) -> Closing<'a> {
        let Self {
            collector,
            mut assessor,
            settings,
            tenancy,
            lacks: mut gaps,
            ..
        } = self;
        gaps.extend(collector.gaps().iter().cloned());
        for gap in gaps.iter().filter(|gap| gap.is_of_account()) {
            assessor.lacks(gap);
        }
        assessor.ask_people(collector.principals(), collector.keys(), &mut tell);
        let tenancy = tenancy.unwrap_or_default();
        let isolation = needs(settings, Data::Isolation).then(|| {
            let asked = Asked {
                tenancy: &tenancy,
                keys: collector.keys(),
                principals: collector.principals(),
                gaps: &gaps,
                settings,
            };
            matrix(asked, &mut tell)
        });
        let among = assessor.keys_among_all(collector.keys());
        Closing {
            collector,
            assessor,
            gaps,
            tenancy,
            isolation,
            among,
            judged: None,
        }
    }
}

impl Source for Auditor<'_> {
    fn advance(&mut self) -> Next {
        self.collector.advance()
    }

    fn widen(&mut self) -> bool {
        self.collector.widen()
    }

    fn call(&self, ticket: Ticket) -> Option<Call> {
        self.collector.call(ticket)
    }

    fn on_reply(&mut self, ticket: Ticket, result: Result<Reply, CallError>, now: Timestamp) {
        self.collector.on_reply(ticket, result, now);
    }

    fn on_recall(&mut self, cell: CellId, memory: Memory) {
        self.collector.on_recall(cell, memory);
    }

    fn interrupt(&mut self, now: Timestamp) {
        self.collector.interrupt(now);
    }
}

/// What is said of an account and region when all were looked at.
pub enum Last {
    /// Of its endpoints, by the rules that had to wait.
    Endpoints(CellId, Vec<Finding>),
    /// Of its keys.
    Keys(CellId, Vec<Finding>),
}

/// The end of an audit: an iterator over what is said last, first of endpoints, then of keys, each in the
/// order of accounts and regions.
pub struct Closing<'a> {
    collector: Collector,
    assessor: Assessor<'a>,
    gaps: BTreeSet<Gap>,
    tenancy: Tenancy,
    isolation: Option<Matrix>,
    among: BTreeMap<KeyArn, Among>,
    /// The last key that was judged.
    judged: Option<KeyArn>,
}

impl Iterator for Closing<'_> {
    type Item = Last;

    fn next(&mut self) -> Option<Last> {
        let late = self
            .assessor
            .assess_late(&self.among, self.isolation.as_ref());
        match late {
            Some((cell, findings)) => Some(Last::Endpoints(cell, findings)),
            None => self.next_keys(),
        }
    }
}

impl Closing<'_> {
    /// They come in the order of their ARNs, so that those of one account and region are neighbours.
    fn next_keys(&mut self) -> Option<Last> {
        let keys = self.collector.keys();
        let after = match &self.judged {
            Some(arn) => Bound::Excluded(arn),
            None => Bound::Unbounded,
        };
        let mut rest = keys.by_arn.range((after, Bound::Unbounded)).peekable();
        let cell = CellId::of_key(rest.peek()?.0);
        let mut findings = Vec::new();
        let mut last = None;
        for (arn, key) in rest.take_while(|(arn, _)| CellId::of_key(arn) == cell) {
            findings.extend(self.assessor.assess_key(key, keys));
            last = Some(arn.clone());
        }
        self.judged = last;
        Some(Last::Keys(cell, findings))
    }

    /// What came of it; what was not taken is judged and counted.
    #[must_use]
    pub fn end(mut self) -> Ended {
        self.by_ref().for_each(drop);
        let collector = self.collector;
        let looked_at = collector.looked_at().clone();
        let regions_off = collector.regions_off().clone();
        let has_answered = collector.has_answered();
        let (keys, principals) = collector.into_parts();
        Ended {
            totals: self.assessor.totals().clone(),
            gaps: self.gaps,
            looked_at,
            regions_off,
            has_answered,
            keys,
            principals,
            tenancy: self.tenancy,
        }
    }
}

/// What came of an audit, beside its findings.
#[derive(Debug)]
pub struct Ended {
    /// What was counted.
    pub totals: Totals,
    /// What could not be read.
    pub gaps: BTreeSet<Gap>,
    /// The regions of each account that were looked at.
    pub looked_at: BTreeMap<AccountId, BTreeSet<Region>>,
    /// Regions that were named and that an account has not enabled.
    pub regions_off: BTreeSet<(AccountId, Region)>,
    /// Whether any listing of any region was answered.
    pub has_answered: bool,
    /// The keys.
    pub keys: Keys,
    /// Who there is, where it was asked for.
    pub principals: Principals,
    /// Whose endpoints run as whom, where it was asked for.
    pub tenancy: Tenancy,
}

impl Ended {
    /// Which tenant can use which key; `tell` hears how many accounts were asked about, of how many.
    #[must_use]
    pub fn isolation(&self, settings: &Settings, tell: impl FnMut(usize, usize)) -> Matrix {
        let asked = Asked {
            tenancy: &self.tenancy,
            keys: &self.keys,
            principals: &self.principals,
            gaps: &self.gaps,
            settings,
        };
        matrix(asked, tell)
    }
}
