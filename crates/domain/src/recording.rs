//! A recorded run: every call with its answer, a JSON line each, to be replayed to the letter.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::call::{Call, CallError, CallErrorKind, Op, Reply};
use crate::collect::{Address, Entry};
use crate::ids::{AccountId, Region};
use crate::redact::redact_reply;

/// The version of the format. A reader refuses what it does not know.
pub const SCHEMA: &str = "sagelock.recording/1";

/// What was recorded, and when.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Meta {
    /// [`SCHEMA`].
    pub schema: String,
    /// The account whose credentials signed.
    pub account: AccountId,
    /// Where roles were assumed, in a recording of several accounts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub home: Option<Region>,
    /// Whether the accounts are those of the organisation that was asked.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_organization: bool,
    /// Whether they are all of it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_whole_organization: bool,
    /// The accounts, where they are several or entered by a role; none means the account alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub entries: Vec<Entry>,
    /// The regions.
    pub regions: Vec<Region>,
    /// The account, where it is alone and has regions that were left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<AccountId>,
    /// Whether the other side was an endpoint override.
    pub simulated: bool,
    /// When the run began; a replay judges as of then.
    pub started_at: Timestamp,
    /// How it ended; recordings of before this field was written say nothing, and were whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ending: Option<Ending>,
}

/// How a recorded run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// Everything was asked.
    Whole,
    /// Before everything was asked.
    Interrupted,
}

/// One exchange.
#[derive(Debug, Serialize, Deserialize)]
struct Line {
    call: String,
    account: AccountId,
    region: Region,
    input: serde_json::Value,
    at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reply: Option<Box<RawValue>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    error: Option<LineError>,
}

#[derive(Debug, Serialize, Deserialize)]
struct LineError {
    kind: Kind,
    code: String,
    message: String,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    AccessDenied,
    NotFound,
    Throttled,
    Unavailable,
    Credentials,
    NotJson,
    Refused,
}

/// A line of a recording cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read line {line} of the recording")]
pub struct BadLine {
    line: usize,
    #[source]
    source: serde_json::Error,
}

/// The line of one exchange, without its line feed; secrets are taken out of it.
#[must_use]
pub fn line(
    address: &Address,
    call: &Call,
    result: &Result<Reply, CallError>,
    now: Timestamp,
) -> Option<String> {
    let (at, request_id, reply, error) = match result {
        Ok(reply) => (
            reply.at,
            reply.request_id.clone(),
            Some(redact_reply(&reply.body)),
            None,
        ),
        Err(error) => (now, None, None, Some(LineError::of(error)?)),
    };
    let line = Line {
        call: call.op().name().to_owned(),
        account: address.account.clone(),
        region: address.region.clone(),
        input: call.body(),
        at,
        request_id,
        reply,
        error,
    };
    serde_json::to_string(&line).ok()
}

impl LineError {
    /// What was answered; that nobody asked is not an answer.
    fn of(error: &CallError) -> Option<Self> {
        let kind = match error.kind {
            CallErrorKind::AccessDenied => Kind::AccessDenied,
            CallErrorKind::NotFound => Kind::NotFound,
            CallErrorKind::Throttled => Kind::Throttled,
            CallErrorKind::Unavailable => Kind::Unavailable,
            CallErrorKind::Credentials => Kind::Credentials,
            CallErrorKind::NotJson => Kind::NotJson,
            CallErrorKind::Refused => Kind::Refused,
            CallErrorKind::Interrupted | CallErrorKind::NotRecorded => return None,
        };
        Some(Self {
            kind,
            code: error.code.clone(),
            message: error.message.clone(),
        })
    }

    fn error(self) -> CallError {
        let kind = match self.kind {
            Kind::AccessDenied => CallErrorKind::AccessDenied,
            Kind::NotFound => CallErrorKind::NotFound,
            Kind::Throttled => CallErrorKind::Throttled,
            Kind::Unavailable => CallErrorKind::Unavailable,
            Kind::Refused => CallErrorKind::Refused,
            Kind::Credentials => CallErrorKind::Credentials,
            Kind::NotJson => CallErrorKind::NotJson,
        };
        CallError {
            kind,
            code: self.code,
            message: self.message,
        }
    }
}

type Asked = (AccountId, Region, String, String);

/// A recording, ready to answer.
#[derive(Debug, Default)]
pub struct Recording {
    answers: BTreeMap<Asked, (Timestamp, Result<Reply, CallError>)>,
}

