//! What has changed between two audits: new, fixed, changed, no longer visible.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Record, SubjectKind};
use crate::rules::Verdict;

/// What became of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// It is wrong now, and was not known to be.
    New,
    /// It was wrong, and is not any more.
    Fixed,
    /// It was wrong, and what it was about is gone, or a key that nothing names any more.
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
pub struct Seen {
    /// Every listing of it: of what is not there, nothing exists.
    pub listed: bool,
    /// Everything of every account: a key that nothing names any more is not used any more.
    pub everything: bool,
}

impl Seen {
    /// Whether what is not there any more is known to be gone.
    fn knows_gone(self, kind: SubjectKind) -> bool {
        match kind {
            SubjectKind::Endpoint | SubjectKind::EndpointConfig => self.listed,
            // A key is looked at because something names it, wherever that is.
            SubjectKind::Key => self.everything,
        }
    }
}

/// Compares the findings of one account and region. `is_compared` says which rules were asked in
/// both audits and are known here; of the others nothing is said.
#[must_use]
pub fn compare(
    was: Vec<Record>,
    is: Vec<Record>,
    seen: Seen,
    is_compared: impl Fn(&str) -> bool,
) -> Vec<Changed> {
    let mut before: BTreeMap<String, Record> = BTreeMap::new();
    for record in was.into_iter().filter(|one| is_compared(&one.rule)) {
        before.insert(record.id.clone(), record);
    }
    let mut changed = Vec::new();
    for record in is.into_iter().filter(|one| is_compared(&one.rule)) {
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
        let change = match (seen.knows_gone(record.subject.kind), record.verdict) {
            (_, Verdict::Unknown) | (true, Verdict::Pass | Verdict::NotApplicable) => None,
            (false, Verdict::Pass | Verdict::Fail | Verdict::NotApplicable) => {
                Some(Change::NoLongerVisible)
            }
            (true, Verdict::Fail) => Some(Change::Removed),
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
        (Fail, Pass) => Some(Change::Fixed),
        (Fail | Pass | NotApplicable, Unknown) => Some(Change::NoLongerVisible),
        (Unknown | Fail | Pass, NotApplicable) | (Unknown | NotApplicable, Pass) => {
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
        let whole = Seen {
            listed: true,
            everything: true,
        };
        let partly = Seen {
            listed: false,
            everything: false,
        };
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
                "changed",
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
        assert!(off.is_empty(), "a rule that was not asked is not compared");
        let mut key = record("k", Fail, "r");
        key.subject.kind = SubjectKind::Key;
        let listed = Seen {
            listed: true,
            everything: false,
        };
        for (seen, expected) in [(listed, Change::NoLongerVisible), (whole, Change::Removed)] {
            let gone = compare(vec![key.clone()], Vec::new(), seen, |_| true);
            assert_eq!(gone[0].change, expected, "a key that nothing names");
        }
    }
}
