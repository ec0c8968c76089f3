//! What a key policy itself lets those of its account do.

use super::Key;
use super::channel::{Channel, requests};
use crate::document::Who;
use crate::prove::{Asker, Doubt, Proof, askers};
use crate::request::{Caller, Stack};

/// What somebody may do by the key policy alone; an account, what it may leave to its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Power {
    /// The ARN of a user, a role, or the root of the account.
    pub who: String,
    /// It is named itself; else it stands for all that are like it.
    pub is_itself: bool,
    /// It is the account of the key.
    pub is_account: bool,
    /// It may change the key policy, or schedule the deletion of the key; `None`: perhaps.
    pub administers: Option<bool>,
    /// It may decrypt, or generate a data key; `None`: perhaps.
    pub uses: Option<bool>,
}

const ADMINISTRATION: [&str; 2] = ["kms:PutKeyPolicy", "kms:ScheduleKeyDeletion"];
const USE: [&str; 2] = ["kms:Decrypt", "kms:GenerateDataKey"];

/// What a key policy lets those of the key's account do. What may be denied under some condition and
/// allowed under another counts.
///
/// # Errors
/// The key policy has too many patterns to tell who there is.
pub fn powers(key: &Key) -> Result<Vec<Power>, Doubt> {
    // A grant administers nothing, and whom it lets use the key is another question.
    let stack = Stack {
        grants: Vec::new(),
        ..key.stack()
    };
    let askers = askers(&[&stack], key.partition(), &[key.account()]).ok_or(Doubt::Budget)?;
    let mut powers: Vec<Power> = Vec::new();
    for asker in askers {
        let Caller::Identity(identity) = &asker.caller else {
            continue;
        };
        if *identity.account != *key.account() {
            continue;
        }
        let power = Power {
            is_itself: asker.is_itself,
            is_account: identity.who == Who::Root,
            administers: any(key, &asker, &ADMINISTRATION, &stack),
            uses: any(key, &asker, &USE, &stack),
            who: asker.arn,
        };
        match powers.iter_mut().find(|known| known.who == power.who) {
            // Its other sessions.
            Some(known) => {
                known.administers = either(known.administers, power.administers);
                known.uses = either(known.uses, power.uses);
            }
            None => powers.push(power),
        }
    }
    Ok(powers)
}

fn any(key: &Key, asker: &Asker, actions: &[&str], stack: &Stack) -> Option<bool> {
    let mut found = Some(false);
    for action in actions {
        for channel in [Channel::Direct, Channel::Through] {
            let all = requests(key, &asker.caller, &asker.arn, action, channel).ok()?;
            let is = match all.allowed(stack) {
                Proof::Proved => Some(false),
                Proof::Violated(_) => Some(true),
                Proof::Possible(_) => None,
            };
            found = either(found, is);
        }
    }
    found
}

/// One at least.
fn either(one: Option<bool>, other: Option<bool>) -> Option<bool> {
    match (one, other) {
        (Some(true), _) | (_, Some(true)) => Some(true),
        (Some(false), Some(false)) => Some(false),
        _ => None,
    }
}
