//! A finding as it is said and kept: the words of the contract, and nothing that only this release
//! knows. What a report prints and what history holds is this.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Finding, SubjectKind};
use crate::call::Op;
use crate::fact::Gap;
use crate::ids::{AccountId, Region};
use crate::inventory::CellId;
use crate::rules::{Rule, Severity, Verdict, rule};
use crate::why::Why;

/// A word of this release, or of the one that wrote it down.
pub type Text = Cow<'static, str>;

/// A finding, in the fields of the contract and their order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The same for the same rule and subject in every run.
    pub id: String,
    /// The rule's id.
    pub rule: Text,
    /// The verdict.
    pub verdict: Verdict,
    /// Why: a stable code of the rule's page.
    pub reason: Text,
    /// How much it weighs, were it a fail.
    pub severity: Severity,
    /// The subject.
    pub subject: RecordSubject,
    /// The key it is about, as its configuration spells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// What is the case with this subject, one sentence without its full stop.
    pub message: String,
    /// The facts behind it.
    pub evidence: Vec<RecordEvidence>,
    /// What could not be read, where that is the reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gap: Option<Gap>,
    /// What to do; empty where there is nothing to do.
    pub remediation: Text,
    /// The clauses it is evidence for.
    pub compliance: Vec<Text>,
    /// Who excused it; nobody can, in this release.
    pub exception: Option<()>,
}

/// What a finding is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordSubject {
    /// What kind of thing.
    #[serde(rename = "type")]
    pub kind: SubjectKind,
    /// Its ARN.
    pub arn: String,
    /// Its name.
    pub name: String,
    /// Its account.
    pub account: AccountId,
    /// Its region.
    pub region: Region,
    /// Whose it is, by its team tag; absent where it bears none or its tags were not read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<String>,
}

/// A fact that a verdict rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordEvidence {
    /// AWS's name of the field.
    pub fact: Text,
    /// Its value; `absent` where the field is not there.
    pub value: String,
    /// The call that gave it.
    pub call: Op,
    /// When.
    pub at: Timestamp,
}

impl Record {
    /// Writes a finding down, reasons for not knowing in the words of a report.
    #[must_use]
    pub fn of(finding: &Finding, words: impl Fn(&Why) -> String) -> Self {
        let subject = &finding.subject;
        let judgement = &finding.judgement;
        let evidence = judgement.evidence.iter().map(|evidence| RecordEvidence {
            fact: Cow::Borrowed(evidence.fact),
            value: evidence.value.clone(),
            call: evidence.call,
            at: evidence.at,
        });
        let compliance = finding.rule.compliance.iter();
        Self {
            id: finding.id.clone(),
            rule: Cow::Borrowed(finding.rule.id),
            verdict: finding.verdict(),
            reason: Cow::Borrowed(judgement.reason.code),
            severity: finding.severity,
            subject: RecordSubject {
                kind: subject.kind,
                arn: subject.arn.clone(),
                name: subject.name.clone(),
                account: subject.account.clone(),
                region: subject.region.clone(),
                team: subject.team.clone(),
            },
            key: judgement.key.clone(),
            message: judgement.message.worded(words),
            evidence: evidence.collect(),
            gap: judgement.gap.clone(),
            remediation: Cow::Borrowed(finding.remediation()),
            compliance: compliance.map(|clause| Cow::Borrowed(*clause)).collect(),
            exception: None,
        }
    }

    /// The rule, where this release has it.
    #[must_use]
    pub fn known_rule(&self) -> Option<&'static Rule> {
        rule(&self.rule)
    }

    /// The words of its reason's page, where this release has them.
    #[must_use]
    pub fn reason_says(&self) -> Option<&'static str> {
        self.known_rule()?
            .own_reasons()
            .find(|reason| reason.code == self.reason && reason.verdict == self.verdict)
            .map(|reason| reason.says)
    }

    /// The account and region that it belongs to.
    #[must_use]
    pub fn cell(&self) -> CellId {
        CellId {
            account: self.subject.account.clone(),
            region: self.subject.region.clone(),
        }
    }
}
