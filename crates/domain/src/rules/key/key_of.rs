//! What every rule about a key begins with: is it the customer's, and can it be read?

use crate::inventory::{KeyFacts, KeyManager};
use crate::rules::subject::{KeyView, key_unknown};
use crate::rules::verdict::{Evidence, Judgement, Reason, known, reasons};
use crate::why::Why;

reasons! {
    Unknown FACTS_MISSING "key_facts_missing": "KMS's answer lacks a fact about the key that the verdict needs"; "find out who answers: a proxy, or an endpoint override"
    Unknown STATE_UNKNOWN "key_state_unknown": "KMS names a key state that this release does not know"; "update sagelock"
    NotApplicable AWS_MANAGED_KEY "aws_managed": "AWS manages the key, and the customer decides nothing about it"; ""
}

/// The reasons of every rule about a key.
pub(super) const KEY_SUBJECT_REASONS: &[&Reason] = &[&AWS_MANAGED_KEY];

/// The further reasons of every rule that looks at the state of a key.
pub(super) const KEY_STATE_REASONS: &[&Reason] = &[&FACTS_MISSING, &STATE_UNKNOWN];

/// The state of a key, where it is one that this release knows (KMS Developer Guide, "Key states
/// of AWS KMS keys").
pub(super) fn known_state(facts: &KeyFacts) -> Result<&str, Box<Judgement>> {
    match facts.state.as_str() {
        "" => Err(Box::new(lacking("state"))),
        "Creating"
        | "Enabled"
        | "Disabled"
        | "PendingDeletion"
        | "PendingImport"
        | "PendingReplicaDeletion"
        | "Unavailable"
        | "Updating" => Ok(&facts.state),
        other => {
            let message = format!("KMS names the key's state `{other}`");
            Err(Box::new(Judgement::new(&STATE_UNKNOWN).saying(message)))
        }
    }
}

/// The judgement that an answer lacks a fact.
pub(super) fn lacking(fact: &str) -> Judgement {
    Judgement::new(&FACTS_MISSING).saying(format!("KMS's answer lacks the key's {fact}"))
}

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
        KeyManager::Other(name) => key_unknown(&Why::KeyManager(name.clone())),
    };
    judgement.about_key(view.key.arn.as_str())
}
