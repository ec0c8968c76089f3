//! What else there is to know about a key: rotation, tags, aliases.

use super::{Aliases, KeyBook, Outcome, malformed};
use crate::call::{Op, view};
use crate::collect::Answer;
use crate::collect::ask::{After, KeyAsk, Page};
use crate::fact::{Fact, Read};
use crate::ids::KeyArn;
use crate::inventory::{CellId, Key, KeyFacts, KeyManager, Rotation, Tags};

impl KeyBook {
    /// Adds a key and asks what else there is to know about it.
    pub(super) fn add_key(
        &mut self,
        caller: &CellId,
        arn: &KeyArn,
        described: Read<KeyFacts>,
        outcome: &mut Outcome,
    ) {
        if self
            .keys
            .by_arn
            .get(arn)
            .is_some_and(|key| key.described.fact.known().is_some())
        {
            return;
        }
        let facts = described.fact.known().cloned();
        self.keys.by_arn.insert(
            arn.clone(),
            Key {
                arn: arn.clone(),
                described,
                rotation: None,
                tags: None,
                aliases: None,
                policy: None,
                grants: None,
            },
        );
        let foreign = arn.account() != caller.account;
        if foreign && let Some(key) = self.keys.by_arn.get_mut(arn) {
            self.told.complete(key);
        }
        self.want_owner(caller, arn.account(), outcome);
        let Some(facts) = facts else { return };
        if facts.manager != KeyManager::Customer {
            return;
        }
        let mut questions = Vec::new();
        if facts.can_rotate() && facts.deletion.is_none() {
            questions.push(KeyAsk::Rotation {
                caller: caller.clone(),
                arn: arn.clone(),
            });
        }
        if !foreign {
            // KMS API, ListResourceTags and ListAliases: "Cross-account use: No".
            questions.push(KeyAsk::Tags {
                caller: caller.clone(),
                arn: arn.clone(),
                page: Page::default(),
                so_far: Tags::new(),
            });
            // KMS API, GetKeyPolicy: "Cross-account use: No".
            questions.push(KeyAsk::Policy {
                caller: caller.clone(),
                arn: arn.clone(),
            });
            questions.push(KeyAsk::Grants {
                caller: caller.clone(),
                arn: arn.clone(),
                page: Page::default(),
                so_far: Vec::new(),
            });
            let home = CellId {
                account: arn.account(),
                region: arn.region(),
            };
            self.want_aliases(&home, outcome);
            if matches!(self.aliases.get(&home), Some(Aliases::Listed(_))) {
                self.give_aliases(&home, arn);
            } else {
                self.aliases_open.insert(arn.clone());
                self.await_own_aliases
                    .entry(home)
                    .or_default()
                    .push(arn.clone());
            }
        }
        if !questions.is_empty() {
            self.details.insert(arn.clone(), questions.len());
            outcome.asks.extend(questions);
        }
    }

    pub(super) fn on_rotation(
        &mut self,
        caller: &CellId,
        arn: &KeyArn,
        answer: Answer,
        outcome: &mut Outcome,
    ) {
        let gap = malformed(caller, Op::GetKeyRotationStatus, arn.as_str());
        let (source, viewed) = answer.view::<view::GetKeyRotationStatus>(gap);
        let fact = match viewed {
            Ok(view) => Some(Fact::Known(Rotation::read(&view))),
            // KMS API, GetKeyRotationStatus, errors: a key of a type that cannot rotate.
            Err(failure) if failure.error.code == "UnsupportedOperationException" => None,
            Err(failure) => Some(outcome.unknown(failure.gap)),
        };
        if let Some(key) = self.keys.by_arn.get_mut(arn) {
            key.rotation = fact.map(|fact| Read { source, fact });
        }
        self.answered(arn);
    }

    pub(super) fn on_tags(
        &mut self,
        caller: CellId,
        arn: KeyArn,
        page: &Page,
        mut so_far: Tags,
        answer: Answer,
        outcome: &mut Outcome,
    ) {
        let gap = malformed(&caller, Op::ListResourceTags, arn.as_str());
        let (source, viewed) = answer.view::<view::ListResourceTags>(&gap);
        let fact = match viewed {
            Err(failure) => outcome.unknown(failure.gap),
            Ok(listed) => {
                so_far.extend(
                    listed
                        .tags
                        .into_iter()
                        .map(|tag| (tag.tag_key, tag.tag_value)),
                );
                match page.after_marker(listed.truncated, listed.next_marker) {
                    After::Page(page) => {
                        outcome.asks.push(KeyAsk::Tags {
                            caller,
                            arn,
                            page,
                            so_far,
                        });
                        return;
                    }
                    After::TooMany => outcome.unknown(gap().endless()),
                    After::Nothing => Fact::Known(so_far),
                }
            }
        };
        if let Some(key) = self.keys.by_arn.get_mut(&arn) {
            key.tags = Some(Read { source, fact });
        }
        self.answered(&arn);
    }
}
