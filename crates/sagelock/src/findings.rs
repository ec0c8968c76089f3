//! The findings of an audit, packed: an organisation has millions of them, and a report reads them
//! one after the other.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader};

use sagelock_domain::assess::Record;
use sagelock_domain::inventory::CellId;
use sagelock_domain::rules::{Severity, Verdict};

use crate::packing::{Packer, unpacked};

/// The findings of one account and region, a JSON line each, deflated; in the order of rule and ARN.
pub(crate) type Pack = Vec<u8>;

/// The findings of an audit, in the order of the contract: account, region, rule, ARN.
#[derive(Default)]
pub(crate) struct Findings {
    /// Those about endpoints and configurations, then those about keys, which are known last.
    cells: BTreeMap<CellId, Vec<Pack>>,
    tally: BTreeMap<(Verdict, Severity), u64>,
    /// The verdicts that are shown; none means all.
    only: Vec<Verdict>,
    packer: Packer,
}

/// The order within an account and region.
fn sort(records: &mut [Record]) {
    records.sort_by_cached_key(|record| (record.rule.clone(), record.subject.arn.clone()));
}

impl Findings {
    /// Adds findings of one account and region, which are sorted here. What is added later to the
    /// same cell comes after. Gives the pack.
    pub(crate) fn add(&mut self, cell: CellId, mut records: Vec<Record>) -> io::Result<&Pack> {
        sort(&mut records);
        for record in &records {
            *self
                .tally
                .entry((record.verdict, record.severity))
                .or_default() += 1;
        }
        let pack = pack(&mut self.packer, &records)?;
        let packs = self.cells.entry(cell).or_default();
        packs.push(pack);
        packs
            .last()
            .ok_or_else(|| io::Error::other("what was put is there"))
    }

    /// Adds findings about endpoints that came late to those of their account and region. Gives the
    /// pack.
    pub(crate) fn join(&mut self, cell: &CellId, late: Vec<Record>) -> io::Result<&Pack> {
        for record in &late {
            let count = self.tally.entry((record.verdict, record.severity));
            *count.or_default() += 1;
        }
        let packs = self.cells.entry(cell.clone()).or_default();
        let mut records = late;
        if let Some(first) = packs.first() {
            unpack(first, &mut |record| {
                records.push(record);
                Ok(())
            })?;
        } else {
            packs.push(Pack::new());
        }
        sort(&mut records);
        let joined = pack(&mut self.packer, &records)?;
        let first = packs.first_mut();
        let first = first.ok_or_else(|| io::Error::other("what was put is there"))?;
        *first = joined;
        Ok(first)
    }

    /// The accounts and regions of which there are findings.
    pub(crate) fn cells(&self) -> impl Iterator<Item = &CellId> {
        self.cells.keys()
    }

    /// The findings of an account and region, shown or not.
    pub(crate) fn of(&self, cell: &CellId) -> io::Result<Vec<Record>> {
        let mut records = Vec::new();
        for pack in self.cells.get(cell).into_iter().flatten() {
            unpack(pack, &mut |record| {
                records.push(record);
                Ok(())
            })?;
        }
        Ok(records)
    }

    /// Shows only these verdicts from now on.
    pub(crate) fn only(&mut self, verdicts: Vec<Verdict>) {
        self.only = verdicts;
    }

    /// Whether only some verdicts are shown.
    pub(crate) fn is_filtered(&self) -> bool {
        !self.only.is_empty()
    }

    /// How many findings there are of a verdict and severity, shown or not.
    pub(crate) fn tally(&self) -> &BTreeMap<(Verdict, Severity), u64> {
        &self.tally
    }

    /// How many are shown.
    pub(crate) fn len(&self) -> u64 {
        let shown = self
            .tally
            .iter()
            .filter(|((verdict, _), _)| self.shows(*verdict));
        shown.map(|(_, count)| count).sum()
    }

    fn shows(&self, verdict: Verdict) -> bool {
        self.only.is_empty() || self.only.contains(&verdict)
    }

