//! What every rule about a key begins with: is it the customer's, and can it be read?

use super::subject::{KeyView, KeyWhy};
use super::verdict::{Evidence, Judgement, Reason, known, reasons};
use crate::inventory::{KeyFacts, KeyManager};

reasons! {
    NotApplicable AWS_MANAGED_KEY "aws_managed": "AWS manages the key, and the customer decides nothing about it"; ""
}

/// The reasons of every rule about a key.
pub(super) const KEY_SUBJECT_REASONS: &[&Reason] = &[&AWS_MANAGED_KEY];

/// Judges a key that the customer manages; what could not be read stays unknown.
pub(super) fn customer(
    view: &KeyView<'_>,
    judge: impl FnOnce(&KeyFacts) -> Judgement,
) -> Judgement {
    let read = &view.key.described;
    let facts = known!(&read.fact);
    let judgement = match &facts.manager {
        KeyManager::Customer => judge(facts),
        KeyManager::Aws => {
            Judgement::new(&AWS_MANAGED_KEY).given(Evidence::new("KeyManager", "AWS", &read.source))
        }
        KeyManager::Other(name) => KeyWhy::Manager(name).judge(),
    };
    judgement.about_key(view.key.arn.as_str())
}
