//! Known or not known, and from where.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::call::{Finds, Op};
use crate::ids::{AccountId, Region};
use crate::word::by_word;

/// A fact about AWS. `Known(None)` is an answer, `Unknown` is the lack of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact<T> {
    /// AWS said so.
    Known(T),
    /// We could not find out.
    Unknown(Arc<Gap>),
}

impl<T> Fact<T> {
    /// The fact by reference.
    pub fn as_ref(&self) -> Fact<&T> {
        match self {
            Self::Known(value) => Fact::Known(value),
            Self::Unknown(gap) => Fact::Unknown(gap.clone()),
        }
    }

    /// The value, where it is known. A rule uses `known!`, which cannot overlook the other case.
    pub fn known(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Unknown(_) => None,
        }
    }
}

/// One fact or group of facts that one call answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read<T> {
    /// The call and when it was answered.
    pub source: Source,
    /// What it said.
    pub fact: Fact<T>,
}

impl<T> Read<T> {
    /// An answer.
    pub fn known(source: Source, value: T) -> Self {
        Self {
            source,
            fact: Fact::Known(value),
        }
    }

    /// A call that gave none.
    #[must_use]
    pub fn unknown(source: Source, gap: impl Into<Arc<Gap>>) -> Self {
        Self {
            source,
            fact: Fact::Unknown(gap.into()),
        }
    }
}

/// Where a fact comes from: the link of an evidence chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source {
    /// The operation asked.
    pub call: Op,
    /// When AWS answered.
    pub at: Timestamp,
}

/// Why a fact is not known. A gap is kept in the inventory and printed; it never ends a run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Gap {
    /// The operation that gave no answer.
    pub call: Op,
    /// The account it was asked in.
    pub account: AccountId,
    /// The region it was asked in.
    pub region: Region,
    /// Why.
    pub reason: GapReason,
    /// What was asked about, an ARN or a name; empty for a listing.
    pub subject: String,
    /// What AWS said, or what was wrong with its reply.
    pub said: String,
}

impl Gap {
    /// Whether it leaves an account as a whole unread.
    #[must_use]
    pub fn is_of_account(&self) -> bool {
        self.call.row().finds == Finds::Account
    }

    /// What a reply of a shape that cannot be read leaves.
    pub(crate) fn malformed(call: Op, account: &AccountId, region: &Region, subject: &str) -> Self {
        Self {
            call,
            account: account.clone(),
            region: region.clone(),
            reason: GapReason::MalformedReply,
            subject: subject.to_owned(),
            said: String::new(),
        }
    }

    /// What a listing without an end leaves.
    pub(crate) fn endless(self) -> Self {
        Self {
            reason: GapReason::TooManyPages,
            ..self
        }
    }
}

/// The reasons for which a call gives no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum GapReason {
    /// The caller may not ask (also: an explicit deny by an SCP or a resource policy).
    AccessDenied,
    /// The region as a whole refuses the caller.
    RegionDenied,
    /// Throttled until the deadline.
    Throttled,
    /// AWS failed, or did not answer, until the deadline.
    Unavailable,
    /// The credentials are missing, wrong or have expired.
    Credentials,
    /// AWS answered with something that is not the reply this operation gives.
    MalformedReply,
    /// AWS refused the call for another reason.
    Refused,
    /// The run was interrupted before the answer.
    Interrupted,
    /// The call is not in the recording that is being replayed.
    NotRecorded,
    /// More pages than we are ready to read.
    TooManyPages,
}

impl GapReason {
    /// Every reason.
    pub const ALL: [Self; 10] = [
        Self::AccessDenied,
        Self::RegionDenied,
        Self::Throttled,
        Self::Unavailable,
        Self::Credentials,
        Self::MalformedReply,
        Self::Refused,
        Self::Interrupted,
        Self::NotRecorded,
        Self::TooManyPages,
    ];

    /// The stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::AccessDenied => "access_denied",
            Self::RegionDenied => "region_denied",
            Self::Throttled => "throttled",
            Self::Unavailable => "unavailable",
            Self::Credentials => "credentials",
            Self::MalformedReply => "malformed_reply",
            Self::Refused => "refused",
            Self::Interrupted => "interrupted",
            Self::NotRecorded => "not_recorded",
            Self::TooManyPages => "too_many_pages",
        }
    }
}

by_word!(GapReason, code, "reason of a gap");

impl fmt::Display for GapReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.call.name();
        match self.reason {
            GapReason::AccessDenied => write!(f, "not allowed to call {name}"),
            GapReason::RegionDenied => write!(f, "region {} is denied to the caller", self.region),
            GapReason::Throttled => write!(f, "{name} was throttled until the deadline"),
            GapReason::Unavailable => write!(f, "{name} did not answer until the deadline"),
            GapReason::Credentials => write!(f, "the credentials were refused by {name}"),
            GapReason::MalformedReply => write!(f, "the reply of {name} could not be read"),
            GapReason::Refused => write!(f, "{name} was refused"),
            GapReason::Interrupted => write!(f, "interrupted before {name} was answered"),
            GapReason::NotRecorded => write!(f, "{name} is not in the recording"),
            GapReason::TooManyPages => write!(f, "{name} has more pages than are read"),
        }?;
        if !self.subject.is_empty() {
            write!(f, " for {}", self.subject)?;
        }
        if !self.said.is_empty() {
            write!(f, ": {}", self.said)?;
        }
        Ok(())
    }
}
