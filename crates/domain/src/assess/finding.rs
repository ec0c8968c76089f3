//! A finding: a rule, a subject and a judgement.

use sha2::{Digest, Sha256};

use super::lower_resource;
use crate::call::Op;
use crate::fact::GapReason;
use crate::ids::{AccountId, KeyArn, Region};
use crate::inventory::CellId;
use crate::rules::{Judgement, Rule, Severity, Verdict};
use crate::word::by_word;

/// What a rule says about one subject. There is exactly one for each rule and subject, whatever
/// the verdict.
#[derive(Clone)]
pub struct Finding {
    /// The same for the same rule and subject in every run.
    pub id: String,
    /// The rule.
    pub rule: &'static Rule,
    /// The subject.
    pub subject: Subject,
    /// What the rule says.
    pub judgement: Judgement,
    /// How much it weighs, were it a fail.
    pub severity: Severity,
}

/// What a finding is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// What kind of thing.
    pub kind: SubjectKind,
    /// Its ARN.
    pub arn: String,
    /// Its name.
    pub name: String,
    /// Its account.
    pub account: AccountId,
    /// Its region.
    pub region: Region,
    /// Whose it is, by its team tag; none where it bears none or its tags were not read.
    pub team: Option<String>,
}

/// What kind of thing a finding is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SubjectKind {
    /// An endpoint.
    Endpoint,
    /// An endpoint configuration.
    EndpointConfig,
    /// A KMS key.
    Key,
}

impl SubjectKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Endpoint, Self::EndpointConfig, Self::Key];

    /// The word of the contract.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Endpoint => "endpoint",
            Self::EndpointConfig => "endpoint_config",
            Self::Key => "key",
        }
    }
}

by_word!(SubjectKind, as_str, "type of subject");

impl Subject {
    /// A subject of a cell.
    #[must_use]
    pub fn of(kind: SubjectKind, arn: &str, name: &str, cell: &CellId) -> Self {
        Self {
            kind,
            arn: arn.to_owned(),
            name: name.to_owned(),
            account: cell.account.clone(),
            region: cell.region.clone(),
            team: None,
        }
    }

    /// A key.
    #[must_use]
    pub fn of_key(arn: &KeyArn) -> Self {
        Self {
            kind: SubjectKind::Key,
            arn: arn.to_string(),
            name: arn.id().to_owned(),
            account: arn.account(),
            region: arn.region(),
            team: None,
        }
    }

    /// A subject that belongs to a team.
    #[must_use]
    pub fn of_team(self, team: Option<String>) -> Self {
        Self { team, ..self }
    }
}

/// The id of a finding: the first 16 hexadecimal digits of SHA-256 over the rule's id, a NUL and
/// the ARN with the resource's name in lower case.
#[must_use]
pub fn finding_id(rule: &str, arn: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(rule);
    hash.update([0]);
    hash.update(lower_resource(arn));
    let start: [u8; 8] = hash
        .finalize()
        .into_iter()
        .take(8)
        .collect::<Vec<u8>>()
        .try_into()
        .unwrap_or_default();
    format!("{:016x}", u64::from_be_bytes(start))
}

impl Finding {
    /// A finding; `weight` is that of the subject's data.
    #[must_use]
    pub fn new(
        rule: &'static Rule,
        subject: Subject,
        judgement: Judgement,
        weight: Severity,
    ) -> Self {
        let severity = judgement
            .severity
            .unwrap_or_else(|| rule.severity.for_data_of(weight));
        Self {
            id: finding_id(rule.id, &subject.arn),
            rule,
            subject,
            judgement,
            severity,
        }
    }

    /// The verdict.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.judgement.verdict()
    }

    /// What to do; empty where there is nothing to do.
    #[must_use]
    pub fn remediation(&self) -> &'static str {
        match &self.judgement.gap {
            // Organizations API, DescribeAccount: for the management account and delegated
            // administrators only, so that a permission alone does not help.
            Some(gap)
                if gap.call == Op::DescribeAccount && gap.reason == GapReason::AccessDenied =>
            {
                "list the accounts whose keys may be used under `keys.allowed_accounts`, or audit \
                 from the organisation's management account or a delegated administrator, who may \
                 call it"
            }
            Some(_) | None => self.judgement.reason.fix,
        }
    }

    /// What findings are sorted by.
    pub(super) fn order(&self) -> (&AccountId, &Region, &'static str, &str) {
        (
            &self.subject.account,
            &self.subject.region,
            self.rule.id,
            &self.subject.arn,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_stable_and_blind_to_the_case_of_the_name() {
        let upper = "arn:aws:sagemaker:eu-west-1:111122223333:endpoint/Fraud";
        let lower = "arn:aws:sagemaker:eu-west-1:111122223333:endpoint/fraud";
        // printf 'EP-001\0arn:aws:sagemaker:eu-west-1:111122223333:endpoint/fraud' | sha256sum
        assert_eq!(finding_id("EP-001", lower), "c539b7aa78b2be75");
        assert_eq!(finding_id("EP-001", upper), finding_id("EP-001", lower));
        assert_ne!(finding_id("EP-002", lower), finding_id("EP-001", lower));
    }
}
