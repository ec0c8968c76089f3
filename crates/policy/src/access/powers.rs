//! What a key policy itself lets those do whom it names.

use super::Key;
use super::channel::{Channel, requests};
use crate::document::{Identity, Who};
use crate::prove::Proof;
use crate::request::{Caller, Stack};

/// What somebody may do by the key policy alone; an account, what it may leave to its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Power {
    /// The ARN of a user, a role, a session, or the root of an account.
    pub who: String,
    /// It is the account of the key.
    pub is_account: bool,
    /// It may change the key policy, or schedule the deletion of the key.
    pub administers: bool,
    /// It may decrypt, or create a grant to.
    pub uses: bool,
}

const ADMINISTRATION: [&str; 2] = ["kms:PutKeyPolicy", "kms:ScheduleKeyDeletion"];
const USE: [&str; 2] = ["kms:Decrypt", "kms:GenerateDataKey"];

/// What a key policy lets those of the key's account do whom it names. What may be denied under some
/// condition and allowed under another counts.
#[must_use]
pub fn powers(key: &Key) -> Vec<Power> {
    // A grant administers nothing, and whom it lets use the key is another question.
    let stack = Stack {
        grants: Vec::new(),
        ..key.stack()
    };
    let mut powers: Vec<Power> = Vec::new();
    for identity in key.named() {
        if *identity.account != *key.account() || matches!(identity.who, Who::Federated(_)) {
            continue;
        }
        let who = identity.to_string();
        if powers.iter().any(|known| known.who == who) {
            continue;
        }
        let may = |actions: &[&str]| {
            actions
                .iter()
                .any(|action| may(key, &identity, action, &stack))
        };
        powers.push(Power {
            who,
            is_account: identity.who == Who::Root,
            administers: may(&ADMINISTRATION),
            uses: may(&USE),
        });
    }
    powers
}

fn may(key: &Key, identity: &Identity, action: &str, stack: &Stack) -> bool {
    let arn = identity.behind().to_string();
    let caller = Caller::Identity(identity.session_but(&[]));
    [Channel::Direct, Channel::Through].iter().any(|channel| {
        let asked = requests(key, &caller, &arn, action, *channel);
        asked.is_ok_and(|asked| matches!(asked.allowed(stack), Proof::Violated(_)))
    })
}
