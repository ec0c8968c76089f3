//! An answer, with where it came from, or the gap that it leaves.

use jiff::Timestamp;

use super::Address;
use crate::call::{Call, CallError, CallErrorKind, Op, Reply};
use crate::fact::{Fact, Gap, Read, Source};
use crate::ids::KeyRef;
use crate::inventory::CellId;

/// What an answer is, with where it came from.
pub(crate) struct Answer {
    pub(crate) source: Source,
    pub(crate) result: Result<Reply, Failure>,
}

/// A call that failed: what AWS said, and the gap it would leave.
pub(crate) struct Failure {
    pub(crate) error: CallError,
    pub(crate) gap: Gap,
}

/// What an answer leads to: further questions, keys that are named, and what is not known.
pub(super) struct Outcome<A> {
    pub(super) asks: Vec<A>,
    pub(super) keys: Vec<(CellId, KeyRef, Source)>,
    pub(super) gaps: Vec<Gap>,
}

impl<A> Default for Outcome<A> {
    fn default() -> Self {
        Self {
            asks: Vec::new(),
            keys: Vec::new(),
            gaps: Vec::new(),
        }
    }
}

impl<A> Outcome<A> {
    /// What stands where a fact should be.
    pub(super) fn unknown<T>(&mut self, gap: Gap) -> Fact<T> {
        self.gaps.push(gap.clone());
        Fact::Unknown(gap.into())
    }
}

impl Failure {
    /// There is no organisation (Organizations API, errors of its operations).
    pub(crate) fn is_no_organization(&self) -> bool {
        self.error.code == "AWSOrganizationsNotInUseException"
    }

    pub(crate) fn is_not_found(&self) -> bool {
        self.error.kind == CallErrorKind::NotFound
    }
}

impl Answer {
    /// The answer of a call.
    pub(super) fn of(
        call: &Call,
        address: Address,
        subject: String,
        result: Result<Reply, CallError>,
        now: Timestamp,
    ) -> Self {
        let op: Op = call.op();
        match result {
            Ok(reply) => Self {
                source: Source {
                    call: op,
                    at: reply.at,
                },
                result: Ok(reply),
            },
            Err(error) => {
                let gap = Gap {
                    call: op,
                    account: address.account,
                    region: address.region,
                    reason: error.kind.gap(),
                    subject,
                    said: said(&error),
                };
                Self {
                    source: Source { call: op, at: now },
                    result: Err(Failure { error, gap }),
                }
            }
        }
    }

    /// Looks at the reply through a type; a reply of another shape is a failure too.
    pub(crate) fn view<T: serde::de::DeserializeOwned>(
        self,
        gap: impl Fn() -> Gap,
    ) -> (Source, Result<T, Failure>) {
        let viewed = match self.result {
            Err(failure) => Err(failure),
            Ok(reply) => reply.view::<T>().map_err(|malformed| {
                let why = std::error::Error::source(&malformed).map(ToString::to_string);
                let error = CallError {
                    kind: CallErrorKind::NotJson,
                    code: "MalformedReply".to_owned(),
                    message: why.unwrap_or_default(),
                };
                let gap = Gap {
                    said: error.message.clone(),
                    ..gap()
                };
                Failure { error, gap }
            }),
        };
        (self.source, viewed)
    }
}

fn said(error: &CallError) -> String {
    match (error.code.as_str(), error.message.as_str()) {
        ("", message) => message.to_owned(),
        (code, "") => code.to_owned(),
        (code, message) => format!("{code}: {message}"),
    }
}

/// "It does not exist" is an answer; any other failure is a gap.
pub(super) fn existing<V, T>(
    source: Source,
    viewed: Result<V, Failure>,
    gaps: &mut Vec<Gap>,
    take: impl FnOnce(V) -> T,
) -> Read<Option<T>> {
    match viewed {
        Ok(view) => Read::known(source, Some(take(view))),
        Err(failure) if failure.is_not_found() => Read::known(source, None),
        Err(failure) => {
            gaps.push(failure.gap.clone());
            Read::unknown(source, failure.gap)
        }
    }
}
