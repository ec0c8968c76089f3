//! What KMS says a key is: by its ARN, or by a text that only KMS can read.

use super::{KeyBook, Outcome, malformed, means_no_key};
use crate::call::{Op, view};
use crate::collect::Answer;
use crate::fact::{Fact, Gap, Read};
use crate::ids::{KeyArn, KeyRef, Region};
use crate::inventory::{CellId, KeyFacts, Resolved};

impl KeyBook {
    pub(super) fn on_key(
        &mut self,
        caller: &CellId,
        arn: &KeyArn,
        answer: Answer,
        outcome: &mut Outcome,
    ) {
        let gap = malformed(caller, Op::DescribeKey, arn.as_str());
        let (source, viewed) = answer.view::<view::DescribeKey>(gap);
        let waiting = self.await_key.remove(arn).unwrap_or_default();
        let resolved = match viewed {
            Err(failure) if means_no_key(&failure, Some(&KeyRef::Arn(arn.clone()))) => {
                self.note_absent(arn, &source);
                Resolved::NotFound
            }
            Err(failure) => {
                let fact = outcome.unknown(self.first_denial(arn, failure).gap);
                self.add_key(caller, arn, Read { source, fact }, outcome);
                Resolved::Key(arn.clone())
            }
            Ok(view) => {
                let facts = KeyFacts::read(view.key_metadata);
                self.add_key(caller, arn, Read::known(source, facts), outcome);
                Resolved::Key(arn.clone())
            }
        };
        for id in waiting {
            self.keys
                .resolved
                .insert(id, Read::known(source, resolved.clone()));
        }
    }

    pub(super) fn on_text(
        &mut self,
        caller: CellId,
        text: String,
        region: &Region,
        answer: Answer,
        outcome: &mut Outcome,
    ) {
        let asked = CellId {
            account: caller.account.clone(),
            region: region.clone(),
        };
        let gap = malformed(&asked, Op::DescribeKey, &text);
        let (source, viewed) = answer.view::<view::DescribeKey>(&gap);
        let fact = match viewed {
            Err(failure) if means_no_key(&failure, KeyRef::read(Some(&text)).as_ref()) => {
                Fact::Known(Resolved::NotFound)
            }
            Err(failure) => outcome.unknown(failure.gap),
            Ok(view) => match view.key_metadata.arn.parse::<KeyArn>() {
                Err(not_an_arn) => {
                    let gap = Gap {
                        said: not_an_arn.to_string(),
                        ..gap()
                    };
                    outcome.gaps.push(gap.clone());
                    Fact::Unknown(gap.into())
                }
                // KMS API, DescribeKey: a region answers about its own keys. What the reply names
                // elsewhere is not asked there.
                Ok(arn) if arn.region() != *region => {
                    let said = format!("KMS of {region} describes {arn}");
                    let gap = Gap { said, ..gap() };
                    outcome.gaps.push(gap.clone());
                    Fact::Unknown(gap.into())
                }
                Ok(arn) => {
                    let facts = KeyFacts::read(view.key_metadata);
                    let described = Read::known(source, facts);
                    let reader = self.reader(&caller, &arn);
                    self.add_key(&reader, &arn, described, outcome);
                    Fact::Known(Resolved::Key(arn))
                }
            },
        };
        self.keys
            .resolved
            .insert((caller, text), Read { source, fact });
    }
}