impl Recording {
    /// Reads the lines of a recording. Where a call was repeated, its last answer counts.
    ///
    /// # Errors
    /// A line is not one of a recording.
    pub fn read(text: &str) -> Result<Self, BadLine> {
        let mut answers = BTreeMap::new();
        for (index, text) in text.lines().enumerate() {
            if text.trim().is_empty() {
                continue;
            }
            let line: Line = serde_json::from_str(text).map_err(|source| BadLine {
                line: index + 1,
                source,
            })?;
            let asked = (line.account, line.region, line.call, line.input.to_string());
            let answer = match (line.reply, line.error) {
                (Some(body), _) => Ok(Reply {
                    body,
                    at: line.at,
                    request_id: line.request_id,
                }),
                (None, Some(error)) => Err(error.error()),
                (None, None) => Err(not_recorded()),
            };
            answers.insert(asked, (line.at, answer));
        }
        Ok(Self { answers })
    }

    /// How many different calls it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.answers.len()
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.answers.is_empty()
    }

    /// How many different calls of each operation it holds.
    #[must_use]
    pub fn count(&self, op: Op) -> u64 {
        self.answers
            .keys()
            .filter(|asked| asked.2 == op.name())
            .count() as u64
    }

    /// The recorded answer of a call, and when it came; `None` where it was not recorded.
    #[must_use]
    pub fn answer(
        &self,
        address: &Address,
        call: &Call,
    ) -> Option<(Timestamp, Result<Reply, CallError>)> {
        let asked = (
            address.account.clone(),
            address.region.clone(),
            call.op().name().to_owned(),
            call.body().to_string(),
        );
        self.answers.get(&asked).cloned()
    }
}

/// What is said of a call that a recording does not hold.
#[must_use]
pub fn not_recorded() -> CallError {
    CallError {
        kind: CallErrorKind::NotRecorded,
        code: "NotRecorded".to_owned(),
        message: String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::input;
    use crate::ids::ConfigName;

    fn address() -> Address {
        Address {
            account: AccountId::new("111122223333"),
            region: Region::new("eu-west-1"),
        }
    }

    fn call() -> Call {
        input::DescribeEndpointConfig {
            endpoint_config_name: ConfigName::new("c"),
        }
        .into()
    }

    #[test]
    fn what_was_never_heard_of_survives_record_and_replay() {
        let body = r#"{"A":123456789012345678901234567890,"B":1.50,"C":1E+2,"D":-0.0,"E":{"F":[null,"\u00e9"]}}"#;
        let reply = Reply {
            body: RawValue::from_string(body.to_owned()).unwrap(),
            at: "2026-01-02T03:04:05Z".parse().unwrap(),
            request_id: Some("r-1".to_owned()),
        };
        let line = line(&address(), &call(), &Ok(reply), Timestamp::UNIX_EPOCH).unwrap();
        let recording = Recording::read(&line).unwrap();
        let (at, replayed) = recording.answer(&address(), &call()).unwrap();
        let replayed = replayed.unwrap();
        assert_eq!(at, replayed.at);
        assert_eq!(replayed.body.get(), body, "to the letter");
        assert_eq!(replayed.at.to_string(), "2026-01-02T03:04:05Z");
        assert_eq!(replayed.request_id.as_deref(), Some("r-1"));
    }

    #[test]
    fn the_last_answer_of_a_repeated_call_counts() {
        let error = CallError {
            kind: CallErrorKind::Throttled,
            code: "ThrottlingException".to_owned(),
            message: "Rate exceeded".to_owned(),
        };
        let reply = Reply {
            body: RawValue::from_string("{}".to_owned()).unwrap(),
            at: Timestamp::UNIX_EPOCH,
            request_id: None,
        };
        let first = line(&address(), &call(), &Err(error), Timestamp::UNIX_EPOCH).unwrap();
        let second = line(&address(), &call(), &Ok(reply), Timestamp::UNIX_EPOCH).unwrap();
        let recording = Recording::read(&format!("{first}\n{second}\n")).unwrap();
        assert!(recording.answer(&address(), &call()).unwrap().1.is_ok());
    }

    #[test]
    fn what_was_not_recorded_is_said_to_be() {
        assert!(Recording::default().answer(&address(), &call()).is_none());
        assert_eq!(not_recorded().kind, CallErrorKind::NotRecorded);
    }

    #[test]
    fn a_bad_line_is_named() {
        let error = Recording::read("\n{}\n").unwrap_err();
        assert_eq!(error.to_string(), "cannot read line 2 of the recording");
    }
}
