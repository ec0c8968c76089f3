//! Who reads a foreign key whose owner is not in scope: the key's policy decides, and it may let one
//! of our accounts read it and not another. What is known of a key does not depend on who asked
//! first, so the others are asked where one is denied.

use super::KeyBook;
use crate::call::CallErrorKind;
use crate::collect::ask::KeyAsk;
use crate::collect::{Answer, Failure};
use crate::ids::{AccountId, KeyArn};
use crate::inventory::CellId;

/// Further accounts that are asked about one key.
const READERS_MAX: usize = 15;

impl KeyBook {
    /// The accounts in scope that may be asked after the caller.
    pub(super) fn other_readers(&self, caller: &CellId, arn: &KeyArn) -> Vec<AccountId> {
        if self.accounts.contains(&arn.account()) {
            return Vec::new();
        }
        let others = self.accounts.iter().filter(|one| **one != caller.account);
        others.take(READERS_MAX).cloned().collect()
    }

    /// The next question, where the caller may not read the key and another account may.
    pub(super) fn denied_by_first(
        &mut self,
        caller: &CellId,
        arn: &KeyArn,
        mut others: Vec<AccountId>,
        answer: &Answer,
    ) -> Option<KeyAsk> {
        let failure = answer.result.as_ref().err()?;
        if failure.error.kind != CallErrorKind::AccessDenied || others.is_empty() {
            return None;
        }
        let denials = self.denials.entry(arn.clone()).or_default();
        denials.push(failure.gap.clone());
        let account = others.remove(0);
        Some(KeyAsk::Key {
            caller: CellId {
                account,
                region: caller.region.clone(),
            },
            arn: arn.clone(),
            named_by: caller.account.clone(),
            others,
        })
    }

    /// Of several denials the one that is told, whoever was asked first.
    pub(super) fn first_denial(&mut self, arn: &KeyArn, mut last: Failure) -> Failure {
        let before = self.denials.remove(arn).unwrap_or_default();
        if last.error.kind == CallErrorKind::AccessDenied
            && let Some(least) = before.into_iter().chain([last.gap.clone()]).min()
        {
            last.gap = least;
        }
        last
    }
}
