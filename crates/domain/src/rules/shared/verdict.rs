//! Verdicts, reasons and what a rule says.

use std::fmt;

use jiff::Timestamp;

use super::message::Message;
use crate::call::Op;
use crate::fact::{Gap, GapReason, Source};
use crate::severity::Severity;
use crate::why::Why;
use crate::word::by_word;

/// What a rule concludes. The order is the join: the worst of several is their maximum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// The question does not arise.
    NotApplicable,
    /// It is right.
    Pass,
    /// It cannot be known.
    Unknown,
    /// It is wrong.
    Fail,
}

impl Verdict {
    /// All four, from best to worst.
    pub const ALL: [Self; 4] = [Self::NotApplicable, Self::Pass, Self::Unknown, Self::Fail];

    /// The word of the contract.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotApplicable => "not_applicable",
            Self::Pass => "pass",
            Self::Unknown => "unknown",
            Self::Fail => "fail",
        }
    }
}

by_word!(Verdict, as_str, "verdict");

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a rule concludes what it does: a stable code, and the words of its page.
#[derive(Debug, PartialEq, Eq)]
pub struct Reason {
    /// The verdict it leads to.
    pub verdict: Verdict,
    /// The stable code.
    pub code: &'static str,
    /// What it means, one sentence without its full stop.
    pub says: &'static str,
    /// What to do, empty where there is nothing to do.
    pub fix: &'static str,
}

/// A fact that a verdict rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// AWS's name of the field.
    pub fact: &'static str,
    /// Its value; `absent` where the field is not there.
    pub value: String,
    /// The call that gave it.
    pub call: Op,
    /// When.
    pub at: Timestamp,
}

impl Evidence {
    /// A fact and where it comes from.
    #[must_use]
    pub fn new(fact: &'static str, value: impl Into<String>, source: &Source) -> Self {
        Self {
            fact,
            value: value.into(),
            call: source.call,
            at: source.at,
        }
    }
}

/// What a rule says about one subject.
#[derive(Clone, Debug)]
pub struct Judgement {
    /// Why, and so the verdict.
    pub reason: &'static Reason,
    /// What is the case with this subject, one sentence without its full stop.
    pub message: Message,
    /// The facts behind it.
    pub evidence: Vec<Evidence>,
    /// What could not be read, where that is the reason.
    pub gap: Option<Gap>,
    /// The key it is about, as its configuration spells it.
    pub key: Option<String>,
    /// The severity, where it is not the rule's.
    pub severity: Option<Severity>,
}

impl Judgement {
    /// A judgement for a reason, in the reason's own words.
    #[must_use]
    pub fn new(reason: &'static Reason) -> Self {
        Self {
            reason,
            message: reason.says.into(),
            evidence: Vec::new(),
            gap: None,
            key: None,
            severity: None,
        }
    }

    /// In words of its own.
    #[must_use]
    pub fn saying(mut self, message: impl Into<Message>) -> Self {
        self.message = message.into();
        self
    }

    /// With a further fact, first in the chain.
    #[must_use]
    pub fn given(mut self, evidence: Evidence) -> Self {
        self.evidence.insert(0, evidence);
        self
    }

    /// About a key.
    #[must_use]
    pub fn about_key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// The judgement that something is not known: that of the gap, where it is one.
    #[must_use]
    pub fn because(reason: &'static Reason, why: &Why) -> Self {
        if let Why::Gap(gap) = why {
            Self::unknown(gap)
        } else {
            Self::new(reason).saying(why.clone())
        }
    }

    /// The judgement that a gap commands.
    #[must_use]
    pub fn unknown(gap: &Gap) -> Self {
        let reason = match gap.reason {
            GapReason::AccessDenied => &ACCESS_DENIED,
            GapReason::RegionDenied => &REGION_DENIED,
            GapReason::Throttled => &THROTTLED,
            GapReason::Unavailable => &UNAVAILABLE,
            GapReason::Credentials => &CREDENTIALS,
            GapReason::MalformedReply => &MALFORMED_REPLY,
            GapReason::Refused => &REFUSED,
            GapReason::Interrupted => &INTERRUPTED,
            GapReason::NotRecorded => &NOT_RECORDED,
            GapReason::TooManyPages => &TOO_MANY_PAGES,
        };
        Self {
            gap: Some(gap.clone()),
            ..Self::new(reason).saying(gap.to_string())
        }
    }

    /// The verdict.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.reason.verdict
    }

    /// The worse of two; at a draw the first. The facts of both are kept.
    #[must_use]
    pub fn join(self, other: Self) -> Self {
        let (mut worse, better) = if other.verdict() > self.verdict() {
            (other, self)
        } else {
            (self, other)
        };
        for evidence in better.evidence {
            if !worse.evidence.contains(&evidence) {
                worse.evidence.push(evidence);
            }
        }
        worse
    }
}

/// The reasons that every rule shares: a fact it needs could not be read.
pub const GAP_REASONS: &[&Reason] = &[
    &ACCESS_DENIED,
    &REGION_DENIED,
    &THROTTLED,
    &UNAVAILABLE,
    &CREDENTIALS,
    &MALFORMED_REPLY,
    &REFUSED,
    &INTERRUPTED,
    &NOT_RECORDED,
    &TOO_MANY_PAGES,
];

macro_rules! gap_reasons {
    ($($name:ident, $code:literal, $says:literal, $fix:literal;)*) => {$(
        const $name: Reason =
            Reason { verdict: Verdict::Unknown, code: $code, says: $says, fix: $fix };
    )*};
}

gap_reasons! {
    ACCESS_DENIED, "access_denied", "the caller may not read a fact that the verdict needs",
        "allow the call that the message names (`sagelock doctor --print-role json` prints the statement); a key of another account must allow it in its own policy";
    REGION_DENIED, "region_denied", "the region refuses the caller as a whole",
        "allow the region, or list it under `regions.expected_denied`";
    THROTTLED, "throttled", "AWS throttled the call until the deadline",
        "run again with a lower `--rate`";
    UNAVAILABLE, "unavailable", "AWS did not answer until the deadline", "run again";
    CREDENTIALS, "credentials", "the credentials were refused", "log in again and run again";
    MALFORMED_REPLY, "malformed_reply", "the reply is not one this operation gives",
        "find out who answers: a proxy, or an endpoint override";
    REFUSED, "refused", "AWS refused the call", "see what AWS said";
    INTERRUPTED, "interrupted", "the run was interrupted before the answer", "run again";
    NOT_RECORDED, "not_recorded", "the recording does not hold the call", "record again";
    TOO_MANY_PAGES, "too_many_pages", "a listing has more pages than are read",
        "report this: no account should be that large";
}

/// Takes the value out of a [`Fact`], or leaves the function with the judgement that the gap
/// commands. A rule cannot mistake "could not look" for an answer.
macro_rules! known {
    ($fact:expr) => {
        match $fact {
            $crate::fact::Fact::Known(value) => value,
            $crate::fact::Fact::Unknown(gap) => {
                return $crate::rules::Judgement::unknown(gap);
            }
        }
    };
}
pub(in crate::rules) use known;

/// Declares the reasons of a rule.
macro_rules! reasons {
    ($($verdict:ident $name:ident $code:literal: $says:literal; $fix:literal)*) => {$(
        pub(super) const $name: $crate::rules::Reason = $crate::rules::Reason {
            verdict: $crate::rules::Verdict::$verdict,
            code: $code,
            says: $says,
            fix: $fix,
        };
    )*};
}
pub(in crate::rules) use reasons;
