//! What is remembered: descriptions that can never change, and the answers of a run that was cut
//! off.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::Address;
use crate::call::{Call, CallError, Reply};
use crate::ids::{AccountId, Arn, ConfigName};
use crate::recording::Recording;

/// What is remembered of an account and region.
#[derive(Debug, Default)]
pub struct Memory {
    descriptions: BTreeMap<(String, Timestamp), Reply>,
    ran: BTreeMap<String, Ran>,
    answers: Recording,
}

/// What an endpoint ran when it was last seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ran {
    /// When the endpoint had last been modified by then.
    pub modified: Timestamp,
    /// The configuration it ran.
    pub config: ConfigName,
    /// When that configuration had been created: a name can be used again.
    pub created: Timestamp,
}

impl Memory {
    /// Remembers the description of a configuration. It has no operation that changes it, so that
    /// one with this name and time of creation is this one (SageMaker API, `CreationTime`).
    pub fn describe(&mut self, name: &str, created: Timestamp, reply: Reply) {
        self.descriptions
            .insert((name.to_lowercase(), created), reply);
    }

    /// Remembers what an endpoint ran, by its ARN.
    pub fn ran(&mut self, endpoint: &str, ran: Ran) {
        self.ran.insert(endpoint.to_lowercase(), ran);
    }

    /// Remembers the answers of a run that was cut off.
    pub fn answered(&mut self, answers: Recording) {
        self.answers = answers;
    }

    pub(super) fn description(&self, name: &ConfigName, created: Timestamp) -> Option<Reply> {
        let id = (name.as_str().to_lowercase(), created);
        self.descriptions.get(&id).cloned()
    }

    /// The configuration that an endpoint ran when it was modified last.
    pub(super) fn last_run(&self, endpoint: &str, modified: Timestamp) -> Option<&Ran> {
        let ran = self.ran.get(&endpoint.to_lowercase());
        ran.filter(|ran| ran.modified == modified)
    }

    pub(super) fn answer(
        &self,
        address: &Address,
        call: &Call,
    ) -> Option<(Timestamp, Result<Reply, CallError>)> {
        self.answers.answer(address, call)
    }

    /// Whether there are answers of a run that was cut off.
    pub(super) fn has_answers(&self) -> bool {
        !self.answers.is_empty()
    }
}

/// Who was denied which key not long ago: an audit that asks again and again would be the first
/// among those who are denied.
#[derive(Debug, Default)]
pub struct Denied {
    keys: BTreeMap<(AccountId, String), (Timestamp, CallError)>,
}

impl Denied {
    /// Notes that an account was denied a key.
    pub fn note(&mut self, caller: AccountId, key: String, at: Timestamp, said: CallError) {
        self.keys.insert((caller, key), (at, said));
    }

    /// Whether a key, as an account names it, is another account's.
    #[must_use]
    pub fn is_foreign(caller: &AccountId, key: &str) -> bool {
        key.parse::<Arn>()
            .is_ok_and(|arn| arn.account() != caller.as_str())
    }

    /// What an account was told about a key of another one.
    pub(super) fn answer(
        &self,
        address: &Address,
        call: &Call,
    ) -> Option<(Timestamp, Result<Reply, CallError>)> {
        let Call::DescribeKey(asked) = call else {
            return None;
        };
        let id = (address.account.clone(), asked.key_id.clone());
        let (at, said) = self.keys.get(&id)?;
        let said = CallError {
            message: format!(
                "{} (asked at {at}; not asked again for a day)",
                said.message
            ),
            ..said.clone()
        };
        Self::is_foreign(&address.account, &asked.key_id).then_some((*at, Err(said)))
    }
}
