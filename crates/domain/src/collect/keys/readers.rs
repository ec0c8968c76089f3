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

    /// The same question, not as an account that cannot be entered: as the one that names the key,
    /// else as another.
    pub(in crate::collect) fn without(&mut self, mut ask: KeyAsk, out: &AccountId) -> KeyAsk {
        self.accounts.remove(out);
        if let KeyAsk::Key {
            caller,
            arn,
            named_by,
            others,
        } = &mut ask
            && caller.account == *out
        {
            others.retain(|account| account != out);
            if *out == arn.account() {
                // While the owner was to be asked, nobody else was.
                caller.account = named_by.clone();
                *others = self.other_readers(caller, arn);
            } else if !others.is_empty() {
                caller.account = others.remove(0);
            }
        }
        ask
    }

    /// The next question, where the caller may not read the key and another account may.
    pub(super) fn denied_by_first(
        &mut self,
        caller: &CellId,
        (arn, named_by): (&KeyArn, &AccountId),
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
            named_by: named_by.clone(),
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
