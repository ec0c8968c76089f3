//! What has changed between two audits: new, fixed, changed, no longer visible.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Record;
use crate::rules::Verdict;

/// What became of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// It is wrong now, and was not known to be.
    New,
    /// It was wrong, and is not any more.
    Fixed,
    /// It was wrong, and what it was about is gone.
    Removed,
    /// Something else about it is different.
    Changed,
    /// It was known, and cannot be any more.
    NoLongerVisible,
}

impl Change {
    /// Every kind, in the order in which they are told.
    pub const ALL: [Self; 5] = [
        Self::New,
        Self::NoLongerVisible,
        Self::Changed,
        Self::Fixed,
        Self::Removed,
    ];

    /// The word of the contract.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Fixed => "fixed",
            Self::Removed => "removed",
            Self::Changed => "changed",
            Self::NoLongerVisible => "no_longer_visible",
        }
    }
}

/// A finding that is not what it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// What became of it.
    pub change: Change,
    /// As it was; none where it was not there.
    pub was: Option<Record>,
    /// As it is; none where it is not there.
    pub is: Option<Record>,
}

/// How much of an account and region the later audit has seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// Every listing: what is not there does not exist.
    Whole,
    /// Not every listing: what is not there may exist.
    Partly,
}

/// Compares the findings of one account and region. `is_on` says whether a rule was asked in the
/// later audit.
#[must_use]
pub fn compare(
    was: Vec<Record>,
    is: Vec<Record>,
    seen: Seen,
    is_on: impl Fn(&str) -> bool,
) -> Vec<Changed> {
    let mut before: BTreeMap<String, Record> = BTreeMap::new();
    for record in was {
        before.insert(record.id.clone(), record);
    }
    let mut changed = Vec::new();
    for record in is {
        let old = before.remove(&record.id);
        if let Some(change) = change_of(old.as_ref(), &record) {
            changed.push(Changed {
                change,
                was: old,
                is: Some(record),
            });
        }
    }
    for record in before.into_values() {
        let change = match (seen, record.verdict) {
            _ if !is_on(&record.rule) => Some(Change::NoLongerVisible),
            (_, Verdict::Unknown) | (Seen::Whole, Verdict::Pass | Verdict::NotApplicable) => None,
            (Seen::Partly, Verdict::Pass | Verdict::Fail | Verdict::NotApplicable) => {
                Some(Change::NoLongerVisible)
            }
            (Seen::Whole, Verdict::Fail) => Some(Change::Removed),
        };
        changed.extend(change.map(|change| Changed {
            change,
            was: Some(record),
            is: None,
        }));
    }
    changed
}

fn change_of(was: Option<&Record>, is: &Record) -> Option<Change> {
    use Verdict::{Fail, NotApplicable, Pass, Unknown};
    let Some(was) = was else {
        return (is.verdict == Fail).then_some(Change::New);
    };
    match (was.verdict, is.verdict) {
        (Pass | NotApplicable | Unknown, Fail) => Some(Change::New),
        (Fail, Pass | NotApplicable) => Some(Change::Fixed),
        (Fail | Pass | NotApplicable, Unknown) => Some(Change::NoLongerVisible),
        (Unknown, Pass | NotApplicable) | (Pass, NotApplicable) | (NotApplicable, Pass) => {
            Some(Change::Changed)
        }
        (Fail, Fail) | (Pass, Pass) | (Unknown, Unknown) | (NotApplicable, NotApplicable) => {
            let same = was.reason == is.reason && was.severity == is.severity;
            (!same).then_some(Change::Changed)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assess::{RecordSubject, SubjectKind};
    use crate::ids::{AccountId, Region};
    use crate::rules::Severity;

    fn record(id: &str, verdict: Verdict, reason: &'static str) -> Record {
        Record {
            id: id.to_owned(),
            rule: "EP-001".into(),
            verdict,
            reason: reason.into(),
            severity: Severity::High,
            subject: RecordSubject {
                kind: SubjectKind::Endpoint,
                arn: id.to_owned(),
                name: id.to_owned(),
                account: AccountId::new("111122223333"),
                region: Region::new("eu-west-1"),
                team: None,
            },
            key: None,
            message: String::new(),
            evidence: Vec::new(),
            gap: None,
            remediation: "".into(),
            compliance: Vec::new(),
            exception: None,
        }
    }

    #[test]
    fn every_pair_of_verdicts_is_a_change_or_none() {
        use Verdict::{Fail, NotApplicable, Pass, Unknown};
        let (whole, partly) = (Seen::Whole, Seen::Partly);
        for (case, was, is, seen, expected) in [
            ("a new fail", None, Some(Fail), whole, "new"),
            ("a new pass", None, Some(Pass), whole, ""),
            ("it went wrong", Some(Pass), Some(Fail), whole, "new"),
            (
                "it is known to be wrong",
                Some(Unknown),
                Some(Fail),
                whole,
                "new",
            ),
            ("it was put right", Some(Fail), Some(Pass), whole, "fixed"),
            (
                "it does not matter any more",
                Some(Fail),
                Some(NotApplicable),
                whole,
                "fixed",
            ),
            ("it was deleted", Some(Fail), None, whole, "removed"),
            ("a pass was deleted", Some(Pass), None, whole, ""),
            (
                "nobody may look",
                Some(Fail),
                Some(Unknown),
                whole,
                "no_longer_visible",
            ),
            (
                "a listing failed",
                Some(Fail),
                None,
                partly,
                "no_longer_visible",
            ),
            (
                "a listing failed, a pass",
                Some(Pass),
                None,
                partly,
                "no_longer_visible",
            ),
            ("it was not known either", Some(Unknown), None, partly, ""),
            (
                "it can be looked at",
                Some(Unknown),
                Some(Pass),
                whole,
                "changed",
            ),
            ("nothing", Some(Fail), Some(Fail), whole, ""),
        ] {
            let of = |verdict: Option<Verdict>| {
                verdict
                    .map(|verdict| record("a", verdict, "r"))
                    .into_iter()
                    .collect()
            };
            let said: Vec<&str> = compare(of(was), of(is), seen, |_| true)
                .iter()
                .map(|changed| changed.change.as_str())
                .collect();
            assert_eq!(said.join(" "), expected, "{case}");
        }
        let other = compare(
            vec![record("a", Fail, "no_key")],
            vec![record("a", Fail, "aws_managed")],
            whole,
            |_| true,
        );
        assert_eq!(other[0].change, Change::Changed, "another reason");
        let off = compare(vec![record("a", Fail, "r")], Vec::new(), whole, |_| false);
        assert_eq!(off[0].change, Change::NoLongerVisible, "the rule is off");
    }
}