    /// Reads what is shown, in order.
    pub(crate) fn each(&self, read: &mut dyn FnMut(Record) -> io::Result<()>) -> io::Result<()> {
        for pack in self.cells.values().flatten() {
            self.each_of(pack, read)?;
        }
        Ok(())
    }

    /// Reads what is shown as the lines of JSON that it is kept as, in order.
    pub(crate) fn each_line(
        &self,
        read: &mut dyn FnMut(&[u8]) -> io::Result<()>,
    ) -> io::Result<()> {
        for pack in self.cells.values().flatten() {
            lines(pack, &mut |line| {
                if self.only.is_empty() || self.shows(record(line)?.verdict) {
                    read(line)?;
                }
                Ok(())
            })?;
        }
        Ok(())
    }

    fn each_of(
        &self,
        pack: &Pack,
        read: &mut dyn FnMut(Record) -> io::Result<()>,
    ) -> io::Result<()> {
        unpack(pack, &mut |record| {
            if self.shows(record.verdict) {
                read(record)?;
            }
            Ok(())
        })
    }

    /// Every finding changed, in the same order; the same verdicts are shown.
    pub(crate) fn changed(&self, change: &mut dyn FnMut(&mut Record)) -> io::Result<Self> {
        let mut changed = Self {
            only: self.only.clone(),
            tally: self.tally.clone(),
            cells: BTreeMap::new(),
            packer: Packer::default(),
        };
        for (cell, packs) in &self.cells {
            let mut again = Vec::new();
            for one in packs {
                let mut records = Vec::new();
                unpack(one, &mut |mut record| {
                    change(&mut record);
                    records.push(record);
                    Ok(())
                })?;
                again.push(pack(&mut changed.packer, &records)?);
            }
            changed.cells.insert(cell.clone(), again);
        }
        Ok(changed)
    }
}

/// Packs findings.
fn pack(packer: &mut Packer, records: &[Record]) -> io::Result<Pack> {
    packer.pack_written(|text| {
        for record in records {
            serde_json::to_writer(&mut *text, record)?;
            text.push(b'\n');
        }
        Ok(())
    })
}

/// Reads packed findings one after the other.
pub(crate) fn unpack(
    pack: &[u8],
    read: &mut dyn FnMut(Record) -> io::Result<()>,
) -> io::Result<()> {
    lines(pack, &mut |line| read(record(line)?))
}

fn record(line: &[u8]) -> io::Result<Record> {
    Ok(serde_json::from_slice(line)?)
}

/// The lines of a pack, each with its line feed.
fn lines(pack: &[u8], read: &mut dyn FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
    let mut lines = BufReader::with_capacity(1 << 16, unpacked(pack));
    let mut line = Vec::new();
    loop {
        line.clear();
        if lines.read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        read(&line)?;
    }
}

/// The findings that want attention most, and no more of them than a person reads: fails by
/// severity, then unknowns; within these by rule and reason.
pub(crate) fn worst(findings: &Findings, most: usize) -> io::Result<Worst> {
    let mut worst: BTreeMap<Rank, Record> = BTreeMap::new();
    let mut left = 0;
    let mut place = 0_u64;
    findings.each(&mut |record| {
        place += 1;
        if !matches!(record.verdict, Verdict::Fail | Verdict::Unknown) {
            return Ok(());
        }
        let rank = Rank {
            worse: std::cmp::Reverse((record.verdict, record.severity)),
            rule: record.rule.to_string(),
            reason: record.reason.to_string(),
            place,
        };
        if worst.len() == most {
            left += 1;
            match worst.last_entry() {
                Some(last) if *last.key() > rank => drop(last.remove()),
                Some(_) | None => return Ok(()),
            }
        }
        worst.insert(rank, record);
        Ok(())
    })?;
    Ok(Worst {
        records: worst.into_values().collect(),
        left,
    })
}

/// What [`worst`] found.
pub(crate) struct Worst {
    /// Worst first.
    pub(crate) records: Vec<Record>,
    /// How many more there are.
    pub(crate) left: u64,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    worse: std::cmp::Reverse<(Verdict, Severity)>,
    rule: String,
    reason: String,
    place: u64,
}
