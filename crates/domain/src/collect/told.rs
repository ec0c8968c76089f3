//! What the owner of a key has told about it: for keys of accounts that are not in scope, whose
//! policy may let their users encrypt and nobody of ours look.

use std::collections::BTreeMap;

use crate::call::{Op, Reply};
use crate::fact::{Read, Source};
use crate::ids::{Arn, KeyArn};
use crate::inventory::{Key, Tags};

use super::ask::KeyAsk;

/// Keys, as their owners tell of them.
#[derive(Debug, Default)]
pub struct Told {
    keys: BTreeMap<KeyArn, ToldKey>,
}

/// A key, as its owner tells of it.
#[derive(Clone, Debug)]
pub struct ToldKey {
    /// The answer of DescribeKey.
    pub described: Reply,
    /// The answer of GetKeyRotationStatus.
    pub rotation: Option<Reply>,
    /// Its tags.
    pub tags: Option<Tags>,
    /// Its aliases, `alias/…`.
    pub aliases: Option<Vec<String>>,
}

impl Told {
    /// Takes what is told of a key; false where it was told of already.
    pub fn tell(&mut self, arn: KeyArn, key: ToldKey) -> bool {
        self.keys.insert(arn, key).is_none()
    }

    /// How many keys are told of.
    #[must_use]
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The answer to a question that somebody else than the owner would ask.
    pub(super) fn answer(&self, ask: &KeyAsk) -> Option<Reply> {
        match ask {
            KeyAsk::Key { caller, arn, .. } if caller.account != arn.account() => {
                Some(self.keys.get(arn)?.described.clone())
            }
            KeyAsk::Rotation { caller, arn } if caller.account != arn.account() => {
                self.keys.get(arn)?.rotation.clone()
            }
            KeyAsk::Text { text, caller, .. } => {
                let alias = text.parse::<Arn>().ok()?;
                if alias.account() == caller.account.as_str() {
                    return None;
                }
                let is_of = |arn: &KeyArn| {
                    arn.account().as_str() == alias.account()
                        && arn.region().as_str() == alias.region()
                };
                let has = |key: &ToldKey| {
                    let mut aliases = key.aliases.iter().flatten();
                    aliases.any(|name| name == alias.resource())
                };
                let mut keys = self.keys.iter();
                let found = keys.find(|(arn, key)| is_of(arn) && has(key));
                found.map(|(_, key)| key.described.clone())
            }
            KeyAsk::Key { .. }
            | KeyAsk::Rotation { .. }
            | KeyAsk::Aliases { .. }
            | KeyAsk::Tags { .. }
            | KeyAsk::Policy { .. }
            | KeyAsk::Grants { .. }
            | KeyAsk::Organization { .. }
            | KeyAsk::Account { .. }
            | KeyAsk::Members { .. } => None,
        }
    }

    /// Writes what only the owner can read into a key of another account.
    pub(super) fn complete(&self, key: &mut Key) {
        let Some(told) = self.keys.get(&key.arn) else {
            return;
        };
        let source = |call: Op| Source {
            call,
            at: told.described.at,
        };
        if key.tags.is_none()
            && let Some(tags) = &told.tags
        {
            key.tags = Some(Read::known(source(Op::ListResourceTags), tags.clone()));
        }
        if key.aliases.is_none()
            && let Some(aliases) = &told.aliases
        {
            key.aliases = Some(Read::known(source(Op::ListAliases), aliases.clone()));
        }
    }
}
